//! One workbook, one sheet per table: frozen header, filters, widths. Texts are text cells, so none is ever a formula.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Cursor, Read as _, Seek, SeekFrom, Write};
use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format as Look, Workbook, Worksheet, XlsxError};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::changes;
use super::csv::in_words;
use super::file::Fresh;
use super::sink::Sink;
use super::table::{Cell, Table};
use super::{Written, file};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::target;
use crate::report::compare::changes::Changes;

const NAME: &str = "access-review.xlsx";
/// Rows of a sheet at most, the header included. What is more goes on in another sheet.
const MOST_ROWS: u32 = 1_048_576;
/// The number of the format of times in a workbook: 0 is that of every cell, 1 that of headers.
const TIME: u32 = 2;
/// Characters of a cell at most.
const MOST_CHARACTERS: usize = 32_767;

/// The tables of an export as a workbook. The library makes the workbook, with everything but its rows: it keeps them in
/// memory, or in files of its own, where a full disk ends the process. They lie in files of ours until they are put in.
pub(super) struct Book {
    book: Workbook,
    sheets: Vec<Sheet>,
    /// What stands in the last sheet. It is small enough for the library.
    changes: Changes,
    to: Fresh,
    header: Look,
    time: Look,
}

/// A sheet, in the order of the workbook. Of those of a table the last one is being filled.
struct Sheet {
    table: Table,
    /// Sheets of this table, this one included.
    part: u32,
    /// Rows in this sheet, the header included.
    rows: u32,
    /// The rows but for the header, as they will stand in the workbook. The file has no name.
    spool: BufWriter<File>,
}

impl Book {
    pub(super) fn create(folder: &Path, changes: Changes) -> Result<Book> {
        let mut book = Book {
            book: Workbook::new(),
            sheets: Vec::new(),
            changes,
            to: file::temporary(folder, NAME)?,
            header: Look::new().set_bold(),
            time: Look::new().set_num_format("yyyy-mm-dd hh:mm"),
        };
        for table in Table::ALL {
            book.begin(table, 1)?;
        }
        Ok(book)
    }

    /// Adds a sheet with its header.
    fn begin(&mut self, table: Table, part: u32) -> Result<()> {
        let name = match part {
            1 => table.title().to_owned(),
            part => format!("{} ({part})", table.title()),
        };
        let (header, time) = (&self.header, &self.time);
        let fill = |sheet: &mut Worksheet| -> std::result::Result<(), XlsxError> {
            sheet.set_name(name)?.set_freeze_panes(1, 0)?;
            let mut behind = 0;
            for (n, column) in (0u16..).zip(table.columns()) {
                sheet.set_column_width(n, f64::from(column.width))?;
                sheet.write_string_with_format(0, n, column.title, header)?;
                behind = n + 1;
            }
            // Nothing stands there; so the workbook has the format, and the sheet says under which number.
            sheet.set_column_format(behind, time).map(drop)
        };
        fill(self.book.add_worksheet()).map_err(failed)?;
        let spool = tempfile::tempfile_in(target::folder_of(&self.to.target));
        let spool = spool.with_context(|| format!("create a file beside {}", self.to.target.display()))?;
        self.sheets.push(Sheet {
            table,
            part,
            rows: 1,
            spool: BufWriter::with_capacity(64 << 10, spool),
        });
        Ok(())
    }

    /// Adds the sheet of what changed, behind those of the tables.
    fn add_changes(&mut self) -> std::result::Result<(), XlsxError> {
        let (header, changes) = (&self.header, &self.changes);
        let sheet = self.book.add_worksheet();
        sheet.set_name(changes::TITLE)?;
        let mut line = 0;
        for said in changes::head(changes) {
            sheet.write_string(line, 0, shortened(said.into()))?;
            line += 1;
        }
        let rows = changes::rows(changes);
        if rows.is_empty() {
            return Ok(());
        }
        let first = line;
        for (n, (title, width)) in (0u16..).zip(changes::COLUMNS) {
            sheet.set_column_width(n, f64::from(width))?;
            sheet.write_string_with_format(first, n, title, header)?;
        }
        for row in rows {
            line += 1;
            for (n, text) in (0u16..).zip(row).filter(|(_, text)| !text.is_empty()) {
                sheet.write_string(line, n, shortened(text.into()))?;
            }
        }
        let last = u16::try_from(changes::COLUMNS.len() - 1).unwrap_or_default();
        sheet.set_freeze_panes(first + 1, 0)?;
        sheet.autofilter(first, 0, line, last).map(drop)
    }

