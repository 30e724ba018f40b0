//! The order in which nodes receive their grants: each after everything that feeds it.

use std::collections::{BTreeMap, BTreeSet};

use super::cycles::{Folded, Node};
use super::graph::Edge;

/// When which node is expanded, and from where.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// Nodes that some edge leads to, in topological order, with the nodes that feed them.
    pub(super) destinations: Vec<(Node, Vec<(Node, &'a Edge)>)>,
    /// Edges on the longest path: the number of rounds a breadth-first expansion would take.
    pub(super) depth: usize,
}

/// Orders the nodes. Of nodes that are ready at the same time the one with the lowest number comes first, so the
/// order depends on the graph alone.
pub(super) fn plan(folded: &Folded) -> Plan<'_> {
    let mut incoming: BTreeMap<Node, Vec<(Node, &Edge)>> = BTreeMap::new();
    for ((from, to), edge) in &folded.edges {
        incoming.entry(*to).or_default().push((*from, edge));
    }
    let mut waiting_for: BTreeMap<Node, usize> = incoming.iter().map(|(node, edges)| (*node, edges.len())).collect();
    let mut ready: BTreeSet<Node> = (0..folded.nodes.len())
        .filter(|n| !waiting_for.contains_key(n))
        .collect();
    let mut depths: BTreeMap<Node, usize> = BTreeMap::new();
    let mut plan = Plan {
        destinations: Vec::with_capacity(incoming.len()),
        depth: 0,
    };
    while let Some(node) = ready.pop_first() {
        let depth = depths.remove(&node).unwrap_or_default();
        plan.depth = plan.depth.max(depth);
        if let Some(sources) = incoming.remove(&node) {
            plan.destinations.push((node, sources));
        }
        for (_, next) in folded.edges.range((node, 0)..=(node, usize::MAX)).map(|(ends, _)| ends) {
            let reached = depths.entry(*next).or_default();
            *reached = (*reached).max(depth + 1);
            if let Some(left) = waiting_for.get_mut(next) {
                *left -= 1;
                if *left == 0 {
                    ready.insert(*next);
                }
            }
        }
    }
    plan
}
