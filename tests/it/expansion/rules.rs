//! Running the edges, rule by rule (`baton/c1z/format.md 5.4`).

use baton_workato::baton::annotation;
use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::v2;
use baton_workato::baton::sync::expand::{ExpandOptions, Progress, expand};

use super::build::{IMMUTABLE, annotations, deep, entitlement, grant, map, only, resource, shallow, with_sources};
use super::memory::Memory;

const ROLE: &str = "role:1:member";
const GROUP: &str = "group:1:member";
const PRIVILEGE: &str = "privilege:1:holder";

/// One role whose holders get one privilege.
fn role_with_privilege(expansion: v2::GrantExpandable) -> Memory {
    let mut store = Memory::of(&[ROLE, PRIVILEGE]);
    store.expands(PRIVILEGE, "role:1", expansion);
    store
}

#[test]
fn a_holder_of_the_source_gets_the_destination() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.holds(ROLE, &["user:1"]);
    let stats = store.expanded();

    let new = store.get("privilege:1:holder:user:1").unwrap();
    assert_eq!(
        new.entitlement.as_ref(),
        Some(&entitlement(PRIVILEGE)),
        "the full stored entitlement"
    );
    assert_eq!(
        new.principal.as_ref(),
        Some(&resource("user:1")),
        "the source's embedded principal"
    );
    assert_eq!(store.sources(&new.id), map(&[(ROLE, true)]));
    assert_eq!(
        new.annotations,
        vec![annotation::pack(&v2::GrantImmutable::default())],
        "exactly one annotation: an empty GrantImmutable"
    );
    assert!(new.annotations[0].value.is_empty());
    assert_eq!((stats.edges, stats.grants_added, stats.grants_updated), (1, 1, 0));
}

#[test]
fn grants_no_edge_reaches_stay_as_they_are() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.holds(ROLE, &["user:1"]).holds(PRIVILEGE, &["user:2"]);
    store.expanded();
    assert_eq!(store.sources("role:1:member:user:1"), None);
    assert_eq!(
        store.sources("privilege:1:holder:user:2"),
        None,
        "a holder the edge does not reach"
    );
    assert_eq!(
        store.sources("privilege:1:holder:role:1"),
        None,
        "the expandable grant itself"
    );
    assert_eq!(store.written, ["privilege:1:holder:user:1"]);
}

#[test]
fn a_direct_grant_that_is_reached_names_itself_and_stays_mutable() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.holds(ROLE, &["user:1"]);
    let mut direct = grant(PRIVILEGE, "user:1");
    direct.annotations.push(annotation::pack(&v2::GrantMetadata::default()));
    store.put(direct.clone());
    let stats = store.expanded();

    let reached = store.get("privilege:1:holder:user:1").unwrap();
    assert_eq!(store.sources(&reached.id), map(&[(PRIVILEGE, true), (ROLE, true)]));
    assert_eq!(reached.annotations, direct.annotations, "annotations are not touched");
    assert_eq!(reached.entitlement, direct.entitlement, "the stub stays a stub");
    assert_eq!((stats.grants_added, stats.grants_updated), (0, 1));
}

#[test]
fn every_grant_of_the_principal_on_the_destination_is_updated() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.holds(ROLE, &["user:1"]);
    for id in ["first", "second"] {
        store.put(v2::Grant {
            id: id.to_owned(),
            ..grant(PRIVILEGE, "user:1")
        });
    }
    let stats = store.expanded();
    assert_eq!(store.sources("first"), map(&[(PRIVILEGE, true), (ROLE, true)]));
    assert_eq!(store.sources("second"), map(&[(PRIVILEGE, true), (ROLE, true)]));
    assert_eq!((stats.grants_added, stats.grants_updated), (0, 2));
    assert!(store.get("privilege:1:holder:user:1").is_none());
}

