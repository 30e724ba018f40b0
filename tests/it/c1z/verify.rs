//! The self check finds what it is meant to find.

use baton_workato::baton::c1z::Reader;

use super::{Place, doctor, full_sync};

fn problems_after(sql: &str) -> Vec<String> {
    let place = Place::new();
    let sync_id = full_sync(&place);
    doctor(&place.file, sql);
    let reader = Reader::open(&place.file, None).unwrap();
    reader
        .verify(&sync_id)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_sound_sync_has_no_problems() {
    assert_eq!(problems_after(""), [""; 0]);
}

#[test]
fn each_fault_is_named_with_its_row() {
    for (sql, expected) in [
        (
            "update v1_resources set resource_type_id = 'role' where external_id = 'user:1'",
            "resource user:1: columns and message differ",
        ),
        (
            "update v1_resources set parent_resource_id = '' where external_id = 'user:1'",
            "resource user:1: parent columns and message differ",
        ),
        (
            "update v1_resources set discovered_at = '2026-01-01T00:00:00Z' where external_id = 'user:1'",
            "resource user:1: discovered_at is malformed",
        ),
        (
            "delete from v1_resources where external_id = 'user:1'",
            "grant role:a:has:user:1: its principal is not in the sync",
        ),
        (
            "delete from v1_resources where external_id = 'role:b'",
            "entitlement role:b:has: its resource is not in the sync",
        ),
        (
            "delete from v1_entitlements where external_id = 'role:b:has'",
            "grant role:b:has:role:a: its entitlement is not in the sync",
        ),
        (
            "delete from v1_entitlements where external_id = 'role:a:has'",
            "grant role:b:has:role:a: expands over role:a:has, which is not in the sync",
        ),
        (
            "delete from v1_resource_types where external_id = 'user'",
            "entitlement role:a:has: is grantable to the unknown type user",
        ),
        (
            "update v1_grants set entitlement_id = 'x' where external_id = 'role:a:has:user:1'",
            "grant role:a:has:user:1: columns and message differ",
        ),
        (
            "update v1_grants set needs_expansion = 0",
            "grant role:b:has:role:a: is expandable, but needs_expansion is 0",
        ),
        (
            "update v1_grants set needs_expansion = 1 where expansion is null",
            "grant role:a:has:user:1: needs_expansion is set without expansion",
        ),
        (
            "update v1_grants set expansion = x''  where expansion is not null",
            "grant role:b:has:role:a: expands over nothing",
        ),
        (
            "update v1_grants set expansion = (select expansion from v1_grants where expansion is not null), \
             needs_expansion = 1 where external_id = 'role:a:has:user:1'",
            "grant role:a:has:user:1: expands over role:a:has, which is not an entitlement of its principal",
        ),
        (
            "update v1_sync_runs set supports_diff = 0",
            "sync: has expandable grants, but supports_diff is 0",
        ),
    ] {
        let problems = problems_after(sql);
        assert!(problems.contains(&expected.to_owned()), "{sql}\n{problems:#?}");
    }
}
