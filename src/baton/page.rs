//! Page tokens and pages, as a connector hands them to a syncer.

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// Where a listing goes on. Opaque to the syncer; empty means the first page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PageToken(String);

impl PageToken {
    /// The first page.
    pub fn first() -> Self {
        Self::default()
    }

    /// The token of the page that starts at row `offset` of a table the connector holds.
    pub fn at(offset: usize) -> Self {
        PageToken(offset.to_string())
    }

    /// The token text as it crosses a process boundary.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this asks for the first page.
    pub fn is_first(&self) -> bool {
        self.0.is_empty()
    }

    /// The token as a number, for connectors that count pages or rows.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not one: it was not made by this connector.
    pub fn number(&self, first: usize) -> Result<usize> {
        if self.is_first() {
            return Ok(first);
        }
        self.0.parse().map_err(|_| {
            Error::new(
                Kind::InvalidArgument,
                format!("page token {:?} is not one of this connector", self.0),
            )
            .code(code::BAD_CALL)
        })
    }
}

impl From<String> for PageToken {
    fn from(token: String) -> Self {
        PageToken(token)
    }
}

impl From<&str> for PageToken {
    fn from(token: &str) -> Self {
        PageToken(token.to_owned())
    }
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows. A page may be empty and still have a next one.
    pub rows: Vec<T>,
    /// Where the listing goes on; `None` ends it.
    pub next: Option<PageToken>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Page::last(Vec::new())
    }
}

impl<T> Page<T> {
    /// The last (or only) page.
    pub fn last(rows: Vec<T>) -> Self {
        Page { rows, next: None }
    }
}

impl<R> Page<R> {
    /// The page of at most `size` rows that starts where `token` says, each built from a row of `table`.
    ///
    /// # Errors
    /// As [`PageToken::number`].
    pub fn of_table<T>(table: &[T], token: &PageToken, size: usize, build: impl FnMut(&T) -> R) -> Result<Self> {
        let start = token.number(0)?;
        let rows: Vec<R> = table.iter().skip(start).take(size).map(build).collect();
        let end = start.saturating_add(rows.len());
        let next = (end < table.len() && !rows.is_empty()).then(|| PageToken::at(end));
        Ok(Page { rows, next })
    }
}
