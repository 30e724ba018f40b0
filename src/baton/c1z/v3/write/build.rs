//! From sorted records to a store: one pass over them gives indexes, digests and counts.

use std::path::Path;

use prost::Message as _;

use super::super::key::{self, index, kind};
use super::digest::{self, Digests, Sum};
use super::sorter::{Sorted, Sorter};
use super::stats::Counts;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::pebble::{Cut, Lane, NewFiles, StoreWriter};
use crate::baton::proto::c1::storage::v3::{SyncRunRecord, SyncStatsRecord};

/// Both stamps: the layout of keys, and how entitlements and grants are known in them.
const STAMP: [u8; 4] = [0, 0, 0, 2];
/// Bytes of a table. The grants of one person lie in many tables, and each of them is unpacked as a whole; but a table is
/// also compressed by itself: with more, one person takes longer, with less, the file grows by a tenth.
const TABLE: usize = 384 << 10;
/// Bytes of each index that are held in memory before they are sorted on disk.
const INDEX: usize = 8 << 20;
/// Bytes of what a grant notes for its indexes: whether it needs expansion, and the hash of its content.
const GRANT_NOTE: usize = 9;

/// A store that is being built. What lies in order of records has a lane of its own; what does not is sorted first.
pub(super) struct Build<F> {
    store: StoreWriter<F>,
    is_finished: bool,
    counts: Counts,
    records: Lane,
    sessions: Lane,
    expandable: Lane,
    by_parent: Sorter,
    by_principal: Sorter,
    by_hash: Sorter,
    digests: Digesting,
}

/// Entitlements are collected before the first grant comes.
enum Digesting {
    Off,
    Before(Sorter),
    On(Box<Digests>),
}

/// A store that is complete.
pub(super) struct Built<F> {
    pub(super) packer: F,
    /// What all grants add up to, and the counts; not of an unfinished sync.
    pub(super) digest: Option<Sum>,
    pub(super) stats: Option<SyncStatsRecord>,
}

impl<F: NewFiles> Build<F> {
    pub(super) fn new(files: F, folder: &Path, is_finished: bool) -> Self {
        let cut = Cut {
            table: TABLE,
            ..Cut::default()
        };
        let store = StoreWriter::with_cut(files, cut);
        let sorter = || Sorter::new(folder, INDEX);
        Build {
            is_finished,
            counts: Counts::default(),
            records: store.lane(),
            sessions: store.lane(),
            expandable: store.lane(),
            by_parent: sorter(),
            by_principal: sorter(),
            by_hash: sorter(),
            digests: if is_finished {
                Digesting::Before(sorter())
            } else {
                Digesting::Off
            },
            store,
        }
    }

    /// Writes everything.
    pub(super) fn all(mut self, records: Sorter, run: &SyncRunRecord) -> Result<Built<F>> {
        let mut records = records.finish()?;
        while let Some((key, value)) = records.next()? {
            let (note, record) = split_note(value).ok_or_else(lost_note)?;
            self.record(key, note, record)?;
        }
        drop(records);
        let mut store = self.store;
        store.end(self.records)?;
        one_lane(&mut store, |store, lane| {
            Ok(store.add(lane, key::RUN, &run.encode_to_vec())?)
        })?;
        one_lane(&mut store, |store, lane| {
            put_sorted(store, lane, self.by_parent.finish()?)?;
            put_sorted(store, lane, self.by_principal.finish()?)
        })?;
        store.end(self.expandable)?;
        store.end(self.sessions)?;
        let digests = match self.digests {
            Digesting::Off => None,
            Digesting::Before(entitlements) => Some(Digests::new(store.lane(), entitlements)?),
            Digesting::On(digests) => Some(*digests),
        };
        let digest = match digests {
            None => None,
            Some(digests) => {
                let (sum, nodes) = digests.finish(&mut store)?;
                one_lane(&mut store, |store, lane| {
                    put_sorted(store, lane, self.by_hash.finish()?)?;
                    Ok(store.add(lane, key::DIGEST_FILE, &sum.to_bytes())?)
                })?;
                store.end(nodes)?;
                Some(sum)
            }
        };
        let stats = self.is_finished.then(|| self.counts.record(run)).transpose()?;
        one_lane(&mut store, |store, lane| {
            store.add(lane, key::ID_FORMAT, &STAMP)?;
            store.add(lane, key::KEYSPACE_VERSION, &STAMP)?;
            if let Some(stats) = &stats {
                store.add(lane, key::STATS, &stats.encode_to_vec())?;
            }
            Ok(())
        })?;
        Ok(Built {
            packer: store.finish()?,
            digest,
            stats,
        })
    }

