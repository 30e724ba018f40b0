//! One `.json` or `.jsonl` per table: objects with the keys of the columns, in their order.

use std::io::Write as _;
use std::path::Path;

use serde::ser::{Serialize, Serializer};

use super::file::OutFile;
use super::sink::Sink;
use super::table::{Cell, Table};
use super::{Format, Written};
use crate::baton::error::Result;

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
            if !self.lines {
                file.write_all(if *rows == 0 { b"\n" } else { b",\n" })?;
            }
            serde_json::to_writer(&mut *file, &Row { table, cells }).map_err(std::io::Error::from)?;
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

/// A row as an object.
struct Row<'r> {
    table: Table,
    cells: &'r [Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.table.columns().iter().map(|column| column.key).zip(self.cells))
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Cell::Empty => serializer.serialize_unit(),
            Cell::Text(text) | Cell::Time(text) => serializer.serialize_str(text),
            Cell::Flag(flag) => serializer.serialize_bool(*flag),
            Cell::Count(count) => serializer.serialize_u64(*count),
            Cell::Ways(ways) => ways.serialize(serializer),
        }
    }
}
