//! One `.json` or `.jsonl` per table: objects with the keys of the columns, in their order.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value};

use super::file::OutFile;
use super::sink::Sink;
use super::table::{Cell, Table};
use super::{Format, Written};
use crate::baton::error::{Error, Kind, Result};

/// The tables of an export as objects.
pub(super) struct JsonFiles {
    lines: bool,
    tables: Vec<(Table, OutFile, u64)>,
}

impl JsonFiles {
    /// `format` is JSON or JSON lines.
    pub(super) fn create(folder: &Path, format: Format) -> Result<JsonFiles> {
        let lines = format == Format::Jsonl;
        let mut tables = Vec::new();
        for table in Table::ALL {
            let mut file = OutFile::create(folder, &format!("{}.{format}", table.name()))?;
            if !lines {
                file.write_all(b"[")?;
            }
            tables.push((table, file, 0));
        }
        Ok(JsonFiles { lines, tables })
    }
}

impl Sink for JsonFiles {
    fn row(&mut self, table: Table, cells: &[Cell]) -> Result<()> {
        for (known, file, rows) in &mut self.tables {
            if *known != table {
                continue;
            }
            let object: Map<String, Value> = table
                .columns()
                .iter()
                .zip(cells)
                .map(|(column, cell)| Ok((column.key.to_owned(), value(cell)?)))
                .collect::<Result<_>>()?;
            if !self.lines {
                file.write_all(if *rows == 0 { b"\n" } else { b",\n" })?;
            }
            serde_json::to_writer(&mut *file, &object).map_err(std::io::Error::from)?;
            if self.lines {
                file.write_all(b"\n")?;
            }
            *rows += 1;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<Written>> {
        let lines = self.lines;
        let finish = |(_, mut file, rows): (Table, OutFile, u64)| {
            if !lines {
                file.write_all(b"\n]\n")?;
            }
            file.finish(rows)
        };
        self.tables.into_iter().map(finish).collect()
    }
}

fn value(cell: &Cell) -> Result<Value> {
    Ok(match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) | Cell::Time(text) => Value::String(text.clone()),
        Cell::Flag(flag) => Value::Bool(*flag),
        Cell::Count(count) => Value::from(*count),
        Cell::Ways(ways) => serde_json::to_value(ways).map_err(|e| Error::new(Kind::Internal, e.to_string()))?,
    })
}
