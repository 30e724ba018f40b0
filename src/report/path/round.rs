//! Ways where circles lie on them: each is followed to its end, as long as there are few.

use std::collections::HashSet;

use super::graph::Graph;
use super::knots::Knots;

/// Ways after which one stops.
const FOUND: usize = 1000;
/// Steps after which one stops.
const STEPS: usize = 2_000;
/// Nodes of a circle that is followed at all.
const SMALL: usize = 12;

/// Ways that were found, from what is held directly to the node asked for, shortest first, then in the order of ids.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) ways: Vec<Vec<usize>>,
    /// Whether these are all.
    pub(super) is_all: bool,
}

impl Round {
    /// Every way to a node that meets no entitlement twice; none where the circles are big.
    pub(super) fn to(graph: &Graph, knots: &Knots, node: usize) -> Round {
        let mut round = Round::default();
        if knots.round(node) > SMALL {
            return round;
        }
        let mut steps = 0;
        // From the node asked for back to the one being looked at, each with how many of its sources were followed.
        let mut way: Vec<(usize, usize)> = vec![(node, 0)];
        let mut met: HashSet<usize> = HashSet::from([node]);
        round.begin(graph, &way, None);
        while let Some((node, next)) = way.last_mut() {
            let Some(source) = graph.from(*node).get(*next) else {
                met.remove(node);
                way.pop();
                continue;
            };
            *next += 1;
            if met.contains(&source.node) || knots.ways(source.node) == 0 {
                continue;
            }
            // A way that is kept is copied.
            steps += if graph.is_direct(source.node) { way.len() } else { 1 };
            if round.ways.len() >= FOUND || steps > STEPS {
                return round.in_order(graph);
            }
            if source.is_shallow {
                round.begin(graph, &way, Some(source.node));
                continue;
            }
            met.insert(source.node);
            way.push((source.node, 0));
            round.begin(graph, &way, None);
        }
        round.is_all = true;
        round.in_order(graph)
    }

    /// Keeps what leads here, if that begins with something that was given.
    fn begin(&mut self, graph: &Graph, way: &[(usize, usize)], before: Option<usize>) {
        let back = way.iter().rev().map(|(node, _)| *node);
        let whole: Vec<usize> = before.into_iter().chain(back).collect();
        if whole.first().is_some_and(|first| graph.is_direct(*first)) {
            self.ways.push(whole);
        }
    }

    fn in_order(mut self, graph: &Graph) -> Round {
        let id = |node: &usize| graph.nodes.get(*node).map(|node| &node.id);
        self.ways.sort_by(|a, b| {
            a.len()
                .cmp(&b.len())
                .then_with(|| a.iter().map(id).cmp(b.iter().map(id)))
        });
        self
    }
}
