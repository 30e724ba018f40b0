//! The grants of a sync by number, as little of each as is needed to see what they follow from.

use std::collections::HashMap;

use super::Most;
use super::things::{Things, at, count};
use crate::baton::annotation;
use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::Snapshot;
use crate::report::access::{principal_of, right_key};

/// Rows per question to the file.
const PAGE: usize = 20_000;

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) principal: u32,
    pub(super) entitlement: u32,
    /// Number of the set of its sources.
    pub(super) sources: u32,
    pub(super) immutable: bool,
    /// Its id, where that is not the usual one.
    pub(super) id: Option<Box<str>>,
}

/// All grants, ordered by principal, then by entitlement, then as in the file.
#[derive(Debug, Default)]
pub(super) struct GrantRows {
    rows: Vec<Row>,
    /// Sets of entitlements, each sorted; the first is empty.
    sets: Vec<Vec<u32>>,
}

impl GrantRows {
    /// Reads them; `None` where there are too many.
    pub(super) fn read(snapshot: &Snapshot, things: &mut Things, most: &Most) -> Result<Option<GrantRows>> {
        let mut known: HashMap<Vec<u32>, u32> = HashMap::from([(Vec::new(), 0)]);
        let mut all = GrantRows {
            rows: Vec::new(),
            sets: vec![Vec::new()],
        };
        // Pages go by the numbers of rows.
        snapshot.reader().number_rows()?;
        let mut direct = 0;
        let mut after = None;
        loop {
            let filter = GrantFilter {
                after,
                limit: Some(PAGE),
                ..Default::default()
            };
            let before = all.rows.len();
            snapshot
                .reader()
                .for_each_grant_where(snapshot.sync_id(), &filter, &mut |row| {
                    after = Some(row.row);
                    let read = all.take(&row.grant, things, &mut known);
                    direct += usize::from(all.is_direct(&read));
                    all.rows.push(read);
                    Ok(())
                })?;
            if direct > most.facts || all.rows.len() > most.grants {
                return Ok(None);
            }
            if all.rows.len() - before < PAGE {
                break;
            }
        }
        all.rows.sort_by_key(|row| (row.principal, row.entitlement));
        Ok(Some(all))
    }

    fn take(&mut self, grant: &v2::Grant, things: &mut Things, known: &mut HashMap<Vec<u32>, u32>) -> Row {
        let (kind, id) = principal_of(grant);
        let principal = things.resource(kind, id);
        let entitlement = things.entitlement_of(right_key(grant));
        let sources = grant.sources.iter().flat_map(|s| s.sources.keys());
        let mut set: Vec<u32> = sources.map(|id| things.entitlement(id)).collect();
        set.sort_unstable();
        let next = count(self.sets.len());
        let sources = *known.entry(set).or_insert_with_key(|set| {
            self.sets.push(set.clone());
            next
        });
        let usual = things.grant_id(entitlement, kind, id);
        Row {
            principal,
            entitlement,
            sources,
            immutable: grant.annotations.iter().any(annotation::is::<v2::GrantImmutable>),
            id: (usual != grant.id).then(|| grant.id.as_str().into()),
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Row] {
        &self.rows
    }

    /// What a grant says it follows from.
    pub(super) fn sources(&self, row: &Row) -> &[u32] {
        self.sets.get(at(row.sources)).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody gave it (`baton/c1z/format.md 5.4`).
    pub(super) fn is_direct(&self, row: &Row) -> bool {
        let sources = self.sources(row);
        sources.is_empty() || sources.binary_search(&row.entitlement).is_ok()
    }
}
