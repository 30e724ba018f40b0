use std::cell::Cell;
use std::collections::BTreeMap;

use super::*;

/// What somebody holds: each entitlement with its sources; itself among them where it was given as well.
#[derive(Default)]
struct Made {
    held: BTreeMap<String, BTreeSet<String>>,
    pairs: Vec<(String, String)>,
}

impl Made {
    fn gives(&mut self, to: &str) {
        self.held.entry(to.to_owned()).or_default();
    }

    fn leads(&mut self, from: &str, to: &str) {
        self.held.entry(to.to_owned()).or_default().insert(from.to_owned());
        self.pairs.push((to.to_owned(), from.to_owned()));
    }

    /// The ways to everything, and how many times something was looked up.
    fn ways(&self) -> (Ways, usize) {
        self.of(self.held.keys().map(String::as_str))
    }

    fn of<'r>(&self, entitlements: impl Iterator<Item = &'r str>) -> (Ways, usize) {
        let asked = Cell::new(0);
        let mut held = |entitlement: &str| {
            asked.set(asked.get() + 1);
            let sources = self.held.get(entitlement).cloned();
            Ok(sources.map(|sources| Rc::new(Origin { sources })))
        };
        let ways = Ways::to(&Edges::of(&self.pairs), "user", entitlements, &mut held).unwrap();
        (ways, asked.get())
    }

    /// Every chain to an entitlement, found the long way.
    fn all(&self, entitlement: &str) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        self.follow(&mut vec![entitlement.to_owned()], &mut found);
        found.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        found
    }

    fn follow(&self, back: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        let Some(sources) = self.held.get(back.last().unwrap()) else {
            return;
        };
        if sources.is_empty() || sources.contains(back.last().unwrap()) {
            found.push(back.iter().rev().cloned().collect());
        }
        for source in sources {
            if !back.contains(source) {
                back.push(source.clone());
                self.follow(back, found);
                back.pop();
            }
        }
    }
}

fn group(layer: usize, at: usize) -> String {
    format!("group:{layer:04}-{at}:member")
}

/// Every group of a layer is in every one of the next; the first layer is given, if any is.
fn layered(layers: usize, wide: usize, is_given: bool) -> Made {
    let mut made = Made::default();
    for at in 0..wide {
        if is_given {
            made.gives(&group(0, at));
        } else {
            made.leads("group:nowhere:member", &group(0, at));
        }
    }
    for layer in 1..layers {
        for (from, to) in (0..wide).flat_map(|from| (0..wide).map(move |to| (from, to))) {
            made.leads(&group(layer - 1, from), &group(layer, to));
        }
    }
    made
}

fn texts(paths: &Paths) -> Vec<Vec<String>> {
    let text = |chain: &Chain| chain.ids.iter().map(|id| id.to_string()).collect();
    paths.chains.iter().map(text).collect()
}

#[test]
fn ways_that_lead_nowhere_are_followed_once() {
    let made = layered(30, 2, false);
    let (ways, asked) = made.ways();
    let paths = ways.paths(&group(29, 0));
    // What the grant says of itself is told where nothing leads to it.
    assert_eq!(texts(&paths).len(), 2);
    assert!(asked < 200, "{asked} times");
}

#[test]
fn ways_through_many_layers_are_counted_without_being_followed() {
    for (layers, wide) in [(15, 4), (20, 10), (40, 2)] {
        let made = layered(layers, wide, true);
        let (ways, asked) = made.ways();
        assert!(asked <= layers * wide, "{asked} times");
        let edges = (layers - 1) * wide * wide;
        assert!(
            ways.shortest.steps <= TOLD * edges,
            "{} steps, {edges} edges",
            ways.shortest.steps
        );
        for layer in 0..layers {
            let paths = ways.paths(&group(layer, 1));
            let all = (wide as u64)
                .checked_pow(layer as u32)
                .map_or(knots::MOST, |ways| ways.min(knots::MOST));
            assert_eq!(paths.chains.len() as u64 + paths.more, all, "layer {layer} of {layers}");
            assert_eq!(paths.is_least, all == knots::MOST);
            let told = texts(&paths);
            assert!(
                told.iter()
                    .all(|chain| chain.len() == (layer + 1).min(LAST + 1 + usize::from(layer < LONGEST)))
            );
            assert!(
                paths
                    .chains
                    .iter()
                    .all(|chain| chain.ids.len() + chain.left_out == layer + 1)
            );
            assert!(told.is_sorted());
        }
    }
}

#[test]
fn a_chain_of_ten_thousand_takes_a_step_per_group_and_is_cut() {
    const LONG: usize = 10_000;
    let mut made = Made::default();
    made.gives(&group(0, 0));
    for layer in 1..LONG {
        made.leads(&group(layer - 1, 0), &group(layer, 0));
    }
    let (ways, asked) = made.ways();
    assert_eq!((asked, ways.shortest.steps), (LONG, LONG - 1));
    for layer in [0, 1, 11, 12, 5_000, LONG - 1] {
        let paths = ways.paths(&group(layer, 0));
        let [chain] = paths.chains.as_slice() else {
            panic!("{paths:?}")
        };
        assert_eq!((paths.more, paths.is_least), (0, false));
        assert_eq!(chain.ids.len() + chain.left_out, layer + 1);
        assert_eq!(*chain.ids[0], group(0, 0));
        assert_eq!(**chain.ids.last().unwrap(), group(layer, 0));
        assert_eq!(chain.left_out > 0, layer >= LONGEST, "layer {layer}");
    }
    assert_eq!(ways.through(&group(LONG - 1, 0)).len(), LONG - 1);
}

