//! The tables of a file from anywhere: that they are what their names say. Statements mean the rows of a table; a view of
//! that name, a column that is computed or one that compares texts in its own way would answer with something else.

use rusqlite::{Connection, OptionalExtension as _};

use super::damaged;
use crate::baton::c1z::schema::TABLES;
use crate::baton::error::Result;

/// The tables of a c1z file are plain ones.
///
/// # Errors
/// `DataLoss` with what is odd.
pub(super) fn check_plain(db: &Connection) -> Result<()> {
    let mut named = db.prepare(
        "select type, rootpage, coalesce(instr(lower(sql), 'collate'), 0) from sqlite_schema \
         where name = ?1 collate nocase and type <> 'trigger'",
    )?;
    let mut columns = db.prepare("select name from pragma_table_xinfo(?1) where hidden <> 0")?;
    for table in TABLES {
        let name = table.name;
        let mut found = named.query([name])?;
        let mut is_there = false;
        while let Some(row) = found.next()? {
            let (kind, root, collates): (String, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if is_there || kind != "table" || root == 0 {
                return Err(damaged(&format!("{name} is not a plain table")));
            }
            if collates {
                return Err(damaged(&format!("{name} compares texts in a way of its own")));
            }
            is_there = true;
        }
        let computed: Option<String> = columns.query_row([name], |row| row.get(0)).optional()?;
        if let Some(column) = computed {
            return Err(damaged(&format!("{name} computes its column {column}")));
        }
    }
    Ok(())
}
