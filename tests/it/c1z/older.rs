//! `baton/c1z/format.md 2.9`: files of earlier writers open, and come out in the current schema.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_workato::baton::annotation;
use baton_workato::baton::c1z::{Policy, Reader, Store};
use baton_workato::baton::error::Kind;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::id;
use prost::Message as _;
use rusqlite::{Connection, params};

use super::schema::{columns, expected_columns, expected_indexes, indexes};
use super::{Place, entitlement, full_sync, grant, number, pack, role, types, unpack, user};

/// The schema of SDK 0.2.61, as its files have it: no types of syncs, no expansion columns, no sessions, and one
/// index missing because its name was taken.
const SCHEMA_0_2_61: &str = "
    create table v1_resource_types (id integer primary key, external_id text not null, data blob not null,
        sync_id text not null, discovered_at datetime not null);
    create unique index idx_resource_types_external_sync_v1 on v1_resource_types (external_id, sync_id);
    create table v1_resources (id integer primary key, resource_type_id text not null, external_id text not null,
        parent_resource_type_id text, parent_resource_id text, data blob not null, sync_id text not null,
        discovered_at datetime not null);
    create index idx_resources_resource_type_id_v1 on v1_resources (resource_type_id);
    create index idx_resources_external_sync_v1 on v1_resources (parent_resource_type_id, parent_resource_id);
    create unique index idx_resources_parent_resource_id_v1 on v1_resources (external_id, sync_id);
    create table v1_entitlements (id integer primary key, resource_type_id text not null, resource_id text not null,
        external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
    create index idx_entitlements_resource_id_v1 on v1_entitlements (resource_type_id, resource_id);
    create unique index idx_entitlements_external_sync_v1 on v1_entitlements (external_id, sync_id);
    create table v1_grants (id integer primary key, resource_type_id text not null, resource_id text not null,
        entitlement_id text not null, principal_resource_type_id text not null, principal_resource_id text not null,
        external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
    create index idx_grants_principal_id_v1 on v1_grants (principal_resource_type_id, principal_resource_id);
    create index idx_grants_entitlement_id_principal_id_v1 on v1_grants
        (entitlement_id, principal_resource_type_id, principal_resource_id);
    create unique index idx_grants_external_sync_v1 on v1_grants (external_id, sync_id);
    create table v1_sync_runs (id integer primary key, sync_id text not null, started_at datetime not null,
        ended_at datetime, sync_token text not null);
    create unique index idx_sync_runs_sync_id_v1 on v1_sync_runs (sync_id);
    create table v1_assets (id integer primary key, external_id text not null, content_type text not null,
        data blob not null, sync_id text not null, discovered_at datetime not null);
    create unique index idx_assets_external_sync_v1 on v1_assets (external_id, sync_id);
";

const OLD_SYNC: &str = "1srOrx2ZWZBpBUvZwXKQmoEYga2";
const OLD_TIME: &str = "2024-05-06 07:08:09.123";

fn passing() -> v2::Grant {
    GrantBuilder::new(&role("b"), "has", id("role", "a"))
        .immutable()
        .expands_over("role:a:has".to_owned())
        .build()
}

/// A file of 0.2.61 in WAL mode with one finished sync, whose expandable grant carries its annotation in the message.
pub fn old_file(place: &Place, extra: &str) {
    let database = place.folder.path().join("old.db");
    let db = Connection::open(&database).unwrap();
    db.query_row("pragma journal_mode = wal", [], |_| Ok(())).unwrap();
    db.execute_batch(SCHEMA_0_2_61).unwrap();
    let run = "insert into v1_sync_runs (sync_id, started_at, ended_at, sync_token) values (?1, ?2, ?2, '')";
    db.execute(run, [OLD_SYNC, OLD_TIME]).unwrap();
    for t in types() {
        let sql = "insert into v1_resource_types (external_id, data, sync_id, discovered_at) values (?1, ?2, ?3, ?4)";
        db.execute(sql, params![t.id, t.encode_to_vec(), OLD_SYNC, OLD_TIME])
            .unwrap();
    }
    for r in [user(1), role("a"), role("b")] {
        let sql = "insert into v1_resources (resource_type_id, external_id, data, sync_id, discovered_at) \
                   values (?1, ?2, ?3, ?4, ?5)";
        let key = r.id.clone().unwrap();
        let external_id = format!("{}:{}", key.resource_type, key.resource);
        db.execute(
            sql,
            params![key.resource_type, external_id, r.encode_to_vec(), OLD_SYNC, OLD_TIME],
        )
        .unwrap();
    }
    for name in ["a", "b"] {
        let e = entitlement(&role(name));
        let sql = "insert into v1_entitlements (resource_type_id, resource_id, external_id, data, sync_id, \
                   discovered_at) values ('role', ?1, ?2, ?3, ?4, ?5)";
        db.execute(sql, params![name, e.id, e.encode_to_vec(), OLD_SYNC, OLD_TIME])
            .unwrap();
    }
    for (on, g) in [("a", grant(&role("a"), 1)), ("b", passing())] {
        let sql = "insert into v1_grants (resource_type_id, resource_id, entitlement_id, \
                   principal_resource_type_id, principal_resource_id, external_id, data, sync_id, discovered_at) \
                   values ('role', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let to = g.principal.clone().unwrap().id.unwrap();
        let held = format!("role:{on}:has");
        let row = params![
            on,
            held,
            to.resource_type,
            to.resource,
            g.id,
            g.encode_to_vec(),
            OLD_SYNC,
            OLD_TIME
        ];
        db.execute(sql, row).unwrap();
    }
    db.execute_batch(extra).unwrap();
    db.close().unwrap();
    pack(&database, &place.file);
    std::fs::remove_file(database).unwrap();
}

#[test]
fn a_file_of_the_oldest_schema_comes_out_in_the_newest() {
    let place = Place::new();
    old_file(&place, "");
    let new = full_sync(&place);
    let unpacked = unpack(&place.file);
    assert_eq!(&unpacked.bytes[18..20], [1, 1], "out of WAL mode");
    assert_eq!(indexes(&unpacked.db), expected_indexes());
    for (table, expected) in expected_columns() {
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let expected: Vec<String> = expected.iter().map(|s| (*s).to_owned()).collect();
        assert_eq!(
            sorted(columns(&unpacked.db, table)),
            sorted(expected),
            "{table}: in any order"
        );
    }
    let reader = Reader::open(&place.file, None).unwrap();
    let runs = reader.runs().unwrap();
    assert_eq!(
        runs.iter().map(|r| r.sync_id.as_str()).collect::<Vec<_>>(),
        [OLD_SYNC, &new]
    );
    assert_eq!(runs[0].sync_type, "full");
    assert!(runs[0].grants_backfilled && !runs[0].supports_diff);
    assert_eq!(
        (runs[0].started_at.as_str(), runs[0].ended_at.as_deref()),
        (OLD_TIME, Some(OLD_TIME))
    );
}

#[test]
fn what_a_grant_expands_over_is_taken_out_of_old_messages() {
    let place = Place::new();
    old_file(&place, "");
    let reader = Reader::open(&place.file, None).unwrap();
    let mut rows = BTreeMap::new();
    reader
        .for_each_grant(OLD_SYNC, &mut |row| {
            rows.insert(row.grant.id.clone(), row);
            Ok(())
        })
        .unwrap();
    let direct = &rows["role:a:has:user:1"];
    assert_eq!((&direct.grant, direct.needs_expansion), (&grant(&role("a"), 1), false));
    let passed = &rows["role:b:has:role:a"];
    assert_eq!(passed.expansion.as_ref().unwrap().entitlement_ids, ["role:a:has"]);
    assert!(passed.needs_expansion);
    assert_eq!(passed.grant.annotations.len(), 1);
    assert!(annotation::is::<v2::GrantImmutable>(&passed.grant.annotations[0]));
    assert_eq!(passed.discovered_at, OLD_TIME);
    let problems: Vec<String> = reader
        .verify(OLD_SYNC)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(problems, ["sync: has expandable grants, but supports_diff is 0"]);
    drop(reader);
    assert_eq!(
        number(
            &unpack(&place.file).db,
            "select count(*) from pragma_table_info('v1_sync_runs')"
        ),
        5,
        "not saved"
    );
}

#[test]
fn a_marked_sync_is_not_searched_again() {
    let place = Place::new();
    old_file(
        &place,
        "alter table v1_sync_runs add column grants_backfilled integer not null default 1",
    );
    let reader = Reader::open(&place.file, None).unwrap();
    let mut expandable = 0;
    reader
        .for_each_expandable(OLD_SYNC, &mut |_| {
            expandable += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(expandable, 0);
}

#[test]
fn an_old_grant_that_cannot_be_parsed_is_named() {
    let place = Place::new();
    let broken = "update v1_grants set data = cast('c1.connector.v2.GrantExpandable' as blob) \
                  where external_id = 'role:b:has:role:a'";
    old_file(&place, broken);
    let error = Store::open_with(&place.file, None, Policy::default()).err().unwrap();
    assert_eq!(error.kind(), Kind::DataLoss);
    assert!(error.to_string().contains("role:b:has:role:a"), "{error}");
}

#[test]
fn a_table_without_a_required_column_is_damage() {
    let place = Place::new();
    old_file(&place, "alter table v1_assets drop column content_type");
    let error = Reader::open(&place.file, None).err().unwrap();
    assert_eq!(error.kind(), Kind::DataLoss);
    assert!(error.to_string().contains("content_type"), "{error}");
}

#[test]
fn triggers_and_views_of_a_foreign_file_do_nothing() {
    let place = Place::new();
    old_file(
        &place,
        "create trigger evil after insert on v1_resources begin delete from v1_sync_runs; end; \
         create view v1_connector_sessions as select * from v1_sync_runs;",
    );
    assert!(
        Store::open_with(&place.file, None, Policy::default()).is_err(),
        "a view in the place of a table"
    );
    let place = Place::new();
    old_file(
        &place,
        "create trigger evil after insert on v1_resources begin delete from v1_sync_runs; end;",
    );
    let new = full_sync(&place);
    assert_eq!(
        Reader::open(&place.file, None)
            .unwrap()
            .latest_full()
            .unwrap()
            .unwrap()
            .sync_id,
        new
    );
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
        .join("published-connector.c1z")
}

#[test]
fn files_of_the_published_connector_open_and_their_stats_agree_with_ours() {
    for (name, counts) in [("legacy", (190, 145, 1623)), ("rbac-v2", (193, 148, 752))] {
        let reader = Reader::open(&golden(name), None).unwrap();
        let run = reader.latest_full().unwrap().unwrap();
        assert_eq!(Some(reader.stats_json(&run).unwrap()), run.stats, "{name}");
        let totals = reader.counts(&run.sync_id).unwrap().values().fold((0, 0, 0), |t, c| {
            (t.0 + c.resources, t.1 + c.entitlements, t.2 + c.grants)
        });
        assert_eq!(totals, counts, "{name}");
    }
}

/// The published connector writes users without a profile, which old exports crash on; nothing else is wrong.
#[test]
fn the_self_check_finds_the_known_defect_of_published_files_and_no_other() {
    for name in ["legacy", "rbac-v2"] {
        let reader = Reader::open(&golden(name), None).unwrap();
        let run = reader.latest_full().unwrap().unwrap();
        let problems = reader.verify(&run.sync_id).unwrap();
        assert_eq!(problems.len(), 40, "{name}: one per person");
        for problem in problems {
            assert_eq!(problem.what, "its UserTrait has no profile", "{name}: {problem}");
        }
    }
}

#[test]
fn a_published_file_takes_another_sync() {
    let place = Place::new();
    std::fs::copy(golden("rbac-v2"), &place.file).unwrap();
    let new = full_sync(&place);
    let reader = Reader::open(&place.file, None).unwrap();
    assert_eq!(reader.runs().unwrap().len(), 2);
    assert_eq!(reader.verify(&new).unwrap(), []);
    let before = Reader::open(&golden("rbac-v2"), None).unwrap();
    let old = before.latest_full().unwrap().unwrap();
    assert_eq!(
        reader.run(&old.sync_id).unwrap().unwrap(),
        old,
        "the old row is as it was"
    );
    assert_eq!(
        reader.counts(&old.sync_id).unwrap(),
        before.counts(&old.sync_id).unwrap()
    );
}

/// Public test data of the SDK, an older schema. It is not ours to commit, so it lies beside the repository.
fn expansion_pair() -> Option<[PathBuf; 2]> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = ["../shared/golden/expansion", "../../shared/golden/expansion"]
        .map(|f| root.join(f))
        .into_iter()
        .find(|f| f.is_dir());
    if folder.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "golden/expansion must lie beside the repository"
        );
        let notice = "golden/expansion is not beside the repository: only the files in tests/golden were tried";
        eprintln!("{notice}");
    }
    folder.map(|f| [f.join("unexpanded.c1z"), f.join("expanded.c1z")])
}

#[test]
fn the_expansion_pair_opens_with_its_expansions_in_the_columns() {
    let Some(pair) = expansion_pair() else { return };
    for (file, grants) in pair.iter().zip([2909u64, 14981]) {
        let place = Place::new();
        std::fs::copy(file, &place.file).unwrap();
        let mut store = place.open();
        let [run] = store.runs().unwrap().try_into().unwrap();
        store.bind_sync(&run.sync_id).unwrap();
        assert_eq!(store.counts().unwrap().values().map(|c| c.grants).sum::<u64>(), grants);
        assert!(store.has_expandable().unwrap());
        let (mut expandable, mut edges) = (0, 0);
        store
            .for_each_expandable(&mut |e| {
                expandable += 1;
                edges += e.expansion.entitlement_ids.len();
                Ok(())
            })
            .unwrap();
        assert!(
            expandable > 0 && edges >= expandable,
            "{expandable} grants, {edges} edges"
        );
        let saved = store.save().unwrap();
        let reader = Reader::open(&saved.path, None).unwrap();
        let mut left = 0;
        reader
            .for_each_grant(&run.sync_id, &mut |row| {
                left += usize::from(row.grant.annotations.iter().any(annotation::is::<v2::GrantExpandable>));
                assert_eq!(row.expansion.is_some(), row.needs_expansion);
                Ok(())
            })
            .unwrap();
        assert_eq!(left, 0, "still in messages");
    }
}