#[test]
fn an_empty_sources_message_counts_as_no_sources() {
    let mut store = role_with_privilege(shallow(&[ROLE]));
    store.put(with_sources(grant(ROLE, "user:1"), &[]));
    store.put(with_sources(grant(PRIVILEGE, "user:1"), &[]));
    store.expanded();
    assert_eq!(
        store.sources("privilege:1:holder:user:1"),
        map(&[(PRIVILEGE, true), (ROLE, true)])
    );
    assert_eq!(
        store.sources("role:1:member:user:1"),
        map(&[]),
        "not reached: not touched"
    );
}

#[test]
fn a_source_grant_is_direct_without_sources_or_when_it_names_itself() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.put(grant(ROLE, "user:none"));
    store.put(with_sources(
        grant(ROLE, "user:self"),
        &[(ROLE, false), ("other:1:x", false)],
    ));
    store.put(with_sources(grant(ROLE, "user:other"), &[("other:1:x", true)]));
    store.expanded();
    assert_eq!(store.sources("privilege:1:holder:user:none"), map(&[(ROLE, true)]));
    assert_eq!(store.sources("privilege:1:holder:user:self"), map(&[(ROLE, true)]));
    assert_eq!(store.sources("privilege:1:holder:user:other"), map(&[(ROLE, false)]));
}

#[test]
fn an_existing_grant_with_sources_gets_no_self_source() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.holds(ROLE, &["user:1"]);
    store.put(with_sources(grant(PRIVILEGE, "user:1"), &[("other:1:x", false)]));
    store.expanded();
    assert_eq!(
        store.sources("privilege:1:holder:user:1"),
        map(&[("other:1:x", false), (ROLE, true)])
    );
}

#[test]
fn a_source_noted_as_indirect_becomes_direct_but_never_back() {
    for (noted, held_directly, expected, written) in [
        (false, true, true, 1),
        (true, true, true, 0),
        (true, false, true, 0),
        (false, false, false, 0),
    ] {
        let mut store = role_with_privilege(deep(&[ROLE]));
        let held = grant(ROLE, "user:1");
        store.put(if held_directly {
            held
        } else {
            with_sources(held, &[("other:1:x", true)])
        });
        store.put(with_sources(grant(PRIVILEGE, "user:1"), &[(ROLE, noted)]));
        let stats = store.expanded();
        assert_eq!(store.sources("privilege:1:holder:user:1"), map(&[(ROLE, expected)]));
        assert_eq!(stats.grants_updated, written, "nothing is written when nothing changed");
        assert_eq!(store.written.len() as u64, written);
    }
}

#[test]
fn two_grants_of_one_source_give_one_grant_and_direct_wins() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    for (id, indirect) in [("a", true), ("b", false), ("c", true)] {
        let mut held = grant(ROLE, "user:1");
        held.principal.as_mut().unwrap().display_name = format!("named by {id}");
        held.id = id.to_owned();
        store.put(if indirect {
            with_sources(held, &[("other:1:x", true)])
        } else {
            held
        });
    }
    let stats = store.expanded();
    let new = store.get("privilege:1:holder:user:1").unwrap();
    assert_eq!(store.sources(&new.id), map(&[(ROLE, true)]));
    assert_eq!(new.principal.as_ref().unwrap().display_name, "named by a");
    assert_eq!(stats.grants_added, 1);
}

#[test]
fn the_first_source_by_id_names_the_principal_whatever_the_row_order() {
    let mut forward = Memory::of(&["role:1:member", "role:2:member", PRIVILEGE]);
    for role in ["role:2", "role:1"] {
        forward.expands(PRIVILEGE, role, deep(&[&format!("{role}:member")]));
        let mut held = grant(&format!("{role}:member"), "user:1");
        held.principal.as_mut().unwrap().display_name = format!("named by {role}");
        forward.put(held);
    }
    let mut backward = Memory::of(&["role:1:member", "role:2:member", PRIVILEGE]);
    for row in forward.rows.iter().rev() {
        backward.put(row.clone());
    }
    backward.expandable = forward.expandable.iter().rev().cloned().collect();
    for mut store in [forward, backward] {
        store.expanded();
        let new = store.get("privilege:1:holder:user:1").unwrap();
        assert_eq!(new.principal.as_ref().unwrap().display_name, "named by role:1");
        assert_eq!(
            store.sources(&new.id),
            map(&[("role:1:member", true), ("role:2:member", true)])
        );
    }
}

