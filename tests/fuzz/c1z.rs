//! What the targets that make `.c1z` files share: a good one, and reading everything there is in one. Files lie in memory,
//! so that a run costs what reading them costs.

use std::ffi::c_int;
use std::io::Cursor;
use std::sync::LazyLock;
use std::time::Duration;

use baton_workato::baton::c1z::{Policy, Reader, Store, SyncType};
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::error::{Error, Kind, Result};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::resource::{ResourceBuilder, id, resource_type};
use rusqlite::backup::Backup;
use rusqlite::{Connection, MAIN_DB};
use twox_hash::XxHash64;

pub const MAGIC: &[u8] = b"C1ZF\0";
/// Bytes of a page.
const SMALL: u32 = 512;

/// The database of a finished sync: two roles, one of which passes the other on, and a person. Small pages, so that a
/// change of one byte is likely to hit something.
#[allow(dead_code)]
pub fn good() -> &'static [u8] {
    static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut store = Store::open_in_memory(&[], Policy::default()).unwrap();
        store.begin_sync(SyncType::Full).unwrap();
        let types = [resource_type("user", "User", &[], vec![]), resource_type("role", "Role", &[], vec![])];
        store.put_resource_types(&types).unwrap();
        let [a, b] = ["a", "b"].map(|name| ResourceBuilder::new("role", name, name).role().build());
        let person = ResourceBuilder::new("user", "1", "Person").build();
        store.put_resources(&[person, a.clone(), b.clone()]).unwrap();
        let has = |on| EntitlementBuilder::new(on, "has", Purpose::Assignment, &[&types[0]]).build();
        store.put_entitlements(&[has(&a), has(&b)]).unwrap();
        let held = GrantBuilder::new(&a, "has", id("user", "1")).build();
        let passed_on = GrantBuilder::new(&b, "has", id("role", "a")).expands_over("role:a:has".to_owned()).build();
        store.put_grants(vec![held, passed_on]).unwrap();
        store.finish_sync("{}").unwrap();
        small_pages(&zstd::decode_all(&store.pack().unwrap()[MAGIC.len()..]).unwrap())
    });
    &GOOD
}

/// The same database in small pages.
pub fn small_pages(database: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("database");
    std::fs::write(&file, database).unwrap();
    let db = Connection::open(&file).unwrap();
    db.execute_batch(&format!("pragma journal_mode = delete; pragma page_size = {SMALL}; vacuum")).unwrap();
    db.close().unwrap();
    std::fs::read(&file).unwrap()
}

/// A database in memory into which statements write, run after run: nothing is compiled twice, and the schema is read once.
#[allow(dead_code)]
pub struct Template(Connection);

#[allow(dead_code)]
impl Template {
    /// One with the content of `database`, whose pages are small.
    pub fn of(database: &[u8]) -> Template {
        let mut source = Connection::open_in_memory().unwrap();
        source.deserialize_read_exact(MAIN_DB, Cursor::new(database), database.len(), true).unwrap();
        let mut db = Connection::open_in_memory().unwrap();
        // It takes over what has the size of its own pages.
        db.execute_batch(&format!("pragma page_size = {SMALL}")).unwrap();
        Backup::new(&source, &mut db).unwrap().run_to_completion(c_int::MAX, Duration::ZERO, None).unwrap();
        db.set_prepared_statement_cache_capacity(512);
        Template(db)
    }

    /// The database as it is after these statements. The next one begins anew.
    pub fn after(&mut self, edit: impl FnOnce(&Connection)) -> Vec<u8> {
        let run = |sql: &str, db: &Connection| db.prepare_cached(sql).unwrap().execute([]).unwrap();
        run("savepoint edits", &self.0);
        edit(&self.0);
        // What is not committed is in it: it is read as statements read it.
        let database = self.0.serialize(MAIN_DB).unwrap().to_vec();
        run("rollback to edits", &self.0);
        run("release edits", &self.0);
        database
    }
}

/// `database` with bytes changed: where in two bytes, little end first, and the new one, for each.
#[allow(dead_code)]
pub fn changed(database: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut database = database.to_vec();
    let size = database.len();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % size;
        database[at] = change[2];
    }
    database
}

/// A database behind the magic, in a zstd frame whose blocks are not compressed: that takes no time.
#[allow(dead_code)]
pub fn pack(database: &[u8]) -> Vec<u8> {
    const LONGEST: usize = 128 << 10;
    /// One segment, whose size is said in four bytes.
    const DESCRIPTOR: u8 = 0b1010_0000;
    let size = u32::try_from(database.len()).unwrap();
    let mut file = [MAGIC, b"\x28\xb5\x2f\xfd", &[DESCRIPTOR], &size.to_le_bytes()].concat();
    let mut blocks = database.chunks(LONGEST).peekable();
    if blocks.peek().is_none() {
        file.extend([1, 0, 0]);
    }
    while let Some(block) = blocks.next() {
        let is_last = u32::from(blocks.peek().is_none());
        let head = u32::try_from(block.len()).unwrap() << 3 | is_last;
        file.extend(&head.to_le_bytes()[..3]);
        file.extend(block);
    }
    file
}

/// Reads everything, by every way there is.
#[allow(dead_code)]
pub fn read_all(reader: &Reader) {
    read_by(reader, u16::MAX);
}

/// As [`read_all`], by half of the ways. `input` says by which: inputs that are alike go different ways, and one goes the same
/// ones each time.
#[allow(dead_code)]
pub fn read_some(reader: &Reader, input: &[u8]) {
    read_by(reader, XxHash64::oneshot(0, input) as u16);
}

/// Reads by the ways whose bits are set: statements of a way are compiled for each file, which takes most of a run.
fn read_by(reader: &Reader, ways: u16) {
    let runs = match reader.runs() {
        Ok(runs) => runs,
        Err(error) => return refused(&error),
    };
    for result in [reader.latest_full(), reader.latest_finished()] {
        match result {
            Ok(found) => assert!(found.is_none_or(|run| runs.contains(&run))),
            Err(error) => refused(&error),
        }
    }
    for run in runs.iter().take(3) {
        let sync_id = run.sync_id.as_str();
        let all: [&dyn Fn() -> Result<()>; 12] = [
            &|| reader.for_each_resource_type(sync_id, &mut |_| Ok(())),
            &|| reader.for_each_resource(sync_id, &mut |_| Ok(())),
            &|| reader.for_each_entitlement(sync_id, &mut |_| Ok(())),
            &|| reader.for_each_grant(sync_id, &mut |_| Ok(())),
            &|| reader.for_each_expandable(sync_id, &mut |_| Ok(())),
            &|| reader.for_each_grant_of(sync_id, "role:a:has", None, &mut |_| Ok(())),
            &|| reader.grant(sync_id, "role:a:has:user:1").map(drop),
            &|| reader.entitlement(sync_id, "role:a:has").map(drop),
            &|| reader.resource(sync_id, "role", "a").map(drop),
            &|| reader.counts(sync_id).map(drop),
            &|| reader.stats_json(run).map(drop),
            &|| reader.verify(sync_id).map(drop),
        ];
        for (at, way) in all.into_iter().enumerate() {
            if ways >> at & 1 == 1
                && let Err(error) = way()
            {
                refused(&error);
            }
        }
    }
}

/// A file from elsewhere is damaged, too big or of another sort. It is never a mistake of this program.
#[allow(dead_code)]
pub fn refused(error: &Error) {
    assert!(
        matches!(error.kind(), Kind::DataLoss | Kind::ResourceExhausted | Kind::Unimplemented),
        "{error:?}"
    );
}
