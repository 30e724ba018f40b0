//! A sheet as it was read back, whatever it was written as.

/// The cells of a sheet, and what its cover says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// The titles.
    pub header: Vec<String>,
    /// The rows that have anything in them, with their numbers as the sheet shows them.
    pub rows: Vec<(u32, Vec<String>)>,
    /// Who wrote their name on the cover.
    pub reviewed_by: Option<String>,
    /// Cells with a formula: row and column, from 1.
    pub formulas: Vec<(u32, u32)>,
}

impl Table {
    /// Takes a cell, counted from 0.
    pub(super) fn put(&mut self, row: u32, column: u32, text: String) {
        if text.is_empty() {
            return;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let cells = match row {
            0 => &mut self.header,
            row => {
                if self.rows.last().is_none_or(|(last, _)| *last != row + 1) {
                    self.rows.push((row + 1, Vec::new()));
                }
                match self.rows.last_mut() {
                    Some((_, cells)) => cells,
                    None => return,
                }
            }
        };
        // What stands beyond all columns is found as one that does not belong there.
        let column = column.min(super::columns::COLUMNS.len());
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        if let Some(cell) = cells.get_mut(column) {
            *cell = text;
        }
    }
}
