//! An open v3 file: its sync, and its rows as they are stored.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;

use super::envelope::Envelope;
use super::key::{self, Range, kind};
use super::payload::Payload;
use super::{fault, record};
use crate::baton::c1z::Limits;
use crate::baton::c1z::reads::{Reads, Sort};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::pebble::{Cursor, DiskFile, ReadAt, Store};
use crate::baton::proto::c1::c1z::v3::C1zManifestV3;
use crate::baton::proto::c1::storage::v3::{SyncRunRecord, SyncStatsRecord};

/// The layout of keys that is read.
const KEYSPACE_VERSION: [u8; 4] = [0, 0, 0, 2];

/// How entitlements and grants are known in keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// By what they consist of.
    Structured,
    /// By the ids that their connector gave them; files of mid 2026.
    External,
}

/// A file that is being read. Nothing of it is unpacked before it is asked for. Copies share what was read.
#[derive(Clone)]
pub struct File {
    manifest: Arc<C1zManifestV3>,
    manifest_bytes: Bytes,
    pub(super) payload: Payload,
    store: Store,
    ids: Ids,
    reads: Arc<Reads>,
}

impl File {
    /// Opens the file at `path`. A payload that is one compressed archive is unpacked into memory, or beyond 32 MiB
    /// into a file without a name in `temp_dir` or the system's temporary folder.
    ///
    /// # Errors
    /// `NotFound` when there is no file, `Unimplemented` for an engine or a form that is not read,
    /// `ResourceExhausted` above a limit, `DataLoss` for everything that is not an intact v3 file.
    pub fn open(path: &Path, limits: &Limits, temp_dir: Option<&Path>) -> Result<File> {
        let open = || {
            let file = std::fs::File::open(path).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Error::new(Kind::NotFound, "there is no such file")
                    .code(code::FILE_MISSING)
                    .hint("check --file, or sync first"),
                _ => Error::from(error),
            })?;
            File::of(Arc::new(DiskFile::new(file)?), limits, temp_dir)
        };
        open().with_context(|| format!("open {}", path.display()))
    }

    /// As [`File::open`], for bytes that lie anywhere.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn of(file: Arc<dyn ReadAt>, limits: &Limits, temp_dir: Option<&Path>) -> Result<File> {
        let envelope = Envelope::read(&*file)?;
        let payload = Payload::open(file, &envelope, limits, temp_dir)?;
        let store = Store::open(payload.clone())?;
        let ids = ids_of(&store)?;
        Ok(File {
            manifest: Arc::new(envelope.manifest),
            manifest_bytes: envelope.raw,
            payload,
            store,
            ids,
            reads: Arc::default(),
        })
    }

    /// The same file, where what is read is counted there.
    pub(in crate::baton::c1z) fn counted(self, reads: Arc<Reads>) -> Self {
        File { reads, ..self }
    }

    /// Notes that the record of a key was read.
    pub(super) fn note(&self, key: &[u8]) {
        match key.get(1).copied() {
            Some(kind::RESOURCE) => self.reads.count(Sort::Resource),
            Some(kind::ENTITLEMENT) => self.reads.count(Sort::Entitlement),
            Some(kind::GRANT) => self.reads.count(Sort::Grant),
            _ => {}
        }
    }

    /// What the file says of itself before its payload.
    pub fn manifest(&self) -> &C1zManifestV3 {
        &self.manifest
    }

    /// The same as it stands in the file.
    pub(super) fn manifest_bytes(&self) -> &[u8] {
        &self.manifest_bytes
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How entitlements and grants are known in keys.
    pub fn ids(&self) -> Ids {
        self.ids
    }

    /// The sync, if there is one: a file holds one at most.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, `Unimplemented` for a form that is not read; here and below.
    pub fn run(&self) -> Result<Option<SyncRunRecord>> {
        self.get(key::RUN)
    }

    /// The counts that the writer stored, if they are those of the sync in the file.
    ///
    /// # Errors
    /// As [`File::run`].
    pub fn stats(&self) -> Result<Option<SyncStatsRecord>> {
        let Some(run) = self.run()? else {
            return Ok(None);
        };
        let stats: Option<SyncStatsRecord> = self.get(key::STATS)?;
        Ok(stats.filter(|stats| stats.sync_id == run.sync_id))
    }

    /// Whether the index of grants by principal has all of them.
    pub(super) fn has_principal_index(&self) -> Result<bool> {
        Ok(self.store.get(key::PRINCIPAL_INDEX_PENDING)?.is_none())
    }

    /// The record of a key.
    pub(super) fn get<M: Message + Default>(&self, key: &[u8]) -> Result<Option<M>> {
        let value = self.store.get(key)?;
        value
            .map(|value| {
                self.note(key);
                record::decode(&value, key)
            })
            .transpose()
    }

    /// Calls `each` with every row of a range, in the order of keys.
    pub(super) fn walk(&self, range: &Range, each: &mut dyn FnMut(&Cursor) -> Result<()>) -> Result<()> {
        let mut cursor = self.store.scan(&range.0, Some(&range.1))?;
        while cursor.advance()? {
            each(&cursor)?;
        }
        Ok(())
    }

    /// As [`File::walk`], with the records.
    pub(super) fn records<M: Message + Default>(
        &self,
        range: &Range,
        each: &mut dyn FnMut(M) -> Result<()>,
    ) -> Result<()> {
        self.walk(range, &mut |row| {
            self.note(row.key());
            each(record::decode(row.value()?, row.key())?)
        })
    }

    /// As [`File::records`], with as much of them as is a name.
    pub(super) fn names<M: Message + Default>(
        &self,
        range: &Range,
        each: &mut dyn FnMut(M) -> Result<()>,
    ) -> Result<()> {
        self.walk(range, &mut |row| {
            self.reads.count(Sort::Name);
            each(record::decode(row.value()?, row.key())?)
        })
    }
}

/// The stamps say which layout the keys have. A store without a row has none.
fn ids_of(store: &Store) -> Result<Ids> {
    let stamp = store.get(key::KEYSPACE_VERSION)?;
    match stamp.as_deref() {
        Some(version) if *version == KEYSPACE_VERSION => {}
        Some(other) => {
            return Err(fault::unsupported(format!(
                "its keys are of layout {other:02x?}, which is not read"
            )));
        }
        None if store.scan(&[], None)?.advance()? => {
            return Err(fault::damaged("it does not say which layout its keys have"));
        }
        None => {}
    }
    match store.get(key::ID_FORMAT)?.as_deref() {
        Some([0, 0, 0, 2]) => Ok(Ids::Structured),
        None | Some([0, 0, 0, 0]) => Ok(Ids::External),
        Some(other) => Err(fault::unsupported(format!(
            "its entitlements and grants are known in way {other:02x?}, which is not read"
        ))),
    }
}
