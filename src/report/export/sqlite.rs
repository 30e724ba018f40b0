//! A SQLite database with the tables, for whoever wants to ask in SQL. Flags are 0 and 1, times RFC 3339.

use std::path::Path;

use tempfile::TempPath;

use super::csv::in_words;
use super::file::Fresh;
use super::sink::Sink;
use super::table::{Cell, Table};
use super::{Written, file};
use crate::baton::c1z::{PlainDatabase, PlainValue};
use crate::baton::error::{Context as _, Result};
use crate::baton::scraps::Scrap;

const NAME: &str = "access.sqlite";

/// The tables of an export as a database.
pub(super) struct Database {
    db: PlainDatabase,
    temporary: TempPath,
    target: std::path::PathBuf,
    rows: u64,
    _scrap: Scrap,
}

impl Database {
    pub(super) fn create(folder: &Path) -> Result<Database> {
        let Fresh { file, target, _scrap } = file::temporary(folder, NAME)?;
        let temporary = file.into_temp_path();
        let db = PlainDatabase::create(&temporary)?;
        for table in Table::ALL {
            let columns: Vec<&str> = table.columns().iter().map(|column| column.key).collect();
            db.table(&name(table), &columns)?;
        }
        Ok(Database {
            db,
            temporary,
            target,
            rows: 0,
            _scrap,
        })
    }
}

impl Sink for Database {
    fn row(&mut self, table: Table, cells: &[Cell]) -> Result<()> {
        let row = cells.iter().map(value).collect();
        self.rows += 1;
        self.db.insert(&name(table), row)
    }

    fn finish(self: Box<Self>) -> Result<Vec<Written>> {
        let target = self.target.clone();
        let finish = || {
            for column in ["personId", "resourceId", "entitlementId"] {
                self.db.index(&name(Table::AccessReview), column)?;
            }
            self.db.finish()?;
            std::fs::File::open(&self.temporary)?.sync_all()?;
            file::put(self.temporary, &self.target, self.rows)
        };
        Ok(vec![finish().with_context(|| format!("write {}", target.display()))?])
    }
}

/// `access_review`: no quotes needed in SQL.
fn name(table: Table) -> String {
    table.name().replace('-', "_")
}

fn value(cell: &Cell) -> PlainValue {
    match cell {
        Cell::Empty => PlainValue::Null,
        Cell::Flag(flag) => PlainValue::Integer(i64::from(*flag)),
        Cell::Count(count) => PlainValue::Integer(i64::try_from(*count).unwrap_or(i64::MAX)),
        Cell::Text(_) | Cell::Time(_) | Cell::Ways(_) => PlainValue::Text(in_words(cell).into_owned()),
    }
}
