//! Whether a database is sound: before a file from anywhere is continued, and before it takes the place of another one.
//! Inside `c1z` only.
//!
//! SQLite opens a database whose schema names a page twice, or a page of another sort, and writes on in it; what comes
//! out cannot be opened any more. So the whole database is looked at once when a store opens it. That takes about half
//! a second for a million grants, a fraction of unpacking them, and nothing for a new file. Before saving, it is enough
//! to see that the schema still holds: everything else went through SQLite since.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::fault;
use super::schema::TABLES;
use crate::baton::error::{Error, Result};

/// Pages of the database hang together and each belongs to one table or index.
///
/// # Errors
/// `DataLoss` with what is wrong.
pub(super) fn check_database(db: &Connection) -> Result<()> {
    check_roots(db).map_err(fault::foreign)?;
    let verdict: String = db
        .query_row("pragma quick_check(1)", [], |row| row.get(0))
        .map_err(Error::from)
        .map_err(fault::foreign)?;
    if verdict == "ok" {
        return Ok(());
    }
    // The first line may only say where it looked ("*** in database main ***").
    let what = verdict.lines().rfind(|line| !line.starts_with("***"));
    Err(damaged(what.unwrap_or(&verdict).trim()))
}

/// Every table and index begins on a page of its own, and every table of a c1z can be read.
///
/// # Errors
/// As [`check_database`].
pub(super) fn check_tables(db: &Connection) -> Result<()> {
    check_roots(db)?;
    for table in TABLES {
        db.prepare(&format!("select * from {} limit 1", table.name))?
            .query([])?
            .next()?;
    }
    Ok(())
}

fn check_roots(db: &Connection) -> Result<()> {
    let pages: i64 = db.query_row("pragma page_count", [], |row| row.get(0))?;
    let mut statement = db.prepare(
        "select name, rootpage from sqlite_schema where type in ('table', 'index') \
         and not (rootpage = 0 and sql like 'create virtual table %')",
    )?;
    let mut roots = statement.query([])?;
    let mut taken = BTreeSet::new();
    while let Some(row) = roots.next()? {
        let (name, root): (String, i64) = (row.get(0)?, row.get(1)?);
        // Page 1 is the schema itself.
        if !(2..=pages).contains(&root) || !taken.insert(root) {
            return Err(damaged(&format!("{name} cannot begin on page {root}")));
        }
    }
    Ok(())
}

fn damaged(what: &str) -> Error {
    fault::damaged(format!("its database is damaged ({what})"))
}
