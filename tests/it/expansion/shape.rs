//! Edges, cycles and depth (`baton/c1z/format.md 5.2, 5.3, 5.5`).

use baton_workato::ABOUT;
use baton_workato::baton::error::Kind;
use baton_workato::baton::sync::expand::ExpandOptions;
use baton_workato::baton::warning::Warnings;

use super::build::{deep, grant, map, only, shallow, with_sources};
use super::memory::Memory;

const A: &str = "role:a:member";
const B: &str = "role:b:member";
const C: &str = "role:c:member";
const IN: &str = "group:in:member";
const OUT: &str = "privilege:out:holder";
const OUT2: &str = "privilege:out2:holder";

#[test]
fn an_edge_from_a_missing_source_is_skipped_and_counted() {
    let mut store = Memory::of(&[A, OUT]);
    store
        .expands(OUT, "role:a", deep(&["role:a:gone", A, " "]))
        .holds(A, &["user:1"]);
    let stats = store.expanded();
    assert_eq!(
        (stats.edges, stats.missing_sources.count, stats.grants_added),
        (1, 2, 1)
    );
    assert_eq!(
        stats.missing_sources.examples,
        [
            r#""role:a:gone" for "privilege:out:holder""#,
            r#"" " for "privilege:out:holder""#
        ]
    );
    let warnings = Warnings::default();
    stats.warn(&warnings);
    let listed = warnings.list(&ABOUT);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].cause, listed[0].count, listed[0].examples.len()),
        ("expansion-source-missing", 2, 2)
    );
}

#[test]
fn an_edge_to_a_missing_entitlement_is_skipped_and_counted() {
    let mut store = Memory::of(&[A, OUT]);
    store
        .expands("privilege:gone:holder", "role:a", deep(&[A]))
        .expands(OUT, "role:a", deep(&[A]))
        .holds(A, &["user:1"]);
    let stats = store.expanded();
    assert_eq!(
        (stats.edges, stats.missing_destinations.count, stats.grants_added),
        (1, 1, 1)
    );
    assert_eq!(stats.missing_sources.count, 0);
}

#[test]
fn a_source_on_another_resource_than_the_principal_fails_before_anything_is_written() {
    let mut foreign = Memory::of(&[A, B, OUT]);
    foreign
        .expands(OUT, "role:a", deep(&[A]))
        .expands(OUT, "role:c", deep(&[B]))
        .holds(A, &["user:1"]);
    let mut homeless = Memory::of(&[A, OUT]);
    homeless.expands(OUT, "role:a", deep(&[A])).holds(A, &["user:1"]);
    homeless.entitlements.get_mut(A).unwrap().resource = None;
    for (mut store, says) in [
        (
            foreign,
            r#"source entitlement "role:b:member" is on "role:b", but the grant of "privilege:out:holder" that expands over it has the principal "role:c""#,
        ),
        (homeless, r#"source entitlement "role:a:member" is on no resource"#),
    ] {
        let error = store.try_expand().unwrap_err();
        assert_eq!(error.kind(), Kind::Unknown);
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().starts_with("failed to expand grants: "), "{error}");
        assert!(error.hint_text().is_some());
        assert!(store.written.is_empty());
    }
}

#[test]
fn type_alone_or_id_alone_does_not_make_the_same_resource() {
    for principal in ["group:a", "role:b"] {
        let mut store = Memory::of(&[A, OUT]);
        store.expands(OUT, principal, deep(&[A]));
        store.try_expand().unwrap_err();
    }
}

/// Two grants that draw the same edge, and who then passes: (direct user, indirect user, direct service).
fn merged(first: &dyn Fn() -> Edge, second: &dyn Fn() -> Edge) -> [bool; 3] {
    let mut verdicts = Vec::new();
    for pair in [[first(), second()], [second(), first()]] {
        let mut store = Memory::of(&[A, OUT]);
        for edge in pair {
            store.expands(OUT, "role:a", edge);
        }
        store.holds(A, &["user:1", "service:1"]);
        store.put(with_sources(grant(A, "user:2"), &[(B, true)]));
        let stats = store.expanded();
        assert_eq!(stats.edges, 1);
        verdicts.push(["user:1", "user:2", "service:1"].map(|p| store.get(&format!("{OUT}:{p}")).is_some()));
    }
    assert_eq!(verdicts[0], verdicts[1], "the order of grants does not matter");
    verdicts[0]
}

type Edge = baton_workato::baton::proto::v2::GrantExpandable;

