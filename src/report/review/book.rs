//! The rows of a reviewer as a workbook: a cover, and a sheet where only decision and note can be typed. Texts are text
//! cells, so none is ever a formula.

use std::io::Cursor;

use calamine::{DataRef, Reader as _, Xlsx};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, Format, ProtectionOptions, Workbook, Worksheet, XlsxError,
};

use super::columns::{COLUMNS, COVER, DECISION, Decision, NOTE, REVIEWED_BY, SHEET};
use super::table::Table;
use crate::baton::error::{Error, Kind, Result};
use crate::report::code;

/// Rows of a sheet at most, without the header: what is more goes into another workbook.
pub(super) const MOST_ROWS: usize = 100_000;
/// The largest workbook that is read, in bytes.
pub(super) const LARGEST: u64 = 256 << 20;
/// Cells that are read of one sheet at most: a small file can claim a great many.
const MOST_CELLS: usize = 4_000_000;

/// Writes a workbook. `cover` has lines of a title and a text.
pub(super) fn write(cover: &[(String, String)], rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let make = || {
        let mut book = Workbook::new();
        about(book.add_worksheet(), cover)?;
        asked(book.add_worksheet(), rows)?;
        book.save_to_buffer()
    };
    make().map_err(|error: XlsxError| Error::new(Kind::Internal, format!("make a workbook: {error}")))
}

fn about(sheet: &mut Worksheet, cover: &[(String, String)]) -> std::result::Result<(), XlsxError> {
    let title = Format::new().set_bold().set_text_wrap();
    let text = Format::new().set_text_wrap();
    let open = Format::new().set_unlocked().set_background_color("FFF2CC");
    sheet
        .set_name(COVER)?
        .set_column_width(0, 28)?
        .set_column_width(1, 90)?;
    for (row, (name, value)) in (0u32..).zip(cover) {
        sheet.write_string_with_format(row, 0, name, &title)?;
        match name == REVIEWED_BY {
            true => sheet.write_blank(row, 1, &open)?,
            false => sheet.write_string_with_format(row, 1, value, &text)?,
        };
    }
    sheet.protect();
    Ok(())
}

fn asked(sheet: &mut Worksheet, rows: &[Vec<String>]) -> std::result::Result<(), XlsxError> {
    let header = Format::new().set_bold();
    let open = Format::new().set_unlocked().set_background_color("FFF2CC");
    sheet.set_name(SHEET)?.set_freeze_panes(1, 0)?;
    let mut last = 0;
    for (n, column) in (0u16..).zip(COLUMNS) {
        sheet.set_column_width(n, f64::from(column.width))?;
        sheet.write_string_with_format(0, n, column.title, &header)?;
        last = n;
    }
    let is_open = |n: u16| [DECISION, NOTE].contains(&usize::from(n));
    let mut end = 0;
    for (r, cells) in (1u32..).zip(rows) {
        for (n, cell) in (0u16..).zip(cells) {
            match (is_open(n), cell.as_str()) {
                (true, "") => sheet.write_blank(r, n, &open)?,
                (true, text) => sheet.write_string_with_format(r, n, text, &open)?,
                (false, "") => continue,
                (false, text) => sheet.write_string(r, n, text)?,
            };
        }
        end = r;
    }
    sheet.autofilter(0, 0, end, last)?;
    if end > 0 {
        let words = DataValidation::new()
            .allow_list_strings(&Decision::ALL.map(Decision::word))?
            .set_error_style(DataValidationErrorStyle::Stop)
            .set_error_message("keep, revoke or ask")?;
        let column = u16::try_from(DECISION).unwrap_or_default();
        sheet.add_data_validation(1, column, end, column, &words)?;
    }
    sheet.protect_with_options(&ProtectionOptions {
        use_autofilter: true,
        format_columns: true,
        format_rows: true,
        ..ProtectionOptions::default()
    });
    Ok(())
}

/// Reads a workbook back, cell by cell: one that claims a million rows takes no more memory than what it has.
///
/// # Errors
/// `InvalidArgument` for bytes that are no workbook, and for one without its sheets.
pub(super) fn read(bytes: &[u8]) -> Result<Table> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error.to_string()))?;
    let names = book.sheet_names();
    let missing = [SHEET, COVER]
        .into_iter()
        .find(|name| !names.iter().any(|own| own == name));
    if let Some(missing) = missing {
        return Err(unreadable(&format!(
            "there is no sheet {missing:?} in it: it has {}",
            names.join(", ")
        ))
        .hint("give the sheet its name back"));
    }
    let mut table = Table::default();
    let mut number = 0;
    each_cell(&mut book, SHEET, &mut |row, column, text, is_formula| {
        number += 1;
        if is_formula {
            table.formulas.push((row + 1, column + 1));
        }
        table.put(row, column, text);
        number <= MOST_CELLS
    })?;
    let mut line = None;
    let mut reviewed_by = None;
    each_cell(&mut book, COVER, &mut |row, column, text, _| {
        match column {
            0 if text == REVIEWED_BY => line = Some(row),
            1 if line == Some(row) => reviewed_by = Some(text.trim().to_owned()).filter(|name| !name.is_empty()),
            _ => {}
        }
        row < 1_000
    })?;
    table.reviewed_by = reviewed_by;
    Ok(table)
}

/// Calls `each` with every cell that has something in it, in order, until it says that this is enough.
fn each_cell(
    book: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
    each: &mut dyn FnMut(u32, u32, String, bool) -> bool,
) -> Result<()> {
    let failed = |error: calamine::XlsxError| unreadable(&format!("sheet {sheet}: {error}"));
    let mut cells = book.worksheet_cells_reader(sheet).map_err(failed)?;
    while let Some(found) = cells.next_cell_with_formula().map_err(failed)? {
        let (row, column) = found.pos;
        let is_formula = found.formula.is_some();
        let text = in_words(&found.value);
        if !each(row, column, text, is_formula) {
            return Err(unreadable(&format!(
                "sheet {sheet} has more cells than were handed out"
            )));
        }
    }
    Ok(())
}

fn in_words(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(at) => at.as_f64().to_string(),
        DataRef::Error(error) => error.to_string(),
    }
}

fn unreadable(why: &str) -> Error {
    Error::new(Kind::InvalidArgument, format!("the workbook cannot be read: {why}")).code(code::REVIEW_WORKBOOK)
}
