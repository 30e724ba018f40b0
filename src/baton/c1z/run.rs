//! Rows of `v1_sync_runs` (`baton/c1z/format.md 2.7, 2.8, 4.1`).

use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::baton::error::{Error, Kind, Result};
use crate::baton::memory::{self, Kept, PreviousSync, Remembered};

/// An unfinished sync older than this is not taken up again (`baton/c1z/format.md 4.1`).
pub(in crate::baton) const RESUME_DAYS: i64 = 7;

/// What a sync holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyncType {
    /// Everything.
    Full,
    /// Types and resources, no entitlements and grants.
    ResourcesOnly,
    /// Some resources, on top of the latest full sync.
    Partial,
    /// One half of a two-file diff: what is new or changed. Read, never written here.
    PartialUpserts,
    /// The other half: what is gone. Read, never written here.
    PartialDeletions,
}

impl SyncType {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            SyncType::Full => "full",
            SyncType::ResourcesOnly => "resources_only",
            SyncType::Partial => "partial",
            SyncType::PartialUpserts => "partial_upserts",
            SyncType::PartialDeletions => "partial_deletions",
        }
    }
}

impl FromStr for SyncType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "full" => SyncType::Full,
            "resources_only" => SyncType::ResourcesOnly,
            "partial" => SyncType::Partial,
            "partial_upserts" => SyncType::PartialUpserts,
            "partial_deletions" => SyncType::PartialDeletions,
            _ => {
                return Err(Error::new(
                    Kind::InvalidArgument,
                    format!("{text:?} is not a sync type"),
                ));
            }
        })
    }
}

/// One sync run as its row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRun {
    /// A KSUID.
    pub sync_id: String,
    /// Wall clock of the writing host: RFC 3339 in its own zone, as the column of that name holds it.
    pub started_at: String,
    /// Likewise; `None` while unfinished.
    pub ended_at: Option<String>,
    /// The checkpoint, kept after the end. Empty before the first one.
    pub token: String,
    /// As stored, usually one of [`SyncType`].
    pub sync_type: String,
    /// What a partial sync is based on; empty for others.
    pub parent_sync_id: String,
    /// The other half of a two-file diff; empty for others.
    pub linked_sync_id: String,
    /// The expansion columns can be trusted for diffs and rollback.
    pub supports_diff: bool,
    /// The expansion columns are filled.
    pub grants_backfilled: bool,
    /// Row counts as JSON, where the writer stored them.
    pub stats: Option<String>,
}

impl SyncRun {
    /// What it leaves to the next sync of the same file.
    pub fn into_previous(self) -> PreviousSync {
        PreviousSync {
            remembered: Remembered::from_token(&self.token),
            ended_at: self.ended_at.unwrap_or_default(),
            sync_id: self.sync_id,
            kept: Kept::InTarget,
        }
    }

    /// Whether somebody keeps it, however old it gets.
    pub fn is_kept(&self) -> bool {
        self.ended_at.is_some() && memory::is_kept(&self.token)
    }

    /// Whether it is a full sync that came to its end.
    pub fn is_finished_full(&self) -> bool {
        self.ended_at.is_some() && self.sync_type == SyncType::Full.as_str()
    }

    /// Whether its rows are what is gone since its parent, rather than what there is.
    pub fn is_of_deletions(&self) -> bool {
        self.sync_type == SyncType::PartialDeletions.as_str()
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(SyncRun {
            sync_id: row.get(0)?,
            started_at: row.get(1)?,
            ended_at: row.get(2)?,
            token: row.get(3)?,
            sync_type: row.get(4)?,
            parent_sync_id: row.get(5)?,
            linked_sync_id: row.get(6)?,
            supports_diff: row.get(7)?,
            grants_backfilled: row.get(8)?,
            stats: row.get(9)?,
        })
    }
}

const COLUMNS: &str = "sync_id, started_at, ended_at, sync_token, sync_type, parent_sync_id, linked_sync_id, \
                       supports_diff, grants_backfilled, stats";

/// Adds a run, without a row of it.
pub(super) fn insert(db: &Connection, run: &SyncRun) -> Result<()> {
    let sql = format!("insert into v1_sync_runs ({COLUMNS}) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    db.execute(
        &sql,
        params![
            run.sync_id,
            run.started_at,
            run.ended_at,
            run.token,
            run.sync_type,
            run.parent_sync_id,
            run.linked_sync_id,
            run.supports_diff,
            run.grants_backfilled,
            run.stats,
        ],
    )?;
    Ok(())
}

/// Removes every other run. None of them has rows.
pub(super) fn keep_only(db: &Connection, sync_id: &str) -> Result<()> {
    db.execute("delete from v1_sync_runs where sync_id <> ?1", [sync_id])?;
    Ok(())
}

/// All runs, oldest first: age is the order of rows.
pub(super) fn list(db: &Connection) -> Result<Vec<SyncRun>> {
    let mut statement = db.prepare_cached(&format!("select {COLUMNS} from v1_sync_runs order by id"))?;
    let runs = statement
        .query_map([], SyncRun::from_row)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(runs)
}

/// One run.
pub(super) fn find(db: &Connection, sync_id: &str) -> Result<Option<SyncRun>> {
    let sql = format!("select {COLUMNS} from v1_sync_runs where sync_id = ?1");
    Ok(db
        .prepare_cached(&sql)?
        .query_row([sync_id], SyncRun::from_row)
        .optional()?)
}

/// The finished run that readers show: the one that ended last, of `kind`, or of any that says what there is.
pub(super) fn latest_finished(db: &Connection, kind: Option<SyncType>) -> Result<Option<SyncRun>> {
    let sql = format!(
        "select {COLUMNS} from v1_sync_runs where ended_at is not null and sync_type = coalesce(?1, sync_type) and \
         (?1 is not null or sync_type <> ?2) order by ended_at desc, sync_id desc limit 1"
    );
    let kind = kind.map(SyncType::as_str);
    Ok(db
        .prepare_cached(&sql)?
        .query_row(params![kind, SyncType::PartialDeletions.as_str()], SyncRun::from_row)
        .optional()?)
}
