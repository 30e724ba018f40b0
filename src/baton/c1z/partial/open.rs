//! Finding, examining and creating the file of an unfinished sync.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::super::claim::{self, Claim};
use super::super::run::{self, SyncType};
use super::super::schema::{INDEXES, TABLES};
use super::super::store::Store;
use super::super::{fault, ksuid, scratch, timestamp};
use super::Partial;
use crate::baton::error::{Context as _, Kind, Result};

/// The form of this file. Another form is not read.
const FORM: i64 = 2;
/// Says in the header that it is one of these.
const APPLICATION: i64 = 0x6241_5054;
/// An unfinished sync older than this is not taken up again (`baton/c1z/format.md 4.1`).
const RESUME_DAYS: i64 = 7;
/// Tables of the c1z that are in here as well.
const SHARED: [&str; 2] = ["v1_sync_runs", "v1_connector_sessions"];

const OWN_TABLES: &str = "\
    create table pages (section integer not null, list integer not null, page integer not null, rows blob not null, \
    next text, primary key (section, list, page)) without rowid; \
    create table warnings (cause text not null, message text not null, example text not null, \
    count integer not null, code text not null, primary key (cause, message, example)) without rowid;";

/// What lies beside the target.
pub enum Found {
    /// Nothing, or a file into which nothing was ever written.
    Nothing,
    /// Something that cannot be taken up again, and why.
    Unusable(String),
    /// An unfinished sync.
    Unfinished(Partial),
}

impl Partial {
    /// Looks at what lies beside the target and opens it if it is an unfinished sync that is whole, of this
    /// program's form, younger than a week and not in `target` already.
    ///
    /// # Errors
    /// Those of the disk; `FailedPrecondition` when something else lies at the path.
    pub fn find(claim: &Claim, target: &Store) -> Result<Found> {
        let path = claim.partial_path();
        let Some(metadata) = claim::regular(path)? else {
            return Ok(Found::Nothing);
        };
        if !is_ours(&metadata, target) {
            return Ok(Found::Unusable("it belongs to another user".to_owned()));
        }
        match Self::open(path, target) {
            // A damaged file is no reason to fail: everything in it can be read again.
            Err(error) if error.kind() == Kind::DataLoss => Ok(Found::Unusable(format!("it is damaged ({error})"))),
            other => other
                .map_err(fault::beside_target)
                .with_context(|| format!("open {}", path.display())),
        }
    }

    fn open(path: &Path, target: &Store) -> Result<Found> {
        let db = connect(path)?;
        let number = |pragma: &str| db.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let tables = number("select count(*) from sqlite_schema")?;
        if tables == 0 {
            return Ok(Found::Nothing);
        }
        let form = (number("pragma application_id")?, number("pragma user_version")?);
        if form != (APPLICATION, FORM) || schema(&db)? != expected_schema()? {
            return Ok(Found::Unusable("another version of this program wrote it".to_owned()));
        }
        let verdict: String = db.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Ok(Found::Unusable(format!("it is damaged ({verdict})")));
        }
        let runs = run::list(&db)?;
        let [run] = runs.as_slice() else {
            return Ok(Found::Unusable(format!("it holds {} syncs instead of one", runs.len())));
        };
        if target.runs()?.iter().any(|r| r.sync_id == run.sync_id) {
            tracing::info!(sync_id = %run.sync_id, "The last run was stopped after it had saved its file.");
            return Ok(Found::Nothing);
        }
        if run.started_at < timestamp::days_ago(RESUME_DAYS) {
            return Ok(Found::Unusable(format!(
                "it was begun more than {RESUME_DAYS} days ago ({})",
                seconds(&run.started_at)
            )));
        }
        let kind = match run.sync_type.parse() {
            Ok(kind @ (SyncType::Full | SyncType::ResourcesOnly)) if ksuid::is_sync_id(&run.sync_id) => kind,
            _ => return Ok(Found::Unusable("another program wrote it".to_owned())),
        };
        let (sync_id, started_at) = (run.sync_id.clone(), run.started_at.clone());
        Ok(Found::Unfinished(Partial {
            db,
            path: path.to_owned(),
            sync_id,
            started_at,
            kind,
            unflushed: false,
        }))
    }

    /// Begins a sync under a new id. Whatever lay beside the target is removed.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn create(claim: &Claim, target: &mut Store, kind: SyncType) -> Result<Partial> {
        claim.discard()?;
        let path = claim.partial_path();
        let mut create = || -> Result<Partial> {
            drop(claim::create_private(path)?);
            let db = connect(path)?;
            // Asked while the log is there still: it goes when the database is closed.
            let (sync_id, started_at) = fill(&db, target, kind).map_err(|error| fault::asked(error, path))?;
            Ok(Partial {
                db,
                path: path.to_owned(),
                sync_id,
                started_at,
                kind,
                unflushed: true,
            })
        };
        create()
            .map_err(|error| fault::beside_target(fault::asked(error, path)))
            .with_context(|| format!("begin {}", path.display()))
    }
}

