//! Writing a v3 file: rows in any order become one sorted store with its indexes, digests and counts
//! (`baton/c1z/v3/format.md 6`).

mod build;
mod derived;
mod digest;
mod row;
mod sorter;
mod stats;

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_types::Timestamp;

use super::envelope::{self, Encoding, put_header};
use super::key::{self, kind};
use super::payload::{Packer, put_index};
use super::record::Grant;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::proto::c1::c1z::v3::{C1zManifestV3, GrantDigestRoot, PebbleIdIndexFormat, SyncRunSummary};
use crate::baton::proto::c1::storage::v3::{
    AssetRecord, EntitlementRecord, GrantRecord, ResourceRecord, SessionRecord, SyncRunRecord, SyncStatsRecord,
};
use crate::baton::proto::v2;
use build::Build;
pub(super) use derived::Derived;
use digest::Sum;
pub(super) use sorter::Sorter;

/// The version of the store's format, as the manifest says it.
const SCHEMA_VERSION: u32 = 24;
/// The version of the way in which digests are computed.
const DIGEST_ABI: u32 = 1;
/// Bytes of records that are held in memory before they are sorted on disk.
const RECORDS: usize = 32 << 20;
const BUFFER: usize = 128 << 10;

/// Collects the rows of one sync and writes them as a v3 file. Of several rows with the same ids, the last one counts.
pub struct Writer {
    folder: PathBuf,
    records: Sorter,
    lost: Lost,
    /// Working memory.
    value: Vec<u8>,
}

/// What messages said that the v3 form has no place for, in resources that were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Resources with an external id.
    pub external_ids: u64,
    /// Resources that are marked as known to ConductorOne.
    pub baton_resources: u64,
    /// Resources that say who made them.
    pub creation_sources: u64,
}

impl Writer {
    /// A writer that sorts what is too much for memory in `temp_dir`, or in the system's temporary folder.
    pub fn new(temp_dir: Option<&Path>) -> Self {
        Self::with_budget(temp_dir, RECORDS)
    }

    /// As [`Writer::new`], for a number of bytes that are held.
    fn with_budget(temp_dir: Option<&Path>, budget: usize) -> Self {
        let folder = temp_dir.map_or_else(std::env::temp_dir, Path::to_owned);
        Writer {
            records: Sorter::new(&folder, budget),
            folder,
            lost: Lost::default(),
            value: Vec::new(),
        }
    }

    /// What could not be kept so far.
    pub fn lost(&self) -> Lost {
        self.lost
    }

    /// Adds a resource type that was first seen `at`.
    ///
    /// # Errors
    /// `InvalidArgument` for a row without the ids that its key is made of, `ResourceExhausted` when the disk is full;
    /// here and below.
    pub fn put_resource_type(&mut self, message: v2::ResourceType, at: Timestamp) -> Result<()> {
        let record = row::resource_type(message, at)?;
        let key = key::record(kind::RESOURCE_TYPE, &[&record.external_id]);
        self.put(&key, &[], |value| record.encode(value).unwrap_or_default())
    }

    /// Adds a resource.
    ///
    /// # Errors
    /// As [`Writer::put_resource_type`].
    pub fn put_resource(&mut self, message: v2::Resource, at: Timestamp) -> Result<()> {
        self.lost.external_ids += u64::from(message.external_id.is_some());
        let is_known = message.baton_resource || message.id.as_ref().is_some_and(|id| id.baton_resource);
        self.lost.baton_resources += u64::from(is_known);
        self.lost.creation_sources += u64::from(message.creation_source != 0);
        let record = row::resource(message, at)?;
        let (key, parent) = row::resource_key(&record);
        self.put(&key, &parent, |value| record.encode(value).unwrap_or_default())
    }

    /// Adds an entitlement. Of its resource and its types only the ids are kept.
    ///
    /// # Errors
    /// As [`Writer::put_resource_type`].
    pub fn put_entitlement(&mut self, message: v2::Entitlement, at: Timestamp) -> Result<()> {
        let record = row::entitlement(message, at)?;
        let key = row::entitlement_key(&record);
        self.put(&key, &[], |value| record.encode(value).unwrap_or_default())
    }