/// A circle as long as anybody makes it, and groups that all contain each other: somebody is given one of them.
#[test]
fn circles_end_and_say_that_there_may_be_more() {
    for (size, is_dense) in [(10_000, false), (60, true), (5, true)] {
        let mut made = Made::default();
        for at in 0..size {
            let next: Vec<usize> = if is_dense {
                (0..size).filter(|to| *to != at).collect()
            } else {
                vec![(at + 1) % size]
            };
            for to in next {
                made.leads(&group(at, 0), &group(to, 0));
            }
        }
        let first = group(0, 0);
        made.held.get_mut(&first).unwrap().insert(first.clone());
        let (ways, asked) = made.ways();
        assert_eq!(asked, size);
        assert!(ways.shortest.steps <= TOLD * made.pairs.len());
        for at in [0, 1, size / 2, size - 1] {
            let paths = ways.paths(&group(at, 0));
            assert!(!paths.chains.is_empty(), "{at} of {size}");
            let firsts = paths.chains.iter().map(|chain| chain.ids[0].to_string());
            assert!(firsts.into_iter().all(|id| id == first));
            assert_eq!(paths.is_least, size != 5, "{at} of {size}");
            if size == 5 {
                let all = made.all(&group(at, 0));
                assert_eq!(texts(&paths), all[..all.len().min(TOLD)]);
                assert_eq!(paths.more as usize, all.len().saturating_sub(TOLD));
            }
        }
    }
}

#[test]
fn a_shallow_edge_passes_on_what_is_given_only() {
    let mut made = layered(3, 2, true);
    made.pairs.clear();
    let (from, to) = (group(0, 0), group(1, 0));
    let edges = Edges::shallow(&[(to.clone(), from.clone()), (group(2, 0), to.clone())]);
    let mut held = |entitlement: &str| {
        let sources = made.held.get(entitlement).cloned();
        Ok(sources.map(|sources| Rc::new(Origin { sources })))
    };
    let ways = Ways::to(
        &edges,
        "user",
        [group(2, 0), to.clone()].iter().map(String::as_str),
        &mut held,
    )
    .unwrap();
    assert_eq!(texts(&ways.paths(&to)), [[from.clone(), to.clone()]]);
    assert_eq!(ways.through(&to), [from.into()]);
    // Nothing leads there: what it says is told.
    let said = ways.paths(&group(2, 0));
    assert_eq!(texts(&said), [[to.clone(), group(2, 0)], [group(1, 1), group(2, 0)]]);
    assert_eq!(said.more, 0);
}

/// Small graphs of all sorts: the ways are those that are found the long way.
#[test]
fn small_graphs_are_told_as_they_are() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    let (mut many, mut round) = (0, 0);
    for case in 0..400 {
        let size = 2 + draw(6);
        let may_be_round = case % 2 == 0;
        let mut made = Made::default();
        for at in 0..size {
            if draw(3) == 0 || at == 0 {
                made.gives(&group(at, 0));
            }
        }
        for (from, to) in (0..size).flat_map(|from| (0..size).map(move |to| (from, to))) {
            if from != to && (may_be_round || from < to) && draw(2) == 0 {
                let (from, to) = (group(from, 0), group(to, 0));
                let was_given = made
                    .held
                    .get(&to)
                    .is_some_and(|sources| sources.is_empty() || sources.contains(&to));
                made.leads(&from, &to);
                if was_given {
                    made.held.get_mut(&to).unwrap().insert(to);
                }
            }
        }
        let (ways, _) = made.ways();
        for entitlement in made.held.keys() {
            let all = made.all(entitlement);
            let alone = made.of(std::iter::once(entitlement.as_str())).0;
            for ways in [&ways, &alone] {
                let paths = ways.paths(entitlement);
                if all.is_empty() {
                    continue;
                }
                assert_eq!(texts(&paths), all[..all.len().min(TOLD)], "case {case}: {entitlement}");
                assert_eq!(
                    paths.more as usize,
                    all.len().saturating_sub(TOLD),
                    "case {case}: {entitlement}"
                );
                assert!(!paths.is_least);
                let through: BTreeSet<String> = ways.through(entitlement).iter().map(|id| id.to_string()).collect();
                let mut expected: BTreeSet<String> = all.iter().flatten().cloned().collect();
                expected.remove(entitlement);
                assert_eq!(through, expected, "case {case}: {entitlement}");
            }
            many += usize::from(all.len() > TOLD);
            round += usize::from(
                ways.graph
                    .find(entitlement)
                    .is_some_and(|node| ways.knots.round(node) > 0),
            );
        }
    }
    assert!(many > 50 && round > 50, "{many}, {round}");
}
