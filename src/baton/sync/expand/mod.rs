//! Grant expansion: whoever holds a role also holds what the role holds (`baton/c1z/format.md 5`).
//!
//! A grant that is expandable over an entitlement S says "everyone who holds S holds my entitlement D too": an
//! edge from S to D. `graph` reads the edges, `cycles` folds entitlements that feed each other into one node,
//! `order` puts the nodes so that each comes after everything that feeds it, and `run` walks them once and
//! writes the derived grants. The syncer calls [`expand`] once, on a full sync, after all grants are stored.
//!
//! Everything that can refuse the job (a foreign source entitlement, a forbidden cycle, the depth limit) is
//! checked before the first grant is written.

mod cycles;
mod graph;
mod holders;
mod options;
mod order;
mod run;
mod stats;
mod store;
mod writer;

pub use crate::baton::c1z::{DerivedGrant, Expandable};
pub use options::ExpandOptions;
pub use stats::{Drops, ExpansionStats, Progress};

use prost::Message as _;

use crate::baton::code;
use crate::baton::error::{Context, Error, Kind, Result};
use crate::baton::proto::v2;

/// What expansion needs of a store: the rows of one sync.
pub trait ExpansionStore {
    /// Calls `f` with every expandable grant, in any order. `f` may read the store.
    ///
    /// # Errors
    /// Those of the store and of `f`.
    fn for_each_expandable(&self, f: &mut dyn FnMut(Expandable) -> Result<()>) -> Result<()>;

    /// The stored entitlement of this id.
    ///
    /// # Errors
    /// Those of the store.
    fn entitlement(&self, id: &str) -> Result<Option<v2::Entitlement>>;

    /// Calls `f` with every grant on the entitlement, in any order; only of principals of the given types, if given.
    ///
    /// # Errors
    /// Those of the store and of `f`.
    fn for_each_grant_of(
        &self,
        entitlement_id: &str,
        principal_types: Option<&[String]>,
        f: &mut dyn FnMut(v2::Grant) -> Result<()>,
    ) -> Result<()>;

    /// Stores grants by their id. A grant that exists keeps all columns but its message, above all the expansion
    /// columns; a new one is not expandable.
    ///
    /// # Errors
    /// Those of the store.
    fn put_expanded_grants(&mut self, grants: Vec<v2::Grant>) -> Result<()>;

    /// Stores new grants, which come ordered by principal within each entitlement. A store that knows no faster way
    /// takes them as messages.
    ///
    /// # Errors
    /// Those of the store.
    fn put_derived_grants(&mut self, grants: &[DerivedGrant]) -> Result<()> {
        let mut bytes = Vec::new();
        let messages = grants.iter().map(|grant| {
            grant.encode(&mut bytes);
            v2::Grant::decode(bytes.as_slice()).map_err(|e| Error::new(Kind::Internal, e.to_string()))
        });
        self.put_expanded_grants(messages.collect::<Result<_>>()?)
    }
}

/// Derives all indirect grants of the stored sync and writes them. Expanding twice changes nothing more.
///
/// `progress` is called after each entitlement that received its grants.
///
/// # Errors
/// `Unknown` when a grant expands over an entitlement that is not its principal's, when a cycle is found and
/// cycles are forbidden, when the depth limit is exceeded, and when an entitlement that is to get a new grant has
/// no resource; else those of the store. Errors of the first three kinds leave the store as it was.
pub fn expand(
    store: &mut impl ExpansionStore,
    options: &ExpandOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<ExpansionStats> {
    expand_all(store, options, progress).context("expand grants")
}

fn expand_all(
    store: &mut impl ExpansionStore,
    options: &ExpandOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<ExpansionStats> {
    let mut stats = ExpansionStats::default();
    let graph = graph::read(store, &mut stats)?;
    let folded = cycles::fold(&graph);
    stats.cycles = folded.cycles.len() as u64;
    if let (true, Some(cycle)) = (options.forbid_cycles, folded.cycles.first()) {
        return Err(forbidden_cycle(&graph, cycle));
    }
    let plan = order::plan(&folded);
    if let Some(limit) = options.max_depth
        && plan.depth > limit
    {
        return Err(Error::new(
            Kind::Unknown,
            format!(
                "the longest chain of expandable grants has {} steps, max depth {limit} exceeded",
                plan.depth
            ),
        )
        .code(code::EXPANSION)
        .hint(format!("raise {} or unset it", options::MAX_DEPTH)));
    }
    run::run(store, &graph, &folded, &plan, &mut stats, progress)?;
    tracing::debug!(?stats, "Grants expanded.");
    Ok(stats)
}

/// How many members of a cycle an error names.
const NAMED_MEMBERS: usize = 5;

fn forbidden_cycle(graph: &graph::Graph, cycle: &[graph::Entitlement]) -> Error {
    let mut names: Vec<&str> = cycle.iter().take(NAMED_MEMBERS).map(|e| graph.name(*e)).collect();
    if cycle.len() > NAMED_MEMBERS {
        names.push("...");
    }
    Error::new(
        Kind::Unknown,
        format!(
            "{} entitlements expand into each other: {}",
            cycle.len(),
            names.join(", ")
        ),
    )
    .code(code::EXPANSION)
    .hint(format!("unset {} to have cycles merged", options::DONT_FIX_CYCLES))
}
