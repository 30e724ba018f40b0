//! The rows of a reviewer as a CSV, in UTF-8 with a mark in front by which spreadsheets know that. A cell that a
//! spreadsheet would take for a formula has an apostrophe in front.

use super::columns::COLUMNS;
use super::table::Table;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::visible::{self, BYTE_ORDER_MARK};
use crate::report::code;

/// What spreadsheets separate cells by, where a file is saved: it depends on the country.
const SEPARATORS: [u8; 3] = *b",;\t";

/// Writes the rows.
pub(super) fn write(rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::new(Kind::Internal, error.to_string());
    let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer
        .write_record(COLUMNS.iter().map(|column| column.title))
        .map_err(failed)?;
    for row in rows {
        writer
            .write_record(row.iter().map(|cell| visible::field(cell).into_owned()))
            .map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

/// Reads them back, as this program or a spreadsheet wrote them.
///
/// # Errors
/// `InvalidArgument` for bytes that are no table in UTF-8.
pub(super) fn read(bytes: &[u8]) -> Result<Table> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        unreadable("it is not in UTF-8").hint("save it as \"CSV UTF-8\", or type the decisions into the .xlsx")
    })?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let first = text.lines().next().unwrap_or_default().as_bytes();
    let often = |separator: &u8| first.iter().filter(|byte| *byte == separator).count();
    let separator = SEPARATORS.into_iter().max_by_key(often).unwrap_or(b',');
    // Of none, the first counts.
    let separator = if often(&separator) == 0 { b',' } else { separator };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut table = Table::default();
    for (row, record) in (0u32..).zip(reader.records()) {
        let record = record.map_err(|error| unreadable(&error.to_string()))?;
        for (column, cell) in (0u32..).zip(record.iter()) {
            table.put(row, column, cell.to_owned());
        }
    }
    Ok(table)
}

fn unreadable(why: &str) -> Error {
    Error::new(Kind::InvalidArgument, format!("the CSV cannot be read: {why}")).code(code::REVIEW_WORKBOOK)
}
