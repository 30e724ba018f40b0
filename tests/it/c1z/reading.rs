//! A file whose database is not what its schema says is refused by whoever reads it: it would answer with the rows of
//! another table, or with none. Each file is made here, from a sound one.

use std::path::Path;

use assert_cmd::Command;
use baton_workato::baton::c1z::{Policy, Reader, SyncType};
use baton_workato::baton::error::Kind;

use super::{Place, doctor, entitlement, full_sync, grant, number, pack, role, types, unpack, user};

/// Every command that reads a file, as typed before `-f`.
const READING: &[&[&str]] = &[
    &["grants"],
    &["resources"],
    &["resource-types"],
    &["entitlements"],
    &["principals"],
    &["syncs"],
    &["stats"],
    &["verify"],
    &["access", "user:1"],
    &["access", "--on", "role:a"],
    &["access", "--fail-if", "direct"],
    &["diff"],
    &["export", "--format", "csv"],
    &["explore", "--no-open"],
];

/// Grants of so many people: enough for trees with pages inside.
const PEOPLE: usize = 600;

fn big(place: &Place) {
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    store.put_resource_types(&types()).unwrap();
    let roles = [role("a"), role("b")];
    let people: Vec<_> = (1..=PEOPLE).map(user).collect();
    store.put_resources(&people).unwrap();
    store.put_resources(&roles).unwrap();
    for role in &roles {
        store.put_entitlements(&[entitlement(role)]).unwrap();
        let grants: Vec<_> = (1..=PEOPLE).map(|person| grant(role, person)).collect();
        store.put_grants(grants).unwrap();
    }
    store.finish_sync("{}").unwrap();
    store.save().unwrap();
}

/// What is said of a file that is refused.
#[track_caller]
fn refusal(place: &Place, what: &str) -> String {
    let error = match Reader::open_with(&place.file, None, &Policy::default()) {
        Ok(_) => panic!("{what} is read"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), Kind::DataLoss, "{what}: {error:?}");
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("failed to open {}: ", place.file.display())),
        "{text}"
    );
    assert_eq!(place.names(), ["sync.c1z"], "{what}");
    text
}

