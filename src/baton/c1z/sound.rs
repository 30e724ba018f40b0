//! Whether a database is sound: before a file from anywhere is continued, and before it takes the place of another one.
//! Inside `c1z` only.
//!
//! SQLite opens a database whose schema names a page twice, or a page of another sort, and writes on in it; what comes
//! out cannot be opened any more. So the whole database is looked at once when a store opens it. That takes about half
//! a second for a million grants, a fraction of unpacking them, and nothing for a new file. Before saving, it is enough
//! to see that the schema still holds: everything else went through SQLite since.
//!
//! | who | looks at |
//! | --- | --- |
//! | a reader, when it unpacks ([`check_to_read`]) | tables, their columns, every page of a tree once, entries per index counted |
//! | a store, when it opens a file ([`check_database`]) | the same, and every row's form |
//! | a store, before it saves, and a reader of a copy that was kept ([`check_tables`]) | roots, a row of each table |
//! | `verify` ([`problems`]) | all of that, and that each entry of an index is that of its row |

mod pages;
mod tables;

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use rusqlite::{Connection, OptionalExtension as _};

use super::catalog::{Catalog, Object};
use super::fault;
use super::schema::{INDEXES, TABLES};
use super::verify::Problem;
use crate::baton::error::{Error, Result};

/// Pages of the database hang together and each belongs to one table or index. `database` gives the bytes behind `db`.
///
/// # Errors
/// `DataLoss` with what is wrong.
pub(super) fn check_database(db: &Connection, database: impl Read + Seek) -> Result<()> {
    check_to_read(db, database)?;
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

/// A file from anywhere can be read: its tables are what their names say, no page is part of two of them, and every
/// index has an entry for each row. `database` gives the bytes behind `db`. What the entries and rows say is not looked
/// at, see [`problems`].
///
/// # Errors
/// As [`check_database`].
pub(super) fn check_to_read(db: &Connection, database: impl Read + Seek) -> Result<()> {
    let check = || {
        let catalog = Catalog::read(db)?;
        tables::check_plain(db, &catalog)?;
        pages::check(database, &roots(db, &catalog)?)
    };
    check().map_err(fault::foreign)
}

/// Everything that is wrong with a database: pages, rows, and what the entries of indexes say. Takes seconds for a million
/// grants.
///
/// # Errors
/// Those of SQLite.
pub(super) fn problems(db: &Connection) -> Result<Vec<Problem>> {
    let mut statement = db.prepare("pragma integrity_check(100)")?;
    let lines: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let problem = |line: &str| Problem {
        row: "database".to_owned(),
        what: line.trim().to_owned(),
    };
    // The first line may only say where it looked ("*** in database main ***").
    let lines = lines.iter().flat_map(|text| text.lines());
    Ok(lines
        .filter(|line| *line != "ok" && !line.starts_with("***"))
        .map(problem)
        .collect())
}

/// Where a table or an index begins.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Root {
    name: String,
    page: u32,
    /// Whether rows are kept by their numbers; unknown for a table of somebody else.
    is_table: Option<bool>,
    /// The table that it must have an entry for each row of.
    all_of: Option<String>,
}

fn check_roots(db: &Connection) -> Result<()> {
    roots(db, &Catalog::read(db)?).map(drop)
}

/// Every table and index that has pages, each on one of its own.
fn roots(db: &Connection, catalog: &Catalog) -> Result<Vec<Root>> {
    let pages: i64 = db.query_row("pragma page_count", [], |row| row.get(0))?;
    let mut taken = BTreeSet::new();
    let mut roots = Vec::new();
    for object in catalog.objects().iter().filter(|object| has_pages(object)) {
        let name = &object.name;
        // Page 1 is the schema itself.
        let page = u32::try_from(object.root)
            .ok()
            .filter(|_| (2..=pages).contains(&object.root) && taken.insert(object.root));
        let Some(page) = page else {
            return Err(damaged(&format!("{name} cannot begin on page {}", object.root)));
        };
        let is_index = object.kind == "index";
        let is_ours = TABLES.iter().any(|table| table.name.eq_ignore_ascii_case(name));
        let is_of_all = is_index && !is_partial(db, object)?;
        roots.push(Root {
            all_of: is_of_all.then(|| object.table.clone()),
            is_table: if is_index { Some(false) } else { is_ours.then_some(true) },
            name: name.clone(),
            page,
        });
    }
    Ok(roots)
}

/// Whether something lies on pages of its own: a virtual table may not.
fn has_pages(object: &Object) -> bool {
    const VIRTUAL: &str = "create virtual table ";
    let begins = |sql: &str| {
        sql.get(..VIRTUAL.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(VIRTUAL))
    };
    let is_virtual = || object.root == 0 && object.sql.as_deref().is_some_and(begins);
    (object.kind == "table" || object.kind == "index") && !is_virtual()
}

/// Whether an index leaves rows out.
fn is_partial(db: &Connection, index: &Object) -> Result<bool> {
    if index.is_as_made {
        let made = INDEXES.iter().find(|made| made.name == index.name);
        return Ok(made.is_some_and(|made| made.filter.is_some()));
    }
    let partial: Option<i64> = db
        .prepare_cached("select partial from pragma_index_list(?1) where name = ?2")?
        .query_row([&index.table, &index.name], |row| row.get(0))
        .optional()?;
    Ok(partial.is_some_and(|partial| partial != 0))
}

fn damaged(what: &str) -> Error {
    fault::damaged(format!("its database is damaged ({what})"))
}
