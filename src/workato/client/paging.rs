//! When a list ends. The rule is one for all styles: rather one request too many than one row too few.
//!
//! | the list says | a page of | and then |
//! | --- | --- | --- |
//! | its total | as many rows as asked for | the next page |
//! | its total | fewer rows | the next page, unless rows and total agree |
//! | nothing | 100, or 25 and more | the next page: a smaller limit, or rows taken out after the page was cut |
//! | nothing | 10, 15 or 20 | the next page: a smaller limit that nobody documents |
//! | nothing | any other number | the end |
//! | in any words that there is more ([`Claims`]) | any number but 0 | the next page |
//!
//! Behind an empty page further ones are asked for as [`empty_pages`] says. What still speaks against a list in the end,
//! [`may_be_cut`] says; nobody may take such a list for whole without a word.

use super::claims::Claims;
use super::decode::Listing;
use super::endpoint::PAGE_SIZE;
use crate::baton::error::{Error, Kind, Retry};
use crate::workato::code;

/// The fact of an error that says: the pages of this list contradict each other. Reading the list again may help.
pub const INCONSISTENT: &str = "inconsistent";

/// A list without a total ends at a page of fewer rows than asked for. One of this many may have been cut by a smaller
/// limit of the server's, or thinned, and only the next page tells.
const THINNED: u64 = 25;
/// The smallest limit that a page may have been cut by. Limits are round numbers; so few rows that are none are believed.
const SMALLEST_LIMIT: u64 = 10;

/// Whether so many rows may be as many as somebody allows.
fn is_round(rows: u64) -> bool {
    rows >= SMALLEST_LIMIT && rows.is_multiple_of(5)
}

/// How many empty pages in a row end a list without a total, by the rows of the page before them. A page that was full
/// may have as full ones behind a hole or two; of one that was thinned the next may be thinned to nothing.
pub fn empty_pages(rows: usize, says_more: bool) -> u32 {
    match u64::try_from(rows).unwrap_or(u64::MAX) {
        _ if says_more => 3,
        rows if rows >= u64::from(PAGE_SIZE) => 3,
        rows if rows >= THINNED => 2,
        _ => 1,
    }
}

/// What speaks against a list that was read to its end, in words: that it says it has more than was found, or that the
/// server does not know pages and answered as many rows as a limit may allow.
pub fn may_be_cut(rows: u64, total: Option<u64>, claims: Claims, repeats: bool) -> Option<String> {
    let is_counted = !repeats && [total, claims.rows].contains(&Some(rows));
    match claims {
        Claims { rows: Some(all), .. } if all > rows => Some(format!("{rows} of {all} rows")),
        Claims { more: Some(true), .. } if !is_counted => Some(format!("{rows} rows, and more are said to follow")),
        _ if repeats && is_round(rows) => Some(format!("{rows} rows, and page 2 is page 1 again")),
        _ => None,
    }
}

/// The error of a page that was refused, though one before it was answered: what it has is missing, and not forbidden.
pub fn refused_page(page: u32) -> Error {
    Error::new(
        Kind::Unavailable,
        format!("page {page} of the list was refused, though the page before was answered"),
    )
    .code(code::LIST_SHORT)
    .retry(Retry::Later)
    .hint("try again")
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiPage<T> {
    /// Its rows, perhaps none.
    pub rows: Vec<T>,
    /// The number of the next page; `None` ends the list.
    pub next: Option<u32>,
    /// Rows of the whole list, when the API says so.
    pub total: Option<u64>,
    /// What else it says of the list.
    pub claims: Claims,
}

pub(super) fn count<T>(rows: &[T]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}

/// Rows per page: what the answer says it used, else what was asked for.
fn size<T>(listing: &Listing<T>) -> u64 {
    listing.size.filter(|size| *size > 0).unwrap_or(u64::from(PAGE_SIZE))
}

/// Rows on the pages before `page`, if all were full.
fn before<T>(listing: &Listing<T>, page: u32) -> u64 {
    u64::from(page.saturating_sub(1)).saturating_mul(size(listing))
}

/// Whether page `page` is empty although the list says it has more rows: how many were there, and how many it says.
pub(super) fn ends_early<T>(listing: &Listing<T>, page: u32) -> Option<(u64, u64)> {
    let before = before(listing, page);
    let total = listing.total?;
    (listing.rows.is_empty() && before < total).then_some((before, total))
}

/// The page with the number of its successor.
///
/// A full page always has one. A short page has none when rows and total agree exactly: if they do not, the server
/// cuts pages shorter than asked or rows moved, and only an empty page is the end.
pub(super) fn page_of<T>(listing: Listing<T>, page: u32) -> ApiPage<T> {
    let rows = count(&listing.rows);
    let size = size(&listing);
    let seen = before(&listing, page).saturating_add(rows);
    let claims = listing.hints.at(page);
    let more = match listing.total {
        _ if rows > 0 && claims.more == Some(true) => true,
        // More rows than asked for, and they are all there are.
        Some(total) if rows > size && seen == total => false,
        _ if rows >= size => true,
        Some(total) => rows > 0 && seen != total,
        None => rows >= THINNED || is_round(rows),
    };
    ApiPage {
        rows: listing.rows,
        next: more.then(|| page.saturating_add(1)),
        total: listing.total,
        claims,
    }
}

#[cfg(test)]
mod tests {
    use super::super::claims::Hints;
    use super::*;

    #[test]
    fn a_short_page_without_a_total_ends_a_list_unless_it_may_be_cut() {
        for (rows, more) in [
            (0, false),
            (1, false),
            (5, false),
            (9, false),
            (10, true),
            (11, false),
            (15, true),
            (19, false),
            (20, true),
            (24, false),
            (25, true),
            (60, true),
            (99, true),
            (100, true),
            (130, true),
        ] {
            let listing = Listing {
                rows: vec![(); rows],
                total: None,
                size: None,
                hints: Hints::default(),
                failed: false,
            };
            assert_eq!(page_of(listing, 1).next.is_some(), more, "{rows}");
        }
    }

    #[test]
    fn what_speaks_against_a_list_is_said() {
        let more = |more| Claims { more, rows: None };
        let rows = |rows| Claims {
            more: None,
            rows: Some(rows),
        };
        for (found, total, claims, repeats, doubt) in [
            (20, None, more(Some(true)), false, true),
            (20, None, more(Some(false)), false, false),
            (20, None, more(None), false, false),
            (20, Some(20), more(Some(true)), false, false),
            (20, Some(20), more(Some(true)), true, true),
            (20, Some(20), rows(60), false, true),
            (
                60,
                None,
                Claims {
                    more: Some(true),
                    rows: Some(60),
                },
                false,
                false,
            ),
            (20, None, rows(20), false, false),
            (20, None, more(None), true, true),
            (21, None, more(None), true, false),
            (99, None, more(None), true, false),
            (99, None, more(Some(true)), true, true),
            (5, None, more(None), true, false),
        ] {
            let said = may_be_cut(found, total, claims, repeats);
            assert_eq!(
                said.is_some(),
                doubt,
                "{found} {total:?} {claims:?} {repeats}: {said:?}"
            );
        }
    }
}
