//! Lists: every row of one kind, in the forms it is shown in. A list is read as it is written, row by row, so a million
//! grants take no more memory than ten.
//!
//! [`List`] is what `cli` shows. A line is made into a form only when that form is asked for.

mod compared;
mod entitlements;
mod filter;
mod grants;
mod resource_types;
mod resources;
mod rows;
mod syncs;
mod texts;

pub use compared::Compared;
pub use entitlements::Entitlements;
pub use filter::{Filter, Typed};
pub use grants::Grants;
pub use resource_types::ResourceTypes;
pub use resources::{Principals, Resources};
pub use rows::Rows;
pub use syncs::Syncs;
pub(crate) use syncs::output as sync_output;

use crate::baton::error::{Error, Kind, Result};

/// A column of the table that people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// Its title.
    pub title: &'static str,
    /// Numbers stand to the right.
    pub number: bool,
    /// The first that a narrow screen goes without.
    pub spare: bool,
}

impl Heading {
    /// A text.
    pub const fn text(title: &'static str) -> Heading {
        Heading {
            title,
            number: false,
            spare: false,
        }
    }

    /// A number.
    pub const fn number(title: &'static str) -> Heading {
        Heading {
            title,
            number: true,
            spare: false,
        }
    }

    /// A text that is not worth a broken line.
    pub const fn spare(title: &'static str) -> Heading {
        Heading {
            title,
            number: false,
            spare: true,
        }
    }
}

/// The environment of a row as a further key of its JSON object; nothing where there is none.
fn environment_json(environment: Option<&str>) -> Result<String> {
    let Some(environment) = environment else {
        return Ok(String::new());
    };
    let text = serde_json::to_string(environment).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
    Ok(format!(",\"environment\":{text}"))
}

/// One row.
pub trait Line {
    /// As JSON on one line: the published output message.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    fn json(&self) -> Result<String>;

    /// As cells of the table, one for each heading.
    ///
    /// # Errors
    /// As [`Line::json`].
    fn cells(&self) -> Result<Vec<String>>;

    /// As fields of a flat record, one for each name.
    ///
    /// # Errors
    /// As [`Line::json`].
    fn record(&self) -> Result<Vec<String>>;
}

/// Rows of one kind.
pub trait List {
    /// The key of the rows in the JSON document: `grants`.
    fn key(&self) -> &'static str;

    /// The columns of the table.
    fn headings(&self) -> &'static [Heading];

    /// The names of the fields of a flat record.
    fn fields(&self) -> &'static [&'static str];

    /// Calls `each` with every row, in the order of rows of the file. Stops at the first error of `each`.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, and those of `each`.
    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()>;
}
