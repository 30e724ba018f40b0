//! The walk over the destinations (`baton/c1z/format.md 5.4`).
//!
//! For each destination entitlement all sources are final already, so it is done in one go: gather who reaches it
//! and through what, note it on the grants those principals hold already, create grants for the others. The result
//! does not depend on the order of rows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::ExpansionStore;
use super::cycles::{Folded, Node};
use super::graph::{Edge, Entitlement, Graph};
use super::holders::{Holders, SourceGrant, key};
use super::order::Plan;
use super::stats::{ExpansionStats, Progress};
use super::writer::Writer;
use crate::baton::c1z::{DerivedGrant, Destination, Sources};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use v2::grant_sources::GrantSource;

/// Expands every destination of the plan.
pub(super) fn run(
    store: &mut impl ExpansionStore,
    graph: &Graph,
    folded: &Folded,
    plan: &Plan<'_>,
    stats: &mut ExpansionStats,
    progress: &mut dyn FnMut(Progress),
) -> Result<()> {
    let members = |node: Node| folded.nodes.get(node).map(Vec::as_slice).unwrap_or_default();
    let total = plan
        .destinations
        .iter()
        .map(|(node, _)| members(*node).len() as u64)
        .sum();
    let mut done = 0;
    let mut run = Run {
        graph,
        holders: Holders::new(folded, plan),
        writer: Writer::new(store),
        stats,
    };
    for (node, feeding) in &plan.destinations {
        let mut sources: Vec<(Entitlement, &Edge)> = feeding
            .iter()
            .flat_map(|(from, edge)| members(*from).iter().map(|source| (*source, *edge)))
            .collect();
        sources.sort_unstable_by_key(|(source, _)| *source);
        for destination in members(*node) {
            run.destination(*destination, &sources)?;
            done += 1;
            progress(Progress {
                destinations_done: done,
                destinations_total: total,
                grants_added: run.stats.grants_added,
            });
        }
    }
    run.writer.flush()
}

struct Run<'a, S> {
    graph: &'a Graph,
    holders: Holders,
    writer: Writer<'a, S>,
    stats: &'a mut ExpansionStats,
}

/// One way in which a principal reaches the destination.
#[derive(Clone, Copy)]
struct Reach<'a> {
    source: &'a str,
    holder: &'a SourceGrant,
}

/// One principal that reaches the destination.
struct Reached<'a> {
    /// Sources in the order of their ids, a source's grants in the order of theirs. Never empty.
    through: &'a [Reach<'a>],
    /// It holds a grant on the destination already.
    holds: bool,
}

