//! A sync as files for others: sheets, lists, a graph, a database, a page. One pass over the rows fills every format
//! asked for, person by person, so memory stays flat however many grants there are. Parquet has tables and a pass of its
//! own (`lake`).
//!
//! Four tables are what reviewers ask for: `access-review` (one row per person and access, with the way to it),
//! `people`, `resources`, `entitlements`. [`table`] says what is in them, the file of each format how they are written.

mod changes;
mod csv;
mod dot;
mod file;
mod html;
mod json;
#[cfg(feature = "parquet")]
pub mod lake;
mod look;
mod pass;
mod sink;
mod sqlite;
mod stand_ins;
pub mod table;
mod xlsx;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::baton::error::{Error, Kind, Result};
use crate::report::code;

pub use pass::{Options, check_folder, export};
pub(super) use stand_ins::StandIns;

/// A kind of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// One `.csv` per table.
    Csv,
    /// One workbook, one sheet per table.
    Xlsx,
    /// One `.json` per table: an array of objects.
    Json,
    /// One `.jsonl` per table: an object a line.
    Jsonl,
    /// A graph for Graphviz: who holds what directly, and what that leads to.
    Dot,
    /// The report: one page that needs nothing else.
    Html,
    /// A SQLite database with the tables.
    Sqlite,
    /// Tables for query engines, for builds that have them.
    Parquet,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 8] = [
        Format::Csv,
        Format::Xlsx,
        Format::Json,
        Format::Jsonl,
        Format::Dot,
        Format::Html,
        Format::Sqlite,
        Format::Parquet,
    ];

    /// As typed.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Dot => "dot",
            Format::Html => "html",
            Format::Sqlite => "sqlite",
            Format::Parquet => "parquet",
        }
    }

    /// Refuses a format that this build leaves out.
    ///
    /// # Errors
    /// `Unimplemented` (exit code 12), with how to build one that has it.
    pub fn check_built(self) -> Result<()> {
        if self != Format::Parquet || cfg!(feature = "parquet") {
            return Ok(());
        }
        Err(
            Error::new(Kind::Unimplemented, "this build of the program does not write Parquet")
                .code(crate::baton::code::NOT_AVAILABLE)
                .hint("one that is built with the cargo feature parquet does; `help lakes` says how"),
        )
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        let found = Format::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(word.trim()));
        found.ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            Error::new(Kind::Unknown, format!("{word:?} is not a format of export"))
                .code(code::EXPORT_FORMAT)
                .hint(format!("formats: {}", known.join(", ")))
        })
    }
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Rows in it, without headers; nodes of a graph.
    pub rows: u64,
}
