//! Finding, examining and creating the file of an unfinished sync.

use std::fs::{Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use rusqlite::{Connection, OpenFlags};

use super::super::claim::{self, Claim};
use super::super::run::RESUME_DAYS;
use super::super::run::{self, SyncType};
use super::super::schema::{INDEXES, TABLES};
use super::super::store::Store;
use super::super::{fault, ksuid, memory, scratch, timestamp};
use super::Partial;
use super::sums::{Part, Sums, Tally};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::{owner, scraps};

/// The form of this file. Another form is not read.
const FORM: i64 = 4;
/// Says in the header that it is one of these.
const APPLICATION: i64 = 0x6241_5054;
/// Tables of the c1z that are in here as well.
const SHARED: [&str; 2] = ["v1_sync_runs", "v1_connector_sessions"];

const OWN_TABLES: &str = "\
    create table pages (section integer not null, list integer not null, page integer not null, rows blob not null, \
    next text, sum integer not null, primary key (section, list, page)) without rowid; \
    create table warnings (cause text not null, message text not null, example text not null, \
    count integer not null, code text not null, sum integer not null, primary key (cause, message, example)) \
    without rowid;";

/// What lies beside the target.
pub enum Found {
    /// Nothing, or a file into which nothing was ever written.
    Nothing,
    /// Something that cannot be taken up again, and why.
    Unusable(String),
    /// An unfinished sync.
    Unfinished(Box<Partial>),
}

impl Partial {
    /// Looks at what lies beside the target and opens it if it is an unfinished sync that is whole, of this
    /// program's form, younger than a week and not in `target` already.
    ///
    /// # Errors
    /// Those of the disk; `FailedPrecondition` when something else lies at the path.
    pub fn find(claim: &Claim, target: &Store) -> Result<Found> {
        let path = claim.partial_path();
        if claim::regular(path)?.is_none() {
            return Ok(Found::Nothing);
        }
        // What SQLite finds beside it is a part of it.
        for suffix in [""].into_iter().chain(scraps::SIDECARS) {
            let path = scraps::with_suffix(path, suffix);
            match claim::regular(&path)? {
                Some(found) if !is_ours(&found, target) => {
                    let why = match suffix {
                        "" => "it belongs to another user".to_owned(),
                        _ => format!("its {suffix} file belongs to another user"),
                    };
                    return Ok(Found::Unusable(why));
                }
                Some(found) if !owner::has_one_name(&found) => {
                    let why = "it is another file, too: it has more than one hard link";
                    return Ok(Found::Unusable(why.to_owned()));
                }
                _ => {}
            }
        }
        match Self::open(path, target) {
            // A damaged file is no reason to fail: everything in it can be read again.
            Err(error) => match blame(error, path) {
                Ok(damage) => Ok(Found::Unusable(format!("it is damaged ({damage})"))),
                Err(error) => Err(fault::beside_target(error)).with_context(|| format!("open {}", path.display())),
            },
            found => found,
        }
    }

    /// The error again if it is the file's own fault, so that to read anew helps; otherwise it is the disk's, or somebody
    /// else's.
    ///
    /// # Errors
    /// The error that is not.
    pub fn blame(&self, error: Error) -> Result<Error> {
        blame(error, &self.path)
    }

    /// As [`Partial::find`], of the bytes of such a file, which never lie on a disk.
    ///
    /// # Errors
    /// As [`Partial::find`].
    pub fn find_in_memory(database: &[u8], target: &Store) -> Result<Found> {
        let open = || {
            let db = memory::open(database)?;
            configure(&db)?;
            Self::examine(db, Path::new(""), target)
        };
        match open() {
            // There is no disk that could be at fault.
            Err(error) if matches!(error.kind(), Kind::DataLoss | Kind::Internal | Kind::Unknown) => {
                Ok(Found::Unusable(format!("it is damaged ({error})")))
            }
            found => found,
        }
    }

    fn open(path: &Path, target: &Store) -> Result<Found> {
        Self::examine(connect(path)?, path, target)
    }

    fn examine(db: Connection, path: &Path, target: &Store) -> Result<Found> {
        let number = |pragma: &str| db.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let tables = number("select count(*) from sqlite_schema")?;
        if tables == 0 {
            return Ok(Found::Nothing);
        }
        let form = (number("pragma application_id")?, number("pragma user_version")?);
        if form != (APPLICATION, FORM) || schema(&db)? != *expected_schema()? {
            return Ok(Found::Unusable("another version of this program wrote it".to_owned()));
        }
        // Also that the indexes show what the tables hold: they are what rows are found by.
        let verdict: String = db.query_row("pragma integrity_check(1)", [], |row| row.get(0))?;
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
        let tally = Tally::read(&db)?;
        let partial = Partial {
            path: path.to_owned(),
            sums: Sums::of(&run.sync_id),
            sync_id: run.sync_id.clone(),
            started_at: run.started_at.clone(),
            kind,
            tally,
            committed: tally,
            failed: None,
            unflushed: false,
            db,
        };
        partial.check()?;
        Ok(Found::Unfinished(Box::new(partial)))
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
            // Others may have put something in its place since what lay there was removed.
            for suffix in scraps::SIDECARS {
                let beside = scraps::with_suffix(path, suffix);
                let is_foreign = |found: Metadata| !is_ours(&found, target) || !owner::has_one_name(&found);
                if claim::regular(&beside)?.is_some_and(is_foreign) {
                    let foreign = format!("{} belongs to another user", beside.display());
                    return Err(Error::new(Kind::Unknown, foreign)
                        .code(code::FILE_DENIED)
                        .hint("remove it, or choose a --file in a folder of your own"));
                }
            }
            let tally = Tally::read(&db)?;
            Ok(Partial {
                db,
                path: path.to_owned(),
                sums: Sums::of(&sync_id),
                sync_id,
                started_at,
                kind,
                tally,
                committed: tally,
                failed: None,
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
    let mut tally = Tally::default();
    tally.put(Part::Run, None, Sums::of(&sync_id).run(&started_at, kind.as_str(), ""));
    tally.write(&Tally::default(), db)?;
    db.execute_batch("commit")?;
    be_durable(db)?;
    Ok((sync_id, started_at))
}

/// Opens the file for this process alone. Commits go to a log beside it, which a crash leaves readable.
fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let db = Connection::open_with_flags(path, flags)?;
    configure(&db)?;
    Ok(db)
}

fn configure(db: &Connection) -> Result<()> {
    scratch::distrust(db)?;
    let pragma = |sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0));
    // Rows are whole pages of lists, so most of what is written is long. An existing file keeps its size.
    db.execute_batch("pragma page_size = 16384")?;
    // Exclusive first: the log then needs no shared memory, which network file systems do not have.
    pragma("pragma locking_mode = exclusive")?;
    pragma("pragma journal_mode = wal")?;
    db.execute_batch("pragma cache_size = -4096; pragma foreign_keys = off")?;
    be_durable(db)
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
    let own = [OWN_TABLES.to_owned(), Tally::TABLE.to_owned()];
    tables.chain(indexes).chain(own).collect()
}

/// Tells an error that is the file's own fault from those of the disk and of other processes.
///
/// # Errors
/// The latter.
fn blame(error: Error, path: &Path) -> Result<Error> {
    match error.kind() {
        Kind::DataLoss | Kind::Internal => Ok(error),
        // SQLite cannot read or write what can be read and written: it does not understand it.
        Kind::Unknown => match fault::asked(error, path) {
            error if error.kind() == Kind::Unknown && is_accessible(path) => Ok(error),
            error => Err(error),
        },
        _ => Err(error),
    }
}

/// Whether a file and its log can be read to their ends and written to.
fn is_accessible(path: &Path) -> bool {
    let read = |path: &Path| {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        io::copy(&mut file, &mut io::sink())
    };
    let log = scraps::with_suffix(path, "-wal");
    let is_absent = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
    read(path).is_ok() && read(&log).map_or_else(is_absent, |_| true)
}

/// Every object of the database with its definition.
fn schema(db: &Connection) -> Result<Vec<String>> {
    let mut statement =
        db.prepare("select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_schema order by 1")?;
    Ok(statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

fn expected_schema() -> Result<&'static [String]> {
    static EXPECTED: OnceLock<Vec<String>> = OnceLock::new();
    if let Some(expected) = EXPECTED.get() {
        return Ok(expected);
    }
    let db = Connection::open_in_memory()?;
    db.execute_batch(&create_sql())?;
    let expected = schema(&db)?;
    Ok(EXPECTED.get_or_init(|| expected))
}

/// Whether a file belongs to who runs this: the target's working copy was made a moment ago and does. In a folder
/// that others can write to, a foreign file could bring rows that no workspace has.
#[cfg(unix)]
fn is_ours(metadata: &Metadata, target: &Store) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    target.scratch_metadata().is_none_or(|own| own.uid() == metadata.uid())
}

#[cfg(not(unix))]
fn is_ours(_: &Metadata, _: &Store) -> bool {
    true
}

/// A time without fractions of a second.
pub(super) fn seconds(at: &str) -> &str {
    at.split('.').next().unwrap_or_default()
}
