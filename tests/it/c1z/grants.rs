//! `baton/c1z/format.md 2.3, 2.5, 2.11`: columns of rows, the expansion columns, upserts.

use baton_workato::baton::annotation::{self, Named as _};
use baton_workato::baton::c1z::{Expandable, Store, SyncType, split_expansion};
use baton_workato::baton::error::Kind;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{ResourceBuilder, id};
use prost::Message as _;
use rusqlite::Connection;

use super::{Place, column, entitlement, grant, number, put_small_workspace, role, types, unpack, user};

/// What becomes of rows written in one sync.
fn written(write: impl FnOnce(&mut Store)) -> (Place, Connection) {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    write(&mut store);
    store.save().unwrap();
    let db = unpack(&place.file).db;
    (place, db)
}

fn expandable(ids: &[&str]) -> v2::GrantExpandable {
    v2::GrantExpandable {
        entitlement_ids: ids.iter().map(|s| (*s).to_owned()).collect(),
        ..Default::default()
    }
}

/// The grant of role b to role a, with this annotation.
fn passing(expansion: Option<&v2::GrantExpandable>) -> v2::Grant {
    let grant = GrantBuilder::new(&role("b"), "has", id("role", "a"));
    match expansion {
        Some(expansion) => grant.annotate(expansion).build(),
        None => grant.build(),
    }
}

/// `expansion` and `needs_expansion` of the only grant.
fn expansion_columns(db: &Connection) -> (Option<Vec<u8>>, i64) {
    db.query_row("select expansion, needs_expansion from v1_grants", [], |r| {
        Ok((r.get(0)?, r.get(1)?))
    })
    .unwrap()
}

fn stored(db: &Connection) -> v2::Grant {
    let data: Vec<u8> = db.query_row("select data from v1_grants", [], |r| r.get(0)).unwrap();
    v2::Grant::decode(data.as_slice()).unwrap()
}

#[test]
fn columns_say_what_the_messages_say() {
    let (_place, db) = written(put_small_workspace);
    let project = column(
        &db,
        "select resource_type_id || ' ' || external_id || ' ' || quote(parent_resource_id) from v1_resources order by id",
    );
    assert_eq!(
        project,
        [
            "user user:1 NULL",
            "user user:2 NULL",
            "role role:a NULL",
            "role role:b NULL"
        ]
    );
    let entitlements = "select resource_type_id || ' ' || resource_id || ' ' || external_id from v1_entitlements";
    assert_eq!(column(&db, entitlements), ["role a role:a:has", "role b role:b:has"]);
    let grants = "select resource_type_id || ' ' || resource_id || ' ' || entitlement_id || ' ' || \
                  principal_resource_type_id || ' ' || principal_resource_id || ' ' || external_id \
                  from v1_grants order by id";
    assert_eq!(
        column(&db, grants),
        [
            "role a role:a:has user 1 role:a:has:user:1",
            "role a role:a:has user 2 role:a:has:user:2",
            "role b role:b:has role a role:b:has:role:a",
        ]
    );
    assert_eq!(number(&db, "select count(distinct sync_id) from v1_grants"), 1);
    assert_eq!(
        number(
            &db,
            "select count(*) from v1_resources where typeof(discovered_at) <> 'text'"
        ),
        0
    );
}

#[test]
fn a_parent_fills_both_columns() {
    let (_place, db) = written(|store| {
        let child = ResourceBuilder::new("role", "child:1", "Child")
            .parent(id("role", "a"))
            .build();
        store.put_resources(&[child]).unwrap();
    });
    let sql = "select external_id || ' ' || parent_resource_type_id || ' ' || parent_resource_id from v1_resources";
    assert_eq!(column(&db, sql), ["role:child:1 role a"], "ids are not escaped");
}

#[test]
fn blobs_are_the_messages_bytes() {
    let person = user(7);
    let (_place, db) = written(|store| store.put_resources(&[user(7)]).unwrap());
    let data: Vec<u8> = db.query_row("select data from v1_resources", [], |r| r.get(0)).unwrap();
    assert_eq!(data, person.encode_to_vec());
}

#[test]
fn expandable_goes_from_the_message_to_the_columns() {
    let expansion = v2::GrantExpandable {
        shallow: true,
        resource_type_ids: vec!["user".to_owned()],
        ..expandable(&["role:a:has"])
    };
    let (_place, db) = written(|store| {
        let mut grant = passing(None);
        let immutable = annotation::pack(&v2::GrantImmutable::default());
        let metadata = annotation::pack(&v2::GrantMetadata::default());
        grant.annotations = vec![metadata, annotation::pack(&expansion), immutable];
        store.put_grants(vec![grant]).unwrap();
    });
    assert_eq!(
        expansion_columns(&db),
        (Some(expansion.encode_to_vec()), 1),
        "the bare message"
    );
    let names: Vec<String> = stored(&db)
        .annotations
        .iter()
        .map(|a| annotation::name_of(a).to_owned())
        .collect();
    assert_eq!(
        names,
        [v2::GrantMetadata::NAME, v2::GrantImmutable::NAME],
        "the others keep their order"
    );
}