/// Makes the tables and the row of a sync that begins. Returns its id and when it began.
fn fill(db: &Connection, target: &mut Store, kind: SyncType) -> Result<(String, String)> {
    // There is nothing to lose yet.
    db.execute_batch("pragma synchronous = off")?;
    let (sync_id, started_at) = (ksuid::new_sync_id(), target.now());
    // In one step: a file with tables has its run.
    db.execute_batch(&format!(
        "begin immediate; pragma application_id = {APPLICATION}; pragma user_version = {FORM}; {}",
        create_sql()
    ))?;
    db.execute(
        "insert into v1_sync_runs (sync_id, started_at, sync_token, sync_type, grants_backfilled) \
         values (?1, ?2, '', ?3, 1)",
        [sync_id.as_str(), started_at.as_str(), kind.as_str()],
    )?;
    db.execute_batch("commit")?;
    be_durable(db)?;
    Ok((sync_id, started_at))
}

/// Opens the file for this process alone. Commits go to a log beside it, which a crash leaves readable.
fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let db = Connection::open_with_flags(path, flags)?;
    scratch::distrust(&db)?;
    let pragma = |sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0));
    // Rows are whole pages of lists, so most of what is written is long. An existing file keeps its size.
    db.execute_batch("pragma page_size = 16384")?;
    // Exclusive first: the log then needs no shared memory, which network file systems do not have.
    pragma("pragma locking_mode = exclusive")?;
    pragma("pragma journal_mode = wal")?;
    db.execute_batch("pragma cache_size = -4096; pragma foreign_keys = off")?;
    be_durable(&db)?;
    Ok(db)
}

/// Commits to a log are safe without waiting for the disk, which [`Partial::flush`] does now and then. Without a log,
/// only waiting is.
fn be_durable(db: &Connection) -> Result<()> {
    let mode: String = db.query_row("pragma journal_mode", [], |row| row.get(0))?;
    let synchronous = if mode == "wal" { "normal" } else { "full" };
    Ok(db.execute_batch(&format!("pragma synchronous = {synchronous}"))?)
}

fn create_sql() -> String {
    let tables = TABLES
        .iter()
        .filter(|t| SHARED.contains(&t.name))
        .map(|t| format!("{};", t.create_sql()));
    let indexes = INDEXES
        .iter()
        .filter(|i| i.unique && SHARED.contains(&i.table))
        .map(|i| format!("{};", i.create_sql()));
    tables.chain(indexes).chain([OWN_TABLES.to_owned()]).collect()
}

/// Every object of the database with its definition.
fn schema(db: &Connection) -> Result<Vec<String>> {
    let mut statement =
        db.prepare("select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_schema order by 1")?;
    Ok(statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

fn expected_schema() -> Result<Vec<String>> {
    let db = Connection::open_in_memory()?;
    db.execute_batch(&create_sql())?;
    schema(&db)
}

/// Whether a file belongs to who runs this: the target's working copy was made a moment ago and does. In a folder
/// that others can write to, a foreign file could bring rows that no workspace has.
#[cfg(unix)]
fn is_ours(metadata: &std::fs::Metadata, target: &Store) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    target.scratch_metadata().is_none_or(|own| own.uid() == metadata.uid())
}

#[cfg(not(unix))]
fn is_ours(_: &std::fs::Metadata, _: &Store) -> bool {
    true
}

/// A time without fractions of a second.
pub(super) fn seconds(at: &str) -> &str {
    at.split('.').next().unwrap_or_default()
}
