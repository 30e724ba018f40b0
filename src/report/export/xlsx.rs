//! One workbook, one sheet per table: frozen header, filters, widths. Texts are text cells, so none is ever a formula.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{ExcelDateTime, Format as Look, Workbook, Worksheet, XlsxError};
use tempfile::NamedTempFile;

use super::csv::in_words;
use super::pass::Sink;
use super::table::{Cell, Table};
use super::{Written, file};
use crate::baton::error::{Context as _, Error, Kind, Result};

const NAME: &str = "access-review.xlsx";
/// Rows of a sheet at most, the header included. What is more goes on in another sheet.
const MOST_ROWS: u32 = 1_048_576;
/// Characters of a cell at most.
const MOST_CHARACTERS: usize = 32_767;

/// The tables of an export as a workbook.
pub(super) struct Book {
    book: Workbook,
    sheets: Vec<Sheet>,
    temporary: NamedTempFile,
    target: PathBuf,
    header: Look,
    time: Look,
}

/// The sheet of a table that is being filled.
struct Sheet {
    table: Table,
    index: usize,
    /// Sheets of this table, this one included.
    part: u32,
    /// Rows in this sheet, the header included.
    rows: u32,
    total: u64,
}

impl Book {
    pub(super) fn create(folder: &Path) -> Result<Book> {
        let mut book = Book {
            book: Workbook::new(),
            sheets: Vec::new(),
            temporary: file::temporary(folder, NAME)?,
            target: folder.join(NAME),
            header: Look::new().set_bold(),
            time: Look::new().set_num_format("yyyy-mm-dd hh:mm"),
        };
        // What the workbook keeps of rows lies there until it is put together.
        book.book.set_tempdir(folder).map_err(failed)?;
        for (index, table) in Table::ALL.into_iter().enumerate() {
            begin(&mut book.book, table, 1, &book.header)?;
            book.sheets.push(Sheet {
                table,
                index,
                part: 1,
                rows: 1,
                total: 0,
            });
        }
        Ok(book)
    }
}

/// Adds a sheet with its header.
fn begin(book: &mut Workbook, table: Table, part: u32, header: &Look) -> Result<()> {
    let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
    let name = match part {
        1 => table.title().to_owned(),
        part => format!("{} ({part})", table.title()),
    };
    let fill = |sheet: &mut Worksheet| -> std::result::Result<(), XlsxError> {
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (n, column) in (0u16..).zip(table.columns()) {
            sheet.set_column_width(n, f64::from(column.width))?;
            sheet.write_string_with_format(0, n, column.title, header)?;
        }
        Ok(())
    };
    fill(sheet).map_err(failed)
}

/// Puts filters over the rows of a full sheet.
fn end(book: &mut Workbook, sheet: &Sheet) -> Result<()> {
    let columns = u16::try_from(sheet.table.columns().len()).unwrap_or(u16::MAX);
    book.worksheet_from_index(sheet.index)
        .and_then(|page| {
            page.autofilter(0, 0, sheet.rows.saturating_sub(1), columns.saturating_sub(1))
                .map(drop)
        })
        .map_err(failed)
}

impl Sink for Book {
    fn row(&mut self, table: Table, cells: &[Cell]) -> Result<()> {
        let next = self.book.worksheets().len();
        let Some(sheet) = self.sheets.iter_mut().find(|sheet| sheet.table == table) else {
            return Ok(());
        };
        if sheet.rows == MOST_ROWS {
            end(&mut self.book, sheet)?;
            sheet.part += 1;
            begin(&mut self.book, table, sheet.part, &self.header)?;
            sheet.index = next;
            sheet.rows = 1;
        }
        let page = self.book.worksheet_from_index(sheet.index).map_err(failed)?;
        for (column, cell) in (0u16..).zip(cells) {
            write(page, sheet.rows, column, cell, &self.time).map_err(failed)?;
        }
        sheet.rows += 1;
        sheet.total += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Written>> {
        let mut rows = 0;
        for sheet in &self.sheets {
            end(&mut self.book, sheet)?;
            rows += sheet.total;
        }
        let target = self.target.clone();
        let finish = || {
            self.book.save_to_writer(self.temporary.as_file_mut()).map_err(failed)?;
            self.temporary.as_file().sync_all()?;
            file::put(self.temporary.into_temp_path(), &self.target, rows)
        };
        Ok(vec![finish().with_context(|| format!("write {}", target.display()))?])
    }
}

fn write(page: &mut Worksheet, row: u32, column: u16, cell: &Cell, time: &Look) -> std::result::Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Count(count) => {
            #[expect(clippy::cast_precision_loss, reason = "a sheet knows no other numbers")]
            page.write_number(row, column, *count as f64)?;
        }
        Cell::Time(text) => match ExcelDateTime::parse_from_str(text) {
            Ok(at) => {
                page.write_datetime_with_format(row, column, &at, time)?;
            }
            Err(_) => {
                page.write_string(row, column, text)?;
            }
        },
        Cell::Text(_) | Cell::Flag(_) | Cell::Ways(_) => {
            page.write_string(row, column, shortened(in_words(cell)))?;
        }
    }
    Ok(())
}

/// A text that fits into a cell; one that was cut ends in `…`.
fn shortened(text: String) -> String {
    // Excel counts UTF-16 units.
    if text.len() <= MOST_CHARACTERS || text.encode_utf16().count() <= MOST_CHARACTERS {
        return text;
    }
    let mut units = 0;
    let mut short: String = text
        .chars()
        .take_while(|c| {
            units += c.len_utf16();
            units < MOST_CHARACTERS
        })
        .collect();
    short.push('…');
    short
}

fn failed(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) => Error::from(error),
        other => Error::new(Kind::Internal, other.to_string()),
    }
}
