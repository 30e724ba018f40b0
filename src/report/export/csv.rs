//! One `.csv` per table, RFC 4180, UTF-8.
//!
//! Characters that would harm whoever looks at the file are written as `\u{1b}`; the other formats keep them. Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula, and names are typed by strangers: such
//! a cell gets an apostrophe in front.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::Path;

use super::Written;
use super::file::OutFile;
use super::sink::Sink;
use super::table::{Cell, Table};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::visible::{self, BYTE_ORDER_MARK};
use crate::report::thing;

/// The tables of an export as `.csv`.
pub(super) struct CsvFiles {
    tables: Vec<(Table, csv::Writer<OutFile>, u64)>,
}

impl CsvFiles {
    /// Creates them, with a mark by which spreadsheets know UTF-8 if `is_marked`.
    pub(super) fn create(folder: &Path, is_marked: bool) -> Result<CsvFiles> {
        let mut tables = Vec::new();
        for table in Table::ALL {
            let mut file = OutFile::create(folder, &format!("{}.csv", table.name()))?;
            if is_marked {
                file.write_all(BYTE_ORDER_MARK.as_bytes())?;
            }
            let mut writer = csv::Writer::from_writer(file);
            writer
                .write_record(table.columns().iter().map(|column| column.title))
                .map_err(failed)?;
            tables.push((table, writer, 0));
        }
        Ok(CsvFiles { tables })
    }
}

impl Sink for CsvFiles {
    fn row(&mut self, table: Table, cells: &[Cell]) -> Result<()> {
        for (known, writer, rows) in &mut self.tables {
            if *known == table {
                for cell in cells {
                    let words = in_words(cell);
                    writer.write_field(visible::field(&words).as_bytes()).map_err(failed)?;
                }
                writer.write_record(None::<&[u8]>).map_err(failed)?;
                *rows += 1;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<Written>> {
        let finish = |(_, writer, rows): (Table, csv::Writer<OutFile>, u64)| {
            let file = writer
                .into_inner()
                .map_err(|error| Error::from(std::io::Error::new(error.error().kind(), error.error().to_string())))?;
            file.finish(rows)
        };
        self.tables.into_iter().map(finish).collect()
    }
}

fn failed(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::from(error),
        other => Error::new(Kind::Internal, format!("{other:?}")),
    }
}

/// A value as a person reads it.
pub(super) fn in_words(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Empty => Cow::Borrowed(""),
        Cell::Text(text) | Cell::Time(text) => Cow::Borrowed(text),
        Cell::Flag(flag) => Cow::Borrowed(if *flag { "yes" } else { "no" }),
        Cell::Count(count) => Cow::Owned(count.to_string()),
        Cell::Ways(ways) => Cow::Owned(ways.first().map(|way| thing::way(way)).unwrap_or_default()),
    }
}