    /// Writes a record, and what is to be known of it elsewhere.
    fn record(&mut self, key: &[u8], note: &[u8], record: &[u8]) -> Result<()> {
        let tuple = key::tuple_of(key);
        match key.get(1).copied().unwrap_or_default() {
            kind::RESOURCE_TYPE => self.counts.resource_types += 1,
            kind::ASSET => self.counts.assets += 1,
            kind::RESOURCE => {
                self.counts.resources.add(tuple);
                if !note.is_empty() {
                    let row = key::indexed_raw(index::PARENT, &[note, &[0], tuple]);
                    self.by_parent.add(&row, &[])?;
                }
            }
            kind::ENTITLEMENT => {
                self.counts.entitlements.add(tuple);
                if let Digesting::Before(entitlements) = &mut self.digests {
                    entitlements.add(tuple, &[])?;
                }
            }
            kind::GRANT => {
                self.counts.grants.add(tuple);
                self.grant(tuple, note)?;
            }
            kind::SESSION => {
                self.store.add(&mut self.sessions, key, record)?;
                return Ok(());
            }
            _ => {}
        }
        self.store.add(&mut self.records, key, record)?;
        Ok(())
    }

    fn grant(&mut self, tuple: &[u8], note: &[u8]) -> Result<()> {
        let (entitlement, principal) = key::split(tuple, 4).ok_or_else(lost_note)?;
        let Some(([needs_expansion], content)) = note
            .first_chunk::<GRANT_NOTE>()
            .map(|n| n.split_at(1))
            .and_then(|(first, rest)| Some((first.first_chunk::<1>()?, rest.first_chunk::<8>()?)))
        else {
            return Err(lost_note());
        };
        let row = key::indexed_raw(index::PRINCIPAL, &[principal, &[0], entitlement]);
        self.by_principal.add(&row, &[])?;
        if *needs_expansion != 0 {
            let row = key::indexed_raw(index::NEEDS_EXPANSION, &[tuple]);
            self.store.add(&mut self.expandable, &row, &[])?;
        }
        if let Digesting::Before(_) = self.digests
            && let Digesting::Before(entitlements) = std::mem::replace(&mut self.digests, Digesting::Off)
        {
            self.digests = Digesting::On(Box::new(Digests::new(self.store.lane(), entitlements)?));
        }
        if let Digesting::On(digests) = &mut self.digests {
            let hash = digest::principal(principal);
            let row = key::indexed_raw(index::HASH, &[entitlement, &[0], &hash, principal]);
            self.by_hash.add(&row, content)?;
            digests.add(&mut self.store, entitlement, hash, u64::from_be_bytes(*content))?;
        }
        Ok(())
    }
}

/// Rows that lie together and in order.
fn one_lane<F: NewFiles>(
    store: &mut StoreWriter<F>,
    rows: impl FnOnce(&mut StoreWriter<F>, &mut Lane) -> Result<()>,
) -> Result<()> {
    let mut lane = store.lane();
    rows(store, &mut lane)?;
    Ok(store.end(lane)?)
}

fn put_sorted<F: NewFiles>(store: &mut StoreWriter<F>, lane: &mut Lane, mut rows: Sorted) -> Result<()> {
    while let Some((key, value)) = rows.next()? {
        store.add(lane, key, value)?;
    }
    Ok(())
}

/// Note and record.
fn split_note(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = value.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn lost_note() -> Error {
    Error::new(Kind::Internal, "a sorted row is not what was put in")
}
