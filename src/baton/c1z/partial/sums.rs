//! How damage to an unfinished sync is noticed: every row has a sum of its key and its content, and beside the rows
//! stands how many there are of each sort and what their sums add up to.
//!
//! SQLite notices when the form of its file is broken, not when a letter in a row is another one. The sum of a row
//! tells that, and a row in the place of another. The tally, which every commit brings up to date, tells a row that is
//! gone. Sums are no protection against people: only the owner of a file can write into it.

use std::hash::Hasher as _;

use rusqlite::{Connection, OptionalExtension as _, params};
use twox_hash::XxHash64;

use super::{ListProgress, Position, Section};
use crate::baton::c1z::fault::damaged;
use crate::baton::error::{Error, Result};
use crate::baton::warning::Occurrence;

/// A sort of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Pages of a section.
    Pages(Section),
    /// Session keys.
    Session,
    /// Warnings.
    Warnings,
    /// The sync itself, with its checkpoint.
    Run,
}

impl Part {
    pub(super) const ALL: [Part; 6] = [
        Part::Pages(Section::Resources),
        Part::Pages(Section::Entitlements),
        Part::Pages(Section::Grants),
        Part::Session,
        Part::Warnings,
        Part::Run,
    ];

    /// As it stands in the tally.
    fn number(self) -> i64 {
        match self {
            Part::Pages(section) => section as i64,
            Part::Session => 4,
            Part::Warnings => 5,
            Part::Run => 6,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Part::Pages(Section::Resources) => "pages of resources",
            Part::Pages(Section::Entitlements) => "pages of entitlements",
            Part::Pages(Section::Grants) => "pages of grants",
            Part::Session => "session keys",
            Part::Warnings => "warnings",
            Part::Run => "checkpoints",
        }
    }
}

/// Makes the sums of one sync. Those of another sync are others for the same rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    seed: u64,
}

impl Sums {
    /// Those of a sync.
    pub(super) fn of(sync_id: &str) -> Self {
        Sums {
            seed: XxHash64::oneshot(0, sync_id.as_bytes()),
        }
    }

    pub(super) fn page(self, section: Section, at: Position, rows: &[u8], next: Option<&str>) -> u64 {
        let sum = self.begin(Part::Pages(section));
        sum.number(at.list)
            .number(at.page)
            .bytes(rows)
            .optional(next)
            .0
            .finish()
    }

    pub(super) fn session(self, key: &str, value: &[u8]) -> u64 {
        self.begin(Part::Session).bytes(key.as_bytes()).bytes(value).0.finish()
    }

    pub(super) fn warning(self, o: &Occurrence) -> u64 {
        let texts = [&o.cause, &o.code, &o.message, &o.example];
        let sum = texts
            .into_iter()
            .fold(self.begin(Part::Warnings), |sum, text| sum.bytes(text.as_bytes()));
        sum.number(o.count).0.finish()
    }

    pub(super) fn run(self, started_at: &str, kind: &str, token: &str) -> u64 {
        let sum = self.begin(Part::Run);
        let sum = sum.bytes(started_at.as_bytes()).bytes(kind.as_bytes());
        sum.bytes(token.as_bytes()).0.finish()
    }

    fn begin(self, part: Part) -> Sum {
        Sum(XxHash64::with_seed(self.seed)).number(part.number().unsigned_abs())
    }
}

/// A sum on its way. What is put in has a length or its length before it, so that no two rows are the same bytes.
struct Sum(XxHash64);

impl Sum {
    fn number(mut self, number: u64) -> Self {
        self.0.write(&number.to_le_bytes());
        self
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut sum = self.number(bytes.len() as u64);
        sum.0.write(bytes);
        sum
    }

    fn optional(self, text: Option<&str>) -> Self {
        match text {
            None => self.number(0),
            Some(text) => self.number(1).bytes(text.as_bytes()),
        }
    }
}

