//! Tables of any length: rows go out as they come, so a million of them take no memory.
//!
//! On a terminal the table is as wide as the screen at most: long cells are broken, at most `LINES` lines each, and
//! columns of little use are left out where there is no room. The first `FIRST` rows decide how wide the columns
//! are; later ones follow. To a file or a pipe nothing is broken, cut or left out: every row is one line with all
//! columns, at least two spaces between them, so that `grep`, `awk` and `diff` see everything.

use std::borrow::Cow;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width, presets};
use unicode_width::UnicodeWidthStr as _;

use super::color::Paint;
use super::output::Output;
use super::{Terminal, sanitize};
use crate::baton::error::Result;

/// Rows that are laid out together.
const FIRST: usize = 500;
/// Lines of one row on a terminal.
const LINES: usize = 4;
/// Space between columns.
const GAP: usize = 2;
/// Where a column ends for cells without a limit: longer ones push their row to the right, not all the others.
const PIPED: usize = 60;
/// Columns are not made narrower than this for the sake of others.
const NARROWEST: usize = 8;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its title.
    pub title: &'static str,
    /// Whether its cells are numbers, which stand to the right.
    pub number: bool,
    /// Whether a terminal without room for it goes without it.
    pub spare: bool,
}

impl Column {
    /// A column of texts.
    pub const fn text(title: &'static str) -> Column {
        Column {
            title,
            number: false,
            spare: false,
        }
    }

    /// A column of numbers.
    pub const fn number(title: &'static str) -> Column {
        Column {
            title,
            number: true,
            spare: false,
        }
    }

    /// A column of texts that a narrow terminal goes without.
    pub const fn spare(title: &'static str) -> Column {
        Column {
            title,
            number: false,
            spare: true,
        }
    }
}

/// How wide a table may be and how its head looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Columns of the screen; `None` for a file or a pipe.
    pub screen: Option<usize>,
    /// The colours.
    pub paint: Paint,
}

impl Terminal {
    /// The layout of tables on stdout.
    pub fn layout(&self) -> Layout {
        Layout {
            screen: self.screen().map(|(columns, _)| columns),
            paint: self.out(),
        }
    }
}

/// Writes a table row by row.
pub struct TableWriter<'o> {
    output: &'o mut Output,
    columns: Vec<Column>,
    layout: Layout,
    /// Not yet written.
    waiting: Vec<Vec<String>>,
    /// Of each column, once known; `None` for one that is left out.
    widths: Option<Vec<Option<usize>>>,
    written: u64,
}

impl<'o> TableWriter<'o> {
    /// An empty table. Its head is written with the first rows.
    pub fn new(output: &'o mut Output, columns: &[Column], layout: Layout) -> Self {
        TableWriter {
            output,
            columns: columns.to_vec(),
            layout,
            waiting: Vec::new(),
            widths: None,
            written: 0,
        }
    }

    /// Adds a row: one cell per column. What strangers typed becomes safe here.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> Result<()> {
        let mut cells: Vec<String> = cells
            .into_iter()
            .map(|cell| sanitize::line(cell.as_ref()).into_owned())
            .collect();
        cells.resize(self.columns.len(), String::new());
        self.waiting.push(cells);
        self.written += 1;
        if self.waiting.len() >= FIRST {
            self.write_waiting()?;
        }
        Ok(())
    }

    /// Writes what is left. A table without rows is its head alone. Returns how many rows there were.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn end(mut self) -> Result<u64> {
        self.write_waiting()?;
        Ok(self.written)
    }

    fn write_waiting(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        let (widths, is_first) = match &self.widths {
            Some(widths) => (widths.clone(), false),
            None => (widths(&self.columns, &rows, self.layout.screen), true),
        };
        if is_first {
            let titles: Vec<String> = self.columns.iter().map(|c| c.title.to_owned()).collect();
            let head = self.lines(&[titles], &widths);
            for line in head.lines() {
                self.output.text(&self.layout.paint.bold(line))?;
                self.output.text("\n")?;
            }
        }
        let text = self.lines(&rows, &widths);
        self.widths = Some(widths);
        self.output.text(&text)
    }

    fn lines(&self, rows: &[Vec<String>], widths: &[Option<usize>]) -> String {
        match self.layout.screen {
            None => straight(&self.columns, rows, widths),
            Some(_) => broken(&self.columns, rows, widths),
        }
    }
}

