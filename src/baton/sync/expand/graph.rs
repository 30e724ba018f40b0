//! The edges between entitlements (`baton/c1z/format.md 5.2`).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::stats::ExpansionStats;
use super::{Expandable, ExpansionStore};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;

/// An entitlement of the graph: its place among the ids in sorted order, so that comparing two compares their ids.
pub(super) type Entitlement = usize;

/// What an edge lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    /// Only direct holders of the source pass.
    pub(super) shallow: bool,
    /// Only principals of these types pass; all when `None`.
    pub(super) principal_types: Option<BTreeSet<String>>,
}

impl Edge {
    fn of(expansion: &v2::GrantExpandable) -> Self {
        let types = &expansion.resource_type_ids;
        Edge {
            shallow: expansion.shallow,
            principal_types: (!types.is_empty()).then(|| types.iter().cloned().collect()),
        }
    }

    /// Widens the edge by another of the same ends: deep beats shallow, no filter beats a filter, two are united.
    pub(super) fn merge(&mut self, other: &Edge) {
        self.shallow &= other.shallow;
        match (&mut self.principal_types, &other.principal_types) {
            (Some(mine), Some(theirs)) => mine.extend(theirs.iter().cloned()),
            (mine, _) => *mine = None,
        }
    }

    /// Whether a holder passes.
    pub(super) fn passes(&self, principal_type: &str, direct: bool) -> bool {
        (direct || !self.shallow)
            && self
                .principal_types
                .as_ref()
                .is_none_or(|types| types.contains(principal_type))
    }
}

/// Edges by their ends, source first.
pub(super) type Edges = BTreeMap<(usize, usize), Edge>;

/// Adds an edge, or widens the one there.
pub(super) fn connect(edges: &mut Edges, ends: (usize, usize), edge: &Edge) {
    match edges.entry(ends) {
        Entry::Vacant(free) => {
            free.insert(edge.clone());
        }
        Entry::Occupied(mut there) => there.get_mut().merge(edge),
    }
}

/// All entitlements some edge touches, and the edges.
#[derive(Debug, Default)]
pub(super) struct Graph {
    names: Vec<String>,
    pub(super) edges: Edges,
}

impl Graph {
    /// How many entitlements there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The id of an entitlement.
    pub(super) fn name(&self, entitlement: Entitlement) -> &str {
        self.names.get(entitlement).map(String::as_str).unwrap_or_default()
    }
}

/// Reads all expandable grants.
pub(super) fn read(store: &impl ExpansionStore, stats: &mut ExpansionStats) -> Result<Graph> {
    let mut draft = Draft::default();
    let mut stored = Stored {
        store,
        seen: HashMap::new(),
    };
    store.for_each_expandable(&mut |expandable| draft.add(&expandable, &mut stored, stats))?;
    let graph = draft.finish();
    stats.edges = graph.edges.len() as u64;
    Ok(graph)
}

/// Remembers which entitlements are stored and whose they are.
struct Stored<'a, S> {
    store: &'a S,
    seen: HashMap<String, Option<Owner>>,
}

/// The resource an entitlement is on, if it says.
#[derive(Clone)]
struct Owner(Option<v2::ResourceId>);

impl<S: ExpansionStore> Stored<'_, S> {
    fn owner(&mut self, id: &str) -> Result<Option<Owner>> {
        if let Some(known) = self.seen.get(id) {
            return Ok(known.clone());
        }
        let found = self
            .store
            .entitlement(id)?
            .map(|entitlement| Owner(entitlement.resource.and_then(|r| r.id)));
        self.seen.insert(id.to_owned(), found.clone());
        Ok(found)
    }
}

/// A graph whose entitlements are numbered as they come.
#[derive(Default)]
struct Draft {
    numbers: HashMap<String, usize>,
    edges: Edges,
}

impl Draft {
    fn add<S: ExpansionStore>(
        &mut self,
        expandable: &Expandable,
        stored: &mut Stored<'_, S>,
        stats: &mut ExpansionStats,
    ) -> Result<()> {
        let destination = &expandable.entitlement_id;
        let edge = Edge::of(&expandable.expansion);
        for source in &expandable.expansion.entitlement_ids {
            let Some(owner) = stored.owner(source)? else {
                stats.missing_sources.add(|| format!("{source:?} for {destination:?}"));
                continue;
            };
            check_owner(source, &owner, expandable)?;
            if stored.owner(destination)?.is_none() {
                stats
                    .missing_destinations
                    .add(|| format!("{destination:?} over {source:?}"));
                continue;
            }
            let ends = (self.number(source), self.number(destination));
            connect(&mut self.edges, ends, &edge);
        }
        Ok(())
    }

    fn number(&mut self, id: &str) -> usize {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = self.numbers.len();
        self.numbers.insert(id.to_owned(), number);
        number
    }

    /// Renumbers by id: the order in which grants were stored must not show in the result.
    fn finish(self) -> Graph {
        let mut by_name: Vec<(String, usize)> = self.numbers.into_iter().collect();
        by_name.sort();
        let ranks: HashMap<usize, usize> = by_name.iter().enumerate().map(|(rank, (_, n))| (*n, rank)).collect();
        let rank = |number: usize| ranks.get(&number).copied().unwrap_or(number);
        Graph {
            edges: self
                .edges
                .into_iter()
                .map(|((source, destination), edge)| ((rank(source), rank(destination)), edge))
                .collect(),
            names: by_name.into_iter().map(|(name, _)| name).collect(),
        }
    }
}

/// A grant may expand only over its own principal's entitlements; anything else would hand out access on the word
/// of a resource that has no say in it.
fn check_owner(source: &str, owner: &Owner, expandable: &Expandable) -> Result<()> {
    let principal = &expandable.principal;
    let of = match &owner.0 {
        Some(id) if id.resource_type == principal.resource_type && id.resource == principal.resource => return Ok(()),
        Some(id) => format!("{:?}", format!("{}:{}", id.resource_type, id.resource)),
        None => "no resource".to_owned(),
    };
    Err(Error::new(
        Kind::Unknown,
        format!(
            "source entitlement {source:?} is on {of}, but the grant of {:?} that expands over it has the principal {:?}",
            expandable.entitlement_id,
            format!("{}:{}", principal.resource_type, principal.resource),
        ),
    ).code(code::EXPANSION)
    .hint("this is a fault of the connector: a grant can only expand over entitlements of its own principal"))
}