#[test]
fn edges_seen_twice_are_merged() {
    let deep_all = || deep(&[A]);
    let shallow_all = || shallow(&[A]);
    let shallow_users = || only(shallow(&[A]), &["user"]);
    let deep_users = || only(deep(&[A]), &["user"]);
    let deep_services = || only(deep(&[A]), &["service"]);
    let deep_groups = || only(deep(&[A]), &["group"]);
    assert_eq!(
        merged(&deep_all, &shallow_all),
        [true, true, true],
        "deep beats shallow"
    );
    assert_eq!(
        merged(&shallow_all, &shallow_all),
        [true, false, true],
        "shallow twice stays shallow"
    );
    assert_eq!(
        merged(&deep_users, &deep_all),
        [true, true, true],
        "no filter beats a filter"
    );
    assert_eq!(
        merged(&deep_users, &deep_services),
        [true, true, true],
        "filters are united"
    );
    assert_eq!(
        merged(&deep_users, &deep_groups),
        [true, true, false],
        "and nothing more"
    );
    assert_eq!(
        merged(&shallow_users, &deep_groups),
        [true, true, false],
        "depth and filter merge apart"
    );
}

/// IN feeds A; A and B feed each other; B feeds OUT.
fn ring() -> Memory {
    let mut store = Memory::of(&[A, B, IN, OUT]);
    store
        .expands(A, "group:in", deep(&[IN]))
        .expands(B, "role:a", deep(&[A]))
        .expands(A, "role:b", deep(&[B]))
        .expands(OUT, "role:b", deep(&[B]))
        .holds(IN, &["user:in"])
        .holds(A, &["user:a"])
        .holds(B, &["user:b"]);
    store
}

#[test]
fn members_of_a_cycle_do_not_feed_each_other_but_act_together_outward() {
    let mut store = ring();
    let stats = store.expanded();
    assert_eq!(stats.cycles, 1);
    assert!(store.get("role:b:member:user:a").is_none());
    assert!(store.get("role:a:member:user:b").is_none());
    assert_eq!(store.sources("role:a:member:user:in"), map(&[(IN, true)]));
    assert_eq!(
        store.sources("role:b:member:user:in"),
        map(&[(IN, true)]),
        "what feeds one feeds all"
    );
    assert_eq!(
        store.sources("privilege:out:holder:user:a"),
        map(&[(A, true)]),
        "an edge of one is an edge of all"
    );
    assert_eq!(store.sources("privilege:out:holder:user:b"), map(&[(B, true)]));
    assert_eq!(
        store.sources("privilege:out:holder:user:in"),
        map(&[(A, false), (B, false)])
    );
}

#[test]
fn a_grant_created_through_one_member_is_an_existing_one_for_the_next() {
    // Both members of the cycle give user:x the same grant; the second finds the first one's, which has sources.
    let mut store = ring();
    store.holds(A, &["user:x"]).holds(B, &["user:x"]);
    let stats = store.expanded();
    let new = store.get("privilege:out:holder:user:x").unwrap();
    assert_eq!(store.sources(&new.id), map(&[(A, true), (B, true)]), "no self source");
    assert_eq!(new.annotations.len(), 1);
    assert_eq!(store.written.iter().filter(|id| **id == new.id).count(), 1);
    // role:b holds A, so it reaches OUT, where the expandable grant is its own.
    assert_eq!(stats.grants_updated, 1);
    assert_eq!(
        store.sources("privilege:out:holder:role:b"),
        map(&[(OUT, true), (A, true)])
    );
}

#[test]
fn a_self_loop_is_a_cycle_of_one() {
    let mut store = Memory::of(&[A, OUT]);
    store
        .expands(A, "role:a", deep(&[A]))
        .expands(OUT, "role:a", deep(&[A]))
        .holds(A, &["user:1"]);
    let stats = store.expanded();
    assert_eq!((stats.edges, stats.cycles), (2, 1));
    assert_eq!(store.sources("role:a:member:user:1"), None);
    assert_eq!(store.sources("privilege:out:holder:user:1"), map(&[(A, true)]));
    let error = store
        .expand_with(&ExpandOptions {
            forbid_cycles: true,
            ..Default::default()
        })
        .unwrap_err();
    assert!(
        error.to_string().contains("expand into each other: role:a:member"),
        "{error}"
    );
}

#[test]
fn outside_edges_of_a_cycle_are_shallow_only_if_all_are() {
    for (from_a, from_b, indirect_passes) in [(shallow(&[A]), deep(&[B]), true), (shallow(&[A]), shallow(&[B]), false)]
    {
        let mut store = Memory::of(&[A, B, OUT]);
        store
            .expands(B, "role:a", deep(&[A]))
            .expands(A, "role:b", deep(&[B]))
            .expands(OUT, "role:a", from_a)
            .expands(OUT, "role:b", from_b);
        store.put(with_sources(grant(A, "user:1"), &[("x:1:y", true)]));
        store.expanded();
        assert_eq!(store.get("privilege:out:holder:user:1").is_some(), indirect_passes);
    }
}

