//! What a store that holds derived grants says while it does, and what becomes of them.

use super::*;
use crate::baton::c1z::Store;
use crate::baton::c1z::{Engine, Policy, Reader, SyncType};
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::grant::GrantBuilder;
use crate::baton::resource::{ResourceBuilder, resource_type};

const ROLES: usize = 20;
const PEOPLE: usize = 100;

fn role(n: usize) -> v2::Resource {
    ResourceBuilder::new("role", n.to_string(), format!("Role {n}")).build()
}

fn person(n: usize) -> v2::Resource {
    ResourceBuilder::new("user", n.to_string(), format!("Person {n}")).build()
}

fn entitlement(n: usize) -> v2::Entitlement {
    EntitlementBuilder::new(&role(n), "has", Purpose::Assignment, &[]).build()
}

/// A store for a file of the form: everybody has role 0 by itself, and every other role by way of it.
fn expanded(folder: &std::path::Path, engine: Engine) -> Store {
    let policy = Policy {
        engine: Some(engine),
        ..Policy::default()
    };
    let mut store = Store::open_with(&folder.join("sync.c1z"), None, policy).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    let types = ["user", "role"].map(|id| resource_type(id, id, &[], vec![]));
    store.put_resource_types(&types).unwrap();
    let people: Vec<v2::Resource> = (0..PEOPLE).map(person).collect();
    store.put_resources(&people).unwrap();
    store.put_resources(&(0..ROLES).map(role).collect::<Vec<_>>()).unwrap();
    store
        .put_entitlements(&(0..ROLES).map(entitlement).collect::<Vec<_>>())
        .unwrap();
    let direct = people.iter().map(|person| {
        let to = person.id.clone().unwrap();
        GrantBuilder::new(&role(0), "has", to).build()
    });
    store.put_grants(direct.collect()).unwrap();
    store.prepare_expansion().unwrap();
    let through = v2::GrantSources {
        sources: [(
            "role:0:has".to_owned(),
            v2::grant_sources::GrantSource { is_direct: true },
        )]
        .into(),
    };
    let through = Arc::new(Sources::new(through));
    let people: Vec<Arc<Principal>> = people.iter().map(|p| Arc::new(Principal::new(p).unwrap())).collect();
    for n in 1..ROLES {
        let to = Arc::new(Destination::new(&entitlement(n)).unwrap());
        let grants = people.iter().map(|person| DerivedGrant::new(&to, person, &through));
        store.put_derived_grants(&grants.collect::<Vec<_>>()).unwrap();
    }
    store
}

fn rows(store: &Store) -> usize {
    let sql = "select count(*) from v1_grants";
    let count: i64 = store.view().unwrap().db.query_row(sql, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

/// The ids of an entitlement's grants.
fn of(store: &Store, entitlement: &str, types: Option<&[String]>) -> Vec<String> {
    let mut ids = Vec::new();
    let mut keep = |grant: v2::Grant| {
        ids.push(grant.id);
        Ok(())
    };
    store.for_each_grant_of(entitlement, types, &mut keep).unwrap();
    ids
}

const ALL: usize = ROLES * PEOPLE;

#[test]
fn both_stores_say_the_same_while_they_hold_what_will_be_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (v1, v3) = (
        tempfile::tempdir_in(&folder).unwrap(),
        tempfile::tempdir_in(&folder).unwrap(),
    );
    let mut stores = [expanded(v1.path(), Engine::Sqlite), expanded(v3.path(), Engine::Pebble)];
    assert_eq!(stores.each_ref().map(rows), [PEOPLE, PEOPLE]);
    for store in &mut stores {
        assert_eq!(store.counts().unwrap()["role"].grants, ALL as u64);
        for role in ["role:0:has", "role:7:has"] {
            assert_eq!(of(store, role, None).len(), PEOPLE);
            assert_eq!(of(store, role, Some(&["role".to_owned()])).len(), 0);
        }
        let grant = store.grant("role:7:has:user:42").unwrap().unwrap();
        assert_eq!(grant.principal.unwrap().display_name, "Person 42");
        assert!(grant.sources.unwrap().sources["role:0:has"].is_direct);
        store.finish_sync("").unwrap();
        let stats = store.runs().unwrap().remove(0).stats.unwrap();
        assert!(stats.contains(&format!(r#""grants":{ALL}"#)), "{stats}");
    }
    assert_eq!(stores.each_ref().map(rows), [ALL, PEOPLE]);
    let [v1, v3] = stores.map(|store| store.save().unwrap());
    // A few bytes a grant: they differ in who and through what.
    assert!(
        v3.bytes < 30 * ALL as u64 && v3.bytes < v1.bytes,
        "{} and {}",
        v3.bytes,
        v1.bytes
    );
    let reader = Reader::open_with(&v3.path, None, &Policy::default()).unwrap();
    let sync_id = reader.latest_full().unwrap().unwrap().sync_id;
    assert_eq!(reader.counts(&sync_id).unwrap()["role"].grants, ALL as u64);
}

#[test]
fn whoever_changes_a_held_grant_or_adds_another_one_has_rows_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    for (change, engine) in [true, false]
        .into_iter()
        .flat_map(|c| [(c, Engine::Pebble), (c, Engine::Sqlite)])
    {
        let folder = tempfile::tempdir_in(&folder).unwrap();
        let mut store = expanded(folder.path(), engine);
        let mut grant = store.grant("role:7:has:user:42").unwrap().unwrap();
        match change {
            true => {
                grant.sources = None;
                store.put_expanded_grants(vec![grant]).unwrap();
            }
            false => store.put_grants(vec![grant]).unwrap(),
        }
        assert_eq!(rows(&store), ALL);
        let grant = store.grant("role:7:has:user:42").unwrap().unwrap();
        assert_eq!(grant.sources.is_none(), change);
        assert_eq!(store.verify().unwrap(), []);
        assert_eq!(of(&store, "role:7:has", None).len(), PEOPLE);
        store.finish_sync("").unwrap();
        let saved = store.save().unwrap();
        let reader = Reader::open_with(&saved.path, None, &Policy::default()).unwrap();
        let sync_id = reader.latest_full().unwrap().unwrap().sync_id;
        assert_eq!(reader.counts(&sync_id).unwrap()["role"].grants, ALL as u64);
    }
}
