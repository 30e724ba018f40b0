//! Grants that are put together from encoded parts are what encoding and storing the whole message gives.

use std::sync::Arc;

use baton_workato::baton::annotation;
use baton_workato::baton::c1z::{DerivedGrant, Destination, Principal, Reader, Sources, Store, SyncType};
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{ResourceBuilder, id, resource_type};
use proptest::prelude::*;
use prost::Message as _;
use rusqlite::Connection;
use v2::grant_sources::GrantSource;

use super::{Place, column, edit, entitlement, grant, number, role, types, unpack, user};

/// The message, as expansion would have built it without parts.
fn message(on: &v2::Entitlement, to: &v2::Resource, sources: v2::GrantSources) -> v2::Grant {
    let principal = to.id.as_ref().unwrap();
    v2::Grant {
        id: format!("{}:{}:{}", on.id, principal.resource_type, principal.resource),
        entitlement: Some(on.clone()),
        principal: Some(to.clone()),
        sources: Some(sources),
        annotations: vec![annotation::pack(&v2::GrantImmutable::default())],
    }
}

fn derived(on: &v2::Entitlement, to: &v2::Resource, sources: v2::GrantSources) -> DerivedGrant {
    let destination = Arc::new(Destination::new(on).unwrap());
    let principal = Arc::new(Principal::new(to).unwrap());
    DerivedGrant::new(&destination, &principal, &Arc::new(Sources::new(sources)))
}

fn through(ids: &[(&str, bool)]) -> v2::GrantSources {
    let source = |(id, is_direct): &(&str, bool)| ((*id).to_owned(), GrantSource { is_direct: *is_direct });
    v2::GrantSources {
        sources: ids.iter().map(source).collect(),
    }
}

#[test]
fn an_entitlement_without_id_or_resource_is_no_destination() {
    let whole = entitlement(&role("a"));
    assert!(Destination::new(&whole).is_some());
    let mut without_id = whole.clone();
    without_id.id.clear();
    let mut without_resource = whole.clone();
    without_resource.resource = None;
    let mut without_resource_id = whole;
    without_resource_id.resource = Some(v2::Resource::default());
    for broken in [without_id, without_resource, without_resource_id] {
        assert!(Destination::new(&broken).is_none(), "{broken:?}");
    }
    assert!(Principal::new(&v2::Resource::default()).is_none());
}

proptest! {
    #[test]
    fn parts_make_the_bytes_of_the_whole_message(
        [kind, bare, name, slug] in ["", "[a-z:]{0,4}", "\\PC{0,200}", ".{0,8}"],
        sources in prop::collection::btree_map("[a-z:]{0,150}", any::<bool>(), 0..4),
        baton_resource in any::<bool>(),
    ) {
        let mut to = ResourceBuilder::new(&kind, bare.clone(), name.clone()).role().build();
        to.id.as_mut().unwrap().baton_resource = baton_resource;
        let on = ResourceBuilder::new(&bare, name.clone(), slug.clone()).build();
        let kinds = [resource_type("user", &name, &[], vec![])];
        let on = EntitlementBuilder::new(&on, &slug, Purpose::Permission, &[&kinds[0]]).immutable().build();
        let sources = v2::GrantSources {
            sources: sources.into_iter().map(|(id, is_direct)| (id, GrantSource { is_direct })).collect(),
        };
        let mut bytes = vec![1, 2, 3];
        let grant = derived(&on, &to, sources.clone());
        grant.encode(&mut bytes);
        let message = message(&on, &to, sources);
        prop_assert_eq!(grant.id(), message.id.as_str());
        prop_assert_eq!(bytes, message.encode_to_vec());
    }
}

/// Rows without what two syncs of the same rows differ in.
fn rows(db: &Connection) -> Vec<String> {
    column(
        db,
        "select id || ' ' || resource_type_id || ' ' || resource_id || ' ' || entitlement_id || ' ' || \
         principal_resource_type_id || ' ' || principal_resource_id || ' ' || external_id || ' ' || \
         quote(expansion) || ' ' || needs_expansion || ' ' || hex(data) from v1_grants order by id",
    )
}

