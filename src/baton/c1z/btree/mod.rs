//! Writing the trees of a SQLite database whole, in order: each page is made once, filled to the brim and never looked at
//! again. Through SQLite a million rows with their indexes take several times as long: it looks a place up for each row, and
//! reads the table once more for each index.
//!
//! What SQLite's documentation of its file format says, as far as it is relied on here; that it is kept is checked by SQLite
//! itself (`pragma integrity_check`) in the tests:
//!
//! - A database is pages of one size, numbered from 1. The first begins with a header of 100 bytes, which has the number of
//!   pages (offset 28, big endian). That is believed if the counters at 24 and 92 are equal.
//! - A table is a tree whose leaves have the rows, by row number; inner pages have, for each child but the last, the highest
//!   number below it. An index is a tree whose entries stand in leaves and in inner pages: one of them stands between every two
//!   children. Its entries end with the number of their row.
//! - The page that a tree begins with is named in the schema and stays where it is.
//! - A page begins with its kind, the number of cells, where the cells begin, and in inner pages the last child; the places of
//!   the cells follow in their order. The cells lie at the end of the page.
//! - A row or entry that is too long for its page goes on in a chain of pages of its own.
//! - The page that contains the byte at 2^30 is for locks and stays unused.

mod page;
mod pages;
mod record;
mod tree;

pub(super) use pages::Pages;
pub(super) use record::{Value, encode};
pub(super) use tree::{Index, Table};

#[cfg(test)]
mod tests;
