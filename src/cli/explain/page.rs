//! The pages, compiled in: one for each code, in the order of the codes. Every room has them in its table.

use std::sync::LazyLock;

use crate::baton::code::{self, Explanation};
use crate::report::code as report;
use crate::workato::code as workato;

/// The parts that every page has, in this order.
#[cfg(test)]
pub const PARTS: [&str; 3] = ["What it means", "Why it happens", "What to do"];

/// All pages.
pub static PAGES: LazyLock<Vec<Explanation>> = LazyLock::new(|| {
    let mut pages = [code::ALL, report::ALL, workato::ALL].concat();
    pages.sort_by_key(|page| page.code);
    pages
});
