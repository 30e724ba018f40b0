//! Which entitlement passes on which: the expandable grants of a sync, by the entitlement they lead to.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::ops::Bound;
use std::sync::Arc;

use super::snapshot::Snapshot;
use crate::baton::error::Result;

/// Holders of `source` also hold what the edge leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The entitlement whose holders get it.
    pub source: Arc<str>,
    /// The resource that entitlement is on, which holds the grant: type and bare id.
    pub holder: Arc<(String, String)>,
    /// Only direct holders of the source get it.
    pub shallow: bool,
    /// Only principals of these types get it; empty is every type.
    pub principal_types: Arc<[String]>,
}

/// What an edge passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// Everything.
    All,
    /// What is held directly.
    Direct,
}

/// Every edge of a sync. Texts that several edges share are there once: a file of 100 MB has some millions of edges.
#[derive(Debug, Clone, Default)]
pub struct Edges {
    into: BTreeMap<String, Vec<Edge>>,
}

impl Edges {
    /// Reads them; there are about as many as roles times what roles may do.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn read(snapshot: &Snapshot) -> Result<Edges> {
        let mut into: BTreeMap<String, Vec<Edge>> = BTreeMap::new();
        let mut shared = Shared::default();
        snapshot
            .reader()
            .for_each_expandable(snapshot.sync_id(), &mut |grant| {
                let edges = into.entry(grant.entitlement_id).or_default();
                let holder = one(
                    &mut shared.holders,
                    (grant.principal.resource_type, grant.principal.resource),
                );
                let principal_types = one_list(&mut shared.types, grant.expansion.resource_type_ids);
                for source in grant.expansion.entitlement_ids {
                    edges.push(Edge {
                        source: one_text(&mut shared.sources, source),
                        holder: Arc::clone(&holder),
                        shallow: grant.expansion.shallow,
                        principal_types: Arc::clone(&principal_types),
                    });
                }
                Ok(())
            })?;
        for edges in into.values_mut() {
            edges.shrink_to_fit();
            edges.sort_by(|a, b| a.source.cmp(&b.source));
        }
        Ok(Edges { into })
    }

    /// Edges that pass everything on to everybody: targets and their sources.
    #[cfg(test)]
    pub(super) fn of(pairs: &[(String, String)]) -> Edges {
        Edges::made(pairs, false)
    }

    /// As [`Edges::of`], passing on what is held directly only.
    #[cfg(test)]
    pub(super) fn shallow(pairs: &[(String, String)]) -> Edges {
        Edges::made(pairs, true)
    }

    #[cfg(test)]
    fn made(pairs: &[(String, String)], shallow: bool) -> Edges {
        let mut into: BTreeMap<String, Vec<Edge>> = BTreeMap::new();
        for (target, source) in pairs {
            into.entry(target.clone()).or_default().push(Edge {
                source: source.as_str().into(),
                holder: Arc::default(),
                shallow,
                principal_types: Arc::default(),
            });
        }
        for edges in into.values_mut() {
            edges.sort_by(|a, b| a.source.cmp(&b.source));
        }
        Edges { into }
    }

    /// Whether nothing is passed on.
    pub fn is_empty(&self) -> bool {
        self.into.is_empty()
    }

    /// The edges that lead to an entitlement, ordered by their source.
    pub fn into(&self, entitlement: &str) -> &[Edge] {
        self.into.get(entitlement).map_or(&[], Vec::as_slice)
    }

    /// The edges that lead to entitlements whose ids begin like this, by entitlement.
    pub fn into_those_of(&self, prefix: &str) -> impl Iterator<Item = (&str, &[Edge])> {
        self.into
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(id, _)| id.starts_with(prefix))
            .map(|(id, edges)| (id.as_str(), edges.as_slice()))
    }

    /// What the edges from one entitlement to another pass on to principals of a type; `None` where that is nothing.
    pub fn passing(&self, source: &str, target: &str, principal_type: &str) -> Option<Passing> {
        let edges = self.into(target);
        let first = edges.partition_point(|edge| *edge.source < *source);
        let between = edges.get(first..).unwrap_or_default();
        let between = between.iter().take_while(|edge| *edge.source == *source);
        let mut found = None;
        for edge in between {
            if !edge.principal_types.is_empty() && !edge.principal_types.iter().any(|kind| kind == principal_type) {
                continue;
            }
            if !edge.shallow {
                return Some(Passing::All);
            }
            found = Some(Passing::Direct);
        }
        found
    }

    /// Every entitlement that something leads to, with its edges, in order of ids.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[Edge])> {
        self.into.iter().map(|(id, edges)| (id.as_str(), edges.as_slice()))
    }
}

/// Texts that edges were made of so far.
#[derive(Default)]
struct Shared {
    sources: HashSet<Arc<str>>,
    holders: HashSet<Arc<(String, String)>>,
    types: HashSet<Arc<[String]>>,
}

fn one<T: Hash + Eq>(known: &mut HashSet<Arc<T>>, value: T) -> Arc<T> {
    if let Some(known) = known.get(&value) {
        return Arc::clone(known);
    }
    let value = Arc::new(value);
    known.insert(Arc::clone(&value));
    value
}

fn one_text(known: &mut HashSet<Arc<str>>, text: String) -> Arc<str> {
    if let Some(known) = known.get(text.as_str()) {
        return Arc::clone(known);
    }
    let text: Arc<str> = text.into();
    known.insert(Arc::clone(&text));
    text
}

fn one_list(known: &mut HashSet<Arc<[String]>>, list: Vec<String>) -> Arc<[String]> {
    if let Some(known) = known.get(list.as_slice()) {
        return Arc::clone(known);
    }
    let list: Arc<[String]> = list.into();
    known.insert(Arc::clone(&list));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_small_and_a_text_is_there_once() {
        assert!(size_of::<Edge>() <= 48, "{} bytes", size_of::<Edge>());
        let mut shared = Shared::default();
        let [a, b] = [(), ()].map(|()| one_text(&mut shared.sources, "role:a:has".to_owned()));
        assert!(Arc::ptr_eq(&a, &b));
        let holder = || ("role".to_owned(), "a".to_owned());
        assert!(Arc::ptr_eq(
            &one(&mut shared.holders, holder()),
            &one(&mut shared.holders, holder())
        ));
        let [none, again] = [(), ()].map(|()| one_list(&mut shared.types, Vec::new()));
        assert!(Arc::ptr_eq(&none, &again));
    }
}