/// user 1 is in group 1; group 1 is in role 1; role 1 gives a privilege.
fn nested(last: v2::GrantExpandable) -> Memory {
    let mut store = Memory::of(&[GROUP, ROLE, PRIVILEGE]);
    store
        .expands(ROLE, "group:1", deep(&[GROUP]))
        .expands(PRIVILEGE, "role:1", last)
        .holds(GROUP, &["user:1"])
        .holds(ROLE, &["user:2"]);
    store
}

#[test]
fn a_deep_edge_passes_what_is_held_indirectly_and_says_so() {
    let mut store = nested(deep(&[ROLE]));
    store.expanded();
    assert_eq!(store.sources("role:1:member:user:1"), map(&[(GROUP, true)]));
    assert_eq!(
        store.sources("privilege:1:holder:user:1"),
        map(&[(ROLE, false)]),
        "only the last step is named"
    );
    assert_eq!(store.sources("privilege:1:holder:user:2"), map(&[(ROLE, true)]));
    assert_eq!(
        store.sources("privilege:1:holder:group:1"),
        map(&[(ROLE, true)]),
        "the group is a holder of the role like any other"
    );
}

#[test]
fn a_shallow_edge_passes_only_what_is_held_directly() {
    let mut store = nested(shallow(&[ROLE]));
    store.expanded();
    assert!(store.get("role:1:member:user:1").is_some());
    assert!(store.get("privilege:1:holder:user:1").is_none());
    assert_eq!(store.sources("privilege:1:holder:user:2"), map(&[(ROLE, true)]));
}

#[test]
fn a_shallow_edge_passes_a_direct_grant_that_is_also_reached() {
    let mut store = nested(shallow(&[ROLE]));
    store.holds(ROLE, &["user:1"]);
    store.expanded();
    assert_eq!(
        store.sources("role:1:member:user:1"),
        map(&[(ROLE, true), (GROUP, true)])
    );
    assert_eq!(store.sources("privilege:1:holder:user:1"), map(&[(ROLE, true)]));
}

#[test]
fn a_filtered_edge_passes_only_principals_of_its_types() {
    let mut store = role_with_privilege(only(deep(&[ROLE]), &["user", "service"]));
    store.holds(ROLE, &["user:1", "service:1", "group:9"]);
    store.expanded();
    assert_eq!(
        store.written,
        ["privilege:1:holder:service:1", "privilege:1:holder:user:1"]
    );
}

#[test]
fn two_edges_of_one_source_may_have_different_filters() {
    let mut store = Memory::of(&[ROLE, PRIVILEGE, "privilege:2:holder", "privilege:3:holder"]);
    store
        .expands(PRIVILEGE, "role:1", only(shallow(&[ROLE]), &["user"]))
        .expands("privilege:2:holder", "role:1", only(deep(&[ROLE]), &["service"]))
        .holds(ROLE, &["user:1", "service:1"]);
    store.put(with_sources(grant(ROLE, "user:2"), &[("other:1:x", true)]));
    store.put(with_sources(grant(ROLE, "service:2"), &[("other:1:x", true)]));
    store.expanded();
    assert_eq!(
        store.written,
        [
            "privilege:1:holder:user:1",
            "privilege:2:holder:service:1",
            "privilege:2:holder:service:2"
        ]
    );
}

