//! Which grants follow from others, so that they need not be written down.
//!
//! A grant of `D` follows when its principal holds every `S` it names as a source, the file has an edge from `S` to
//! `D` that passes the principal on, and no other such edge exists. Edges that close a circle explain nothing: then
//! following them always ends, and ends where the file says.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::grants::{GrantRows, Row};
use super::things::Things;
use crate::report::edges::Edges;

/// Passing on: number of the source, number of the target, what it does, types of principals (empty is every type).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edge(pub u32, pub u32, pub u8, pub Vec<u32>);

impl Edge {
    /// Only direct holders get it.
    pub const SHALLOW: u8 = 1;
    /// It closes a circle: it tells ways, but no grant follows from it.
    pub const IDLE: u8 = 2;

    fn passes(&self, kind: u32) -> bool {
        self.2 & Edge::IDLE == 0 && (self.3.is_empty() || self.3.contains(&kind))
    }

    fn is_shallow(&self) -> bool {
        self.2 & Edge::SHALLOW != 0
    }
}

/// A grant that follows from nothing: principal, entitlement, its id if that is not the usual one, 1 if immutable,
/// and what it names as its sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OddGrant(pub u32, pub u32, pub Option<String>, pub u8, pub Vec<u32>);

/// The facts that all grants follow from.
#[derive(Debug, Default)]
pub(super) struct Explained {
    pub(super) edges: Vec<Edge>,
    pub(super) direct: Vec<Vec<u32>>,
    pub(super) odd: Vec<OddGrant>,
    pub(super) absent: Vec<(u32, u32)>,
}

impl Explained {
    /// How many there are but for the edges.
    pub(super) fn facts(&self) -> usize {
        let direct: usize = self.direct.iter().map(|group| group.len().saturating_sub(2)).sum();
        direct + self.odd.len() + self.absent.len()
    }
}

/// Finds the fewer facts of two accounts: that the edges were followed, and that they were not (a file that was never
/// expanded).
pub(super) fn explain(things: &mut Things, edges: &Edges, rows: &mut GrantRows) -> Explained {
    let edges = numbered(things, edges);
    let followed = account(things, &edges, rows);
    let exceptions = followed.odd.len() + followed.absent.len();
    if exceptions * 4 <= rows.all().len() {
        return followed;
    }
    let idle: Vec<Edge> = edges
        .into_iter()
        .map(|Edge(source, target, does, kinds)| Edge(source, target, does | Edge::IDLE, kinds))
        .collect();
    let unfollowed = account(things, &idle, rows);
    if unfollowed.odd.len() < exceptions {
        unfollowed
    } else {
        followed
    }
}

fn account(things: &Things, edges: &[Edge], rows: &GrantRows) -> Explained {
    let mut out: HashMap<u32, Vec<&Edge>> = HashMap::new();
    for edge in edges {
        out.entry(edge.0).or_default().push(edge);
    }
    let mut direct: BTreeMap<(u32, bool), Vec<u32>> = BTreeMap::new();
    let mut facts = Explained {
        edges: edges.to_vec(),
        ..Explained::default()
    };
    for of_one in rows.all().chunk_by(|a, b| a.principal == b.principal) {
        let Some(principal) = of_one.first().map(|row| row.principal) else {
            continue;
        };
        let holder = Holdings::new(things.kind_of(principal), of_one, rows, &out);
        for same in of_one.chunk_by(|a, b| a.entitlement == b.entitlement) {
            match same {
                [row] if holder.explains(row, rows) => {
                    if rows.is_direct(row) {
                        direct
                            .entry((row.entitlement, row.immutable))
                            .or_default()
                            .push(principal);
                    }
                }
                several => facts.odd.extend(several.iter().map(|row| odd(row, rows))),
            }
        }
        facts.absent.extend(holder.missing().map(|target| (principal, target)));
    }
    facts.direct = direct
        .into_iter()
        .map(|((entitlement, immutable), principals)| {
            let mut group = vec![entitlement, u32::from(immutable)];
            let mut last = 0;
            for principal in principals {
                group.push(principal - last);
                last = principal;
            }
            group
        })
        .collect();
    facts
}

