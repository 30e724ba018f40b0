//! Why somebody holds something: the chains of entitlements that lead there.
//!
//! The chains follow the rules of expansion (`baton/c1z/format.md 5`): a grant is direct when it has no sources or
//! names its own entitlement among them; a shallow edge passes on what is held directly only.
//!
//! Groups in groups in groups have more chains than anybody can follow, and as long ones as somebody makes them. So what
//! takes long is never done: whether anything leads to a grant is found by looking at each edge once, the shortest
//! chains are found for all grants of a principal together, and the others are counted without being followed. Only
//! where groups contain each other in a circle chains are followed one by one, and then a count may be a least one,
//! which is said.

mod graph;
mod knots;
mod round;
mod shortest;

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use self::graph::Graph;
use self::knots::Knots;
use self::round::Round;
use self::shortest::Shortest;

use super::edges::Edges;
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// Chains that are told of one grant; the others are counted.
pub const TOLD: usize = 8;
/// Entitlements of a chain that are told. Of a longer one the first is, and the last ten.
pub const LONGEST: usize = 12;
/// See [`LONGEST`].
const LAST: usize = 10;

/// What a principal's grant says about where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    sources: BTreeSet<String>,
}

impl Origin {
    /// Of a grant.
    pub fn of(grant: &v2::Grant) -> Origin {
        let sources = grant.sources.iter().flat_map(|s| s.sources.keys().cloned());
        Origin {
            sources: sources.collect(),
        }
    }

    /// Whether a grant was given, rather than following from something else: as [`Origin::is_direct`], without looking at
    /// everything it says.
    pub fn is_given(grant: &v2::Grant) -> bool {
        let own = grant.entitlement.as_ref().map_or("", |e| e.id.as_str());
        let sources = grant.sources.as_ref().map(|said| &said.sources);
        sources.is_none_or(|sources| sources.is_empty() || sources.contains_key(own))
    }

    /// Joins the origins of two grants of one entitlement to one principal.
    #[must_use]
    pub fn and(mut self, other: &Origin, entitlement: &str) -> Origin {
        let direct = self.is_direct(entitlement) || other.is_direct(entitlement);
        self.sources.extend(other.sources.iter().cloned());
        if direct && !self.sources.is_empty() {
            self.sources.insert(entitlement.to_owned());
        }
        self
    }

    /// The entitlements it says to follow from, its own among them where it was given as well.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }

    /// Whether somebody gave it, rather than it following from something else.
    pub fn is_direct(&self, entitlement: &str) -> bool {
        self.sources.is_empty() || self.sources.contains(entitlement)
    }
}

/// A chain from what is held directly to the entitlement asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chain {
    /// Entitlement ids.
    pub ids: Vec<Rc<str>>,
    /// How many more lie behind the first one and are not told.
    pub left_out: usize,
}

/// The chains to one grant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// Shortest first, then in the order of ids.
    pub chains: Vec<Chain>,
    /// Further chains that are not told.
    pub more: u64,
    /// Whether there may be still more.
    pub is_least: bool,
    /// Whether nothing that the principal was given leads there by the edges of the sync: the chains are only what the grant
    /// says of itself.
    pub is_said: bool,
}

impl Paths {
    /// To what was given and nothing leads to: itself.
    pub fn given(entitlement: &str) -> Paths {
        Paths {
            chains: vec![Chain {
                ids: vec![entitlement.into()],
                left_out: 0,
            }],
            ..Paths::default()
        }
    }
}

/// Looks up the origin of what the principal holds: `None` where it does not hold the entitlement.
pub type Held<'h> = dyn FnMut(&str) -> Result<Option<Rc<Origin>>> + 'h;

/// How one principal holds what it holds.
#[derive(Debug, Default)]
pub struct Ways {
    graph: Graph,
    knots: Knots,
    shortest: Shortest,
}

