//! A plain SQLite file for other tools: tables with readable columns, no messages. Written once, never read here.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::fault;
use crate::baton::error::{Context as _, Result};

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
}

impl PlainDatabase {
    /// Fills the empty file at `path`.
    ///
    /// # Errors
    /// Those of the disk, here and below.
    pub fn create(path: &Path) -> Result<PlainDatabase> {
        let create = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(path, flags)?;
            db.execute_batch("pragma journal_mode = off; pragma synchronous = off; begin")?;
            Ok(PlainDatabase { db })
        };
        create()
            .map_err(|error| fault::when_full(error, FULL))
            .with_context(|| format!("create {}", path.display()))
    }

    /// Creates a table.
    ///
    /// # Errors
    /// As [`PlainDatabase::create`].
    pub fn table(&self, name: &str, columns: &[&str]) -> Result<()> {
        let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        self.db
            .execute_batch(&format!("create table {} ({})", quoted(name), columns.join(", ")))?;
        Ok(())
    }

    /// Adds a row to a table.
    ///
    /// # Errors
    /// As [`PlainDatabase::create`].
    pub fn insert(&self, table: &str, row: Vec<PlainValue>) -> Result<()> {
        let places = vec!["?"; row.len()].join(", ");
        let mut statement = self
            .db
            .prepare_cached(&format!("insert into {} values ({places})", quoted(table)))?;
        statement.execute(params_from_iter(row.into_iter().map(|value| match value {
            PlainValue::Null => Value::Null,
            PlainValue::Text(text) => Value::Text(text),
            PlainValue::Integer(number) => Value::Integer(number),
            PlainValue::Real(number) => Value::Real(number),
        })))?;
        Ok(())
    }

    /// Makes finding rows by a column fast.
    ///
    /// # Errors
    /// As [`PlainDatabase::create`].
    pub fn index(&self, table: &str, column: &str) -> Result<()> {
        let name = quoted(&format!("{table}_by_{column}"));
        self.db.execute_batch(&format!(
            "create index {name} on {} ({})",
            quoted(table),
            quoted(column)
        ))?;
        Ok(())
    }

    /// Writes everything out.
    ///
    /// # Errors
    /// As [`PlainDatabase::create`].
    pub fn finish(self) -> Result<()> {
        self.db.execute_batch("commit")?;
        self.db.close().map_err(|(_, error)| error)?;
        Ok(())
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
