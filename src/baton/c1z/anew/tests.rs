//! A file whose derived grants were written in order has the rows of one that SQLite wrote them into, and SQLite finds nothing
//! wrong with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rusqlite::types::Value as Stored;

use crate::baton::c1z::derived::{DerivedGrant, Destination, Principal, Sources};
use crate::baton::c1z::schema::{INDEXES, TABLES};
use crate::baton::c1z::{Policy, Reader, Store, SyncType};
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::grant::GrantBuilder;
use crate::baton::proto::v2;
use crate::baton::resource::{ResourceBuilder, resource_type};

/// A grant of a sync: the role, the person, whether its id is its own, what it passes on.
type Given = (usize, usize, bool, bool);

/// What a sync consists of.
#[derive(Debug, Clone)]
struct Sync {
    given: Vec<Given>,
    /// Roles and people in the order in which expansion finds them.
    derived: Vec<(usize, Vec<usize>)>,
}

/// Ids of which some go on where others end, and some of which no other writer would think.
const ROLES: [&str; 7] = ["a", "a:has:user", "a:has:user:1", "b", "b\u{e9}", "a\u{1}", "A"];
const PEOPLE: [&str; 8] = ["1", "1:has", "2", "10", "x", "\u{fc}", "1:", "user:1"];

fn role(n: usize) -> v2::Resource {
    ResourceBuilder::new("role", ROLES[n], format!("Role {n}")).build()
}

fn person(n: usize) -> v2::Resource {
    ResourceBuilder::new("user", PEOPLE[n], format!("Person {n}")).build()
}

fn entitlement(n: usize) -> v2::Entitlement {
    EntitlementBuilder::new(&role(n), "has", Purpose::Assignment, &[]).build()
}

fn put(store: &mut Store, sync: &Sync, is_held: bool) {
    store.begin_sync(SyncType::Full).unwrap();
    if !is_held {
        store.held = None;
    }
    store.make_room().unwrap();
    store
        .put_resource_types(&["user", "role"].map(|id| resource_type(id, id, &[], vec![])))
        .unwrap();
    store
        .put_resources(&(0..PEOPLE.len()).map(person).collect::<Vec<_>>())
        .unwrap();
    store
        .put_resources(&(0..ROLES.len()).map(role).collect::<Vec<_>>())
        .unwrap();
    store
        .put_entitlements(&(0..ROLES.len()).map(entitlement).collect::<Vec<_>>())
        .unwrap();
    let given = sync.given.iter().map(|(on, to, is_own, passes)| {
        let mut builder = GrantBuilder::new(&role(*on), "has", person(*to).id.unwrap());
        if *passes {
            builder = builder.expands_over("role:b:has".to_owned());
        }
        let mut grant = builder.build();
        if *is_own {
            grant.id = format!("given {on} {to}");
        }
        grant
    });
    store.put_grants(given.collect()).unwrap();
    store.prepare_expansion().unwrap();
    let people: Vec<Arc<Principal>> = (0..PEOPLE.len())
        .map(|n| Arc::new(Principal::new(&person(n)).unwrap()))
        .collect();
    for (on, to) in &sync.derived {
        let destination = Arc::new(Destination::new(&entitlement(*on)).unwrap());
        let through = v2::grant_sources::GrantSource { is_direct: on % 2 == 0 };
        let sources = [(format!("role:{on}:has"), through)].into();
        let sources = Arc::new(Sources::new(v2::GrantSources { sources }));
        let grant = |n: &usize| DerivedGrant::new(&destination, &people[*n], &sources);
        store
            .put_derived_grants(&to.iter().map(grant).collect::<Vec<_>>())
            .unwrap();
    }
    store.finish_sync("").unwrap();
}

/// Everything in the database in the order of rows, syncs by their place and without times.
fn dump(store: &Store) -> BTreeMap<String, Vec<Vec<Stored>>> {
    let syncs: Vec<String> = store.runs().unwrap().into_iter().map(|run| run.sync_id).collect();
    let db = store.view().unwrap().db;
    let said: String = db.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    let indexes: i64 = db
        .query_row("select count(*) from sqlite_schema where type = 'index'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(indexes, INDEXES.len() as i64);
    let mut all = BTreeMap::new();
    for table in TABLES {
        let columns: Vec<&str> = table.columns.iter().map(|column| column.0).collect();
        // Numbers of rows depend on when old syncs go: their order is what counts.
        let is_told = |name: &&str| !name.ends_with("_at") && *name != "id";
        let columns: Vec<&str> = columns.into_iter().filter(is_told).collect();
        let sql = format!("select {} from {} order by id", columns.join(", "), table.name);
        let mut statement = db.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| {
            let value = |at| -> rusqlite::Result<Stored> {
                Ok(match row.get(at)? {
                    Stored::Text(text) => match syncs.iter().position(|sync| *sync == text) {
                        Some(place) => Stored::Integer(place as i64),
                        None => Stored::Text(text),
                    },
                    other => other,
                })
            };
            (0..columns.len()).map(value).collect()
        });
        all.insert(
            table.name.to_owned(),
            rows.unwrap().collect::<rusqlite::Result<_>>().unwrap(),
        );
    }
    all
}

fn open(path: &Path) -> Store {
    Store::open_with(path, None, Policy::default()).unwrap()
}

