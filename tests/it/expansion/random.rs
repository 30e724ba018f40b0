//! Random graphs: the code against the naive fixpoint, and the invariants of `baton/c1z/format.md 5.4`.

use std::collections::BTreeMap;

use baton_workato::baton::proto::v2;
use proptest::prelude::*;

use super::build::{self, IMMUTABLE, annotations, grant, only, rid, sources, with_sources};
use super::memory::Memory;
use super::naive;

/// Two entitlements on each of four resources.
const ENTITLEMENTS: [&str; 8] = [
    "group:0:member",
    "group:0:owner",
    "group:1:member",
    "group:1:owner",
    "role:2:member",
    "role:2:owner",
    "role:3:member",
    "role:3:owner",
];

/// Who may hold them: the resources themselves too.
const PRINCIPALS: [&str; 8] = [
    "user:1",
    "user:2",
    "user:3",
    "service:1",
    "service:2",
    "group:0",
    "group:1",
    "role:2",
];

const TYPES: [&str; 3] = ["user", "service", "group"];

#[derive(Debug, Clone)]
struct Held {
    on: usize,
    principal: usize,
    /// 0 none, 1 empty, 2 itself, 3 something foreign, 4 another entitlement of the graph.
    sources: u8,
    other: usize,
}

#[derive(Debug, Clone)]
struct Drawn {
    from: usize,
    also_from_sibling: bool,
    to: usize,
    shallow: bool,
    types: Vec<usize>,
}

fn held() -> impl Strategy<Value = Held> {
    let n = ENTITLEMENTS.len();
    (
        0..n,
        0..PRINCIPALS.len(),
        prop_oneof![6 => Just(0u8), 1 => 1u8..5],
        0..n,
    )
        .prop_map(|(on, principal, sources, other)| Held {
            on,
            principal,
            sources,
            other,
        })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let n = ENTITLEMENTS.len();
    let types = prop_oneof![2 => Just(Vec::new()), 1 => proptest::collection::vec(0..TYPES.len(), 1..3)];
    (0..n, prop::bool::weighted(0.2), 0..n, prop::bool::weighted(0.4), types).prop_map(
        |(from, also_from_sibling, to, shallow, types)| Drawn {
            from,
            also_from_sibling,
            to,
            shallow,
            types,
        },
    )
}

fn world() -> impl Strategy<Value = Memory> {
    let grants = proptest::collection::vec(held(), 0..24);
    let edges = proptest::collection::vec(drawn(), 0..12);
    let missing = proptest::option::weighted(0.2, 0..ENTITLEMENTS.len());
    (grants, edges, missing).prop_map(|(grants, edges, missing)| {
        let mut store = Memory::of(&ENTITLEMENTS);
        if let Some(missing) = missing {
            store.entitlements.remove(ENTITLEMENTS[missing]);
        }
        for (n, held) in grants.iter().enumerate() {
            let on = ENTITLEMENTS[held.on];
            let mut row = grant(on, PRINCIPALS[held.principal]);
            // Half of them under ids of the connector's own, so that a principal may hold several grants.
            if n % 2 == 0 {
                row.id = format!("row-{n:02}");
            }
            row.principal.as_mut().unwrap().display_name = format!("named by {}", row.id);
            store.put(match held.sources {
                0 => row,
                1 => with_sources(row, &[]),
                2 => with_sources(row, &[(on, n % 3 == 0)]),
                3 => with_sources(row, &[("foreign:1:x", true)]),
                _ => with_sources(row, &[(ENTITLEMENTS[held.other], n % 3 == 0)]),
            });
        }
        for edge in edges {
            let from = ENTITLEMENTS[edge.from];
            let mut ids = vec![from];
            if edge.also_from_sibling {
                ids.push(ENTITLEMENTS[edge.from ^ 1]);
            }
            let types: Vec<&str> = edge.types.iter().map(|t| TYPES[*t]).collect();
            let expansion = v2::GrantExpandable {
                shallow: edge.shallow,
                ..only(build::deep(&ids), &types)
            };
            let (owner, _) = from.rsplit_once(':').unwrap();
            store.expands(ENTITLEMENTS[edge.to], owner, expansion);
        }
        store
    })
}

