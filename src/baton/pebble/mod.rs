#![doc = include_str!("format.md")]

mod block;
mod check;
mod checksum;
mod column;
mod compress;
mod edit;
mod error;
mod files;
mod input;
mod key;
mod log;
#[cfg(test)]
mod made;
mod merge;
mod name;
mod store;
mod table;
mod version;
mod write;

pub use check::Flaw;
pub use edit::TableMeta;
pub use error::{Error, Fault, Result};
pub use files::{DiskFile, Files, Folder, Memory, ReadAt};
pub use key::{Bound, MAX_SEQUENCE, Trailer};
pub use merge::Cursor;
pub use store::Store;
pub use version::Version;
pub use write::{Cut, Lane, NewFiles, StoreWriter};