impl Ways {
    /// Of these entitlements, to a principal of this type.
    ///
    /// # Errors
    /// Those of `held`.
    pub fn to<'r>(
        edges: &Edges,
        principal_type: &str,
        entitlements: impl Iterator<Item = &'r str>,
        held: &mut Held<'_>,
    ) -> Result<Ways> {
        let graph = Graph::behind(edges, principal_type, entitlements, held)?;
        let knots = Knots::of(&graph);
        let shortest = Shortest::of(&graph, &knots);
        Ok(Ways { graph, knots, shortest })
    }

    /// The chains to one of the entitlements.
    pub fn paths(&self, entitlement: &str) -> Paths {
        let Some(node) = self.graph.find(entitlement) else {
            return Paths::default();
        };
        let known = self.shortest.count(node);
        if known == 0 {
            return self.said(node);
        }
        let (mut chains, all, is_least): (Vec<Chain>, u64, bool) = if self.knots.round(node) > 0 {
            let round = Round::to(&self.graph, &self.knots, node);
            let found = round.ways.len() as u64;
            if round.is_all {
                let told = round.ways.iter().take(TOLD).map(|way| self.chain_of(way));
                (told.collect(), found, false)
            } else {
                (self.chains(node), found.max(known as u64), true)
            }
        } else {
            let ways = self.knots.ways(node);
            (self.chains(node), ways, ways >= knots::MOST)
        };
        // Two that differ in what is left out only.
        chains.dedup();
        Paths {
            more: all.saturating_sub(chains.len() as u64),
            chains,
            is_least,
            is_said: false,
        }
    }

    /// Every entitlement by which one of them comes about, itself aside; where a circle is too big to be followed, all
    /// from which it can be reached.
    pub fn through(&self, entitlement: &str) -> Vec<Rc<str>> {
        let Some(node) = self.graph.find(entitlement) else {
            return Vec::new();
        };
        if self.shortest.count(node) == 0 {
            return self
                .graph
                .nodes
                .get(node)
                .map(|node| node.said.clone())
                .unwrap_or_default();
        }
        let mut met: HashSet<usize> = HashSet::new();
        let round = (self.knots.round(node) > 0).then(|| Round::to(&self.graph, &self.knots, node));
        match round.filter(|round| round.is_all) {
            Some(round) => met.extend(round.ways.into_iter().flatten()),
            None => self.behind(node, &mut met),
        }
        met.remove(&node);
        met.into_iter().map(|node| self.graph.id(node)).collect()
    }

    fn behind(&self, node: usize, met: &mut HashSet<usize>) {
        let mut followed: HashSet<usize> = HashSet::from([node]);
        let mut open = vec![node];
        while let Some(next) = open.pop() {
            for source in self.graph.from(next) {
                if source.is_shallow {
                    met.extend(Some(source.node).filter(|node| self.graph.is_direct(*node)));
                } else if self.knots.ways(source.node) > 0 && followed.insert(source.node) {
                    open.push(source.node);
                }
            }
        }
        met.extend(followed);
    }

    /// Written by someone who keeps the sources but not what led from them: what is said is told.
    fn said(&self, node: usize) -> Paths {
        let Some(node) = self.graph.nodes.get(node) else {
            return Paths::default();
        };
        let chain = |source: &Rc<str>| Chain {
            ids: vec![Rc::clone(source), Rc::clone(&node.id)],
            left_out: 0,
        };
        Paths {
            chains: node.said.iter().take(TOLD).map(chain).collect(),
            more: node.said.len().saturating_sub(TOLD) as u64,
            is_least: false,
            is_said: true,
        }
    }

    fn chains(&self, node: usize) -> Vec<Chain> {
        let told = self.shortest.to(node, LONGEST);
        told.map(|(first, end, length)| self.chain(first, &end, length))
            .collect()
    }

    fn chain_of(&self, way: &[usize]) -> Chain {
        let end = way.get(way.len().saturating_sub(LONGEST)..).unwrap_or_default();
        self.chain(way.first().copied().unwrap_or_default(), end, way.len())
    }

    /// A chain by its first node, its last ones and its length.
    fn chain(&self, first: usize, end: &[usize], length: usize) -> Chain {
        if length <= LONGEST {
            return Chain {
                ids: end.iter().map(|node| self.graph.id(*node)).collect(),
                left_out: 0,
            };
        }
        let last = end.get(end.len().saturating_sub(LAST)..).unwrap_or_default();
        let told = std::iter::once(&first).chain(last);
        Chain {
            ids: told.map(|node| self.graph.id(*node)).collect(),
            left_out: length - 1 - last.len(),
        }
    }
}

#[cfg(test)]
mod tests;