fn odd(row: &Row, rows: &GrantRows) -> OddGrant {
    OddGrant(
        row.principal,
        row.entitlement,
        row.id.as_deref().map(str::to_owned),
        u8::from(row.immutable),
        rows.sources(row).to_vec(),
    )
}

/// What one principal holds, and what that leads to.
struct Holdings {
    held: HashSet<u32>,
    /// What expansion would have made of it: by entitlement, what it follows from. Found by following what is held, not
    /// by looking at all that leads to each thing: a thing may be open to a thousand groups.
    follows: BTreeMap<u32, Vec<u32>>,
}

impl Holdings {
    fn new(kind: u32, of_one: &[Row], rows: &GrantRows, out: &HashMap<u32, Vec<&Edge>>) -> Self {
        let mut held: BTreeMap<u32, bool> = BTreeMap::new();
        for row in of_one {
            *held.entry(row.entitlement).or_default() |= rows.is_direct(row);
        }
        let mut follows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (source, is_direct) in &held {
            for edge in out.get(source).into_iter().flatten() {
                let sources = follows.entry(edge.1).or_default();
                // Two edges between the same pair give one source.
                if edge.passes(kind) && (*is_direct || !edge.is_shallow()) && sources.last() != Some(source) {
                    sources.push(*source);
                }
            }
        }
        follows.retain(|_, sources| !sources.is_empty());
        Holdings {
            held: held.into_keys().collect(),
            follows,
        }
    }

    /// Whether a grant is what expansion would have made of the rest.
    fn explains(&self, row: &Row, rows: &GrantRows) -> bool {
        let mut expected = self.follows.get(&row.entitlement).cloned().unwrap_or_default();
        let is_direct = rows.is_direct(row);
        if is_direct && !expected.is_empty() {
            expected.push(row.entitlement);
            expected.sort_unstable();
            expected.dedup();
        }
        let is_plain = is_direct || (row.immutable && !expected.is_empty());
        row.id.is_none() && is_plain && rows.sources(row) == expected
    }

    /// What expansion would have added.
    fn missing(&self) -> impl Iterator<Item = u32> {
        let targets = self.follows.keys();
        targets.filter(|target| !self.held.contains(target)).copied()
    }
}

/// The edges by number, in order, those that close a circle marked.
fn numbered(things: &mut Things, edges: &Edges) -> Vec<Edge> {
    let mut all = Vec::new();
    for (target, sources) in edges.all() {
        for edge in sources {
            // A type nothing has passes nobody on; it must not become "every type".
            let kinds = edge
                .principal_types
                .iter()
                .map(|kind| things.known_kind(kind).unwrap_or(u32::MAX))
                .collect();
            let does = if edge.shallow { Edge::SHALLOW } else { 0 };
            all.push(Edge(
                things.entitlement(&edge.source),
                things.entitlement(target),
                does,
                kinds,
            ));
        }
    }
    mark_circles(&mut all);
    all
}

/// Marks edges so that the others lead in one direction only.
fn mark_circles(edges: &mut [Edge]) {
    let mut out: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, edge) in edges.iter().enumerate() {
        out.entry(edge.0).or_default().push(place);
    }
    let mut done: HashSet<u32> = HashSet::new();
    let mut idle: Vec<usize> = Vec::new();
    for start in out.keys().copied() {
        // Each entry: an entitlement on the way, and how many of its edges were followed.
        let mut way: Vec<(u32, usize)> = vec![(start, 0)];
        let mut on_the_way: HashSet<u32> = HashSet::from([start]);
        if done.contains(&start) {
            continue;
        }
        while let Some((node, next)) = way.last_mut() {
            let place = out.get(node).and_then(|places| places.get(*next)).copied();
            *next += 1;
            let Some(place) = place else {
                done.insert(*node);
                on_the_way.remove(node);
                way.pop();
                continue;
            };
            let Some(target) = edges.get(place).map(|edge| edge.1) else {
                continue;
            };
            if on_the_way.contains(&target) {
                idle.push(place);
            } else if !done.contains(&target) {
                on_the_way.insert(target);
                way.push((target, 0));
            }
        }
    }
    for place in idle {
        if let Some(edge) = edges.get_mut(place) {
            edge.2 |= Edge::IDLE;
        }
    }
}