/// Syncs one after the other into one file, in both ways.
fn both(syncs: &[Sync]) {
    let folder = tempfile::tempdir().unwrap();
    let [anew, rows] = ["anew.c1z", "rows.c1z"].map(|name| folder.path().join(name));
    for sync in syncs {
        let dumps = [(&anew, true), (&rows, false)].map(|(path, is_held)| {
            let mut store = open(path);
            put(&mut store, sync, is_held);
            let found = (dump(&store), store.verify().unwrap());
            store.save().unwrap();
            found
        });
        assert_eq!(dumps[0], dumps[1]);
    }
    let mut last = open(&anew);
    let sync_id = last.latest_full().unwrap().unwrap().sync_id;
    last.bind_sync(&sync_id).unwrap();
    let reader = Reader::open_with(&anew, None, &Policy::default()).unwrap();
    assert_eq!(reader.counts(&sync_id).unwrap(), last.counts().unwrap());
}

fn syncs() -> impl Strategy<Value = Vec<Sync>> {
    let given = (0..ROLES.len(), 0..PEOPLE.len(), any::<bool>(), any::<bool>());
    let given = prop::collection::btree_set(given, 0..12);
    let people = prop::collection::btree_set(0..PEOPLE.len(), 0..PEOPLE.len());
    // A role may come back, and people with it.
    let derived = prop::collection::vec((0..ROLES.len(), people), 0..8);
    let sync = (given, derived).prop_map(|(given, derived)| Sync {
        given: given.into_iter().collect(),
        derived: derived
            .into_iter()
            .map(|(on, to)| (on, to.into_iter().collect()))
            .collect(),
    });
    prop::collection::vec(sync, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_the_same_in_both_ways(syncs in syncs()) {
        both(&syncs);
    }
}

#[test]
fn a_sync_that_lets_an_older_one_go_has_its_rows() {
    let derived = Sync {
        given: vec![],
        derived: vec![(0, vec![0])],
    };
    let nothing = Sync {
        given: vec![],
        derived: vec![],
    };
    both(&[derived.clone(), nothing, derived]);
}

#[test]
fn a_database_with_something_unknown_is_left_to_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let whole = || Sync {
        given: vec![(0, 0, false, true)],
        derived: vec![(1, vec![0, 1, 2])],
    };
    for sql in [
        "create view v as select 1",
        "create index other on v1_grants (data)",
        "alter table v1_grants add column more text",
        "create table other (name text unique)",
        "create table other (name text primary key) without rowid",
        "create table other (name text); insert into other values ('kept')",
    ] {
        let path = folder.path().join("sync.c1z");
        let _ = std::fs::remove_file(&path);
        let mut store = open(&path);
        store.commit().unwrap();
        store.connection().execute_batch(sql).unwrap();
        put(&mut store, &whole(), true);
        let db = store.view().unwrap().db;
        let said: String = db.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(said, "ok", "{sql}");
        let count = |sql: &str| db.query_row::<i64, _, _>(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(count("select count(*) from v1_grants"), 4, "{sql}");
        let named = "select count(*) from sqlite_schema where name in ('v', 'other') or sql like '%more text%'";
        assert_eq!(count(named), 1, "{sql}");
        if sql.contains("kept") {
            assert_eq!(count("select count(*) from other"), 1);
        }
    }
}

/// Grants of syncs that the file does not tell of.
fn orphans(store: &Store) -> i64 {
    let sql = "select count(*) from v1_grants where sync_id not in (select sync_id from v1_sync_runs)";
    store.connection().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn grants_of_a_sync_that_goes_are_left_out_and_not_deleted_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let whole = |people: Vec<usize>| Sync {
        given: (0..PEOPLE.len()).map(|person| (0, person, false, false)).collect(),
        derived: vec![(1, people)],
    };
    for sql in ["", "create view v as select 1"] {
        let path = folder.path().join("sync.c1z");
        let _ = std::fs::remove_file(&path);
        for people in [vec![0, 1, 2], vec![3]] {
            let mut store = open(&path);
            store.commit().unwrap();
            put(&mut store, &whole(people), true);
            store.save().unwrap();
        }
        let mut store = open(&path);
        store.commit().unwrap();
        store.connection().execute_batch(sql).unwrap();
        store.begin_sync(SyncType::Full).unwrap();
        let grants = |store: &Store| {
            let db = store.connection();
            db.query_row::<i64, _, _>("select count(*) from v1_grants", [], |row| row.get(0))
                .unwrap()
        };
        let before = grants(&store);
        store.make_room().unwrap();
        assert_eq!(grants(&store), before, "they are still there");
        // Nothing is derived this time.
        store
            .put_resource_types(&[resource_type("user", "User", &[], vec![])])
            .unwrap();
        store.finish_sync("").unwrap();
        assert_eq!((orphans(&store), grants(&store)), (0, PEOPLE.len() as i64 + 1), "{sql}");
        store.save().unwrap();
        assert_eq!(open(&path).runs().unwrap().len(), 2);
    }
}

#[test]
fn a_sync_that_is_saved_unfinished_leaves_nothing_of_those_that_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sync.c1z");
    let sync = Sync {
        given: vec![(0, 0, false, false)],
        derived: vec![(1, vec![0, 1])],
    };
    for _ in 0..2 {
        let mut store = open(&path);
        put(&mut store, &sync, true);
        store.save().unwrap();
    }
    let mut store = open(&path);
    store.begin_sync(SyncType::Full).unwrap();
    store.make_room().unwrap();
    store.save().unwrap();
    let store = open(&path);
    assert_eq!((orphans(&store), store.runs().unwrap().len()), (0, 2));
}
