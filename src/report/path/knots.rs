//! Which entitlements lie on circles, and in how many ways each is reached where none does.

use super::graph::Graph;

/// A number of ways that is as good as any greater one: what JSON readers keep exactly.
pub(super) const MOST: u64 = (1 << 53) - 1;

/// What is known of every node.
#[derive(Debug, Default)]
pub(super) struct Knots {
    /// Nodes with the same number lie on circles with each other.
    knot: Vec<usize>,
    /// How many nodes the biggest circle on the way has; none where there is no circle.
    round: Vec<usize>,
    /// Ways to each, up to [`MOST`]; of no use where a circle lies on the way.
    ways: Vec<u64>,
}

impl Knots {
    pub(super) fn of(graph: &Graph) -> Knots {
        let all = graph.nodes.len();
        let mut knots = Knots {
            knot: vec![0; all],
            round: vec![0; all],
            ways: vec![0; all],
        };
        for (number, members) in in_order(graph).into_iter().enumerate() {
            let is_circle = members.len() > 1;
            for node in &members {
                set(&mut knots.knot, *node, number);
            }
            for node in &members {
                let mut ways = u64::from(graph.is_direct(*node));
                let mut round = if is_circle { members.len() } else { 0 };
                for source in graph.from(*node) {
                    if source.is_shallow {
                        ways = ways.saturating_add(u64::from(graph.is_direct(source.node)));
                        continue;
                    }
                    ways = ways.saturating_add(knots.ways(source.node));
                    if knots.ways(source.node) > 0 {
                        round = round.max(knots.round(source.node));
                    }
                }
                set(&mut knots.ways, *node, ways.min(MOST));
                set(&mut knots.round, *node, round);
            }
            if is_circle && members.iter().any(|node| knots.ways(*node) > 0) {
                // What one of them has, all of them pass on.
                members.iter().for_each(|node| set(&mut knots.ways, *node, 1));
            }
        }
        knots
    }

    pub(super) fn ways(&self, node: usize) -> u64 {
        self.ways.get(node).copied().unwrap_or_default()
    }

    /// How many nodes the biggest circle has that lies on the way and that something comes from; 0 where there is none.
    pub(super) fn round(&self, node: usize) -> usize {
        self.round.get(node).copied().unwrap_or_default()
    }

    pub(super) fn is_one_knot(&self, a: usize, b: usize) -> bool {
        self.knot.get(a) == self.knot.get(b)
    }
}

fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

/// A node that is being followed.
struct Open {
    node: usize,
    next: usize,
}

/// The knots, each after those it comes from (Tarjan 1972, without recursion: chains of groups are as long as anybody
/// makes them).
fn in_order(graph: &Graph) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let all = graph.nodes.len();
    let (mut found_at, mut lowest) = (vec![UNSEEN; all], vec![UNSEEN; all]);
    let mut is_waiting = vec![false; all];
    let mut waiting: Vec<usize> = Vec::new();
    let mut order = Vec::new();
    let mut clock = 0;
    for start in 0..all {
        if found_at.get(start) != Some(&UNSEEN) {
            continue;
        }
        let mut way: Vec<Open> = Vec::new();
        let mut enter = Some(start);
        loop {
            if let Some(node) = enter.take() {
                set(&mut found_at, node, clock);
                set(&mut lowest, node, clock);
                set(&mut is_waiting, node, true);
                waiting.push(node);
                clock += 1;
                way.push(Open { node, next: 0 });
            }
            let Some(open) = way.last_mut() else {
                break;
            };
            let node = open.node;
            if let Some(source) = graph.from(node).get(open.next) {
                open.next += 1;
                // A shallow edge ends where it begins: no circle closes over it.
                if source.is_shallow {
                    continue;
                }
                match found_at.get(source.node).copied() {
                    Some(UNSEEN) => enter = Some(source.node),
                    Some(seen) if is_waiting.get(source.node) == Some(&true) => lower(&mut lowest, node, seen),
                    _ => {}
                }
                continue;
            }
            way.pop();
            let low = lowest.get(node).copied().unwrap_or_default();
            if let Some(before) = way.last() {
                lower(&mut lowest, before.node, low);
            }
            if found_at.get(node) == Some(&low) {
                let mut members = Vec::new();
                while let Some(member) = waiting.pop() {
                    set(&mut is_waiting, member, false);
                    members.push(member);
                    if member == node {
                        break;
                    }
                }
                order.push(members);
            }
        }
    }
    order
}

fn lower(lowest: &mut [usize], at: usize, value: usize) {
    if let Some(place) = lowest.get_mut(at) {
        *place = (*place).min(value);
    }
}