/// A sync of two roles and `people`, `put` between connector-made and other grants.
fn stored(people: usize, put: impl FnOnce(&mut Store, &[v2::Entitlement; 2])) -> (Place, Connection) {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    let roles = [role("a"), role("b")];
    let entitlements = [entitlement(&roles[0]), entitlement(&roles[1])];
    store.put_resource_types(&types()).unwrap();
    store.put_resources(&roles).unwrap();
    store.put_resources(&(0..people).map(user).collect::<Vec<_>>()).unwrap();
    store.put_entitlements(&entitlements).unwrap();
    store.put_grants(vec![grant(&roles[0], 1_000_000)]).unwrap();
    store.prepare_expansion().unwrap();
    put(&mut store, &entitlements);
    store.finish_sync("").unwrap();
    store.save().unwrap();
    let db = unpack(&place.file).db;
    (place, db)
}

/// Many more than go into one statement, and some that are left over.
const PEOPLE: usize = 150;

#[test]
fn they_are_stored_as_their_messages_would_be() {
    let sources = |n: usize| through(&[("role:c:has", n.is_multiple_of(3)), ("role:d:has", false)]);
    let (_in_parts, parts) = stored(PEOPLE, |store, entitlements| {
        for on in entitlements {
            let destination = Arc::new(Destination::new(on).unwrap());
            let grant = |n| {
                let principal = Arc::new(Principal::new(&user(n)).unwrap());
                DerivedGrant::new(&destination, &principal, &Arc::new(Sources::new(sources(n))))
            };
            store
                .put_derived_grants(&(0..PEOPLE).map(grant).collect::<Vec<_>>())
                .unwrap();
        }
    });
    let (_whole, whole) = stored(PEOPLE, |store, entitlements| {
        for on in entitlements {
            let messages = (0..PEOPLE).map(|n| message(on, &user(n), sources(n)));
            store.put_expanded_grants(messages.collect()).unwrap();
        }
    });
    assert_eq!(number(&parts, "select count(*) from v1_grants"), 2 * 150 + 1);
    assert_eq!(rows(&parts), rows(&whole));
}

#[test]
fn an_id_that_another_grant_has_changes_that_grants_message_alone() {
    // Ids are joined without escaping: both of these are `role:a:has:user:x:...`.
    let clash = |n: usize| id("user", format!("x:{n}"));
    let to = |n: usize| v2::Resource {
        id: Some(clash(n)),
        ..Default::default()
    };
    let other = |on: &v2::Entitlement| v2::Entitlement {
        id: format!("{}:user", on.id),
        ..on.clone()
    };
    let taken = |on: &v2::Entitlement| {
        let mut grant = message(&other(on), &to(70), through(&[("role:c:has", true)]));
        grant.id = format!("{}:user:x:70", on.id);
        grant
    };
    let put = |in_parts: bool| {
        stored(0, move |store, [on, _]| {
            store.put_expanded_grants(vec![taken(on)]).unwrap();
            if in_parts {
                let destination = Arc::new(Destination::new(on).unwrap());
                let grant = |n| {
                    let principal = Arc::new(Principal::new(&to(n)).unwrap());
                    DerivedGrant::new(
                        &destination,
                        &principal,
                        &Arc::new(Sources::new(through(&[("role:d:has", false)]))),
                    )
                };
                store
                    .put_derived_grants(&(0..PEOPLE).map(grant).collect::<Vec<_>>())
                    .unwrap();
            } else {
                let messages = (0..PEOPLE).map(|n| message(on, &to(n), through(&[("role:d:has", false)])));
                store.put_expanded_grants(messages.collect()).unwrap();
            }
        })
    };
    let ((_in_parts, parts), (_whole, whole)) = (put(true), put(false));
    assert_eq!(rows(&parts), rows(&whole));
    let kept = "select entitlement_id from v1_grants where external_id = 'role:a:has:user:x:70'";
    assert_eq!(column(&parts, kept), ["role:a:has:user"], "columns stay");
    assert_eq!(number(&parts, "select count(*) from v1_grants"), 150 + 1);
}