    /// Adds a grant, which must not carry `GrantExpandable` among its annotations
    /// (see [`split_expansion`](crate::baton::c1z::split_expansion)). Of its entitlement and its principal only ids are
    /// kept.
    ///
    /// # Errors
    /// As [`Writer::put_resource_type`].
    pub fn put_grant(&mut self, grant: Grant) -> Result<()> {
        let record = row::grant(grant)?;
        let (key, note) = row::grant_key(&record);
        self.put(&key, &note, |value| row::put_grant(record, value))
    }

    /// Adds an asset, such as an icon, as it is to be stored.
    ///
    /// # Errors
    /// As [`Writer::put_resource_type`].
    pub fn put_asset(&mut self, asset: &AssetRecord) -> Result<()> {
        let key = key::record(kind::ASSET, &[&asset.external_id]);
        self.put(&key, &[], |value| asset.encode(value).unwrap_or_default())
    }

    /// Adds a value of the session of an unfinished sync.
    ///
    /// # Errors
    /// As [`Writer::put_resource_type`].
    pub fn put_session(&mut self, session: &SessionRecord) -> Result<()> {
        let key = key::record(kind::SESSION, &[&session.sync_id, &session.key]);
        self.put(&key, &[], |value| session.encode(value).unwrap_or_default())
    }

    /// Adds only what a resource means for the indexes and counts. Returns its key; so below.
    pub(super) fn mark_resource(&mut self, record: &ResourceRecord) -> Result<Vec<u8>> {
        let (key, parent) = row::resource_key(record);
        self.put(&key, &parent, |_| ())?;
        Ok(key)
    }

    pub(super) fn mark_entitlement(&mut self, record: &EntitlementRecord) -> Result<Vec<u8>> {
        let key = row::entitlement_key(record);
        self.put(&key, &[], |_| ())?;
        Ok(key)
    }

    pub(super) fn mark_grant(&mut self, record: &GrantRecord) -> Result<Vec<u8>> {
        let (key, note) = row::grant_key(record);
        self.put(&key, &note, |_| ())?;
        Ok(key)
    }

    /// A record that only its kind and one id stand for.
    pub(super) fn mark(&mut self, kind: u8, id: &str) -> Result<Vec<u8>> {
        let key = key::record(kind, &[id]);
        self.put(&key, &[], |_| ())?;
        Ok(key)
    }

    /// Adds a row. The note is for [`Writer::finish`], and stands before the record until then.
    fn put(&mut self, key: &[u8], note: &[u8], record: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        self.value.clear();
        let length = u32::try_from(note.len()).map_err(|_| Error::new(Kind::Internal, "a key is too long"))?;
        self.value.extend_from_slice(&length.to_le_bytes());
        self.value.extend_from_slice(note);
        record(&mut self.value);
        self.records.add(key, &self.value)
    }

    /// Writes the file of the sync `run` to `out`. A run without an end is unfinished, and gets neither digests nor
    /// counts. Returns the size of the file.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full, and those of the file system.
    pub fn finish(self, run: &SyncRunRecord, out: &mut dyn Write) -> Result<u64> {
        self.build(run, None)?.write_to(out)
    }

