//! Expansion in a real file.

use std::collections::BTreeMap;
use std::path::Path;

use baton_workato::baton::annotation;
use baton_workato::baton::c1z::{GrantRow, Reader, Store, SyncType};
use baton_workato::baton::proto::v2;
use baton_workato::baton::sync::expand::{ExpandOptions, ExpansionStats, expand};

use super::build::{deep, entitlement, grant, map, only, resource, sources};

const GROUP: &str = "group:1:member";
const ROLE: &str = "role:1:member";
const PRIVILEGE: &str = "privilege:1:holder";

fn expandable(entitlement_id: &str, principal: &str, expansion: &v2::GrantExpandable) -> v2::Grant {
    let mut grant = grant(entitlement_id, principal);
    grant.annotations.push(annotation::pack(&v2::GrantMetadata::default()));
    grant.annotations.push(annotation::pack(expansion));
    grant
}

/// user 1 is in group 1, group 1 in role 1, role 1 gives a privilege to users; user 2 has all of it.
fn sync(file: &Path) -> (String, ExpansionStats) {
    let mut store = Store::open(file, None).unwrap();
    let sync_id = store.begin_sync(SyncType::Full).unwrap();
    let types = ["user", "group", "role", "privilege"].map(|id| v2::ResourceType {
        id: id.to_owned(),
        display_name: id.to_owned(),
        ..Default::default()
    });
    store.put_resource_types(&types).unwrap();
    let resources = ["user:1", "user:2", "group:1", "role:1", "privilege:1"].map(resource);
    store.put_resources(&resources).unwrap();
    store
        .put_entitlements(&[GROUP, ROLE, PRIVILEGE].map(entitlement))
        .unwrap();
    store
        .put_grants(vec![
            expandable(ROLE, "group:1", &deep(&[GROUP])),
            expandable(PRIVILEGE, "role:1", &only(deep(&[ROLE]), &["user", "role"])),
            grant(GROUP, "user:1"),
            grant(GROUP, "user:2"),
            grant(ROLE, "user:2"),
            grant(PRIVILEGE, "user:2"),
        ])
        .unwrap();
    store.mark_supports_diff().unwrap();
    store.build_indexes().unwrap();
    let stats = expand(&mut store, &ExpandOptions::from_env().unwrap(), &mut |_| {}).unwrap();
    store.finish_sync("").unwrap();
    assert!(store.verify().unwrap().is_empty(), "{:?}", store.verify());
    store.save().unwrap();
    (sync_id, stats)
}

fn rows(file: &Path, sync_id: &str) -> BTreeMap<String, GrantRow> {
    let mut rows = BTreeMap::new();
    let mut keep = |row: GrantRow| {
        rows.insert(row.grant.id.clone(), row);
        Ok(())
    };
    Reader::open(file, None)
        .unwrap()
        .for_each_grant(sync_id, &mut keep)
        .unwrap();
    rows
}

#[test]
fn derived_grants_are_stored_and_expansion_columns_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let (sync_id, stats) = sync(&file);
    assert_eq!((stats.edges, stats.grants_added, stats.grants_updated), (2, 2, 2));

    let rows = rows(&file, &sync_id);
    let found: Vec<_> = rows
        .values()
        .map(|r| (r.grant.id.as_str(), sources(&r.grant), r.needs_expansion))
        .collect();
    assert_eq!(
        found,
        [
            ("group:1:member:user:1", None, false),
            ("group:1:member:user:2", None, false),
            ("privilege:1:holder:role:1", None, true),
            ("privilege:1:holder:user:1", map(&[(ROLE, false)]), false),
            (
                "privilege:1:holder:user:2",
                map(&[(PRIVILEGE, true), (ROLE, true)]),
                false
            ),
            ("role:1:member:group:1", None, true),
            ("role:1:member:user:1", map(&[(GROUP, true)]), false),
            ("role:1:member:user:2", map(&[(ROLE, true), (GROUP, true)]), false),
        ]
    );
    assert_eq!(rows["role:1:member:group:1"].expansion, Some(deep(&[GROUP])));
    assert_eq!(rows["privilege:1:holder:user:1"].expansion, None);
}

#[test]
fn an_expandable_grant_that_is_reached_itself_stays_expandable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let mut store = Store::open(&file, None).unwrap();
    let sync_id = store.begin_sync(SyncType::Full).unwrap();
    store
        .put_entitlements(&[GROUP, ROLE, PRIVILEGE].map(entitlement))
        .unwrap();
    store
        .put_grants(vec![
            expandable(ROLE, "group:1", &deep(&[GROUP])),
            expandable(PRIVILEGE, "role:1", &deep(&[ROLE])),
            expandable(PRIVILEGE, "group:1", &deep(&[GROUP])),
        ])
        .unwrap();
    store.build_indexes().unwrap();
    let stats = expand(&mut store, &ExpandOptions::default(), &mut |_| {}).unwrap();
    store.save().unwrap();

    // group:1 holds the role, and the role's holders get the privilege that group:1 has by itself.
    assert_eq!((stats.grants_added, stats.grants_updated), (0, 1));
    let row = &rows(&file, &sync_id)["privilege:1:holder:group:1"];
    assert_eq!(sources(&row.grant), map(&[(PRIVILEGE, true), (ROLE, true)]));
    assert_eq!(row.expansion, Some(deep(&[GROUP])));
    assert!(row.needs_expansion);
    assert_eq!(
        row.grant.annotations,
        vec![annotation::pack(&v2::GrantMetadata::default())]
    );
}