#[test]
fn counting_is_right_where_the_rows_of_two_syncs_are_mixed() {
    let place = Place::new();
    let mut store = place.open();
    let first = store.begin_sync(SyncType::Full).unwrap();
    store.put_resource_types(&types()).unwrap();
    store
        .put_grants(vec![grant(&role("a"), 1), grant(&role("a"), 2)])
        .unwrap();
    let second = store.begin_sync(SyncType::Full).unwrap();
    store.put_resource_types(&types()).unwrap();
    store
        .put_grants((0..5).map(|n| grant(&role("b"), n)).collect())
        .unwrap();
    store.bind_sync(&first).unwrap();
    store.put_grants(vec![grant(&role("a"), 3)]).unwrap();
    for sync_id in [&first, &second] {
        store.bind_sync(sync_id).unwrap();
        store.finish_sync("").unwrap();
    }
    store.save().unwrap();
    let reader = Reader::open(&place.file, None).unwrap();
    for (sync_id, grants) in [(&first, 3), (&second, 5)] {
        assert_eq!(reader.counts(sync_id).unwrap()["role"].grants, grants);
        let run = reader.run(sync_id).unwrap().unwrap();
        assert!(run.stats.unwrap().contains(&format!(r#""grants":{grants}"#)));
    }
}

/// A second sync of two roles, with derived grants, into a file that another writer left so.
fn continued(change: &str) -> (Place, Connection) {
    let (place, db) = stored(PEOPLE, |_, _| {});
    drop(db);
    edit(&place.file, |db| db.execute_batch(change).unwrap());
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    let roles = [role("a"), role("b")];
    store.put_resource_types(&types()).unwrap();
    store.put_resources(&roles).unwrap();
    store.put_resources(&(0..PEOPLE).map(user).collect::<Vec<_>>()).unwrap();
    let entitlements = [entitlement(&roles[0]), entitlement(&roles[1])];
    store.put_entitlements(&entitlements).unwrap();
    store.put_grants(vec![grant(&roles[0], 1_000_000)]).unwrap();
    store.prepare_expansion().unwrap();
    let destination = Arc::new(Destination::new(&entitlements[1]).unwrap());
    let sources = Arc::new(Sources::new(through(&[("role:a:has", true)])));
    let derived = |n| {
        let principal = Arc::new(Principal::new(&user(n)).unwrap());
        DerivedGrant::new(&destination, &principal, &sources)
    };
    store
        .put_derived_grants(&(0..PEOPLE).map(derived).collect::<Vec<_>>())
        .unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    let db = unpack(&place.file).db;
    (place, db)
}

/// An index of a known name may be another one: it may go down, leave rows out or take others in, or compare letters in
/// another way. There may be tables that no row can be copied into, and no number left behind the last row.
#[test]
fn what_another_writer_left_is_continued_soundly() {
    let index = |name: &str, how: &str| {
        let unique = if name == "idx_grants_external_sync_v1" {
            "unique"
        } else {
            ""
        };
        format!("drop index {name}; create {unique} index {name} on {how}")
    };
    let ids = "idx_grants_external_sync_v1";
    let passing = "idx_grants_sync_expansion_v1";
    let waiting = "idx_grants_sync_needs_expansion_v1";
    let changes = [
        String::new(),
        index(ids, "v1_grants (external_id desc, sync_id)"),
        index(ids, "v1_grants (external_id, sync_id desc)"),
        index(ids, "v1_grants (external_id collate nocase, sync_id)"),
        index(ids, "v1_grants (external_id, sync_id) where external_id <> ''"),
        index(passing, "v1_grants (sync_id)"),
        index(passing, "v1_grants (sync_id) where expansion is null"),
        index(passing, "v1_grants (sync_id collate rtrim) where expansion is not null"),
        index(waiting, "v1_grants (sync_id) where needs_expansion = 0"),
        index(waiting, "v1_grants (sync_id desc) where needs_expansion = 1"),
        index(waiting, "v1_grants (sync_id) WHERE (needs_expansion=1)"),
        index(
            "idx_grants_principal_id_v1",
            "v1_grants (principal_resource_type_id desc, principal_resource_id)",
        ),
        index(waiting, "v1_resources (sync_id) where id = 1"),
        "create virtual table words using fts5 (text); insert into words values ('one two')".to_owned(),
        "create view seen as select * from v1_grants".to_owned(),
        "create table mine (id integer primary key autoincrement, text); insert into mine (text) values ('x')"
            .to_owned(),
        "update v1_grants set id = 9223372036854775807".to_owned(),
        "update v1_grants set id = 9223372036854775700".to_owned(),
        "update v1_grants set id = -7".to_owned(),
    ];
    for change in &changes {
        let (place, db) = continued(change);
        assert_eq!(column(&db, "pragma integrity_check"), ["ok"], "{change}");
        let rows = "select count(*) || ' ' || count(distinct external_id) from v1_grants group by sync_id order by 1";
        assert_eq!(column(&db, rows), ["1 1", "151 151"], "{change}");
        for text in ["mine", "words", "seen"] {
            let is_there = format!("select count(*) from sqlite_schema where name = '{text}'");
            let wanted = i64::from(change.contains(&format!(" {text} ")));
            assert_eq!(number(&db, &is_there), wanted, "{change}");
        }
        let reader = Reader::open(&place.file, None).unwrap();
        assert_eq!(reader.verify_file().unwrap(), [], "{change}");
    }
}