    /// As [`Writer::finish`], up to where the file is complete and only to be written. With `derived` grants besides.
    pub(super) fn build(self, run: &SyncRunRecord, derived: Option<&Derived<'_>>) -> Result<Complete> {
        // What stands before the frames is known when they are complete.
        let frames = tempfile::tempfile_in(&self.folder)
            .map_err(Error::from)
            .with_context(|| format!("create a file in {}", self.folder.display()))?;
        let packer = Packer::new(BufWriter::with_capacity(BUFFER, frames))?;
        let built = Build::new(packer, &self.folder, run.ended_at.is_some()).all(self.records, derived, run)?;
        let grants = built.stats.as_ref().map(|stats| stats.grants);
        let manifest = manifest(run, built.stats, built.digest);
        let mut header = Vec::new();
        put_header(&mut header, &manifest);
        let mut packed = built.packer.finish()?;
        for entry in &mut packed.entries {
            entry.offset += header.len() as u64;
        }
        let mut frames = packed.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        frames.rewind()?;
        let mut end = Vec::new();
        let offset = header.len() as u64 + packed.size;
        put_index(
            &mut end,
            offset,
            &packed.entries,
            twox_hash::XxHash64::oneshot(0, &manifest),
        );
        Ok(Complete {
            header,
            frames,
            end,
            size: packed.size,
            grants,
        })
    }
}

/// A file that is complete. Its frames lie in a file without a name.
pub(in crate::baton::c1z) struct Complete {
    header: Vec<u8>,
    frames: File,
    end: Vec<u8>,
    /// Bytes of the frames.
    size: u64,
    /// Grants of a finished sync, as they were counted.
    pub(super) grants: Option<i64>,
}

impl Complete {
    /// Writes it. Returns its size.
    ///
    /// # Errors
    /// Those of `out`; `Internal` when the frames are not as long as they were.
    pub(in crate::baton::c1z) fn write_to(mut self, out: &mut dyn Write) -> Result<u64> {
        out.write_all(&self.header)?;
        let copied = io::copy(&mut self.frames, out)?;
        if copied != self.size {
            let message = format!("{copied} bytes of {} were packed", self.size);
            return Err(Error::new(Kind::Internal, message));
        }
        out.write_all(&self.end)?;
        Ok((self.header.len() + self.end.len()) as u64 + copied)
    }
}