fn run(args: &[&str], file: &Path, folder: &Path) -> (i32, String) {
    let mut command = Command::cargo_bin("baton-workato").unwrap();
    command.env_clear().args(args).arg("-f").arg(file).current_dir(folder);
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn schema(sql: &str) -> String {
    format!("pragma writable_schema = on; {sql}; pragma writable_schema = off;")
}

fn root_of(name: &str) -> String {
    format!("(select rootpage from sqlite_schema where name = '{name}')")
}

/// Says that one table or index begins where another one does.
fn shared(name: &str, other: &str) -> String {
    schema(&format!(
        "update sqlite_schema set rootpage = {} where name = '{name}'",
        root_of(other)
    ))
}

#[test]
fn tables_that_share_a_page_are_refused_by_every_command() {
    let place = Place::new();
    full_sync(&place);
    doctor(&place.file, &shared("v1_grants", "v1_assets"));
    for args in READING {
        let (code, stderr) = run(args, &place.file, place.folder.path());
        assert_eq!(code, 15, "{args:?}: {stderr}");
        assert!(stderr.contains("cannot begin on page"), "{args:?}: {stderr}");
    }
    assert_eq!(place.names(), ["sync.c1z"]);
}

#[test]
fn roots_that_are_shared_or_elsewhere_are_refused() {
    for (name, other) in [
        ("v1_grants", "v1_assets"),
        ("v1_assets", "v1_grants"),
        ("v1_resources", "v1_connector_sessions"),
        ("v1_grants", "idx_grants_external_sync_v1"),
        ("idx_grants_principal_id_v1", "idx_resources_resource_type_id_v1"),
        ("idx_assets_external_sync_v1", "v1_assets"),
    ] {
        let place = Place::new();
        full_sync(&place);
        doctor(&place.file, &shared(name, other));
        refusal(&place, &format!("{name} where {other} is"));
    }
    for page in ["0", "1", "-1", "99999", "null", "'two'"] {
        let place = Place::new();
        full_sync(&place);
        let sql = schema(&format!(
            "update sqlite_schema set rootpage = {page} where name = 'v1_grants'"
        ));
        doctor(&place.file, &sql);
        refusal(&place, &format!("v1_grants on {page}"));
    }
}

#[test]
fn a_root_among_the_free_pages_is_refused() {
    let place = Place::new();
    full_sync(&place);
    doctor(&place.file, "create table t (x)");
    let page = number(
        &unpack(&place.file).db,
        "select rootpage from sqlite_schema where name = 't'",
    );
    doctor(&place.file, "drop table t");
    let sql = schema(&format!(
        "update sqlite_schema set rootpage = {page} where name = 'v1_grants'"
    ));
    doctor(&place.file, &sql);
    refusal(&place, "a free page");
}

/// The bytes of a database, changed and packed again.
fn rewrite(place: &Place, change: impl FnOnce(&mut [u8])) {
    let mut bytes = unpack(&place.file).bytes;
    change(&mut bytes);
    let database = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(database.path(), bytes).unwrap();
    pack(database.path(), &place.file);
}

const PAGE: usize = 4096;

fn page(bytes: &mut [u8], number: usize) -> &mut [u8] {
    &mut bytes[(number - 1) * PAGE..][..PAGE]
}

fn root(place: &Place, name: &str) -> usize {
    let sql = format!("select rootpage from sqlite_schema where name = '{name}'");
    usize::try_from(number(&unpack(&place.file).db, &sql)).unwrap()
}

#[test]
fn a_page_that_is_used_twice_deep_in_a_tree_is_refused() {
    let made = Place::new();
    big(&made);
    let grants = root(&made, "v1_grants");
    let index = root(&made, "idx_grants_external_sync_v1");
    let whole = unpack(&made.file).bytes;
    let last = |tree: usize| u32::from_be_bytes(whole[(tree - 1) * PAGE + 8..][..4].try_into().unwrap());
    assert_eq!(
        (whole[(grants - 1) * PAGE], whole[(index - 1) * PAGE]),
        (5, 2),
        "both have pages inside"
    );
    let first_cell = |tree: usize| {
        let place = u16::from_be_bytes(whole[(tree - 1) * PAGE + 12..][..2].try_into().unwrap());
        u32::from_be_bytes(whole[(tree - 1) * PAGE + usize::from(place)..][..4].try_into().unwrap())
    };
    let assets = u32::try_from(root(&made, "v1_assets")).unwrap();
    for (tree, child, what) in [
        (grants, assets, "the empty page of another table"),
        (grants, first_cell(grants), "its own first page once more"),
        (grants, last(index), "a page of an index"),
        (index, last(grants), "a page of a table"),
        (index, first_cell(index), "its own first page once more"),
        (grants, 0, "no page"),
        (grants, 1, "the list of tables"),
        (grants, 9_999, "a page behind the end"),
        (grants, u32::try_from(grants).unwrap(), "itself"),
    ] {
        let place = Place::new();
        std::fs::copy(&made.file, &place.file).unwrap();
        rewrite(&place, |bytes| {
            page(bytes, tree)[8..12].copy_from_slice(&child.to_be_bytes())
        });
        refusal(&place, what);
    }
    for (number, kind, what) in [
        (
            usize::try_from(last(grants)).unwrap(),
            10,
            "a leaf of an index in a table",
        ),
        (
            usize::try_from(last(index)).unwrap(),
            13,
            "a leaf of a table in an index",
        ),
        (usize::try_from(last(grants)).unwrap(), 7, "a page of no kind"),
    ] {
        let place = Place::new();
        std::fs::copy(&made.file, &place.file).unwrap();
        rewrite(&place, |bytes| page(bytes, number)[0] = kind);
        refusal(&place, what);
    }
    let place = Place::new();
    std::fs::copy(&made.file, &place.file).unwrap();
    rewrite(&place, |bytes| {
        bytes[32..36].copy_from_slice(&u32::try_from(grants).unwrap().to_be_bytes());
        bytes[36..40].copy_from_slice(&1u32.to_be_bytes());
    });
    refusal(&place, "a table among the free pages");
}

#[test]
fn a_table_that_is_something_else_is_refused() {
    let columns = "id integer primary key, resource_type_id text not null, resource_id text not null, \
        entitlement_id text not null, principal_resource_type_id text not null, principal_resource_id text not null, \
        external_id text not null, expansion blob, needs_expansion integer not null default 0, data blob not null, \
        sync_id text not null, discovered_at datetime not null";
    let anew = |columns: &str, tail: &str| format!("drop table v1_grants; create table v1_grants ({columns}) {tail}");
    for (what, sql) in [
        (
            "a view",
            "alter table v1_grants rename to g; create view v1_grants as select * from g where 0".to_owned(),
        ),
        ("no table of rows", anew(columns, "without rowid")),
        (
            "a computed column",
            anew(
                &columns.replace("data blob not null", "data blob not null as (zeroblob(0))"),
                "",
            ),
        ),
        (
            "a stored computed column",
            anew(
                &columns.replace("external_id text not null", "external_id text not null as ('x') stored"),
                "",
            ),
        ),
        (
            "ids of which case does not matter",
            anew(
                &columns.replace("entitlement_id text", "entitlement_id text collate nocase"),
                "",
            ),
        ),
        (
            "a view in other letters",
            "alter table v1_grants rename to g; create view V1_Grants as select * from g where 0".to_owned(),
        ),
    ] {
        let place = Place::new();
        full_sync(&place);
        doctor(&place.file, &sql);
        let text = refusal(&place, what);
        assert!(text.to_lowercase().contains("v1_grants"), "{what}: {text}");
        for args in [&["grants"] as &[&str], &["access", "user:1"], &["verify"]] {
            assert_eq!(run(args, &place.file, place.folder.path()).0, 15, "{what}");
        }
    }
}

/// The index by which a person's grants of a right are found, with the entries of another table or of other columns.
fn swapped(on: &str, columns: &str) -> String {
    let name = "idx_grants_entitlement_id_principal_id_v1";
    let real = "create index idx_grants_entitlement_id_principal_id_v1 on v1_grants \
                (entitlement_id, principal_resource_type_id, principal_resource_id)";
    format!(
        "drop index {name}; create index {name} on {on} ({columns}); {}",
        schema(&format!(
            "update sqlite_schema set tbl_name = 'v1_grants', sql = '{real}' where name = '{name}'"
        ))
    )
}

#[test]
fn an_index_that_misses_rows_is_refused() {
    for (on, columns) in [
        ("v1_assets", "external_id, content_type, sync_id"),
        ("v1_entitlements", "external_id, resource_type_id, resource_id"),
    ] {
        let place = Place::new();
        full_sync(&place);
        doctor(&place.file, &swapped(on, columns));
        let text = refusal(&place, on);
        assert!(
            text.contains("idx_grants_entitlement_id_principal_id_v1 finds"),
            "{text}"
        );
    }
}

#[test]
fn an_index_of_other_entries_is_found_by_verify() {
    let place = Place::new();
    full_sync(&place);
    assert_eq!(run(&["verify"], &place.file, place.folder.path()), (0, String::new()));
    doctor(
        &place.file,
        &swapped("v1_grants", "external_id, sync_id, discovered_at"),
    );
    let (code, stderr) = run(&["verify"], &place.file, place.folder.path());
    assert_eq!(code, 15, "{stderr}");
    let reader = Reader::open_with(&place.file, None, &Policy::default()).unwrap();
    let problems = reader.verify_file().unwrap();
    assert!(!problems.is_empty());
    assert!(
        problems
            .iter()
            .all(|problem| problem.row == "database"
                && problem.what.contains("idx_grants_entitlement_id_principal_id_v1")),
        "{problems:?}"
    );
}

/// What others may write all the same: other sizes of pages, files that shrink by themselves, free pages, further tables.
#[test]
fn a_sound_file_of_any_form_is_read() {
    for sql in [
        "pragma page_size = 512; vacuum",
        "pragma page_size = 65536; vacuum",
        "pragma auto_vacuum = full; vacuum",
        "pragma auto_vacuum = incremental; pragma page_size = 512; vacuum; drop index idx_grants_principal_id_v1",
        "drop index idx_grants_principal_id_v1; drop index idx_grants_external_sync_v1",
        "create table other (a text primary key, b) without rowid; insert into other values ('x', 1); \
         create index part on v1_grants (id) where id > 3; create index whole on other (b)",
        "create trigger v1_grants after insert on v1_assets begin delete from v1_grants; end",
        "analyze",
        "pragma journal_mode = wal",
    ] {
        let place = Place::new();
        big(&place);
        doctor(&place.file, sql);
        let reader =
            Reader::open_with(&place.file, None, &Policy::default()).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let sync = reader.latest_full().unwrap().unwrap().sync_id;
        let mut grants = 0;
        reader
            .for_each_grant(&sync, &mut |_| {
                grants += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(grants, 2 * PEOPLE, "{sql}");
        assert_eq!(reader.verify_file().unwrap(), [], "{sql}");
    }
}
