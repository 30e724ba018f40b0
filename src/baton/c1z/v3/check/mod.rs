//! A check of a whole file: everything in it can be read, and what was derived from records is what they make.
//!
//! Keys, indexes, digests and counts are made anew from the records, into a file without a name, and compared row by row.

mod encoding;
mod manifest;
mod old;
mod records;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::envelope::ENGINE;
use super::file::{File, Ids};
use super::key::{self, Range, index, kind};
use super::rules;
use super::write::Writer;
use crate::baton::c1z::Limits;
use crate::baton::error::{Context as _, Error, Result};
use crate::baton::pebble::{Cursor, DiskFile};
use crate::baton::proto::c1::storage::v3::{SyncRunRecord, SyncStatsRecord};
use encoding::Encoding;
use old::OldIndexes;
use records::Records;

/// Something in a file that is not as its records make it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where: a row by its key, a file of the payload, or a part of the manifest.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

type Each<'a> = &'a mut dyn FnMut(Finding) -> Result<()>;

fn say(each: Each<'_>, place: impl Into<String>, what: impl Into<String>) -> Result<()> {
    each(Finding {
        place: place.into(),
        what: what.into(),
    })
}

/// A key for people: its kind, and its parts.
fn place(key: &[u8]) -> String {
    let what = match key.get(1).copied().unwrap_or_default() {
        kind::RESOURCE_TYPE => "resource type",
        kind::RESOURCE => "resource",
        kind::ENTITLEMENT => "entitlement",
        kind::GRANT => "grant",
        kind::ASSET => "asset",
        kind::INDEX => "index",
        kind::SESSION => "session",
        kind::DIGEST => "digest",
        kind::MARK => "mark",
        _ => "row",
    };
    format!("{what} {:?}", String::from_utf8_lossy(key.get(2..).unwrap_or_default()))
}

impl File {
    /// Reads the whole file and calls `each` with what is not as it should be. Of older files (see [`Ids::External`]) the
    /// index of what waits for expansion is not compared, nor have they digests; what they chose among encodings of one meaning is
    /// not known.
    ///
    /// # Errors
    /// `DataLoss` for what cannot be read at all, `ResourceExhausted` when the disk is full, and those of `each`.
    pub fn check(&self, temp_dir: Option<&Path>, each: &mut dyn FnMut(Finding) -> Result<()>) -> Result<()> {
        self.payload.check(&mut |name, what| say(&mut *each, name, what))?;
        for flaw in self.store().check()? {
            say(&mut *each, flaw.file, flaw.what)?;
        }
        let folder = temp_dir.map_or_else(std::env::temp_dir, Path::to_owned);
        let encoding = Encoding::of(&[manifest::MESSAGE, records::RUN, records::STATS])?;
        let run: Option<SyncRunRecord> = self.get(key::RUN)?;
        let has_rows = self.store().scan(&[], Some(key::RUN))?.advance()?;
        let mut records = Records {
            writer: Writer::new(temp_dir),
            old: (self.ids() == Ids::External).then(|| OldIndexes::new(&folder)),
            encoding: records::encoding()?,
            sync_id: run.as_ref().map(|run| run.sync_id.clone()).unwrap_or_default(),
            is_current: self.manifest().engine == ENGINE,
        };
        let mut rows = self.store().scan(&[], None)?;
        while rows.advance()? {
            let key = rows.key();
            if rows.is_obsolete()? {
                say(&mut *each, place(key), "it is alive, and its table says that it is not")?;
            }
            records.check(key, rows.value()?, &mut *each)?;
        }
        match &run {
            Some(run) => {
                for what in rules::run(run) {
                    say(&mut *each, "sync", what)?;
                }
                for pending in [key::PRINCIPAL_INDEX_PENDING, key::DIGESTS_PENDING] {
                    if run.ended_at.is_some() && self.store().get(pending)?.is_some() {
                        say(
                            &mut *each,
                            place(pending),
                            "it announces gaps, and the sync is finished",
                        )?;
                    }
                }
            }
            None if has_rows => say(&mut *each, "sync", "there are rows, but no sync they belong to")?,
            None => {}
        }
        if records.is_current && self.ids() == Ids::External && run.is_some() {
            say(&mut *each, "store", "its keys are not those of its engine")?;
        }
        let run = run.unwrap_or_default();
        self.check_manifest(&run, &encoding, &mut *each)?;
        if let Some(mut old) = records.old {
            old.compare_counts(self.get(key::STATS)?, &run, &mut *each)?;
            return old.compare(self, &mut *each);
        }
        let made = made_anew(records.writer, &run, temp_dir)?;
        self.compare_indexes(&made, &mut *each)?;
        self.compare_digests(&made, &run, &mut *each)?;
        self.compare_stats(&made, &run, &mut *each)
    }

