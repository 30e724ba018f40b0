//! The unfinished sync: what was read so far, on disk beside the target, so that the next run goes on where this one
//! was stopped, however it was stopped.
//!
//! It is a SQLite file, but not yet a c1z: rows are kept as the pages they came in, with the place of their list in
//! the plan, and become rows of the c1z in that order when everything is there. So the order of rows does not depend
//! on which list was fast, a page and the fact that it was read are one row, and no index slows the reading down.
//! Every commit survives the death of the process; [`Partial::flush`] makes it survive a power cut.

mod open;

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension as _, Params, params};

pub use self::open::Found;
use self::open::seconds;
use super::fault;
use super::run::SyncType;
use super::store::Store;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::warning::Occurrence;

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Resources.
    Resources = 1,
    /// Entitlements.
    Entitlements = 2,
    /// Grants.
    Grants = 3,
}

/// A page: the number of its list in the plan of the section, and its number in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The list.
    pub list: u64,
    /// The page.
    pub page: u64,
}

/// How far a list was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListProgress {
    /// Pages that are there.
    pub pages: u64,
    /// Tokens that followed them, in order; the last one is where reading goes on. Empty for a list that is done.
    pub tokens: Vec<String>,
    /// Whether the last page is there.
    pub done: bool,
}

/// An open unfinished sync. One thread at a time; every call blocks.
pub struct Partial {
    db: Connection,
    path: PathBuf,
    sync_id: String,
    started_at: String,
    kind: SyncType,
    /// Whether anything was committed since the last flush.
    unflushed: bool,
}

impl Partial {
    /// The id of the sync: it stays when the sync becomes part of its target.
    pub fn sync_id(&self) -> &str {
        &self.sync_id
    }

    /// When it was begun, see [`timestamp`](super::timestamp).
    pub fn started_at(&self) -> &str {
        &self.started_at
    }

    /// As [`Partial::started_at`], without fractions of a second.
    pub fn started_second(&self) -> &str {
        seconds(&self.started_at)
    }

    /// What it will hold.
    pub fn kind(&self) -> SyncType {
        self.kind
    }

    /// The checkpoint.
    ///
    /// # Errors
    /// Those of the file, here and below.
    pub fn token(&self) -> Result<String> {
        Ok(self
            .db
            .prepare_cached("select sync_token from v1_sync_runs")?
            .query_row([], |row| row.get(0))?)
    }

    /// Sets the checkpoint.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full, here and below.
    pub fn set_token(&mut self, token: &str) -> Result<()> {
        self.write("update v1_sync_runs set sync_token = ?1", [token])
    }