impl<S: ExpansionStore> Run<'_, S> {
    fn destination(&mut self, destination: Entitlement, sources: &[(Entitlement, &Edge)]) -> Result<()> {
        let graph = self.graph;
        let mut loaded: Vec<(&str, Rc<[SourceGrant]>, &Edge)> = Vec::with_capacity(sources.len());
        for (source, edge) in sources {
            let store = self.writer.settled(*source)?;
            let holders = self.holders.of(store, graph, *source, self.stats)?;
            loaded.push((graph.name(*source), holders, edge));
        }
        let mut reaches: Vec<Reach<'_>> = Vec::new();
        for (source, holders, edge) in &loaded {
            let passing = holders.iter().filter(|h| edge.passes(h.key().0, h.direct));
            reaches.extend(passing.map(|holder| Reach { source, holder }));
        }
        // Stable, so within a principal the order of sources stays. The input is a few sorted runs: nearly linear.
        reaches.sort_by(|a, b| a.holder.key().cmp(&b.holder.key()));
        let mut reached: Vec<Reached<'_>> = reaches
            .chunk_by(|a, b| a.holder.key() == b.holder.key())
            .map(|through| Reached { through, holds: false })
            .collect();
        if reached.is_empty() {
            return Ok(());
        }
        let mut ids = self.update(destination, &mut reached)?;
        self.create(destination, &reached, &mut ids)
    }

    /// Notes the sources on every grant that a reached principal holds on the destination. Returns the ids of all
    /// grants on it.
    fn update(&mut self, destination: Entitlement, reached: &mut [Reached<'_>]) -> Result<HashSet<String>> {
        let name = self.graph.name(destination);
        let mut ids = HashSet::new();
        let mut changed = Vec::new();
        self.writer
            .settled(destination)?
            .for_each_grant_of(name, None, &mut |mut grant| {
                ids.insert(grant.id.clone());
                let found = grant.principal.as_ref().and_then(|p| p.id.as_ref()).and_then(|id| {
                    let place = reached.binary_search_by(|r| r.key().cmp(&key(id))).ok()?;
                    reached.get_mut(place)
                });
                if let Some(principal) = found {
                    principal.holds = true;
                    if note(&mut grant, name, principal.through) {
                        changed.push(grant);
                    }
                }
                Ok(())
            })?;
        self.stats.grants_updated += changed.len() as u64;
        for grant in changed {
            self.writer.change(destination, grant)?;
        }
        Ok(ids)
    }

    /// Creates a grant for every reached principal that holds none.
    fn create(&mut self, destination: Entitlement, reached: &[Reached<'_>], ids: &mut HashSet<String>) -> Result<()> {
        let name = self.graph.name(destination);
        let mut newcomers = reached.iter().filter(|r| !r.holds).peekable();
        if newcomers.peek().is_none() {
            return Ok(());
        }
        let entitlement = self.writer.settled(destination)?.entitlement(name)?;
        let Some(to) = entitlement.as_ref().and_then(Destination::new).map(Arc::new) else {
            return Err(Error::new(
                Kind::Unknown,
                format!("entitlement {name:?} has no resource, so nobody can be granted it"),
            )
            .code(code::EXPANSION)
            .hint("this is a fault of the connector: every entitlement must carry its resource"));
        };
        // Ids are joined without escaping (`baton/c1z/format.md 5.7`), so two principals can come to the same one, if
        // the type of one of them has a colon. The store would keep only the last.
        let ambiguous = reached.iter().any(|r| r.key().0.contains(':'));
        let mut paths = Paths::default();
        for principal in newcomers {
            let Some(first) = principal.through.first() else {
                continue;
            };
            // Of several embedded principals the first source's is taken.
            let grant = DerivedGrant::new(&to, &first.holder.principal, &paths.of(principal.through));
            let taken = ids.contains(grant.id()) || (ambiguous && !ids.insert(grant.id().to_owned()));
            if taken {
                self.stats.taken_ids.add(|| grant.id().to_owned());
                continue;
            }
            self.stats.grants_added += 1;
            self.writer.add(destination, grant)?;
        }
        Ok(())
    }
}

impl Reached<'_> {
    fn key(&self) -> (&str, &str) {
        self.through.first().map(|reach| reach.holder.key()).unwrap_or_default()
    }
}

/// Adds what a principal reaches a grant through to the grant's sources. A grant without any source was given
/// directly, and says so from now on by naming its own entitlement. Returns whether anything changed.
fn note(grant: &mut v2::Grant, entitlement_id: &str, through: &[Reach<'_>]) -> bool {
    let sources = &mut grant.sources.get_or_insert_default().sources;
    let mut changed = false;
    if sources.is_empty() {
        sources.insert(entitlement_id.to_owned(), GrantSource { is_direct: true });
        changed = true;
    }
    for reach in through {
        changed |= add_source(sources, *reach);
    }
    changed
}

/// Direct beats indirect; returns whether anything changed.
fn add_source(sources: &mut BTreeMap<String, GrantSource>, reach: Reach<'_>) -> bool {
    let is_direct = reach.holder.direct;
    match sources.get_mut(reach.source) {
        None => {
            sources.insert(reach.source.to_owned(), GrantSource { is_direct });
            true
        }
        Some(known) if is_direct && !known.is_direct => {
            known.is_direct = true;
            true
        }
        Some(_) => false,
    }
}

/// What grants come through. Most principals reach a destination through the same few sources.
#[derive(Default)]
struct Paths<'a> {
    known: HashMap<Path<'a>, Arc<Sources>>,
    last: Option<(Path<'a>, Arc<Sources>)>,
    /// Working memory.
    path: Path<'a>,
}

/// Sources, and whether they are held directly.
type Path<'a> = Vec<(&'a str, bool)>;

impl<'a> Paths<'a> {
    fn of(&mut self, through: &[Reach<'a>]) -> Arc<Sources> {
        self.path.clear();
        self.path
            .extend(through.iter().map(|reach| (reach.source, reach.holder.direct)));
        if let Some((_, sources)) = self.last.as_ref().filter(|(path, _)| *path == self.path) {
            return Arc::clone(sources);
        }
        let sources = self.known.get(&self.path).cloned().unwrap_or_else(|| {
            let mut sources = BTreeMap::new();
            for reach in through {
                add_source(&mut sources, *reach);
            }
            let sources = Arc::new(Sources::new(v2::GrantSources { sources }));
            self.known.insert(self.path.clone(), Arc::clone(&sources));
            sources
        });
        self.last = Some((self.path.clone(), Arc::clone(&sources)));
        sources
    }
}