#[test]
fn an_annotation_without_ids_or_sense_is_removed_all_the_same() {
    let damaged = prost_types::Any {
        type_url: "type.googleapis.com/c1.connector.v2.GrantExpandable".to_owned(),
        value: b"\xff\xff\xff".to_vec(),
    };
    for annotation in [
        annotation::pack(&expandable(&[])),
        annotation::pack(&expandable(&["", " \t"])),
        damaged,
    ] {
        let (_place, db) = written(|store| {
            let mut grant = passing(None);
            grant.annotations.push(annotation);
            store.put_grants(vec![grant]).unwrap();
        });
        assert_eq!(expansion_columns(&db), (None, 0));
        assert_eq!(stored(&db).annotations, []);
    }
}

#[test]
fn the_first_of_two_annotations_counts_and_both_go() {
    let mut grant = passing(Some(&expandable(&["one"])));
    grant.annotations.push(annotation::pack(&expandable(&["two"])));
    assert_eq!(split_expansion(&mut grant), Some(expandable(&["one"])));
    assert_eq!(grant.annotations, []);
    assert_eq!(split_expansion(&mut grant), None);
}

/// The transition table of `baton/c1z/format.md 2.5`. `needs_expansion` is 0 before the upsert where the table says
/// "unchanged", which only another writer could have done.
#[test]
fn an_upsert_moves_needs_expansion_as_the_table_says() {
    let (old, new) = (expandable(&["old"]), expandable(&["new"]));
    let cases = [
        (None, None, "", 0),
        (Some(&old), None, "", 0),
        (None, Some(&new), "", 1),
        (Some(&old), Some(&new), "", 1),
        (Some(&old), Some(&new), "update v1_grants set needs_expansion = 0", 1),
        (Some(&old), Some(&old), "", 1),
        (Some(&old), Some(&old), "update v1_grants set needs_expansion = 0", 0),
        (Some(&old), None, "update v1_grants set expansion = x''", 0),
        (
            Some(&old),
            Some(&new),
            "update v1_grants set expansion = x'', needs_expansion = 0",
            1,
        ),
    ];
    for (before, after, meanwhile, expected) in cases {
        let place = Place::new();
        let mut store = place.open();
        let sync_id = store.begin_sync(SyncType::Full).unwrap();
        store.put_grants(vec![passing(before)]).unwrap();
        store.save().unwrap();
        super::doctor(&place.file, meanwhile);
        let mut store = place.open();
        store.bind_sync(&sync_id).unwrap();
        store.put_grants(vec![passing(after)]).unwrap();
        store.save().unwrap();
        let (column, needs) = expansion_columns(&unpack(&place.file).db);
        assert_eq!(needs, expected, "{before:?} -> {after:?} after {meanwhile:?}");
        assert_eq!(
            column,
            after.map(prost::Message::encode_to_vec),
            "{before:?} -> {after:?}"
        );
    }
}

#[test]
fn an_upsert_changes_nothing_but_the_message() {
    let (_place, db) = written(|store| {
        store.put_resource_types(&types()).unwrap();
        store.put_resources(&[role("a")]).unwrap();
        store.put_entitlements(&[entitlement(&role("a"))]).unwrap();
        store.put_grants(vec![grant(&role("a"), 1)]).unwrap();
        store.commit().unwrap();

        let mut renamed = types();
        renamed[0].display_name = "Person".to_owned();
        store.put_resource_types(&renamed).unwrap();
        let mut moved = role("a");
        moved.parent_resource_id = Some(id("role", "b"));
        store.put_resources(&[moved]).unwrap();
        let mut elsewhere = entitlement(&role("b"));
        elsewhere.id = "role:a:has".to_owned();
        store.put_entitlements(&[elsewhere]).unwrap();
        let mut other = grant(&role("b"), 2);
        other.id = "role:a:has:user:1".to_owned();
        store.put_grants(vec![other.clone(), other]).unwrap();
    });
    for table in ["v1_resource_types", "v1_resources", "v1_entitlements", "v1_grants"] {
        // The batch of the first write has one time; nothing may carry the time of the second.
        let sql = format!("select count(distinct discovered_at) from {table}");
        assert_eq!(number(&db, &sql), 1, "{table}");
    }
    assert_eq!(
        column(&db, "select quote(parent_resource_id) from v1_resources"),
        ["NULL"]
    );
    assert_eq!(column(&db, "select resource_id from v1_entitlements"), ["a"]);
    assert_eq!(
        column(&db, "select resource_id || principal_resource_id from v1_grants"),
        ["a1"]
    );
    assert_eq!(
        stored(&db).principal.unwrap().id,
        Some(id("user", "2")),
        "the message is the new one"
    );
}