/// The widths of the columns for these rows.
fn widths(columns: &[Column], rows: &[Vec<String>], screen: Option<usize>) -> Vec<Option<usize>> {
    let natural: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width());
            cells.max().unwrap_or_default().max(column.title.width())
        })
        .collect();
    let Some(screen) = screen else {
        return natural.into_iter().map(|width| Some(width.min(PIPED))).collect();
    };
    // What is said of none of the rows is not worth the room, when these are all rows.
    let is_silent = |at: usize| rows.len() < FIRST && rows.iter().all(|row| row.get(at).is_none_or(String::is_empty));
    let mut kept: Vec<Option<usize>> = natural
        .into_iter()
        .zip(columns)
        .enumerate()
        .map(|(at, (width, column))| (!(column.spare && is_silent(at))).then_some(width))
        .collect();
    // Spare columns go from the right until the rest fits as it is.
    for at in (0..columns.len()).rev() {
        if total(&kept) <= screen {
            break;
        }
        if columns.get(at).is_some_and(|column| column.spare)
            && let Some(width) = kept.get_mut(at)
        {
            *width = None;
        }
    }
    narrow(&mut kept, screen);
    kept
}

fn total(widths: &[Option<usize>]) -> usize {
    let shown = widths.iter().flatten();
    shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1)
}

/// Takes from the widest until all fit.
fn narrow(widths: &mut [Option<usize>], screen: usize) {
    loop {
        let over = total(widths).saturating_sub(screen);
        let widest = widths.iter().flatten().copied().max().unwrap_or_default();
        if over == 0 || widest <= NARROWEST {
            return;
        }
        let next = widths.iter().flatten().copied().filter(|w| *w < widest).max();
        let same = widths.iter().flatten().filter(|w| **w == widest).count().max(1);
        let lowest = next.unwrap_or_default().max(NARROWEST);
        let less = (widest - lowest).min(over.div_ceil(same)).max(1);
        for width in widths.iter_mut().flatten().filter(|w| **w == widest) {
            *width = widest - less;
        }
    }
}

