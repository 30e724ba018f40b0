//! What a row of a workbook says, and the words that answer it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A column: its title, and its width in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The title.
    pub title: &'static str,
    /// The width.
    pub width: u16,
}

const fn column(title: &'static str, width: u16) -> Column {
    Column { title, width }
}

/// The columns of a sheet, in order.
pub const COLUMNS: [Column; 16] = [
    column("No.", 6),
    column("Row", 19),
    column("Environment", 13),
    column("Person", 26),
    column("Account", 34),
    column("Access", 48),
    column("Path", 60),
    column("Direct or through", 34),
    column("Last activity", 36),
    column("Risk", 9),
    column("Finding", 44),
    column("Since last review", 24),
    column("Can be revoked here", 44),
    column("Decision", 11),
    column("Note", 40),
    column("Review", 30),
];

/// Columns that say something: all before the decision.
pub const SAID: usize = 13;
/// The column of the row's id.
pub const ROW: usize = 1;
/// The column of the decision.
pub const DECISION: usize = 13;
/// The column of the note.
pub const NOTE: usize = 14;
/// The column of the review's id.
pub const REVIEW: usize = 15;

/// The name of the sheet with the rows.
pub const SHEET: &str = "Review";
/// The name of the sheet about them.
pub const COVER: &str = "Cover";
/// What stands on the cover before the cell that a reviewer writes their name into.
pub const REVIEWED_BY: &str = "Reviewed by (your name)";

/// What is decided about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It stays.
    Keep,
    /// It goes.
    Revoke,
    /// Somebody else has to say.
    Ask,
}

impl Decision {
    /// All of them, as the list of a cell offers them.
    pub const ALL: [Decision; 3] = [Decision::Keep, Decision::Revoke, Decision::Ask];

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Decision::Keep => "keep",
            Decision::Revoke => "revoke",
            Decision::Ask => "ask",
        }
    }

    /// The one of a word.
    pub fn of(word: &str) -> Option<Decision> {
        let word = word.trim();
        Decision::ALL
            .into_iter()
            .find(|one| one.word().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
