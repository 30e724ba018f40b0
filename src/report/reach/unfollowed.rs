//! What should follow from others and does not: an entitlement that passes on what people hold, of which the sync does not say
//! who holds it, or which was not followed. Whoever asks about one thing hears of the edges that lead there.

use std::collections::BTreeSet;

use super::expanded::given_to;
use super::ground::{Ground, entitlements_on};
use super::{Gap, doors::few};
use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;
use crate::report::edges::{Edge, Edges};
use crate::report::names::Names;
use crate::report::thing::Thing;
use crate::report::wording::count;

/// Edges that are looked at for an answer about one thing: each takes a few rows.
const MOST: usize = 500;
/// The same for an answer about everybody.
const MOST_OF_ALL: usize = 20_000;

/// Edges of one answer that lead nowhere.
#[derive(Default)]
pub(super) struct Unfollowed {
    looked: usize,
    /// Edges that were not looked at, since there are too many.
    cut: usize,
    /// Entitlements that are passed on, and of which the sync has neither a row nor a grant.
    unknown: BTreeSet<String>,
    /// Entitlements that somebody holds who does not hold what they bring.
    stopped: BTreeSet<String>,
}

impl Unfollowed {
    /// Looks at what leads to the entitlements of a thing.
    pub(super) fn look(&mut self, ground: &Ground, names: &Names<'_>, thing: &Thing) -> Result<()> {
        let edges: &Edges = names.snapshot().edges()?;
        let prefix = format!("{}:{}:", thing.kind, thing.id);
        let mut rights: BTreeSet<String> = edges.into_those_of(&prefix).map(|(id, _)| id.to_owned()).collect();
        if !edges.is_empty() {
            rights.extend(entitlements_on(names, &thing.kind, &thing.id)?);
        }
        for right in &rights {
            self.of_right(ground, names, (right, edges.into(right)), MOST)?;
        }
        Ok(())
    }

    /// Looks at what leads anywhere.
    pub(super) fn everywhere(ground: &Ground, names: &Names<'_>) -> Result<Unfollowed> {
        let mut all = Unfollowed::default();
        for right in names.snapshot().edges()?.all() {
            all.of_right(ground, names, right, MOST_OF_ALL)?;
        }
        Ok(all)
    }

    fn of_right(
        &mut self,
        ground: &Ground,
        names: &Names<'_>,
        (right, edges): (&str, &[Edge]),
        most: usize,
    ) -> Result<()> {
        for edge in edges {
            if self.looked >= most {
                self.cut += 1;
                continue;
            }
            self.looked += 1;
            self.edge(ground, names, right, edge)?;
        }
        Ok(())
    }

    fn edge(&mut self, ground: &Ground, names: &Names<'_>, right: &str, edge: &Edge) -> Result<()> {
        let snapshot = names.snapshot();
        let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
        if names.entitlement(&edge.source)?.is_none() {
            let of_it = GrantFilter {
                entitlement: Some(&edge.source),
                ..GrantFilter::default()
            };
            if reader.count_grants(sync_id, &of_it)? == 0 {
                self.unknown.insert(edge.source.to_string());
            }
            return Ok(());
        }
        // Of a sync in which nothing follows that is said anyhow.
        if ground.unexpanded {
            return Ok(());
        }
        for kind in ground.accounts.kinds() {
            if !edge.principal_types.is_empty() && !edge.principal_types.contains(kind) {
                continue;
            }
            if let Some((kind, id)) = given_to(names, &edge.source, Some(kind))?
                && reader.grants_between(sync_id, right, &kind, &id)?.is_empty()
            {
                self.stopped.insert(edge.source.to_string());
            }
        }
        Ok(())
    }

    /// What is not known because of that.
    pub(super) fn gaps(&self, names: &Names<'_>) -> Result<Vec<Gap>> {
        let mut gaps = Vec::new();
        if !self.unknown.is_empty() {
            let ids: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
            gaps.push(Gap::new(format!(
                "who gets there by {} that the sync does not have, and of which it names no holder: {}",
                count(ids.len(), "entitlement", "entitlements"),
                few(&ids)
            )));
        }
        if !self.stopped.is_empty() {
            let told = self.stopped.iter().map(|id| Ok(names.right(id)?.told()));
            let told: Vec<String> = told.collect::<Result<_>>()?;
            let told: Vec<&str> = told.iter().map(String::as_str).collect();
            gaps.push(Gap::new(format!(
                "who gets there through {}: people hold it, and the sync does not have the grants that follow",
                few(&told)
            )));
        }
        if self.cut > 0 {
            gaps.push(Gap::new(format!(
                "whether everything follows that should from {} that pass on what is held: there are too many to look at",
                count(self.cut, "more entitlement", "more entitlements")
            )));
        }
        Ok(gaps)
    }
}