/// A sum as SQLite stores it.
pub(super) fn stored(sum: u64) -> i64 {
    sum.cast_signed()
}

/// The sum that was stored, back.
pub(super) fn restored(sum: i64) -> u64 {
    sum.cast_unsigned()
}

/// The bytes of a session value with its sum behind them.
pub(super) fn sealed(value: &[u8], sum: u64) -> Vec<u8> {
    [value, &sum.to_le_bytes()].concat()
}

/// A session value, and the sum that stands behind it.
///
/// # Errors
/// `DataLoss` when it is too short to have one.
pub(super) fn unsealed(mut stored: Vec<u8>) -> Result<(Vec<u8>, u64)> {
    let length = stored.len().checked_sub(size_of::<u64>());
    let sum = length.map(|length| stored.split_off(length));
    let sum = sum.and_then(|sum| sum.try_into().ok()).map(u64::from_le_bytes);
    Ok((stored, sum.ok_or_else(|| is_other("a session key"))?))
}

/// Some row is not what was written.
pub(super) fn is_other(what: &str) -> Error {
    damaged(format!("{what} is not as it was written"))
}

/// How many rows of each sort there are, and what their sums add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally([Total; Part::ALL.len()]);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Total {
    rows: u64,
    sum: u64,
}

impl Tally {
    /// The SQL of its table.
    pub(super) const TABLE: &str =
        "create table tally (part integer primary key, rows integer not null, sum integer not null);";

    /// Counts a row, in the place of one of the same key if there was one.
    pub(super) fn put(&mut self, part: Part, before: Option<u64>, now: u64) {
        let Some(total) = self.total(part) else { return };
        match before {
            Some(before) => total.sum = total.sum.wrapping_sub(before),
            None => total.rows = total.rows.wrapping_add(1),
        }
        total.sum = total.sum.wrapping_add(now);
    }

    fn total(&mut self, part: Part) -> Option<&mut Total> {
        let at = usize::try_from(part.number() - 1).ok()?;
        self.0.get_mut(at)
    }

    /// Whether what was counted of a sort is what the tally says.
    ///
    /// # Errors
    /// `DataLoss` when not.
    pub(super) fn check(mut self, part: Part, mut counted: Tally) -> Result<()> {
        match (self.total(part), counted.total(part)) {
            (Some(said), Some(found)) if said == found => Ok(()),
            (Some(said), Some(found)) if said.rows != found.rows => Err(damaged(format!(
                "{} of {} {} are there",
                found.rows,
                said.rows,
                part.name()
            ))),
            _ => Err(damaged(format!("{} are not those that were written", part.name()))),
        }
    }

    /// Reads it.
    pub(super) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let mut tally = Tally::default();
        for (part, total) in Part::ALL.into_iter().zip(&mut tally.0) {
            let row: Option<(i64, i64)> = db
                .prepare_cached("select rows, sum from tally where part = ?1")?
                .query_row([part.number()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let (rows, sum) = row.unwrap_or_default();
            *total = Total {
                rows: restored(rows),
                sum: restored(sum),
            };
        }
        Ok(tally)
    }

    /// Writes what is other than `before`.
    pub(super) fn write(&self, before: &Tally, db: &Connection) -> rusqlite::Result<()> {
        for ((part, now), before) in Part::ALL.into_iter().zip(&self.0).zip(&before.0) {
            if now != before {
                db.prepare_cached("insert or replace into tally (part, rows, sum) values (?1, ?2, ?3)")?
                    .execute(params![part.number(), stored(now.rows), stored(now.sum)])?;
            }
        }
        Ok(())
    }
}

/// Whether the pages of a list follow each other to its last one.
///
/// # Errors
/// `DataLoss` when one is missing.
pub(super) fn check_follows(list: &ListProgress, page: u64) -> Result<()> {
    match !list.done && page == list.pages {
        true => Ok(()),
        false => Err(damaged(format!("page {} of a list is missing", list.pages))),
    }
}