#[test]
fn a_source_grant_without_principal_is_skipped_and_counted_once() {
    let mut store = Memory::of(&[ROLE, PRIVILEGE, "privilege:2:holder"]);
    store
        .expands(PRIVILEGE, "role:1", deep(&[ROLE]))
        .expands("privilege:2:holder", "role:1", deep(&[ROLE]))
        .holds(ROLE, &["user:1"]);
    let mut nobody = grant(ROLE, "user:2");
    nobody.principal = None;
    store.put(nobody);
    let mut nameless = grant(ROLE, "user:3");
    nameless.principal.as_mut().unwrap().id = None;
    store.put(nameless);
    let stats = store.expanded();
    assert_eq!(stats.without_principal.count, 2);
    assert_eq!(
        stats.without_principal.examples,
        ["role:1:member:user:2", "role:1:member:user:3"]
    );
    assert_eq!(stats.grants_added, 2);
}

#[test]
fn a_new_grant_needs_an_entitlement_with_a_resource() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.holds(ROLE, &["user:1"]);
    store.entitlements.get_mut(PRIVILEGE).unwrap().resource = None;
    let error = store.try_expand().unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    assert!(
        error.to_string().contains("\"privilege:1:holder\" has no resource"),
        "{error}"
    );

    let mut nobody_new = role_with_privilege(deep(&[ROLE]));
    nobody_new.holds(ROLE, &["user:1"]).holds(PRIVILEGE, &["user:1"]);
    nobody_new.entitlements.get_mut(PRIVILEGE).unwrap().resource = None;
    nobody_new.expanded();
}

#[test]
fn the_id_of_a_new_grant_never_takes_another_principals_row() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.holds(ROLE, &["user:1"]);
    let theirs = v2::Grant {
        id: "privilege:1:holder:user:1".to_owned(),
        ..grant(PRIVILEGE, "user:2")
    };
    store.put(theirs.clone());
    let stats = store.expanded();
    assert_eq!(store.get("privilege:1:holder:user:1"), Some(&theirs));
    assert_eq!((stats.taken_ids.count, stats.grants_added), (1, 0));
}

#[test]
fn new_grants_are_written_in_sorted_order() {
    let mut store = role_with_privilege(deep(&[ROLE]));
    store.holds(ROLE, &["user:3", "user:10", "service:2", "user:1"]);
    store.expanded();
    assert_eq!(
        store.written,
        [
            "privilege:1:holder:service:2",
            "privilege:1:holder:user:1",
            "privilege:1:holder:user:10",
            "privilege:1:holder:user:3"
        ]
    );
}

#[test]
fn expanding_again_changes_nothing() {
    let mut store = nested(deep(&[ROLE]));
    store.holds(PRIVILEGE, &["user:1"]);
    store.expanded();
    let before = store.rows.clone();
    store.written.clear();
    let again = store.expanded();
    assert_eq!((again.grants_added, again.grants_updated), (0, 0));
    assert!(store.written.is_empty());
    assert_eq!(store.rows, before);
}

#[test]
fn nothing_expandable_means_nothing_read_and_nothing_written() {
    let mut store = Memory::of(&[ROLE]);
    store.holds(ROLE, &["user:1"]);
    let stats = store.expanded();
    assert_eq!(stats, Default::default());
    assert!(store.writes.is_empty() && store.reads.borrow().is_empty());
}

#[test]
fn progress_counts_destinations() {
    let mut store = nested(deep(&[ROLE]));
    let mut seen = Vec::new();
    expand(&mut store, &ExpandOptions::default(), &mut |p| seen.push(p)).unwrap();
    let at = |destinations_done, grants_added| Progress {
        destinations_done,
        destinations_total: 2,
        grants_added,
    };
    assert_eq!(seen, [at(1, 1), at(2, 4)]);
    assert_eq!(
        annotations(store.get("privilege:1:holder:user:1").unwrap()),
        [IMMUTABLE]
    );
}