#[test]
fn expansion_writes_leave_the_columns_alone() {
    let (_place, db) = written(|store| {
        let expansion = expandable(&["role:a:has"]);
        store.put_grants(vec![passing(Some(&expansion))]).unwrap();
        let mut touched = passing(Some(&expandable(&["something else"])));
        touched.sources = Some(v2::GrantSources::default());
        store.put_expanded_grants(vec![touched]).unwrap();
    });
    assert_eq!(
        expansion_columns(&db),
        (Some(expandable(&["role:a:has"]).encode_to_vec()), 1)
    );
    assert_eq!(stored(&db).annotations, []);
    assert!(stored(&db).sources.is_some());

    let (_place, db) = written(|store| store.put_expanded_grants(vec![grant(&role("a"), 1)]).unwrap());
    assert_eq!(expansion_columns(&db), (None, 0), "a new row");
}

#[test]
fn rows_without_identity_are_refused() {
    let place = Place::new();
    let mut store = place.open();
    assert_eq!(
        store.put_resources(&[]).unwrap_err().kind(),
        Kind::FailedPrecondition,
        "no sync"
    );
    store.begin_sync(SyncType::Full).unwrap();
    let nameless = v2::Resource::default();
    assert_eq!(store.put_resources(&[nameless]).unwrap_err().kind(), Kind::Internal);
    let nowhere = v2::Entitlement {
        id: "x".to_owned(),
        ..Default::default()
    };
    assert_eq!(store.put_entitlements(&[nowhere]).unwrap_err().kind(), Kind::Internal);
    for strip in [
        (|g| g.id.clear()) as fn(&mut v2::Grant),
        |g| g.entitlement = None,
        |g| g.principal = None,
        |g| g.entitlement.as_mut().unwrap().resource = None,
    ] {
        let mut grant = grant(&role("a"), 1);
        strip(&mut grant);
        assert_eq!(store.put_grants(vec![grant]).unwrap_err().kind(), Kind::Internal);
    }
}

#[test]
fn reads_see_what_was_written_before_any_commit() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    assert!(!store.has_expandable().unwrap());
    put_small_workspace(&mut store);

    assert_eq!(store.resource("role", "a").unwrap(), Some(role("a")));
    assert_eq!(store.resource("role", "c").unwrap(), None);
    assert_eq!(store.entitlement("role:b:has").unwrap(), Some(entitlement(&role("b"))));
    assert_eq!(store.grant("role:a:has:user:1").unwrap(), Some(grant(&role("a"), 1)));
    assert_eq!(store.resource_type("user").unwrap(), Some(types()[0].clone()));

    let holders = |types: Option<&[String]>| {
        let mut holders = Vec::new();
        for entitlement in ["role:a:has", "role:b:has"] {
            let mut each = |g: v2::Grant| {
                holders.push(g.id);
                Ok(())
            };
            store.for_each_grant_of(entitlement, types, &mut each).unwrap();
        }
        holders
    };
    assert_eq!(
        holders(None),
        ["role:a:has:user:1", "role:a:has:user:2", "role:b:has:role:a"]
    );
    assert_eq!(holders(Some(&["role".to_owned()])), ["role:b:has:role:a"]);
    assert_eq!(holders(Some(&[])), [""; 0]);

    assert!(store.has_expandable().unwrap());
    let mut found = Vec::new();
    store
        .for_each_expandable(&mut |e| {
            found.push(e);
            Ok(())
        })
        .unwrap();
    let expected = Expandable {
        entitlement_id: "role:b:has".to_owned(),
        principal: id("role", "a"),
        expansion: v2::GrantExpandable {
            shallow: true,
            ..expandable(&["role:a:has"])
        },
    };
    assert_eq!(found, [expected]);

    let counts = store.counts().unwrap();
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["role", "user"]);
    assert_eq!(
        (
            counts["role"].resources,
            counts["role"].entitlements,
            counts["role"].grants
        ),
        (2, 2, 3)
    );
    assert_eq!(
        (
            counts["user"].resources,
            counts["user"].entitlements,
            counts["user"].grants
        ),
        (2, 0, 0)
    );
}

#[test]
fn expandable_grants_come_in_the_order_of_their_ids() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    for (on, to) in [("z", "1"), ("b", "9"), ("b", "10"), ("a", "5")] {
        let grant = GrantBuilder::new(&role(on), "has", id("role", to));
        store
            .put_grants(vec![grant.expands_over("x".to_owned()).build()])
            .unwrap();
    }
    let mut order = Vec::new();
    store
        .for_each_expandable(&mut |e| {
            order.push(format!("{} {}", e.entitlement_id, e.principal.resource));
            Ok(())
        })
        .unwrap();
    assert_eq!(order, ["role:a:has 5", "role:b:has 10", "role:b:has 9", "role:z:has 1"]);
}
