//! What both targets that make `.c1z` files share: a good one, and reading everything there is in one.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use baton_workato::baton::c1z::{Policy, Reader, Store, SyncType};
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::resource::{ResourceBuilder, id, resource_type};

pub const MAGIC: &[u8] = b"C1ZF\0";

/// The database of a finished sync: two roles, one of which passes the other on, and a person. Small pages, so that a
/// change of one byte is likely to hit something.
pub fn good() -> &'static [u8] {
    static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let place = Place::new();
        let mut store = Store::open_with(&place.file(), None, Policy::default()).unwrap();
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
        store.save().unwrap();

        let raw = std::fs::read(place.file()).unwrap();
        let database = place.folder().join("database");
        std::fs::write(&database, zstd::decode_all(&raw[MAGIC.len()..]).unwrap()).unwrap();
        let db = rusqlite::Connection::open(&database).unwrap();
        db.execute_batch("pragma page_size = 512; vacuum").unwrap();
        db.close().unwrap();
        std::fs::read(&database).unwrap()
    });
    &GOOD
}

pub fn pack(database: &[u8]) -> Vec<u8> {
    [MAGIC, &zstd::bulk::compress(database, 1).unwrap()].concat()
}

/// A folder in memory.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        Place(if memory.is_dir() {
            tempfile::tempdir_in(memory).unwrap()
        } else {
            tempfile::tempdir().unwrap()
        })
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self) -> PathBuf {
        self.0.path().join("sync.c1z")
    }

    #[allow(dead_code)]
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).unwrap();
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Bytes in it.
    #[allow(dead_code)]
    pub fn size(&self) -> u64 {
        let entries = std::fs::read_dir(self.folder()).unwrap();
        entries.map(|e| e.unwrap().metadata().unwrap().len()).sum()
    }
}

/// Reads everything, by every way there is.
pub fn read_all(reader: &Reader) {
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
        let results = [
            reader.for_each_resource_type(sync_id, &mut |_| Ok(())),
            reader.for_each_resource(sync_id, &mut |_| Ok(())),
            reader.for_each_entitlement(sync_id, &mut |_| Ok(())),
            reader.for_each_grant(sync_id, &mut |_| Ok(())),
            reader.for_each_expandable(sync_id, &mut |_| Ok(())),
            reader.for_each_grant_of(sync_id, "role:a:has", None, &mut |_| Ok(())),
            reader.grant(sync_id, "role:a:has:user:1").map(drop),
            reader.entitlement(sync_id, "role:a:has").map(drop),
            reader.resource(sync_id, "role", "a").map(drop),
            reader.counts(sync_id).map(drop),
            reader.stats_json(run).map(drop),
            reader.verify(sync_id).map(drop),
        ];
        results.iter().filter_map(|result| result.as_ref().err()).for_each(refused);
    }
}

/// A file from elsewhere is damaged, too big or of another sort. It is never a mistake of this program.
pub fn refused(error: &Error) {
    assert!(
        matches!(error.kind(), Kind::DataLoss | Kind::ResourceExhausted | Kind::Unimplemented),
        "{error:?}"
    );
}
