//! The unfinished sync: what was read so far, on disk beside the target, so that the next run goes on where this one
//! was stopped, however it was stopped.
//!
//! It is a SQLite file, but not yet a c1z: rows are kept as the pages they came in, with the place of their list in
//! the plan, and become rows of the c1z in that order when everything is there. So the order of rows does not depend
//! on which list was fast, a page and the fact that it was read are one row, and no index slows the reading down.
//! Every commit survives the death of the process; [`Partial::flush`] makes it survive a power cut. What decides what is
//! sealed is only believed where its sums agree: see `sums`.

mod open;
mod sums;

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

pub use self::open::Found;
use self::open::seconds;
use self::sums::{Part, Sums, Tally};
use super::fault;
use super::run::SyncType;
use crate::baton::error::{Error, Result};
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
    sums: Sums,
    /// What is there, with what is not committed yet.
    tally: Tally,
    /// What was there at the last commit.
    committed: Tally,
    /// Why everything since the last commit is gone, until whoever commits is told.
    failed: Option<Error>,
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
        let run = |token: &str| self.sums.run(&self.started_at, self.kind.as_str(), token);
        let (before, now) = (run(&self.token()?), run(token));
        self.write(Part::Run, |db| {
            db.prepare_cached("update v1_sync_runs set sync_token = ?1")?
                .execute([token])?;
            Ok((Some(before), now))
        })
    }

    /// The value of a session key.
    ///
    /// # Errors
    /// As [`Partial::token`]; `DataLoss` when it is not the one that was set.
    pub fn session_get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let stored: Option<Vec<u8>> = self
            .db
            .prepare_cached("select value from v1_connector_sessions where sync_id = ?1 and key = ?2")?
            .query_row([&self.sync_id, key], |row| row.get(0))
            .optional()?;
        stored.map(|stored| self.checked(key, stored)).transpose()
    }

    fn checked(&self, key: &str, stored: Vec<u8>) -> Result<Vec<u8>> {
        let (value, sum) = sums::unsealed(stored)?;
        match sum == self.sums.session(key, &value) {
            true => Ok(value),
            false => Err(sums::is_other(&format!("session key {key:?}"))),
        }
    }

    /// Sets a session key.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn session_set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let sync_id = self.sync_id.clone();
        let sum = self.sums.session(key, value);
        let sealed = sums::sealed(value, sum);
        self.write(Part::Session, |db| {
            let before: Option<Vec<u8>> = db
                .prepare_cached("select value from v1_connector_sessions where sync_id = ?1 and key = ?2")?
                .query_row([&sync_id, key], |row| row.get(0))
                .optional()?;
            db.prepare_cached(
                "insert into v1_connector_sessions (sync_id, key, value) values (?1, ?2, ?3) \
                 on conflict (sync_id, key) do update set value = excluded.value",
            )?
            .execute(params![sync_id, key, sealed])?;
            let before = before.and_then(|before| sums::unsealed(before).ok());
            Ok((before.map(|(_, sum)| sum), sum))
        })
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

    /// The session values whose keys begin with one of these.
    ///
    /// # Errors
    /// As [`Partial::session_get`].
    pub fn session_values(&self, prefixes: &[String]) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut values = BTreeMap::new();
        for prefix in prefixes {
            for rest in self.session_keys(prefix)? {
                let key = format!("{prefix}{rest}");
                if let Some(value) = self.session_get(&key)? {
                    values.insert(key, value);
                }
            }
        }
        Ok(values)
    }

    /// Stores a page: its rows as one blob, and the token of the page after it or `None` after the last one.
    ///
    /// # Errors
    /// As [`Partial::set_token`].
    pub fn put_page(&mut self, section: Section, at: Position, rows: &[u8], next: Option<&str>) -> Result<()> {
        let sum = self.sums.page(section, at, rows, next);
        self.write(Part::Pages(section), |db| {
            let key = params![section as i64, signed(at.list), signed(at.page)];
            let before: Option<i64> = db
                .prepare_cached("select sum from pages where section = ?1 and list = ?2 and page = ?3")?
                .query_row(key, |row| row.get(0))
                .optional()?;
            db.prepare_cached(
                "insert or replace into pages (section, list, page, rows, next, sum) values (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                section as i64,
                signed(at.list),
                signed(at.page),
                rows,
                next,
                sums::stored(sum)
            ])?;
            Ok((before.map(sums::restored), sum))
        })
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
            "select list, page, rows, next, sum from pages \
             where section = ?1 and (list, page) > (?2, ?3) order by list, page",
        )?;
        let (list, page) = after.map_or((-1, -1), |at| (signed(at.list), signed(at.page)));
        let mut rows = statement.query(params![section as i64, list, page])?;
        let mut pages = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let (at, _) = self.page(section, row)?;
            let blob = super::rows::blob(row, 2)?.to_vec();
            bytes += blob.len();
            pages.push((at, blob));
            if bytes >= limit {
                break;
            }
        }
        Ok(pages)
    }

    /// Calls `each` with every page of a section, in the order of the plan. Fails in the end, and not before `each` was
    /// called, when pages are missing.
    ///
    /// # Errors
    /// As [`Partial::token`], and those of `each`; `DataLoss` when a page is not as it was stored, or not there.
    pub fn for_each_page(&self, section: Section, each: &mut dyn FnMut(Position, &[u8]) -> Result<()>) -> Result<()> {
        let part = Part::Pages(section);
        let mut found = Tally::default();
        let mut last = None;
        let mut statement = self
            .db
            .prepare_cached("select list, page, rows, next, sum from pages where section = ?1 order by list, page")?;
        let mut rows = statement.query([section as i64])?;
        while let Some(row) = rows.next()? {
            let (at, sum) = self.page(section, row)?;
            // Rows are found by their order.
            if last.replace(at).is_some_and(|last| last >= at) {
                return Err(sums::is_other("the order of pages"));
            }
            found.put(part, None, sum);
            each(at, super::rows::blob(row, 2)?)?;
        }
        self.tally.check(part, found)
    }

    /// The place and the sum of a page, whose columns are list, page, rows, next and sum.
    ///
    /// # Errors
    /// `DataLoss` when it is not as it was stored.
    fn page(&self, section: Section, row: &Row<'_>) -> Result<(Position, u64)> {
        let at = Position {
            list: unsigned(row.get(0)?),
            page: unsigned(row.get(1)?),
        };
        let next: Option<String> = row.get(3)?;
        let sum = self.sums.page(section, at, super::rows::blob(row, 2)?, next.as_deref());
        match sums::stored(sum) == row.get::<_, i64>(4)? {
            true => Ok((at, sum)),
            false => Err(sums::is_other(&format!("page {} of list {}", at.page, at.list))),
        }
    }

    /// How far the lists of a section were read; lists of which nothing is there are not in it.
    ///
    /// # Errors
    /// As [`Partial::token`].
    pub fn progress(&self, section: Section) -> Result<BTreeMap<u64, ListProgress>> {
        let mut statement = self
            .db
            .prepare_cached("select list, page, next from pages where section = ?1 order by list, page")?;
        let mut rows = statement.query([section as i64])?;
        let mut all: BTreeMap<u64, ListProgress> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let list = all.entry(unsigned(row.get(0)?)).or_default();
            sums::check_follows(list, unsigned(row.get(1)?))?;
            list.pages += 1;
            match row.get::<_, Option<String>>(2)? {
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
        let sums = self.sums;
        occurrences.iter().try_for_each(|o| {
            self.write(Part::Warnings, |db| {
                let before: Option<(i64, i64)> = db
                    .prepare_cached(
                        "select count, sum from warnings where cause = ?1 and message = ?2 and example = ?3",
                    )?
                    .query_row([&o.cause, &o.message, &o.example], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let mut now = o.clone();
                now.count = before.map_or(o.count, |(count, _)| o.count.max(unsigned(count)));
                let sum = sums.warning(&now);
                db.prepare_cached(
                    "insert or replace into warnings (cause, message, example, count, code, sum) \
                     values (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    now.cause,
                    now.message,
                    now.example,
                    signed(now.count),
                    now.code,
                    sums::stored(sum)
                ])?;
                Ok((before.map(|(_, sum)| sums::restored(sum)), sum))
            })
        })
    }

    /// The stored occurrences.
    ///
    /// # Errors
    /// As [`Partial::token`]; `DataLoss` when they are not those that were stored.
    pub fn warnings(&self) -> Result<Vec<Occurrence>> {
        let mut found = Tally::default();
        let mut all = Vec::new();
        let mut statement = self
            .db
            .prepare("select cause, message, example, count, code from warnings")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let occurrence = Occurrence {
                cause: row.get(0)?,
                message: row.get(1)?,
                example: row.get(2)?,
                count: unsigned(row.get(3)?),
                code: row.get(4)?,
            };
            found.put(Part::Warnings, None, self.sums.warning(&occurrence));
            all.push(occurrence);
        }
        self.tally.check(Part::Warnings, found)?;
        Ok(all)
    }

    /// Whether everything that decides what is sealed is as it was stored, and all of it there.
    ///
    /// # Errors
    /// As [`Partial::token`]; `DataLoss` that says what is not.
    fn check(&self) -> Result<()> {
        let mut run = Tally::default();
        let sum = self.sums.run(&self.started_at, self.kind.as_str(), &self.token()?);
        run.put(Part::Run, None, sum);
        self.tally.check(Part::Run, run)?;
        let mut session = Tally::default();
        {
            let mut statement = self.db.prepare("select key, value from v1_connector_sessions")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let key: String = row.get(0)?;
                let value = self.checked(&key, row.get(1)?)?;
                session.put(Part::Session, None, self.sums.session(&key, &value));
            }
        }
        self.tally.check(Part::Session, session)?;
        self.warnings()?;
        for section in [Section::Resources, Section::Entitlements, Section::Grants] {
            self.for_each_page(section, &mut |_, _| Ok(()))?;
            self.progress(section)?;
        }
        // No tally counts what is of no section, and the lists that it would end are.
        let is_stray = "select exists (select 1 from pages where section not between 1 and 3)";
        match self.db.query_row(is_stray, [], |row| row.get(0))? {
            true => Err(sums::is_other("the section of a page")),
            false => Ok(()),
        }
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
    /// As [`Partial::set_token`]. Nothing since the last commit is there then: what failed since took the rest along.
    pub fn commit(&mut self) -> Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.db.is_autocommit() {
            return Ok(());
        }
        let commit = || {
            self.tally.write(&self.committed, &self.db)?;
            self.db.execute_batch("commit")
        };
        if let Err(error) = commit() {
            let error = self.named(error);
            self.roll_back();
            return Err(error);
        }
        self.committed = self.tally;
        self.unflushed = true;
        Ok(())
    }

    /// Forgets that something failed since the last commit, for whoever ends here and goes on with nothing.
    pub fn forget_failure(&mut self) {
        self.failed = None;
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

    /// Changes a row inside a transaction. `change` says what its sum was, if it was there, and what it is.
    ///
    /// When it fails, everything since the last commit goes with it: SQLite may have given that up by itself, and nobody
    /// may be told that a part of it is there.
    fn write(
        &mut self,
        part: Part,
        change: impl FnOnce(&Connection) -> rusqlite::Result<(Option<u64>, u64)>,
    ) -> Result<()> {
        if let Some(failed) = &self.failed {
            return Err(failed.again());
        }
        let write = || {
            if self.db.is_autocommit() {
                self.db.execute_batch("begin immediate")?;
            }
            change(&self.db)
        };
        match write() {
            Ok((before, now)) => {
                self.tally.put(part, before, now);
                Ok(())
            }
            Err(error) => {
                let error = self.named(error);
                self.roll_back();
                self.failed = Some(error.again());
                Err(error)
            }
        }
    }

    fn roll_back(&mut self) {
        if !self.db.is_autocommit() {
            // A transaction that cannot be rolled back is not committed either.
            let _ = self.db.execute_batch("rollback");
        }
        self.tally = self.committed;
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
