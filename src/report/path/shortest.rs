//! The shortest ways to every entitlement of a graph, found all at once: length by length, in the order of ids, and at
//! most [`TOLD`] to each. That takes [`TOLD`] steps per edge, however many ways there are.

use super::TOLD;
use super::graph::{Graph, Source};
use super::knots::Knots;

/// Ways that begin alike share their beginning.
#[derive(Debug, Default)]
pub(super) struct Shortest {
    chains: Vec<Chain>,
    /// The places of chains that end at each node, the shortest first.
    to: Vec<Vec<usize>>,
    /// How many times an edge was followed.
    pub(super) steps: usize,
}

#[derive(Debug, Clone, Copy)]
struct Chain {
    node: usize,
    /// The place of what it continues.
    before: Option<usize>,
    /// The node it begins at.
    first: usize,
    length: usize,
}

impl Shortest {
    /// Ways without circles. Every node that anything leads to has its shortest; of further ways through circles some may
    /// be missing.
    pub(super) fn of(graph: &Graph, knots: &Knots) -> Shortest {
        let order = by_id(graph);
        let out = out_of(graph, &order);
        let mut shortest = Shortest {
            to: vec![Vec::new(); graph.nodes.len()],
            ..Shortest::default()
        };
        let mut level: Vec<usize> = Vec::new();
        for node in order.into_iter().filter(|node| graph.is_direct(*node)) {
            let begin = Chain {
                node,
                before: None,
                first: node,
                length: 1,
            };
            level.extend(shortest.add(begin));
        }
        while !level.is_empty() {
            let mut next = Vec::new();
            for place in level {
                let Some(chain) = shortest.chains.get(place).copied() else {
                    continue;
                };
                for Source {
                    node: target,
                    is_shallow,
                } in out.get(chain.node).into_iter().flatten().copied()
                {
                    shortest.steps += 1;
                    let passes = !is_shallow || chain.length == 1;
                    if passes && !(knots.is_one_knot(chain.node, target) && shortest.meets(place, target, knots)) {
                        next.extend(shortest.add(Chain {
                            node: target,
                            before: Some(place),
                            first: chain.first,
                            length: chain.length + 1,
                        }));
                    }
                }
            }
            level = next;
        }
        shortest
    }

    /// How many ways to a node are known.
    pub(super) fn count(&self, node: usize) -> usize {
        self.to.get(node).map_or(0, Vec::len)
    }

    /// The ways to a node, each as its first node, then its last ones, at most `last` of them, and its length.
    pub(super) fn to(&self, node: usize, last: usize) -> impl Iterator<Item = (usize, Vec<usize>, usize)> {
        let places = self.to.get(node).into_iter().flatten().copied();
        places.filter_map(move |place| {
            let chain = self.chains.get(place)?;
            let mut end: Vec<usize> = self.back(place).take(last).map(|chain| chain.node).collect();
            end.reverse();
            Some((chain.first, end, chain.length))
        })
    }

    fn add(&mut self, chain: Chain) -> Option<usize> {
        let place = self.chains.len();
        let known = self.to.get_mut(chain.node).filter(|known| known.len() < TOLD)?;
        known.push(place);
        self.chains.push(chain);
        Some(place)
    }

    /// A chain from its end to its beginning.
    fn back(&self, place: usize) -> impl Iterator<Item = &Chain> {
        std::iter::successors(self.chains.get(place), |chain| self.chains.get(chain.before?))
    }

    /// Whether a chain comes by a node of the knot that it ends in. Once it has left a knot it never comes back.
    fn meets(&self, place: usize, node: usize, knots: &Knots) -> bool {
        let in_knot = self.back(place).take_while(|chain| knots.is_one_knot(chain.node, node));
        in_knot.into_iter().any(|chain| chain.node == node)
    }
}

fn by_id(graph: &Graph) -> Vec<usize> {
    let mut order: Vec<usize> = (0..graph.nodes.len()).collect();
    order.sort_by(|a, b| {
        let id = |place: &usize| graph.nodes.get(*place).map(|node| &node.id);
        id(a).cmp(&id(b))
    });
    order
}

/// Where each node leads, in the order of ids.
fn out_of(graph: &Graph, order: &[usize]) -> Vec<Vec<Source>> {
    let mut out = vec![Vec::new(); graph.nodes.len()];
    for target in order {
        for Source { node, is_shallow } in graph.from(*target) {
            if let Some(out) = out.get_mut(*node) {
                out.push(Source {
                    node: *target,
                    is_shallow: *is_shallow,
                });
            }
        }
    }
    out
}