    fn compare_indexes(&self, made: &File, each: Each<'_>) -> Result<()> {
        for number in [index::PARENT, index::PRINCIPAL, index::NEEDS_EXPANSION] {
            // Gaps that are announced are not taken for answers.
            let may_have_gaps = number == index::PRINCIPAL && !self.has_principal_index()?;
            compare(self, made, &Range::of_index(number), may_have_gaps, &mut *each)?;
        }
        Ok(())
    }

    /// Digests may be missing altogether. What is there must be exact.
    fn compare_digests(&self, made: &File, run: &SyncRunRecord, each: Each<'_>) -> Result<()> {
        let ranges = [Range::of_index(index::HASH), Range::of_digests()];
        let mut has_any = false;
        for range in &ranges {
            has_any |= self.store().scan(&range.0, Some(&range.1))?.advance()?;
        }
        let in_manifest = &self.manifest().grant_digest_root;
        if !has_any || self.store().get(key::DIGESTS_PENDING)?.is_some() {
            return match in_manifest {
                Some(_) => say(each, "manifest", "it has a digest, the store has none to be trusted"),
                None => Ok(()),
            };
        }
        if run.ended_at.is_none() {
            return say(each, "digests", "the sync is unfinished");
        }
        for range in &ranges {
            compare(self, made, range, false, &mut *each)?;
        }
        if *in_manifest != made.manifest().grant_digest_root {
            say(each, "manifest", "its digest is not that of the grants")?;
        }
        Ok(())
    }

    fn compare_stats(&self, made: &File, run: &SyncRunRecord, each: Each<'_>) -> Result<()> {
        let stored: Option<SyncStatsRecord> = self.get(key::STATS)?;
        let (stored, counted) = match (stored, made.stats()?) {
            (Some(stored), Some(counted)) => (stored, counted),
            (None, Some(_)) if run.ended_at.is_some() => return say(each, "counts", "a finished sync has none"),
            _ => return Ok(()),
        };
        if counts_of(&stored) != counts_of(&counted) {
            say(each, "counts", "they are not those of the rows")?;
        }
        Ok(())
    }
}

/// What counts say of the rows: not when, and how long it took.
fn counts_of(stats: &SyncStatsRecord) -> SyncStatsRecord {
    SyncStatsRecord {
        sync_id: stats.sync_id.clone(),
        resource_types: stats.resource_types,
        resources: stats.resources,
        entitlements: stats.entitlements,
        grants: stats.grants,
        assets: stats.assets,
        resources_by_resource_type: stats.resources_by_resource_type.clone(),
        entitlements_by_resource_type: stats.entitlements_by_resource_type.clone(),
        grants_by_entitlement_resource_type: stats.grants_by_entitlement_resource_type.clone(),
        ..SyncStatsRecord::default()
    }
}

/// The file that the records make, counted as if the sync were finished.
fn made_anew(writer: Writer, run: &SyncRunRecord, temp_dir: Option<&Path>) -> Result<File> {
    let run = SyncRunRecord {
        ended_at: Some(run.ended_at.unwrap_or_default()),
        ..run.clone()
    };
    let folder = temp_dir.map_or_else(std::env::temp_dir, Path::to_owned);
    let mut file = tempfile::tempfile_in(&folder)
        .map_err(Error::from)
        .with_context(|| format!("create a file in {}", folder.display()))?;
    writer.finish(&run, &mut file)?;
    File::of(Arc::new(DiskFile::new(file)?), &Limits::default(), temp_dir)
}

/// Compares the rows of a range.
fn compare(file: &File, made: &File, range: &Range, may_have_gaps: bool, each: Each<'_>) -> Result<()> {
    let mut found = file.store().scan(&range.0, Some(&range.1))?;
    let mut wanted = made.store().scan(&range.0, Some(&range.1))?;
    let (mut has_found, mut has_wanted) = (found.advance()?, wanted.advance()?);
    loop {
        let order = match (has_found, has_wanted) {
            (false, false) => return Ok(()),
            (true, false) => std::cmp::Ordering::Less,
            (false, true) => std::cmp::Ordering::Greater,
            (true, true) => found.key().cmp(wanted.key()),
        };
        if order.is_lt() {
            say(&mut *each, place(found.key()), "no record makes this row")?;
        } else if order.is_gt() {
            if !may_have_gaps {
                say(&mut *each, place(wanted.key()), "the row is missing")?;
            }
        } else if value(&found)? != value(&wanted)? {
            say(&mut *each, place(found.key()), "its value is not what the records make")?;
        }
        if order.is_le() {
            has_found = found.advance()?;
        }
        if order.is_ge() {
            has_wanted = wanted.advance()?;
        }
    }
}

fn value(row: &Cursor) -> Result<&[u8]> {
    Ok(row.value()?)
}
