//! Tables of a page.

use unicode_width::UnicodeWidthStr as _;

use super::inline;
use crate::term::color::Paint;
use crate::term::wrap::wrap;

/// Wider than this no table gets, however wide the screen is: the eye loses the row.
const WIDEST: usize = 120;
/// Narrower than this no column gets.
const NARROWEST: usize = 16;
const INDENT: usize = 2;
const GAP: usize = 2;

/// Rows as they are met, the head first.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A line of the page that begins with `|`.
    pub fn add(&mut self, line: &str) {
        let cells = cells(line);
        let is_rule = cells
            .iter()
            .all(|cell| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':')));
        if !is_rule {
            self.rows.push(cells.iter().map(|cell| inline::plain(cell)).collect());
        }
    }

    /// Writes what was gathered: cells are broken where the screen is too narrow, without one every row is a line.
    pub fn end(&mut self, shown: &mut String, screen: Option<usize>, paint: Paint) {
        let rows = std::mem::take(&mut self.rows);
        let widths = widths(&rows, screen);
        for (at, row) in rows.iter().enumerate() {
            // A head without words is there for Markdown alone.
            if at == 0 && row.iter().all(String::is_empty) {
                continue;
            }
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| broken(cell, *width))
                .collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or_default();
            for line in 0..lines {
                let parts = cells.iter().zip(&widths).map(|(cell, width)| {
                    let text = cell.get(line).map_or("", String::as_str);
                    let painted = if at == 0 {
                        paint.bold(text)
                    } else {
                        inline::coloured(text, paint)
                    };
                    let marks = if at > 0 && paint.is_on() {
                        text.matches('`').count()
                    } else {
                        0
                    };
                    let room = width.saturating_sub(text.width() - marks);
                    painted + &" ".repeat(room)
                });
                let joined = parts.collect::<Vec<_>>().join(&" ".repeat(GAP));
                shown.push_str(&" ".repeat(INDENT));
                shown.push_str(joined.trim_end());
                shown.push('\n');
            }
        }
    }
}

/// The cells of a line; a bar in code is written `\|`.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_start_matches('|');
    let line = line.strip_suffix('|').unwrap_or(line).replace("\\|", "\u{0}");
    line.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

fn broken(cell: &str, width: usize) -> Vec<String> {
    if cell.width() <= width {
        return vec![cell.to_owned()];
    }
    wrap(cell, width)
}

/// How wide each column is: as its widest cell, and less where the screen ends before.
fn widths(rows: &[Vec<String>], screen: Option<usize>) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widest = |at: usize| {
        rows.iter()
            .filter_map(|row: &Vec<String>| row.get(at))
            .map(|cell| cell.width())
            .max()
    };
    let mut widths: Vec<usize> = (0..columns).map(|at| widest(at).unwrap_or_default()).collect();
    let Some(screen) = screen else {
        return widths;
    };
    let room = screen
        .min(WIDEST)
        .saturating_sub(INDENT + GAP * columns.saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        // The widest gives first.
        let Some(most) = widths
            .iter_mut()
            .max_by_key(|width| **width)
            .filter(|width| **width > NARROWEST)
        else {
            break;
        };
        *most -= 1;
    }
    widths
}