#[test]
fn outside_edges_of_a_cycle_are_unfiltered_if_one_is_and_else_united() {
    let users = |id| only(deep(&[id]), &["user"]);
    let services = |id| only(deep(&[id]), &["service"]);
    for (from_a, from_b, passing) in [
        (users(A), deep(&[B]), ["user:1", "service:1", "bot:1"].as_slice()),
        (users(A), services(B), &["user:1", "service:1"]),
        (users(A), users(B), &["user:1"]),
    ] {
        let mut store = Memory::of(&[A, B, OUT]);
        store
            .expands(B, "role:a", deep(&[A]))
            .expands(A, "role:b", deep(&[B]))
            .expands(OUT, "role:a", from_a)
            .expands(OUT, "role:b", from_b)
            .holds(A, &["user:1", "service:1", "bot:1"]);
        store.expanded();
        for principal in ["user:1", "service:1", "bot:1"] {
            let got = store.get(&format!("{OUT}:{principal}")).is_some();
            assert_eq!(got, passing.contains(&principal), "{principal} with {passing:?}");
        }
    }
}

#[test]
fn edges_into_a_cycle_are_merged_as_well() {
    let mut store = Memory::of(&[A, B, IN]);
    store
        .expands(B, "role:a", deep(&[A]))
        .expands(A, "role:b", deep(&[B]))
        .expands(A, "group:in", only(shallow(&[IN]), &["user"]))
        .expands(B, "group:in", only(shallow(&[IN]), &["service"]))
        .holds(IN, &["user:1", "service:1", "bot:1"]);
    store.expanded();
    for (id, there) in [("user:1", true), ("service:1", true), ("bot:1", false)] {
        assert_eq!(store.get(&format!("{A}:{id}")).is_some(), there, "{id}");
        assert_eq!(store.get(&format!("{B}:{id}")).is_some(), there, "{id}");
    }
}

#[test]
fn two_cycles_in_a_row_stay_two() {
    let mut store = Memory::of(&[A, B, C, "role:d:member", OUT2]);
    store
        .expands(B, "role:a", deep(&[A]))
        .expands(A, "role:b", deep(&[B]))
        .expands("role:d:member", "role:c", deep(&[C]))
        .expands(C, "role:d", deep(&["role:d:member"]))
        .expands(C, "role:b", deep(&[B]))
        .expands(OUT2, "role:d", deep(&["role:d:member"]))
        .holds(A, &["user:1"]);
    let stats = store.expanded();
    assert_eq!(stats.cycles, 2);
    assert_eq!(store.sources("role:c:member:user:1"), map(&[(A, true)]));
    assert_eq!(store.sources("role:d:member:user:1"), map(&[(A, true)]));
    assert_eq!(
        store.sources("privilege:out2:holder:user:1"),
        map(&[(C, false), ("role:d:member", false)])
    );
}

#[test]
fn a_forbidden_cycle_fails_before_anything_is_written() {
    let mut store = ring();
    let error = store
        .expand_with(&ExpandOptions {
            forbid_cycles: true,
            ..Default::default()
        })
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    assert!(error.to_string().contains("role:a:member, role:b:member"), "{error}");
    assert!(store.written.is_empty());
}

/// `steps` edges in a row; user 1 holds the first entitlement.
fn chain(steps: usize) -> Memory {
    let name = |n: usize| format!("role:{n:06}:member");
    let names: Vec<String> = (0..=steps).map(name).collect();
    let mut store = Memory::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    // Backwards, so that neither ids nor rows happen to be in topological order at once.
    for n in (0..steps).rev() {
        store.expands(
            &names[n + 1],
            &format!("role:{n:06}"),
            only(deep(&[&names[n]]), &["user"]),
        );
    }
    store.holds(&names[0], &["user:1"]);
    store
}

#[test]
fn depth_is_the_longest_chain_and_limited_only_on_demand() {
    let limited = ExpandOptions {
        max_depth: Some(20),
        ..Default::default()
    };
    assert_eq!(chain(20).expand_with(&limited).unwrap().grants_added, 20);
    let mut deeper = chain(21);
    let error = deeper.expand_with(&limited).unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    assert!(error.to_string().contains("max depth 20 exceeded"), "{error}");
    assert!(deeper.written.is_empty());
    assert_eq!(deeper.expanded().grants_added, 21);
}

#[test]
fn long_chains_and_long_cycles_need_no_stack() {
    let mut store = chain(20_000);
    let stats = store.expanded();
    assert_eq!(stats.grants_added, 20_000);
    assert_eq!(
        store.sources("role:020000:member:user:1"),
        map(&[("role:019999:member", false)])
    );

    let mut ring = chain(20_000);
    ring.expands("role:000000:member", "role:020000", deep(&["role:020000:member"]));
    let stats = ring.expanded();
    assert_eq!((stats.cycles, stats.grants_added), (1, 0));
}

#[test]
fn a_node_waits_for_its_longest_way() {
    // A feeds OUT directly and through B and C: OUT must see what C got.
    let mut store = Memory::of(&[A, B, C, OUT]);
    store
        .expands(OUT, "role:a", deep(&[A]))
        .expands(OUT, "role:c", deep(&[C]))
        .expands(C, "role:b", deep(&[B]))
        .expands(B, "role:a", deep(&[A]))
        .holds(A, &["user:1"]);
    store.expanded();
    assert_eq!(
        store.sources("privilege:out:holder:user:1"),
        map(&[(A, true), (C, false)])
    );
}
