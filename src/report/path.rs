//! Why somebody holds something: every chain of entitlements that leads there.
//!
//! The chains follow the rules of expansion (`baton/c1z/format.md 5`): a grant is direct when it has no sources or
//! names its own entitlement among them; a shallow edge passes on what is held directly only.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use super::edges::Edges;
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// Chains that are told of one grant; how many more there are is counted up to [`COUNTED`].
const TOLD: usize = 8;
/// Where counting ends.
const COUNTED: usize = 1000;
/// Steps after which the search ends, found or not: groups in groups in groups have more ways than anybody can follow.
const STEPS: usize = 50_000;

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

/// The chains to one grant. Each begins with what is held directly and ends with the entitlement asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// Entitlement ids.
    pub chains: Vec<Vec<String>>,
    /// Further chains that are not told.
    pub more: usize,
}

/// Looks up the origin of what the principal holds: `None` where it does not hold the entitlement.
pub type Held<'h> = dyn FnMut(&str) -> Result<Option<Rc<Origin>>> + 'h;

/// Every chain by which a principal of `principal_type` holds `entitlement`, shortest first.
///
/// # Errors
/// Those of `held`.
pub fn to(edges: &Edges, principal_type: &str, entitlement: &str, held: &mut Held<'_>) -> Result<Paths> {
    let mut walk = Walk {
        edges,
        principal_type,
        held,
        on_the_way: Vec::new(),
        found: Vec::new(),
        dead: HashSet::new(),
        steps: 0,
    };
    walk.visit(entitlement)?;
    let mut chains = walk.found;
    if chains.is_empty() {
        // Written by someone who keeps the sources but not what led from them: what is said is told.
        let origin = held(entitlement)?.unwrap_or_default();
        chains.extend(
            origin
                .sources
                .iter()
                .map(|source| vec![source.clone(), entitlement.to_owned()]),
        );
    }
    chains.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    chains.dedup();
    let more = chains.len().saturating_sub(TOLD);
    chains.truncate(TOLD);
    Ok(Paths { chains, more })
}

struct Walk<'w, 'h> {
    edges: &'w Edges,
    principal_type: &'w str,
    held: &'w mut Held<'h>,
    /// From the entitlement asked for back to the one being looked at.
    on_the_way: Vec<String>,
    found: Vec<Vec<String>>,
    /// Entitlements that nothing leads to, wherever one comes from.
    dead: HashSet<String>,
    steps: usize,
}

/// What following an entitlement came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Somebody gave something on the way.
    Found,
    /// Nobody did, whichever way one comes.
    Dead,
    /// Nobody did, but not everything was followed.
    Open,
}

impl End {
    fn and(self, other: End) -> End {
        match (self, other) {
            (End::Found, _) | (_, End::Found) => End::Found,
            (End::Open, _) | (_, End::Open) => End::Open,
            (End::Dead, End::Dead) => End::Dead,
        }
    }
}

impl Walk<'_, '_> {
    fn visit(&mut self, entitlement: &str) -> Result<End> {
        self.steps += 1;
        if self.dead.contains(entitlement) {
            return Ok(End::Dead);
        }
        let Some(origin) = (self.held)(entitlement)? else {
            return Ok(End::Dead);
        };
        self.on_the_way.push(entitlement.to_owned());
        let mut end = End::Dead;
        if origin.is_direct(entitlement) {
            self.found.push(self.on_the_way.iter().rev().cloned().collect());
            end = End::Found;
        }
        for source in origin.sources.iter().filter(|source| *source != entitlement) {
            let is_enough = self.found.len() >= COUNTED || self.steps >= STEPS;
            end = end.and(if is_enough || self.on_the_way.contains(source) {
                End::Open
            } else {
                self.follow(entitlement, source)?
            });
        }
        self.on_the_way.pop();
        if end == End::Dead {
            self.dead.insert(entitlement.to_owned());
        }
        Ok(end)
    }

    fn follow(&mut self, entitlement: &str, source: &str) -> Result<End> {
        let edges = self.edges.into(entitlement);
        let passes = |shallow_only: bool| {
            edges.iter().any(|edge| {
                edge.source == source
                    && edge.shallow == shallow_only
                    && (edge.principal_types.is_empty()
                        || edge.principal_types.iter().any(|t| t == self.principal_type))
            })
        };
        if passes(false) {
            return self.visit(source);
        }
        let is_direct = (self.held)(source)?.is_some_and(|origin| origin.is_direct(source));
        if !passes(true) || !is_direct {
            return Ok(End::Dead);
        }
        let mut chain = vec![source.to_owned()];
        chain.extend(self.on_the_way.iter().rev().cloned());
        self.found.push(chain);
        Ok(End::Found)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Layers of two groups each, every one of them in both of the layer below: 2^30 ways, all of them to somebody who was
    /// given nothing.
    #[test]
    fn ways_that_lead_nowhere_are_followed_once() {
        const LAYERS: usize = 30;
        let name = |layer: usize, at: usize| format!("group:{layer}-{at}:member");
        let mut edges = Vec::new();
        for layer in 0..LAYERS {
            for (at, from) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                edges.push((name(layer, at), name(layer + 1, from)));
            }
        }
        let edges = Edges::of(&edges);
        let asked = Cell::new(0);
        let mut held = |entitlement: &str| {
            asked.set(asked.get() + 1);
            let layer: usize = entitlement.split([':', '-']).nth(1).unwrap().parse().unwrap();
            let sources = [name(layer + 1, 0), name(layer + 1, 1)].into();
            Ok((layer < LAYERS).then(|| Rc::new(Origin { sources })))
        };
        let paths = to(&edges, "user", &name(0, 0), &mut held).unwrap();
        // What the grant says of itself is told where nothing leads to it.
        assert_eq!(paths.chains.len(), 2);
        assert!(asked.get() < 200, "{} times", asked.get());
    }
}