    /// The finished workbook without rows, with filters over where they will be.
    fn package(&mut self) -> std::result::Result<ZipArchive<Cursor<Vec<u8>>>, XlsxError> {
        for (index, sheet) in self.sheets.iter().enumerate() {
            let columns = u16::try_from(sheet.table.columns().len()).unwrap_or(u16::MAX);
            let page = self.book.worksheet_from_index(index)?;
            page.autofilter(0, 0, sheet.rows.saturating_sub(1), columns.saturating_sub(1))?;
        }
        self.add_changes()?;
        let package = self.book.save_to_buffer()?;
        Ok(ZipArchive::new(Cursor::new(package))?)
    }

    /// Writes the workbook with its rows.
    fn save(&mut self) -> Result<()> {
        let mut package = self.package().map_err(failed)?;
        let mut out = Steady {
            file: self.to.file.as_file_mut(),
            failed: None,
        };
        let mut zip = ZipWriter::new(&mut out);
        let put = || -> Result<(), ZipError> {
            for n in 0..package.len() {
                let name = package.name_for_index(n).transpose()?.unwrap_or_default().into_owned();
                let sheet = self
                    .sheets
                    .iter_mut()
                    .zip(1..)
                    .find(|(_, number)| name == part_name(*number));
                let Some((sheet, _)) = sheet else {
                    zip.raw_copy_file(package.by_index_raw(n)?)?;
                    continue;
                };
                let mut xml = String::new();
                package.by_index(n)?.read_to_string(&mut xml)?;
                let size = xml.len() as u64 + sheet.spool.stream_position()?;
                let options = SimpleFileOptions::default().large_file(size >= u64::from(u32::MAX));
                zip.start_file(name, options)?;
                sheet.put_into(&xml, &mut zip)?;
            }
            zip.finish().map(drop)
        };
        let outcome = put();
        match out.failed {
            Some(error) => Err(error.into()),
            None => outcome.map_err(|error| failed(error.into())),
        }
    }
}

impl Sheet {
    /// Writes a row to the spool.
    fn row(&mut self, cells: &[Cell]) -> std::io::Result<()> {
        let number = self.rows + 1;
        write!(self.spool, "<row r=\"{number}\">")?;
        for (column, cell) in cells.iter().enumerate() {
            if *cell == Cell::Empty {
                continue;
            }
            write!(self.spool, "<c r=\"{}{number}\"", letters(column))?;
            match cell {
                Cell::Empty => {}
                Cell::Count(count) => write!(self.spool, "><v>{count}</v></c>")?,
                Cell::Time(text) => match ExcelDateTime::parse_from_str(text) {
                    Ok(time) => write!(self.spool, " s=\"{TIME}\"><v>{}</v></c>", time.to_excel())?,
                    Err(_) => self.text(text)?,
                },
                Cell::Text(_) | Cell::Flag(_) | Cell::Ways(_) => self.text(&shortened(in_words(cell)))?,
            }
        }
        self.spool.write_all(b"</row>")?;
        self.rows += 1;
        Ok(())
    }