/// Rows of a terminal: cells are broken to their column's width.
fn broken(columns: &[Column], rows: &[Vec<String>], widths: &[Option<usize>]) -> String {
    let shown: Vec<(usize, &Column, usize)> = columns
        .iter()
        .zip(widths)
        .enumerate()
        .filter_map(|(at, (column, width))| Some((at, column, (*width)?)))
        .collect();
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .force_no_tty()
        .set_truncation_indicator("…")
        .set_content_arrangement(ContentArrangement::Disabled);
    for row in rows {
        let cells = shown
            .iter()
            .map(|(at, _, width)| row.get(*at).map(|cell| cut(cell, width * LINES)).unwrap_or_default());
        let mut row = Row::from(cells.collect::<Vec<_>>());
        row.max_height(LINES);
        table.add_row(row);
    }
    for ((_, column, width), made) in shown.iter().zip(table.column_iter_mut()) {
        let padding = u16::try_from(GAP).unwrap_or_default();
        made.set_padding((0, padding));
        let fixed = u16::try_from(width + GAP).unwrap_or(u16::MAX);
        made.set_constraint(ColumnConstraint::Absolute(Width::Fixed(fixed)));
        if column.number {
            made.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = String::new();
    if rows.is_empty() {
        return text;
    }
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What of a cell can be seen at all: nothing is gained by breaking ten thousand characters into lines nobody sees.
fn cut(cell: &str, most: usize) -> Cow<'_, str> {
    match cell.char_indices().nth(most + 1) {
        Some((at, _)) => Cow::Owned(cell.get(..at).unwrap_or_default().to_owned()),
        None => Cow::Borrowed(cell),
    }
}

/// Rows of a file: one line each.
fn straight(columns: &[Column], rows: &[Vec<String>], widths: &[Option<usize>]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, column), width) in row.iter().zip(columns).zip(widths) {
            let space = width.unwrap_or_default().saturating_sub(cell.width());
            let spaces = std::iter::repeat_n(' ', space);
            if column.number {
                line.extend(spaces);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.extend(spaces);
            }
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::text("NAME"),
        Column::text("ROLE"),
        Column::number("GRANTS"),
        Column::spare("ID"),
    ];

    fn shown(rows: &[[&str; 4]], screen: Option<usize>) -> String {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|c| (*c).to_owned()).collect())
            .collect();
        let titles = COLUMNS.iter().map(|c| c.title.to_owned()).collect();
        let widths = widths(&COLUMNS, &rows, screen);
        let all: Vec<Vec<String>> = std::iter::once(titles).chain(rows).collect();
        match screen {
            Some(_) => broken(&COLUMNS, &all, &widths),
            None => straight(&COLUMNS, &all, &widths),
        }
    }

    const PEOPLE: [[&str; 4]; 3] = [
        ["Ada Lovelace", "Environment admin", "12", "collaborator:1"],
        ["山田 太郎", "Operator", "7", "collaborator:2"],
        [
            "Zoë",
            "A role with a name that goes on and on, as names of roles do",
            "1,234",
            "collaborator:3",
        ],
    ];

    #[test]
    fn a_wide_screen_shows_everything_in_one_line() {
        insta::assert_snapshot!(shown(&PEOPLE, Some(110)), @r"
        NAME          ROLE                                                          GRANTS  ID
        Ada Lovelace  Environment admin                                                 12  collaborator:1
        山田 太郎     Operator                                                           7  collaborator:2
        Zoë           A role with a name that goes on and on, as names of roles do   1,234  collaborator:3
        ");
    }

    #[test]
    fn a_narrow_screen_goes_without_what_is_spare_and_breaks_the_rest() {
        let text = shown(&PEOPLE, Some(60));
        assert!(text.lines().all(|line| line.width() <= 60), "{text}");
        insta::assert_snapshot!(text, @r"
        NAME          ROLE                                    GRANTS
        Ada Lovelace  Environment admin                           12
        山田 太郎     Operator                                     7
        Zoë           A role with a name that goes on and      1,234
                      on, as names of roles do
        ");
    }

    #[test]
    fn a_column_that_says_nothing_takes_no_room_of_a_screen() {
        let people = [["Ada", "Operator", "1", ""], ["Zoë", "Operator", "2", ""]];
        assert!(!shown(&people, Some(80)).contains("ID"));
        assert!(shown(&people, None).contains("ID"));
    }

    #[test]
    fn a_pipe_gets_every_row_whole_in_one_line() {
        insta::assert_snapshot!(shown(&PEOPLE, None), @r"
        NAME          ROLE                                                          GRANTS  ID
        Ada Lovelace  Environment admin                                                 12  collaborator:1
        山田 太郎     Operator                                                           7  collaborator:2
        Zoë           A role with a name that goes on and on, as names of roles do   1,234  collaborator:3
        ");
    }

    #[test]
    fn no_cell_is_longer_than_a_few_lines_and_no_table_wider_than_its_screen() {
        let long = "x".repeat(10_000);
        for screen in [20, 40, 80, 200] {
            let text = shown(&[[&long, &long, "1", &long]], Some(screen));
            assert!(text.lines().count() <= 2 * LINES, "{text}");
            let widest = text.lines().map(|line| line.width()).max().unwrap();
            assert!(widest <= screen.max(30), "{screen}: {widest}");
        }
        assert!(shown(&[[&long, "b", "1", "c"]], None).lines().count() == 2);
    }
}
