//! Entitlements that feed each other, folded into one node (`baton/c1z/format.md 5.3`).
//!
//! Members of a node do not pass grants to each other: edges inside it are dropped. Toward the outside they act
//! together: an edge of one is an edge of all.

use super::graph::{Edges, Entitlement, Graph, connect};

/// A node of the folded graph: its place in [`Folded::nodes`].
pub(super) type Node = usize;

/// A graph without cycles.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// Each node's entitlements in sorted order; the nodes in the order of their first.
    pub(super) nodes: Vec<Vec<Entitlement>>,
    /// Edges between nodes.
    pub(super) edges: Edges,
    /// The cycles found: entitlements in sorted order. A self-loop is a cycle of one.
    pub(super) cycles: Vec<Vec<Entitlement>>,
}

/// Folds every strongly connected component into one node.
pub(super) fn fold(graph: &Graph) -> Folded {
    let mut nodes = components(graph);
    for members in &mut nodes {
        members.sort_unstable();
    }
    nodes.sort_unstable();

    let mut node_of = vec![0; graph.len()];
    for (node, members) in nodes.iter().enumerate() {
        for member in members {
            if let Some(place) = node_of.get_mut(*member) {
                *place = node;
            }
        }
    }
    let node_of = |entitlement: Entitlement| node_of.get(entitlement).copied().unwrap_or_default();

    let mut folded = Folded::default();
    for ((source, destination), edge) in &graph.edges {
        let ends = (node_of(*source), node_of(*destination));
        if ends.0 != ends.1 {
            connect(&mut folded.edges, ends, edge);
        }
    }
    folded.cycles = nodes
        .iter()
        .filter(|members| match members.as_slice() {
            [only] => graph.edges.contains_key(&(*only, *only)),
            _ => true,
        })
        .cloned()
        .collect();
    folded.nodes = nodes;
    folded
}

/// What Tarjan's walk knows of a visited entitlement.
#[derive(Clone, Copy)]
struct Visit {
    /// When it was entered.
    entered: usize,
    /// The earliest open entitlement it reaches.
    reaches: usize,
    /// Its component is not complete yet.
    open: bool,
}

/// Tarjan's strongly connected components, with the call stack as data: chains may be longer than a thread's stack.
fn components(graph: &Graph) -> Vec<Vec<Entitlement>> {
    let mut walk = Walk {
        visits: vec![None; graph.len()],
        open: Vec::new(),
        entered: 0,
        components: Vec::new(),
    };
    let successors = |from: Entitlement| {
        graph
            .edges
            .range((from, 0)..=(from, usize::MAX))
            .map(|((_, to), _)| *to)
    };

    for root in 0..graph.len() {
        if walk.visit(root).is_some() {
            continue;
        }
        walk.enter(root);
        let mut path = vec![(root, successors(root))];
        while let Some((at, rest)) = path.last_mut() {
            let at = *at;
            match rest.next() {
                Some(next) => match walk.visit(next) {
                    None => {
                        walk.enter(next);
                        path.push((next, successors(next)));
                    }
                    Some(visit) if visit.open => walk.reach(at, visit.entered),
                    Some(_) => {}
                },
                None => {
                    path.pop();
                    let reaches = walk.leave(at);
                    if let Some((parent, _)) = path.last() {
                        walk.reach(*parent, reaches);
                    }
                }
            }
        }
    }
    walk.components
}

struct Walk {
    visits: Vec<Option<Visit>>,
    open: Vec<Entitlement>,
    entered: usize,
    components: Vec<Vec<Entitlement>>,
}

impl Walk {
    fn visit(&self, entitlement: Entitlement) -> Option<Visit> {
        self.visits.get(entitlement).copied().flatten()
    }

    fn enter(&mut self, entitlement: Entitlement) {
        if let Some(place) = self.visits.get_mut(entitlement) {
            *place = Some(Visit {
                entered: self.entered,
                reaches: self.entered,
                open: true,
            });
        }
        self.entered += 1;
        self.open.push(entitlement);
    }

    fn reach(&mut self, entitlement: Entitlement, entered: usize) {
        if let Some(Some(visit)) = self.visits.get_mut(entitlement) {
            visit.reaches = visit.reaches.min(entered);
        }
    }

    /// Leaves an entitlement whose successors are all done. If it is the first of its component, the component is
    /// everything still open since. Returns what the entitlement reaches.
    fn leave(&mut self, entitlement: Entitlement) -> usize {
        let Some(visit) = self.visit(entitlement) else {
            return usize::MAX;
        };
        if visit.reaches == visit.entered {
            let mut members = Vec::new();
            while let Some(member) = self.open.pop() {
                if let Some(Some(visit)) = self.visits.get_mut(member) {
                    visit.open = false;
                }
                members.push(member);
                if member == entitlement {
                    break;
                }
            }
            self.components.push(members);
        }
        visit.reaches
    }
}