/// What stands before the payload, as it is in the file.
fn manifest(run: &SyncRunRecord, stats: Option<SyncStatsRecord>, digest: Option<Sum>) -> Vec<u8> {
    let digest = digest.map(|sum| GrantDigestRoot {
        xor_digest: sum.xor.to_be_bytes().to_vec(),
        count: i64::try_from(sum.count).unwrap_or(i64::MAX),
        abi_version: DIGEST_ABI,
    });
    let manifest = C1zManifestV3 {
        engine: envelope::ENGINE.to_owned(),
        engine_schema_version: SCHEMA_VERSION,
        payload_encoding: Encoding::INDEXED,
        sync_runs: vec![SyncRunSummary {
            sync_id: run.sync_id.clone(),
            r#type: run.r#type,
            started_at: run.started_at,
            ended_at: run.ended_at,
            parent_sync_id: run.parent_sync_id.clone(),
            stats,
        }],
        pebble_id_index_format: PebbleIdIndexFormat::StructuredV1.into(),
        grant_digest_root: digest,
        ..C1zManifestV3::default()
    };
    manifest.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::super::{Grants, Ids};
    use super::*;
    use crate::baton::c1z::Limits;
    use crate::baton::c1z::v3::File;
    use crate::baton::proto::c1::storage::v3::SyncType;

    const AT: Timestamp = Timestamp {
        seconds: 1_790_000_000,
        nanos: 7,
    };

    fn resource(kind: &str, id: &str, parent: Option<&str>) -> v2::Resource {
        let id_of = |kind: &str, id: &str| v2::ResourceId {
            resource_type: kind.to_owned(),
            resource: id.to_owned(),
            ..v2::ResourceId::default()
        };
        v2::Resource {
            id: Some(id_of(kind, id)),
            parent_resource_id: parent.map(|id| id_of(kind, id)),
            display_name: format!("the {kind} {id}"),
            ..v2::Resource::default()
        }
    }

    fn entitlement(on: &str) -> v2::Entitlement {
        v2::Entitlement {
            id: format!("role:{on}:has"),
            resource: Some(resource("role", on, None)),
            ..v2::Entitlement::default()
        }
    }

    fn grant(on: &str, to: &str, expands: &[&str]) -> Grant {
        Grant {
            grant: v2::Grant {
                id: format!("role:{on}:has:user:{to}"),
                entitlement: Some(entitlement(on)),
                principal: Some(resource("user", to, None)),
                ..v2::Grant::default()
            },
            expansion: Some(v2::GrantExpandable {
                entitlement_ids: expands.iter().map(|&id| id.to_owned()).collect(),
                ..v2::GrantExpandable::default()
            }),
            needs_expansion: true,
            discovered_at: Some(AT),
        }
    }

    fn run(is_finished: bool) -> SyncRunRecord {
        SyncRunRecord {
            sync_id: "3MQXqSDyoCAS1j7HlC4xTdpanMt".to_owned(),
            r#type: SyncType::Full.into(),
            started_at: Some(AT),
            ended_at: is_finished.then_some(AT),
            ..SyncRunRecord::default()
        }
    }

    /// Two roles, of which one has 600 holders; rows come in an order of their own.
    fn filled(budget: usize, turned: bool) -> Writer {
        let mut writer = Writer::with_budget(None, budget);
        let mut numbers: Vec<u32> = (0..600).collect();
        if turned {
            numbers.reverse();
        }
        for n in numbers {
            let id = format!("{n:03}");
            writer
                .put_grant(grant("a", &id, if n % 100 == 0 { &["role:b:has"] } else { &[" "] }))
                .unwrap();
            writer
                .put_resource(resource("user", &id, (n % 3 == 1).then_some("000")), AT)
                .unwrap();
        }
        for on in ["b", "a"] {
            writer.put_entitlement(entitlement(on), AT).unwrap();
            writer.put_resource(resource("role", on, None), AT).unwrap();
        }
        for id in ["user", "role"] {
            let kind = v2::ResourceType {
                id: id.to_owned(),
                ..v2::ResourceType::default()
            };
            writer.put_resource_type(kind, AT).unwrap();
        }
        writer
    }

    fn file(writer: Writer, is_finished: bool) -> (Vec<u8>, File) {
        let mut out = Vec::new();
        let size = writer.finish(&run(is_finished), &mut out).unwrap();
        assert_eq!(size, out.len() as u64);
        let file = File::of(Arc::new(Bytes::from(out.clone())), &Limits::default(), None).unwrap();
        (out, file)
    }

    fn keys(file: &File, start: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = file.store().scan(start, None).unwrap();
        let mut found = Vec::new();
        while rows.advance().unwrap() && rows.key().starts_with(start) {
            found.push((rows.key().to_vec(), rows.value().unwrap().to_vec()));
        }
        found
    }

    #[test]
    fn the_same_rows_make_the_same_bytes_whatever_their_order_and_the_memory() {
        let (wanted, _) = file(filled(RECORDS, false), true);
        for budget in [RECORDS, 10_000, 1] {
            let (found, _) = file(filled(budget, true), true);
            assert!(found == wanted, "with {budget} bytes");
        }
    }

    #[test]
    fn indexes_digests_and_counts_are_those_of_the_rows() {
        let (_, file) = file(filled(RECORDS, false), true);
        assert_eq!(file.ids(), Ids::Structured);
        let count = |start: &[u8]| keys(&file, start).len();
        assert_eq!(count(b"\x03\x07\x01\0user\x00000\0"), 200, "children");
        assert_eq!(count(b"\x03\x07\x04\0"), 600, "by principal");
        assert_eq!(count(b"\x03\x07\x05\0"), 6, "to be expanded; what names nothing is not");
        assert_eq!(count(b"\x03\x07\x08\0"), 600, "by hash");
        let mut found = 0;
        file.for_each_grant(Grants::To("user", "007"), &mut |_| {
            found += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(found, 1);
        // A root for each of two entitlements, two leaves of the one with 600 grants, and one for the file.
        let nodes = keys(&file, b"\x03\x0a\x08\0");
        let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().unwrap());
        assert_eq!(nodes.len(), 5);
        let [whole, root, left, right, empty] = [0, 1, 2, 3, 4].map(|n| nodes[n].1.as_slice());
        assert_eq!((root[0], number(&root[1..9]), root[1..] == *whole), (1, 600, true));
        assert_eq!(number(&left[..8]) + number(&right[..8]), 600);
        assert_eq!(number(&left[8..]) ^ number(&right[8..]), number(&root[9..]));
        assert_eq!(empty, [0; 17]);
        let digest = file.manifest().grant_digest_root.clone().unwrap();
        assert_eq!((digest.count, digest.xor_digest.as_slice()), (600, &whole[8..]));
        let stats = file.stats().unwrap().unwrap();
        assert_eq!(
            (stats.resource_types, stats.resources, stats.entitlements, stats.grants),
            (2, 602, 2, 600)
        );
        assert_eq!(stats.resources_by_resource_type["user"], 600);
        assert_eq!(file.manifest().sync_runs[0].stats, Some(stats));
    }

    #[test]
    fn of_two_rows_with_the_same_ids_the_last_one_counts_everywhere() {
        let mut writer = filled(1_000, false);
        writer.put_grant(grant("a", "000", &[])).unwrap();
        writer.put_grant(grant("a", "007", &["role:b:has"])).unwrap();
        let (_, file) = file(writer, true);
        let expandable: Vec<_> = keys(&file, b"\x03\x07\x05\0").into_iter().map(|(key, _)| key).collect();
        assert_eq!(expandable.len(), 6);
        assert!(expandable[0].ends_with(b"user\x00007"), "{:?}", expandable[0]);
        assert_eq!(file.stats().unwrap().unwrap().grants, 600);
        assert_eq!(keys(&file, b"\x03\x07\x08\0").len(), 600);
    }

    #[test]
    fn an_unfinished_sync_has_indexes_and_its_session_but_no_digests_and_counts() {
        let mut writer = filled(RECORDS, false);
        let session = SessionRecord {
            sync_id: run(false).sync_id,
            key: "k".to_owned(),
            value: b"v".to_vec(),
        };
        writer.put_session(&session).unwrap();
        let (_, file) = file(writer, false);
        assert_eq!(file.run().unwrap().unwrap().ended_at, None);
        assert_eq!(file.stats().unwrap(), None);
        assert_eq!(keys(&file, b"\x03\x0a").len() + keys(&file, b"\x03\x07\x08").len(), 0);
        assert_eq!(keys(&file, b"\x03\x07\x04\0").len(), 600);
        let mut sessions = Vec::new();
        file.for_each_session(&mut |s| {
            sessions.push(s);
            Ok(())
        })
        .unwrap();
        assert_eq!(sessions, [session]);
    }

    #[test]
    fn a_sync_without_rows_is_a_file() {
        for is_finished in [true, false] {
            let (_, file) = file(Writer::new(None), is_finished);
            assert_eq!(file.run().unwrap(), Some(run(is_finished)));
            assert_eq!(file.stats().unwrap().map(|s| s.grants), is_finished.then_some(0));
        }
    }

    #[test]
    fn a_row_that_has_no_key_is_refused_and_what_has_no_place_is_counted() {
        let mut writer = Writer::new(None);
        let mut nobody = grant("a", "1", &[]);
        nobody.grant.principal = None;
        let mut nothing = grant("a", "1", &[]);
        nothing.grant.entitlement = Some(v2::Entitlement::default());
        for wrong in [nobody, nothing] {
            let error = writer.put_grant(wrong).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument);
            assert!(error.to_string().contains("role:a:has:user:1"), "{error}");
        }
        assert!(writer.put_resource(v2::Resource::default(), AT).is_err());
        assert!(writer.put_resource_type(v2::ResourceType::default(), AT).is_err());
        let odd = v2::Resource {
            external_id: Some(v2::ExternalId::default()),
            baton_resource: true,
            ..resource("user", "1", None)
        };
        writer.put_resource(odd, AT).unwrap();
        let lost = Lost {
            external_ids: 1,
            baton_resources: 1,
            creation_sources: 0,
        };
        assert_eq!(writer.lost(), lost);
    }
}