    /// The value of a session key.
    ///
    /// # Errors
    /// As [`Partial::token`].
    pub fn session_get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self
            .db
            .prepare_cached("select value from v1_connector_sessions where sync_id = ?1 and key = ?2")?
            .query_row([&self.sync_id, key], |row| row.get(0))
            .optional()?)
    }

    /// Sets a session key.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn session_set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let sync_id = self.sync_id.clone();
        self.write(
            "insert into v1_connector_sessions (sync_id, key, value) values (?1, ?2, ?3) \
             on conflict (sync_id, key) do update set value = excluded.value",
            params![sync_id, key, value],
        )
    }

    /// The session keys that begin with `prefix`, without it.
    ///
    /// # Errors
    /// As [`Partial::token`].
    pub fn session_keys(&self, prefix: &str) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "select substr(key, length(?2) + 1) from v1_connector_sessions \
             where sync_id = ?1 and substr(key, 1, length(?2)) = ?2 order by key",
        )?;
        let keys = statement.query_map([&self.sync_id, prefix], |row| row.get(0))?;
        Ok(keys.collect::<rusqlite::Result<_>>()?)
    }

    /// Stores a page: its rows as one blob, and the token of the page after it or `None` after the last one.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn put_page(&mut self, section: Section, at: Position, rows: &[u8], next: Option<&str>) -> Result<()> {
        self.write(
            "insert or replace into pages (section, list, page, rows, next) values (?1, ?2, ?3, ?4, ?5)",
            params![section as i64, signed(at.list), signed(at.page), rows, next],
        )
    }

    /// Pages of a section in the order of the plan, after `after`, until their blobs have `limit` bytes together.
    ///
    /// # Errors
    /// As [`Partial::token`].
    pub fn pages_after(
        &self,
        section: Section,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Vec<u8>)>> {
        let mut statement = self.db.prepare_cached(
            "select list, page, rows from pages where section = ?1 and (list, page) > (?2, ?3) order by list, page",
        )?;
        let (list, page) = after.map_or((-1, -1), |at| (signed(at.list), signed(at.page)));
        let mut rows = statement.query(params![section as i64, list, page])?;
        let mut pages = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let at = Position {
                list: unsigned(row.get(0)?),
                page: unsigned(row.get(1)?),
            };
            let blob: Vec<u8> = row.get(2)?;
            bytes += blob.len();
            pages.push((at, blob));
            if bytes >= limit {
                break;
            }
        }
        Ok(pages)
    }

    /// Calls `each` with every page of a section, in the order of the plan.
    ///
    /// # Errors
    /// As [`Partial::token`], and those of `each`.
    pub fn for_each_page(&self, section: Section, each: &mut dyn FnMut(Position, &[u8]) -> Result<()>) -> Result<()> {
        let mut statement = self
            .db
            .prepare_cached("select list, page, rows from pages where section = ?1 order by list, page")?;
        let mut rows = statement.query([section as i64])?;
        while let Some(row) = rows.next()? {
            let at = Position {
                list: unsigned(row.get(0)?),
                page: unsigned(row.get(1)?),
            };
            each(at, super::rows::blob(row, 2)?)?;
        }
        Ok(())
    }

    /// How far the lists of a section were read; lists of which nothing is there are not in it.
    ///
    /// # Errors
    /// As [`Partial::token`].
    pub fn progress(&self, section: Section) -> Result<BTreeMap<u64, ListProgress>> {
        let mut statement = self
            .db
            .prepare_cached("select list, next from pages where section = ?1 order by list, page")?;
        let mut rows = statement.query([section as i64])?;
        let mut all: BTreeMap<u64, ListProgress> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let list = all.entry(unsigned(row.get(0)?)).or_default();
            list.pages += 1;
            match row.get::<_, Option<String>>(1)? {
                Some(next) => list.tokens.push(next),
                None => {
                    list.done = true;
                    list.tokens = Vec::new();
                }
            }
        }
        Ok(all)
    }

    /// How many lists are done, in all sections.
    ///
    /// # Errors
    /// As [`Partial::token`].
    pub fn lists_done(&self) -> Result<u64> {
        Ok(self
            .db
            .query_row("select count(*) from pages where next is null", [], |row| row.get(0))
            .map(unsigned)?)
    }

    /// Stores occurrences of warnings; the larger count of one counts.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn put_warnings(&mut self, occurrences: &[Occurrence]) -> Result<()> {
        occurrences.iter().try_for_each(|o| {
            self.write(
                "insert into warnings (cause, message, example, count, code) values (?1, ?2, ?3, ?4, ?5) \
                 on conflict (cause, message, example) do update set count = max(count, excluded.count)",
                params![o.cause, o.message, o.example, signed(o.count), o.code],
            )
        })
    }

    /// The stored occurrences.
    ///
    /// # Errors
    /// As [`Partial::token`].
    pub fn warnings(&self) -> Result<Vec<Occurrence>> {
        let mut statement = self
            .db
            .prepare("select cause, message, example, count, code from warnings")?;
        let rows = statement.query_map([], |row| {
            Ok(Occurrence {
                cause: row.get(0)?,
                message: row.get(1)?,
                example: row.get(2)?,
                count: unsigned(row.get(3)?),
                code: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether anything in it cost a request: a page, or a session key of the connector. Keys of the syncer begin
    /// with `@`.
    ///
    /// # Errors
    /// As [`Partial::token`].
    pub fn is_worth_keeping(&self) -> Result<bool> {
        Ok(self.db.query_row(
            "select exists (select 1 from pages) \
             or exists (select 1 from v1_connector_sessions where substr(key, 1, 1) <> '@')",
            [],
            |row| row.get(0),
        )?)
    }

    /// Makes everything since the last commit outlive the process.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn commit(&mut self) -> Result<()> {
        if !self.db.is_autocommit() {
            self.db.execute_batch("commit").map_err(|error| self.named(error))?;
            self.unflushed = true;
        }
        Ok(())
    }

    /// Commits, and makes everything outlive a power cut.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn flush(&mut self) -> Result<()> {
        self.commit()?;
        if std::mem::take(&mut self.unflushed) {
            self.db
                .query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
                .map_err(|error| self.named(error))?;
        }
        Ok(())
    }

    /// Gives back the memory that reads are kept in: for when there is nothing more to read.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn release_memory(&self) -> Result<()> {
        Ok(self.db.execute_batch("pragma shrink_memory")?)
    }

    /// Commits and closes. One file remains.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn close(mut self) -> Result<()> {
        self.flush()?;
        let Partial { db, path, .. } = self;
        db.close().map_err(|(_, error)| fault::in_partial(error.into(), &path))
    }

    /// Runs a statement inside a transaction.
    fn write(&mut self, sql: &str, params: impl Params) -> Result<()> {
        let write = || {
            if self.db.is_autocommit() {
                self.db.execute_batch("begin immediate")?;
            }
            self.db.prepare_cached(sql)?.execute(params)
        };
        write().map(drop).map_err(|error| self.named(error))
    }

    fn named(&self, error: rusqlite::Error) -> Error {
        fault::in_partial(error.into(), &self.path)
    }

    /// Lets the file grow by so many pages and no more, as a disk that is nearly full does.
    #[cfg(test)]
    pub(crate) fn fill_disk(&self, pages: i64) {
        super::grow_by(&self.db, pages);
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl Store {
    /// Moves the rows of an unfinished sync that was read to its end into this file, page by page.
    ///
    /// # Errors
    /// `FailedPrecondition` when no sync has begun; those of `put`.
    pub fn take_pages(
        &mut self,
        partial: &Partial,
        section: Section,
        put: &mut dyn FnMut(&mut Store, &[u8]) -> Result<()>,
    ) -> Result<()> {
        if self.sync_id() != Some(partial.sync_id()) {
            return Err(Error::new(Kind::FailedPrecondition, "another sync is being written"));
        }
        partial.for_each_page(section, &mut |_, rows| put(self, rows))
    }
}
