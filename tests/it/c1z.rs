//! The c1z file against `baton/c1z/format.md`. What was written is read back with zstd and SQLite alone.

mod derived;
mod envelope;
mod grants;
mod kept;
pub mod older;
mod reading;
mod retention;
mod runs;
#[cfg(unix)]
mod saving;
mod schema;
mod slim;
mod unsound;
mod verify;

use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::{Policy, Store, SyncType};
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{Profile, ResourceBuilder, User, id, resource_type};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::place::names;

/// A folder, and the path of a c1z in it.
pub struct Place {
    pub folder: TempDir,
    pub file: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        Place { folder, file }
    }

    /// A store with the standard limits, whatever the environment of the test run says.
    pub fn open(&self) -> Store {
        Store::open_with(&self.file, None, Policy::default()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

/// The database inside a file, by nothing but the contract: five bytes, one zstd frame, SQLite.
struct Unpacked {
    db: Connection,
    bytes: Vec<u8>,
    _file: tempfile::NamedTempFile,
}

fn unpack(file: &Path) -> Unpacked {
    let raw = std::fs::read(file).unwrap();
    assert_eq!(&raw[..5], b"C1ZF\0");
    let bytes = zstd::decode_all(&raw[5..]).unwrap();
    let copy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(copy.path(), &bytes).unwrap();
    let db = Connection::open(copy.path()).unwrap();
    Unpacked { db, bytes, _file: copy }
}

/// Packs a database as another writer would.
fn pack(db: &Path, file: &Path) {
    let mut raw = b"C1ZF\0".to_vec();
    raw.extend(zstd::encode_all(std::fs::File::open(db).unwrap(), 3).unwrap());
    std::fs::write(file, raw).unwrap();
}

/// Changes a saved file with SQL, as another writer could have written it.
pub fn doctor(file: &Path, sql: &str) {
    edit(file, |db| db.execute_batch(sql).unwrap());
}

/// As [`doctor`], with the database at hand.
pub fn edit(file: &Path, change: impl FnOnce(&Connection)) {
    let unpacked = unpack(file);
    change(&unpacked.db);
    unpacked.db.close().unwrap();
    pack(unpacked._file.path(), file);
}

/// One text per row: the first column of a query.
fn column(db: &Connection, sql: &str) -> Vec<String> {
    db.prepare(sql)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn number(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

pub fn types() -> [v2::ResourceType; 2] {
    use v2::resource_type::Trait;
    [
        resource_type("user", "User", &[Trait::User], vec![]),
        resource_type("role", "Role", &[Trait::Role], vec![]),
    ]
}

fn user(number: usize) -> v2::Resource {
    ResourceBuilder::new("user", number.to_string(), format!("Person {number}"))
        .profile(Profile::new().with("id", i64::try_from(number).unwrap()))
        .user(User {
            email: None,
            login: None,
            account_type: v2::user_trait::AccountType::Human,
            last_login: None,
        })
        .build()
}

fn role(name: &str) -> v2::Resource {
    ResourceBuilder::new("role", name, format!("Role {name}"))
        .role()
        .build()
}

pub fn entitlement(on: &v2::Resource) -> v2::Entitlement {
    EntitlementBuilder::new(on, "has", Purpose::Assignment, &[&types()[0]]).build()
}

fn grant(on: &v2::Resource, user: usize) -> v2::Grant {
    GrantBuilder::new(on, "has", id("user", user.to_string())).build()
}

/// Two types, two people, the roles `a` and `b`, both people in `a`; the holders of `a` hold `b`.
fn put_small_workspace(store: &mut Store) {
    let (a, b) = (role("a"), role("b"));
    store.put_resource_types(&types()).unwrap();
    store.put_resources(&[user(1), user(2), a.clone(), b.clone()]).unwrap();
    store.put_entitlements(&[entitlement(&a), entitlement(&b)]).unwrap();
    let passed_on = GrantBuilder::new(&b, "has", id("role", "a"))
        .expands_over("role:a:has".to_owned())
        .immutable()
        .build();
    store.put_grants(vec![grant(&a, 1), grant(&a, 2), passed_on]).unwrap();
}

/// One finished full sync of the small workspace, saved.
pub fn full_sync(place: &Place) -> String {
    let mut store = place.open();
    let sync_id = store.begin_sync(SyncType::Full).unwrap();
    put_small_workspace(&mut store);
    store.mark_supports_diff().unwrap();
    store.finish_sync("{}").unwrap();
    store.save().unwrap();
    sync_id
}