/// What each new grant must embed: the principal of the first source's first grant that lets it through.
fn expected_name(store: &Memory, new: &v2::Grant) -> String {
    let edges = naive::passes(store);
    let destination = &new.entitlement.as_ref().unwrap().id;
    let principal = new.principal.as_ref().unwrap().id.as_ref().unwrap();
    let text = format!("{}:{}", principal.resource_type, principal.resource);
    let first = sources(new).unwrap().into_keys().next().unwrap();
    let drawn = &edges[&(first.clone(), destination.clone())];
    let giver = store
        .on(&first)
        .filter(|g| g.principal.as_ref().unwrap().id == Some(rid(&text)))
        .filter(|g| naive::lets_through(drawn, &text, naive::is_direct(&first, sources(g).as_ref())))
        .min_by_key(|g| g.id.clone())
        .unwrap();
    giver.principal.as_ref().unwrap().display_name.clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_expand_as_the_naive_fixpoint(before in world()) {
        let expected = naive::expanded(&before);
        let mut store = before.clone();
        let stats = store.expanded();
        prop_assert_eq!(naive::observed(&store), expected);
        prop_assert_eq!(stats.grants_added as usize, store.rows.len() - before.rows.len());
        prop_assert_eq!(stats.taken_ids.count, 0);

        let old: BTreeMap<&str, &v2::Grant> = before.rows.iter().map(|g| (g.id.as_str(), g)).collect();
        let mut updated = 0;
        for now in &store.rows {
            let on = &now.entitlement.as_ref().unwrap().id;
            match old.get(now.id.as_str()) {
                Some(was) => {
                    updated += u64::from(*was != now);
                    prop_assert_eq!(&was.annotations, &now.annotations, "an original never gains GrantImmutable");
                    prop_assert_eq!(&was.entitlement, &now.entitlement);
                    prop_assert_eq!(&was.principal, &now.principal);
                    if was.sources.is_none() && let Some(sources) = sources(now) {
                        prop_assert_eq!(sources.get(on), Some(&true), "a direct grant reached names itself");
                        prop_assert!(sources.len() > 1);
                    }
                }
                None => {
                    prop_assert_eq!(annotations(now), vec![IMMUTABLE]);
                    prop_assert!(!sources(now).unwrap().contains_key(on), "a derived grant does not name itself");
                    prop_assert_eq!(now.entitlement.as_ref(), store.entitlements.get(on));
                    prop_assert_eq!(&now.principal.as_ref().unwrap().display_name, &expected_name(&store, now));
                }
            }
        }
        prop_assert_eq!(stats.grants_updated, updated);
        prop_assert_eq!(store.written.len() as u64, updated + stats.grants_added, "each grant is written once");

        let once = store.rows.clone();
        let again = store.expanded();
        prop_assert_eq!((again.grants_added, again.grants_updated), (0, 0));
        prop_assert_eq!(&store.rows, &once);
    }

    #[test]
    fn the_order_of_rows_does_not_show(before in world()) {
        let mut turned = Memory::default();
        turned.entitlements.clone_from(&before.entitlements);
        for row in before.rows.iter().rev() {
            turned.put(row.clone());
        }
        turned.expandable = before.expandable.iter().rev().cloned().collect();
        let mut straight = before.clone();
        straight.expanded();
        turned.expanded();
        let created = |store: &Memory| -> Vec<v2::Grant> { store.rows[before.rows.len()..].to_vec() };
        prop_assert_eq!(created(&straight), created(&turned), "new rows are equal, and in equal order");
        let sorted = |store: &Memory| {
            let mut rows = store.rows.clone();
            rows.sort_by(|a, b| a.id.cmp(&b.id));
            rows
        };
        prop_assert_eq!(sorted(&straight), sorted(&turned));
    }
}