    /// The rest of a cell of a text, which stands in the sheet itself. It is never a formula.
    fn text(&mut self, text: &str) -> std::io::Result<()> {
        // Readers drop spaces at the ends where nothing asks them to keep them.
        let kept = match text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            true => " xml:space=\"preserve\"",
            false => "",
        };
        write!(self.spool, " t=\"inlineStr\"><is><t{kept}>")?;
        write_escaped(&mut self.spool, text)?;
        self.spool.write_all(b"</t></is></c>")
    }

    /// Writes `xml`, the sheet with its header, and the rows behind that.
    fn put_into(&mut self, xml: &str, out: &mut impl Write) -> Result<(), ZipError> {
        const END: &str = "</sheetData>";
        let broken = || std::io::Error::other("the sheet has another form than this program knows");
        let (before, after) = xml.split_once(END).ok_or_else(broken)?;
        // It stands at the column behind the last one, see `Book::begin`.
        if !before.contains(&format!(" style=\"{TIME}\"")) {
            return Err(broken().into());
        }
        let last = letters(self.table.columns().len().saturating_sub(1));
        let header = format!("<dimension ref=\"A1:{last}1\"/>");
        let whole = format!("<dimension ref=\"A1:{last}{}\"/>", self.rows);
        out.write_all(before.replacen(&header, &whole, 1).as_bytes())?;
        self.spool.flush()?;
        self.spool.rewind()?;
        std::io::copy(self.spool.get_mut(), out)?;
        out.write_all(END.as_bytes())?;
        Ok(out.write_all(after.as_bytes())?)
    }
}

impl Sink for Book {
    fn row(&mut self, table: Table, cells: &[Cell]) -> Result<()> {
        let last = self.sheets.iter().rposition(|sheet| sheet.table == table);
        let Some(mut sheet) = last.and_then(|at| self.sheets.get_mut(at)) else {
            return Ok(());
        };
        if sheet.rows == MOST_ROWS {
            let part = sheet.part + 1;
            self.begin(table, part)?;
            let Some(new) = self.sheets.last_mut() else {
                return Ok(());
            };
            sheet = new;
        }
        Ok(sheet.row(cells)?)
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Written>> {
        let rows = self.sheets.iter().map(|sheet| u64::from(sheet.rows) - 1).sum();
        let target = self.to.target.clone();
        let finish = || {
            self.save()?;
            self.to.file.as_file().sync_all()?;
            file::put(self.to.file.into_temp_path(), &self.to.target, rows)
        };
        Ok(vec![finish().with_context(|| format!("write {}", target.display()))?])
    }
}

/// A file that takes everything, and remembers that it could not write it: a zip that is dropped unfinished writes its
/// end, and complains on stderr where it cannot.
struct Steady<'f> {
    file: &'f mut File,
    failed: Option<std::io::Error>,
}

impl Write for Steady<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.failed.is_none() {
            self.failed = self.file.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Steady<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

/// Where the sheet of a number, from 1, lies in a workbook.
fn part_name(number: usize) -> String {
    format!("xl/worksheets/sheet{number}.xml")
}

/// A column, from 0, as sheets call it: `A` to `Z`, `AA` and so on.
fn letters(column: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or_default());
    match column.checked_div(26) {
        Some(0) | None => letter(column).to_string(),
        Some(more) => letters(more - 1) + &letter(column).to_string(),
    }
}

/// Writes a text as XML. What XML cannot hold is written as sheets do, `_x001B_`, and what looks like that as well.
fn write_escaped(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        let (plain_end, behind) = (at, at + character.len_utf8());
        let written: Cow<'static, str> = match character {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '_' if looks_escaped(text.get(behind..).unwrap_or_default()) => "_x005F_".into(),
            '\t' | '\n' => continue,
            c if c.is_ascii_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                format!("_x{:04X}_", u32::from(c)).into()
            }
            _ => continue,
        };
        out.write_all(text.get(plain..plain_end).unwrap_or_default().as_bytes())?;
        out.write_all(written.as_bytes())?;
        plain = behind;
    }
    out.write_all(text.get(plain..).unwrap_or_default().as_bytes())
}

/// Whether a text goes on like the `x001B_` behind an underscore.
fn looks_escaped(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    matches!(bytes, [b'x', digits @ .., ] if digits.len() >= 5
        && digits.iter().take(4).all(u8::is_ascii_hexdigit) && digits.get(4) == Some(&b'_'))
}

/// A text that fits into a cell; one that was cut ends in `…`.
fn shortened(text: Cow<'_, str>) -> Cow<'_, str> {
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
    Cow::Owned(short)
}

fn failed(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) | XlsxError::ZipError(ZipError::Io(error)) => Error::from(error),
        other => Error::new(Kind::Internal, other.to_string()),
    }
}
