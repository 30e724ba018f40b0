//! The tables of a file from anywhere: that they are what their names say. Statements mean the rows of a table; a view of
//! that name, a column that is computed or one that compares texts in its own way would answer with something else.

use rusqlite::{Connection, OptionalExtension as _};

use super::damaged;
use crate::baton::c1z::catalog::Catalog;
use crate::baton::c1z::schema::TABLES;
use crate::baton::error::Result;

/// The tables of a c1z file are plain ones.
///
/// # Errors
/// `DataLoss` with what is odd.
pub(super) fn check_plain(db: &Connection, catalog: &Catalog) -> Result<()> {
    for table in TABLES.iter().filter(|table| !catalog.has_table(table)) {
        let name = table.name;
        let mut is_there = false;
        for found in catalog.named(name).filter(|found| found.kind != "trigger") {
            if is_there || found.kind != "table" || found.root == 0 {
                return Err(damaged(&format!("{name} is not a plain table")));
            }
            let sql = found.sql.as_deref().unwrap_or_default();
            if sql.to_ascii_lowercase().contains("collate") {
                return Err(damaged(&format!("{name} compares texts in a way of its own")));
            }
            is_there = true;
        }
        let computed: Option<String> = db
            .prepare_cached("select name from pragma_table_xinfo(?1) where hidden <> 0")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        if let Some(column) = computed {
            return Err(damaged(&format!("{name} computes its column {column}")));
        }
    }
    Ok(())
}
