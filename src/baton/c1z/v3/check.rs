//! A check of a whole file: everything in it can be read, and what was derived from records is what they make.
//!
//! Keys, indexes, digests and counts are made anew from the records, into a file without a name, and compared row by row.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::file::{File, Ids};
use super::key::{self, Range, index, kind};
use super::record;
use super::rules;
use super::write::Writer;
use crate::baton::c1z::Limits;
use crate::baton::error::{Context as _, Error, Result};
use crate::baton::pebble::{Cursor, DiskFile};
use crate::baton::proto::c1::storage::v3::{
    AssetRecord, EntitlementRecord, GrantRecord, ResourceRecord, ResourceTypeRecord, SessionRecord, SyncRunRecord,
    SyncStatsRecord,
};

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
        _ => "row",
    };
    format!("{what} {:?}", String::from_utf8_lossy(key.get(2..).unwrap_or_default()))
}

impl File {
    /// Reads the whole file and calls `each` with what is not as it should be. Older files (see [`Ids::External`]) have
    /// their records decoded; their keys and indexes are not compared.
    ///
    /// # Errors
    /// `DataLoss` for what cannot be read at all, `ResourceExhausted` when the disk is full, and those of `each`.
    pub fn check(&self, temp_dir: Option<&Path>, each: &mut dyn FnMut(Finding) -> Result<()>) -> Result<()> {
        self.payload.check(&mut |name| {
            say(
                &mut *each,
                name,
                "its content is not what the SHA-256 of the index says",
            )
        })?;
        let mut writer = Writer::new(temp_dir);
        let mut rows = self.store().scan(&[], None)?;
        let mut run = None;
        let mut has_rows = false;
        while rows.advance()? {
            let (key, value) = (rows.key(), rows.value()?);
            if key == key::RUN {
                let row: SyncRunRecord = record::decode(value, key)?;
                for what in rules::run(&row) {
                    say(&mut *each, "sync", what)?;
                }
                run = Some(row);
                continue;
            }
            has_rows |= key < key::RUN;
            let wanted = mark(&mut writer, key, value, &mut *each)?;
            if self.ids() == Ids::Structured && wanted.is_some_and(|wanted| wanted != key) {
                say(&mut *each, place(key), "its key is not that of what it holds")?;
            }
        }
        if run.is_none() && has_rows {
            say(&mut *each, "sync", "there are rows, but no sync they belong to")?;
        }
        let run = run.unwrap_or_default();
        self.check_manifest(&run, &mut *each)?;
        if self.ids() == Ids::External {
            return Ok(());
        }
        let made = made_anew(writer, &run, temp_dir)?;
        self.compare_indexes(&made, &mut *each)?;
        self.compare_digests(&made, &run, &mut *each)?;
        self.compare_stats(&made, &mut *each)
    }

    fn check_manifest(&self, run: &SyncRunRecord, each: Each<'_>) -> Result<()> {
        let place = "manifest";
        for summary in &self.manifest().sync_runs {
            let of_run = (&run.sync_id, run.r#type, &run.started_at, &run.ended_at);
            let of_summary = (&summary.sync_id, summary.r#type, &summary.started_at, &summary.ended_at);
            if of_run != of_summary {
                say(&mut *each, place, "it says something else of the sync than the store")?;
            }
            if summary.stats.is_some() && summary.stats != self.stats()? {
                say(&mut *each, place, "its counts are not those of the store")?;
            }
        }
        let named = self.manifest().sync_runs.len();
        if named > 1 {
            say(&mut *each, place, "it names several syncs")?;
        }
        if named == 0 && !run.sync_id.is_empty() {
            say(&mut *each, place, "it does not name the sync of the store")?;
        }
        if u64::from(self.manifest().engine_schema_version) != self.store().format_version() {
            say(each, place, "it names another version of the format than the store")?;
        }
        Ok(())
    }

    fn compare_indexes(&self, made: &File, each: Each<'_>) -> Result<()> {
        for number in [index::PARENT, index::PRINCIPAL, index::NEEDS_EXPANSION] {
            // Gaps that are announced are not taken for answers.
            if number != index::PRINCIPAL || self.has_principal_index()? {
                compare(self, made, &Range::of_index(number), &mut *each)?;
            }
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
            compare(self, made, range, &mut *each)?;
        }
        if *in_manifest != made.manifest().grant_digest_root {
            say(each, "manifest", "its digest is not that of the grants")?;
        }
        Ok(())
    }

    fn compare_stats(&self, made: &File, each: Each<'_>) -> Result<()> {
        let (stored, counted) = match (self.stats()?, made.stats()?) {
            (Some(stored), Some(counted)) => (stored, counted),
            (None, Some(_)) => return say(each, "counts", "a finished sync has none"),
            (_, None) => return Ok(()),
        };
        // When and how long is not in the rows.
        let counts = |stats: SyncStatsRecord| SyncStatsRecord {
            step_durations_ms: BTreeMap::new(),
            connector_call_stats: BTreeMap::new(),
            session_store_stats: BTreeMap::new(),
            ingest_quality: None,
            written_at: None,
            ..stats
        };
        if counts(stored) != counts(counted) {
            say(each, "counts", "they are not those of the rows")?;
        }
        Ok(())
    }
}

/// What is wrong with a row.
fn say_all(each: Each<'_>, key: &[u8], wrong: &[&'static str]) -> Result<()> {
    wrong.iter().try_for_each(|what| say(&mut *each, place(key), *what))
}

/// Decodes a record, looks at its rules and notes what it means elsewhere. Returns the key it should have.
fn mark(writer: &mut Writer, key: &[u8], value: &[u8], each: Each<'_>) -> Result<Option<Vec<u8>>> {
    Ok(Some(match key.get(1).copied().unwrap_or_default() {
        kind::RESOURCE_TYPE => {
            let row: ResourceTypeRecord = record::decode(value, key)?;
            writer.mark(kind::RESOURCE_TYPE, &row.external_id)?
        }
        kind::RESOURCE => {
            let row: ResourceRecord = record::decode(value, key)?;
            say_all(each, key, &rules::resource(&row))?;
            writer.mark_resource(&row)?
        }
        kind::ENTITLEMENT => writer.mark_entitlement(&record::decode::<EntitlementRecord>(value, key)?)?,
        kind::GRANT => {
            let row: GrantRecord = record::decode(value, key)?;
            say_all(each, key, &rules::grant(&row))?;
            writer.mark_grant(&row)?
        }
        kind::ASSET => {
            let row: AssetRecord = record::decode(value, key)?;
            writer.mark(kind::ASSET, &row.external_id)?
        }
        kind::SESSION => {
            record::decode::<SessionRecord>(value, key)?;
            return Ok(None);
        }
        _ => return Ok(None),
    }))
}

/// The file that the records make.
fn made_anew(writer: Writer, run: &SyncRunRecord, temp_dir: Option<&Path>) -> Result<File> {
    let folder = temp_dir.map_or_else(std::env::temp_dir, Path::to_owned);
    let mut file = tempfile::tempfile_in(&folder)
        .map_err(Error::from)
        .with_context(|| format!("create a file in {}", folder.display()))?;
    writer.finish(run, &mut file)?;
    File::of(Arc::new(DiskFile::new(file)?), &Limits::default(), temp_dir)
}

/// Compares the rows of a range.
fn compare(file: &File, made: &File, range: &Range, each: Each<'_>) -> Result<()> {
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
            say(&mut *each, place(wanted.key()), "the row is missing")?;
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
