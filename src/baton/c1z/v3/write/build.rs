//! From sorted records to a store: one pass over them gives indexes, digests and counts.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use prost::Message as _;

use super::super::key::{self, index, kind};
use super::derived::{Derived, Entitlement, Ready};
use super::digest::{self, Digests, Sum};
use super::sorter::{Sorted, Sorter};
use super::stats::Counts;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::pebble::{Cut, Lane, NewFiles, StoreWriter};
use crate::baton::proto::c1::storage::v3::{SyncRunRecord, SyncStatsRecord};

/// Both stamps: the layout of keys, and how entitlements and grants are known in them.
const STAMP: [u8; 4] = [0, 0, 0, 2];
/// Bytes of a table. The grants of one person lie in many tables, and each of them is unpacked as a whole; but a table is
/// also compressed by itself: with more, one person takes longer, with less, the file grows.
const TABLE: usize = 128 << 10;
/// Bytes of a table of an index: what is asked of it lies together in one, so they may be larger, and compress better.
pub(super) const INDEX_TABLE: Cut = Cut {
    table: 2 << 20,
    block: 32 << 10,
};
/// Bytes of each index that are held in memory before they are sorted on disk.
const INDEX: usize = 8 << 20;
/// Bytes of what a grant notes for its indexes: whether it needs expansion, and the hash of its content.
const GRANT_NOTE: usize = 9;

/// A store that is being built. What lies in order of records has a lane of its own; what does not is sorted first.
pub(super) struct Build<F> {
    folder: PathBuf,
    store: StoreWriter<F>,
    is_finished: bool,
    counts: Counts,
    records: Lane,
    sessions: Lane,
    expandable: Lane,
    by_parent: Sorter,
    by_principal: Sorter,
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
            folder: folder.to_owned(),
            is_finished,
            counts: Counts::default(),
            records: store.lane(),
            sessions: store.lane(),
            expandable: store.lane(),
            by_parent: sorter(),
            by_principal: sorter(),
            digests: if is_finished {
                Digesting::Before(sorter())
            } else {
                Digesting::Off
            },
            store,
        }
    }

    /// Writes everything: the records that were collected, and grants that expansion derived.
    pub(super) fn all(
        mut self,
        records: Sorter,
        derived: Option<&Derived<'_>>,
        run: &SyncRunRecord,
    ) -> Result<Built<F>> {
        let mut records = Ahead::new(records.finish()?)?;
        if let Some(derived) = derived {
            let zone = TimeZone::system();
            for at in 0..derived.entitlements() {
                let mut count = 0;
                derived.for_each_of(at, &zone, &mut |of, ready| {
                    while records.is_before(&ready.key) {
                        self.collected(&mut records)?;
                    }
                    count += 1;
                    self.derived(of, ready)
                })?;
                if let Some(of) = derived.entitlement(at) {
                    self.counts.grants.add_some(&of.tuple, count);
                }
            }
        }
        while records.ahead.is_some() {
            self.collected(&mut records)?;
        }
        drop(records);
        let mut store = self.store;
        store.end(self.records)?;
        one_lane(&mut store, |store, lane| {
            Ok(store.add(lane, key::RUN, &run.encode_to_vec())?)
        })?;
        let mut lane = store.lane_cut(INDEX_TABLE);
        put_sorted(&mut store, &mut lane, self.by_parent.finish()?)?;
        put_by_principal(&mut store, &mut lane, self.by_principal.finish()?, derived)?;
        store.end(lane)?;
        store.end(self.expandable)?;
        store.end(self.sessions)?;
        let digests = match self.digests {
            Digesting::Off => None,
            Digesting::Before(entitlements) => Some(Digests::new(
                [store.lane(), store.lane_cut(INDEX_TABLE)],
                &self.folder,
                entitlements,
            )?),
            Digesting::On(digests) => Some(*digests),
        };
        let digest = digests.map(|digests| digests.finish(&mut store)).transpose()?;
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

    /// Writes the record that comes next.
    fn collected(&mut self, records: &mut Ahead) -> Result<()> {
        if let Some((key, value)) = &records.ahead {
            let (note, record) = split_note(value).ok_or_else(lost_note)?;
            self.record(key, note, record)?;
        }
        records.advance()
    }

    /// Writes a grant that expansion derived. What it means for the index by principal is known otherwise.
    fn derived(&mut self, of: &Entitlement, grant: &Ready) -> Result<()> {
        self.digest([&of.tuple, grant.principal()], grant.hash, grant.content)?;
        self.store.add(&mut self.records, &grant.key, &grant.record)?;
        Ok(())
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
        let hash = digest::principal(principal);
        self.digest([entitlement, principal], hash, u64::from_be_bytes(*content))
    }

    /// Adds a grant to what all of them add up to.
    fn digest(&mut self, names: [&[u8]; 2], hash: [u8; 2], content: u64) -> Result<()> {
        if let Digesting::Before(_) = self.digests
            && let Digesting::Before(entitlements) = std::mem::replace(&mut self.digests, Digesting::Off)
        {
            let lanes = [self.store.lane(), self.store.lane_cut(INDEX_TABLE)];
            self.digests = Digesting::On(Box::new(Digests::new(lanes, &self.folder, entitlements)?));
        }
        match &mut self.digests {
            Digesting::On(digests) => digests.add(&mut self.store, names, hash, content),
            _ => Ok(()),
        }
    }
}

/// Sorted rows, of which the next one is known.
struct Ahead {
    rows: Sorted,
    ahead: Option<(Vec<u8>, Vec<u8>)>,
}

impl Ahead {
    fn new(mut rows: Sorted) -> Result<Self> {
        let ahead = rows.next()?.map(|(key, value)| (key.to_vec(), value.to_vec()));
        Ok(Ahead { rows, ahead })
    }

    fn is_before(&self, key: &[u8]) -> bool {
        self.ahead.as_ref().is_some_and(|(ahead, _)| ahead.as_slice() < key)
    }

    fn advance(&mut self) -> Result<()> {
        match (self.rows.next()?, &mut self.ahead) {
            (Some((next_key, next_value)), Some((key, value))) => {
                key.clear();
                key.extend_from_slice(next_key);
                value.clear();
                value.extend_from_slice(next_value);
            }
            _ => self.ahead = None,
        }
        Ok(())
    }
}

/// Writes the index of grants by principal: of grants that were collected, and of those that were derived.
fn put_by_principal<F: NewFiles>(
    store: &mut StoreWriter<F>,
    lane: &mut Lane,
    rows: Sorted,
    derived: Option<&Derived<'_>>,
) -> Result<()> {
    let mut rows = Ahead::new(rows)?;
    let mut put_next = |store: &mut StoreWriter<F>, lane: &mut Lane, before: Option<&[u8]>| -> Result<()> {
        while before.map_or(rows.ahead.is_some(), |before| rows.is_before(before)) {
            if let Some((key, value)) = &rows.ahead {
                store.add(lane, key, value)?;
            }
            rows.advance()?;
        }
        Ok(())
    };
    if let Some(derived) = derived {
        let mut row = key::indexed_raw(index::PRINCIPAL, &[]);
        let start = row.len();
        derived.for_each_by_principal(&mut |[principal, entitlement]| {
            row.truncate(start);
            row.extend_from_slice(principal);
            row.push(0);
            row.extend_from_slice(entitlement);
            put_next(store, lane, Some(&row))?;
            Ok(store.add(lane, &row, &[])?)
        })?;
    }
    put_next(store, lane, None)
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
