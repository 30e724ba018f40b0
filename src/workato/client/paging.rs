//! When a list ends. The rule is one for all styles: rather one request too many than one row too few.

use super::decode::Listing;
use super::endpoint::PAGE_SIZE;

/// The fact of an error that says: the pages of this list contradict each other. Reading the list again may help.
pub const INCONSISTENT: &str = "inconsistent";

/// A list without a total ends at a page of fewer rows than asked for. So short a page is believed; one of this many
/// may have been cut by a smaller limit of the server's, or thinned, and only the next page tells. No smaller limit
/// is in use anywhere.
const SMALLEST_LIMIT: u64 = 25;

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiPage<T> {
    /// Its rows, perhaps none.
    pub rows: Vec<T>,
    /// The number of the next page; `None` ends the list.
    pub next: Option<u32>,
    /// Rows of the whole list, when the API says so.
    pub total: Option<u64>,
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
/// cuts pages shorter than asked or rows moved, and only an empty page is the end. Without a total, a page has none
/// when it is too short to have been cut.
pub(super) fn page_of<T>(listing: Listing<T>, page: u32) -> ApiPage<T> {
    let rows = count(&listing.rows);
    let size = size(&listing);
    let seen = before(&listing, page).saturating_add(rows);
    let more = match listing.total {
        // More rows than asked for, and they are all there are.
        Some(total) if rows > size && seen == total => false,
        _ if rows >= size => true,
        Some(total) => rows > 0 && seen != total,
        None => rows >= SMALLEST_LIMIT,
    };
    ApiPage {
        rows: listing.rows,
        next: more.then(|| page.saturating_add(1)),
        total: listing.total,
    }
}
