//! Databases that lie in memory and never touch a disk. A run has files, and a whole file through one costs a hundred
//! system calls; whoever tries files by the million, as fuzzing does, has bytes.

use std::io::Cursor;

use rusqlite::{Connection, MAIN_DB};

use super::scratch;
use crate::baton::error::Result;

/// Where the header says by which journal a database is written and read; 2 is a log beside it.
const JOURNAL: [usize; 2] = [18, 19];
const LOG: u8 = 2;
const NO_LOG: u8 = 1;

/// Opens a copy of `database`, as a working copy of that content is opened; without a byte it is a new one.
///
/// # Errors
/// As `Scratch::connect`.
pub(super) fn connect(database: &[u8]) -> Result<Connection> {
    let db = open(database)?;
    scratch::configure(&db)?;
    Ok(db)
}

/// As [`connect`], without a setting.
///
/// # Errors
/// Those of SQLite.
pub(super) fn open(database: &[u8]) -> rusqlite::Result<Connection> {
    let mut db = Connection::open_in_memory()?;
    if database.is_empty() {
        return Ok(db);
    }
    let mut copy = database.to_vec();
    for at in JOURNAL {
        // In memory nothing can lie beside it.
        if let Some(journal) = copy.get_mut(at).filter(|journal| **journal == LOG) {
            *journal = NO_LOG;
        }
    }
    let size = copy.len();
    db.deserialize_read_exact(MAIN_DB, Cursor::new(copy), size, false)?;
    Ok(db)
}

/// The bytes of a database.
///
/// # Errors
/// Those of SQLite.
pub(super) fn bytes(db: &mut Connection) -> rusqlite::Result<Vec<u8>> {
    Ok(db.serialize(MAIN_DB)?.to_vec())
}
