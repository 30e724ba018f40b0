//! Which two syncs are compared.

use std::path::Path;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use crate::baton::c1z::merge::Side;
use crate::baton::c1z::{SyncRun, timestamp};
use crate::baton::code::SYNC_NOT_IN_FILE;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::report::code;
use crate::report::{Snapshot, Which};

/// What helps when the syncs of a file do not reach back far enough.
const REACH_FURTHER: &str = "syncs with --keep N (BATON_KEEP_SYNC_COUNT) keep so many, 2 by default: 9 reach back a week \
                             of nightly ones; until then compare with an older file: `baton-workato diff OLD.c1z \
                             NEW.c1z`";

/// What a person asked for.
#[derive(Debug, Clone)]
pub struct SidesQuery<'a> {
    /// The file with the newer sync.
    pub file: Which<'a>,
    /// The file with the older sync, where it is another one.
    pub base_file: Option<&'a Path>,
    /// The older sync by its id.
    pub base_sync: Option<&'a str>,
    /// The older sync as the newest one that ended at or before a time (local wall clock, as in the file).
    pub since: Option<DateTime>,
}

/// The two.
pub struct Sides {
    /// The older one.
    pub old: Snapshot,
    /// The newer one.
    pub new: Snapshot,
}

impl Sides {
    /// Opens both. In one file, the older one is the full sync that finished before the newer one.
    ///
    /// # Errors
    /// As [`Which::open`]; `NotFound` where there is no second sync, and where none is old enough.
    pub fn open(wanted: &SidesQuery<'_>) -> Result<Sides> {
        let new = wanted.file.open()?;
        let other = wanted.base_file.map(|file| Which {
            file,
            sync_id: wanted.base_sync,
            ..wanted.file.clone()
        });
        let old = match (other, wanted.since) {
            (Some(other), None) => other.open()?,
            (Some(other), Some(since)) => {
                let latest = other.open()?;
                let run = at_or_before(&latest, since)?;
                latest.beside(run)?
            }
            (None, Some(since)) => new.beside(at_or_before(&new, since)?)?,
            (None, None) => new.beside(before(&new, wanted.base_sync)?)?,
        };
        Ok(Sides { old, new })
    }

    /// A sync, and the full one that finished before it in its file.
    ///
    /// # Errors
    /// `NotFound` where there is none; those of the disk.
    pub fn around(new: &Snapshot) -> Result<Sides> {
        let old = new.beside(before(new, None)?)?;
        Ok(Sides { old, new: new.again()? })
    }

    /// The older sync, for a merge.
    pub fn older(&self) -> Side<'_> {
        Side {
            reader: self.old.reader(),
            sync_id: self.old.sync_id(),
        }
    }

    /// The newer sync, for a merge.
    pub fn newer(&self) -> Side<'_> {
        Side {
            reader: self.new.reader(),
            sync_id: self.new.sync_id(),
        }
    }
}

/// The finished full syncs of a file, newest first.
fn finished(snapshot: &Snapshot) -> Result<Vec<SyncRun>> {
    let mut runs = snapshot.reader().runs()?;
    runs.retain(SyncRun::is_finished_full);
    runs.sort_by(|a, b| (&b.ended_at, &b.sync_id).cmp(&(&a.ended_at, &a.sync_id)));
    Ok(runs)
}

/// The sync that the newer one is compared with in its own file.
fn before(new: &Snapshot, wanted: Option<&str>) -> Result<SyncRun> {
    let file = new.file().display();
    if let Some(id) = wanted {
        let missing = || {
            Error::new(Kind::NotFound, format!("there is no sync {id} in {file}"))
                .code(SYNC_NOT_IN_FILE)
                .hint("`baton-workato syncs` lists them")
        };
        return new.reader().run(id)?.ok_or_else(missing);
    }
    let this = new.run();
    let runs = finished(new)?;
    let is_only = runs.len() < 2;
    let older = runs
        .into_iter()
        .find(|run| (&run.ended_at, &run.sync_id) < (&this.ended_at, &this.sync_id));
    older.ok_or_else(|| {
        let message = match is_only {
            true => format!(
                "{file} holds one full sync, of {}: there is nothing older yet to compare it with",
                ended(this)
            ),
            false => format!("there is no finished full sync before {} in {file}", this.sync_id),
        };
        Error::new(Kind::NotFound, message)
            .code(code::NO_OLDER_SYNC)
            .hint("sync into the same file again, or name two files: `baton-workato diff OLD.c1z NEW.c1z`")
    })
}

/// When a sync ended, without fractions of a second.
fn ended(run: &SyncRun) -> &str {
    run.ended_at
        .as_deref()
        .and_then(|at| at.split('.').next())
        .unwrap_or_default()
}

/// The newest finished full sync that ended at or before a time.
///
/// # Errors
/// `NotFound` where none is old enough.
pub fn at_or_before(snapshot: &Snapshot, since: DateTime) -> Result<SyncRun> {
    let limit = timestamp::text(since);
    let runs = finished(snapshot)?;
    if let Some(found) = runs
        .iter()
        .find(|run| run.ended_at.as_ref().is_some_and(|at| *at <= limit))
    {
        return Ok(found.clone());
    }
    let held = match runs.as_slice() {
        [] => "it holds no finished full sync".to_owned(),
        [one] => format!("it holds one, of {}", ended(one)),
        [newest, .., oldest] => format!("it holds {}, from {} to {}", runs.len(), ended(oldest), ended(newest)),
    };
    let message = format!(
        "no full sync in {} ended at or before {limit}: {held}",
        snapshot.file().display()
    );
    Err(Error::new(Kind::NotFound, message)
        .code(code::NO_OLDER_SYNC)
        .hint(REACH_FURTHER))
}

/// A moment as people write it, as local wall clock: `7d` and `12 hours` ago, `2026-11-01`, `2026-11-01 09:30`,
/// `2026-11-01T09:30:00Z`.
///
/// # Errors
/// `Unknown`, exit code 2, for anything else.
pub fn moment(text: &str, now: &Zoned) -> Result<DateTime> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.to_zoned(TimeZone::system()).datetime());
    }
    // A date first: "2026-11-01" alone is midnight.
    if let Ok(at) = text.parse::<DateTime>() {
        return Ok(at);
    }
    if let Ok(day) = text.parse::<Date>() {
        return Ok(day.at(0, 0, 0, 0));
    }
    let ago = text.strip_suffix("ago").unwrap_or(text).trim();
    let span: Option<Span> = ago.parse().ok().filter(|span: &Span| !span.is_negative());
    let at = span.and_then(|span| now.checked_sub(span).ok());
    at.map(|at| at.datetime()).ok_or_else(|| {
        Error::new(Kind::Unknown, format!("{text:?} is not a time"))
            .code(code::NO_TIME)
            .hint("write it as 7d, 12h, 2026-11-01 or 2026-11-01T09:30")
    })
}

/// Names the two in an error.
pub(super) fn in_both<T>(sides: &Sides, result: Result<T>) -> Result<T> {
    result.with_context(|| format!("compare {} with {}", sides.old.sync_id(), sides.new.sync_id()))
}
