//! A plain SQLite file for other tools: tables with readable columns, no messages. Written once, never read here.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::{fault, scratch};
use crate::baton::error::{Context as _, Error, Result};

/// What to do when the disk is full.
const FULL: &str = "free some space on that volume, or choose another folder";

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum PlainValue {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// A whole number; flags are 0 and 1.
    Integer(i64),
    /// Any number.
    Real(f64),
}

/// A new database that is being filled. Nothing of it counts before [`PlainDatabase::finish`].
pub struct PlainDatabase {
    db: Connection,
    path: PathBuf,
}

impl PlainDatabase {
    /// Fills the empty file at `path`.
    ///
    /// # Errors
    /// Those of the disk, here and below.
    pub fn create(path: &Path) -> Result<PlainDatabase> {
        let create = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = scratch::open_alone(path, flags)?;
            db.execute_batch("pragma journal_mode = off; pragma synchronous = off; begin")?;
            let path = path.to_owned();
            Ok(PlainDatabase { db, path })
        };
        create()
            .map_err(|error| told(error, path))
            .with_context(|| format!("create {}", path.display()))
    }

    /// Creates a table.
    ///
    /// # Errors
    /// As [`PlainDatabase::create`].
    pub fn table(&self, name: &str, columns: &[&str]) -> Result<()> {
        let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let sql = format!("create table {} ({})", quoted(name), columns.join(", "));
        self.told(self.db.execute_batch(&sql))
    }

    /// Adds a row to a table.
    ///
    /// # Errors
    /// As [`PlainDatabase::create`].
    pub fn insert(&self, table: &str, row: Vec<PlainValue>) -> Result<()> {
        let places = vec!["?"; row.len()].join(", ");
        let sql = format!("insert into {} values ({places})", quoted(table));
        let values = params_from_iter(row.into_iter().map(|value| match value {
            PlainValue::Null => Value::Null,
            PlainValue::Text(text) => Value::Text(text),
            PlainValue::Integer(number) => Value::Integer(number),
            PlainValue::Real(number) => Value::Real(number),
        }));
        let insert = || self.db.prepare_cached(&sql)?.execute(values).map(drop);
        self.told(insert())
    }

    /// Makes finding rows by a column fast.
    ///
    /// # Errors
    /// As [`PlainDatabase::create`].
    pub fn index(&self, table: &str, column: &str) -> Result<()> {
        let name = quoted(&format!("{table}_by_{column}"));
        let sql = format!("create index {name} on {} ({})", quoted(table), quoted(column));
        self.told(self.db.execute_batch(&sql))
    }

    /// Writes everything out.
    ///
    /// # Errors
    /// As [`PlainDatabase::create`].
    pub fn finish(self) -> Result<()> {
        self.told(self.db.execute_batch("commit"))?;
        let closed = self.db.close().map_err(|(_, error)| Error::from(error));
        closed.map_err(|error| told(error, &self.path))
    }

    fn told<T>(&self, outcome: rusqlite::Result<T>) -> Result<T> {
        outcome.map_err(|error| told(error.into(), &self.path))
    }
}

/// Says what to do when the disk is full.
fn told(error: Error, path: &Path) -> Error {
    fault::when_full(fault::asked(error, path), FULL)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
