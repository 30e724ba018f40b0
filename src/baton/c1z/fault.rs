//! How failures of SQLite and of the disk become errors of the kit. Inside `c1z` only.

use std::io::{self, Write as _};
use std::path::Path;

use rusqlite::ErrorCode;

use crate::baton::code;
use crate::baton::error::{Error, Kind};
use crate::baton::target::folder_of;

/// What to do when the disk of the working copy is full.
const DISK_FULL: &str = "free some space on that volume, or put the working copy on another one with --c1z-temp-dir";
/// What to do when the disk of the target is full: the unfinished sync and the new file lie beside it.
const TARGET_FULL: &str = "free some space on that volume, or choose a --file on another one";

/// The fact that tells a failure of SQLite itself: its extended number.
const FAILED: &str = "sqlite";
/// How much is written to learn why SQLite could not.
const BLOCK: usize = 64 << 10;

impl From<rusqlite::Error> for Error {
    /// Damage is `DataLoss`, a full disk `ResourceExhausted`, a file somebody else has open
    /// `Unavailable`, trouble with the file `Unknown`; the rest is a
    /// statement this code got wrong, `Internal`. `asked` knows more about trouble with the file.
    fn from(error: rusqlite::Error) -> Self {
        let (kind, code) = match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => (Kind::ResourceExhausted, Some(code::DISK_FULL)),
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => (Kind::DataLoss, Some(code::FILE_DAMAGED)),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (Kind::Unavailable, Some(code::FILE_IN_USE)),
                ErrorCode::ReadOnly | ErrorCode::PermissionDenied => (Kind::Unknown, Some(code::FILE_DENIED)),
                ErrorCode::CannotOpen | ErrorCode::SystemIoFailure => (Kind::Unknown, None),
                _ => (Kind::Internal, None),
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => (Kind::DataLoss, Some(code::FILE_DAMAGED)),
            _ => (Kind::Internal, None),
        };
        let extended = error.sqlite_error().map(|failure| failure.extended_code);
        let mut error = Error::new(kind, error.to_string());
        if let (Kind::Unknown, Some(number)) = (kind, extended) {
            error = error.fact(FAILED, number.to_string());
        }
        match code {
            Some(code) => error.code(code),
            None => error,
        }
    }
}

/// A failure of the working copy's disk, with the hint a full one deserves.
pub(super) fn disk(error: io::Error) -> Error {
    working_copy_full(Error::from(error))
}

/// A failure of the target's disk.
pub(super) fn disk_of_target(error: io::Error) -> Error {
    beside_target(Error::from(error))
}

/// Says what to do when the disk of the target is full. An error that knows better, such as a size limit, keeps its
/// own hint.
pub(super) fn beside_target(error: Error) -> Error {
    when_full(error, TARGET_FULL)
}

/// What the disk says about a database that SQLite could not write. SQLite tells a full disk from other failures, and
/// not a quota that is used up or a file that may not grow.
pub(super) fn asked(error: Error, database: &Path) -> Error {
    if error.fact_value(FAILED).is_none() {
        return error;
    }
    let mut log = std::ffi::OsString::from(database.as_os_str());
    log.push("-wal");
    let full = [database, Path::new(&log)]
        .into_iter()
        .filter_map(|path| grow(path).err())
        // A log could not be made: there is room for bytes, and none for files.
        .chain(tempfile::tempfile_in(folder_of(database)).err())
        .map(Error::from)
        .find(|error| error.kind() == Kind::ResourceExhausted);
    full.unwrap_or(error)
}

/// Lets a file grow by a block, and shrinks it again. One that is not there is left alone.
fn grow(path: &Path) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
    let length = file.metadata()?.len();
    let grown = file.write_all(&[0; BLOCK]).and_then(|()| file.sync_data());
    file.set_len(length)?;
    grown
}

/// Says of a failure of SQLite, which never names a file, that it was the unfinished sync.
pub(super) fn in_partial(error: Error, path: &Path) -> Error {
    let error = asked(error, path);
    match error.kind() {
        Kind::ResourceExhausted | Kind::Unknown | Kind::DataLoss => {
            beside_target(error).context(format!("keep what was read in {}", path.display()))
        }
        _ => error,
    }
}

/// As [`in_partial`]: that it was the working copy, which vanishes and so is named by its folder.
pub(super) fn in_working_copy(error: Error, folder: &Path) -> Error {
    match error.kind() {
        Kind::ResourceExhausted | Kind::Unknown | Kind::DataLoss => {
            working_copy_full(error).context(format!("use the working copy in {}", folder.display()))
        }
        _ => error,
    }
}

/// Says what to do when the disk of the working copy is full.
pub(super) fn working_copy_full(error: Error) -> Error {
    when_full(error, DISK_FULL)
}

/// Says what to do when a disk is full.
pub(super) fn when_full(error: Error, hint: &'static str) -> Error {
    match error.kind() {
        Kind::ResourceExhausted => error.hint(hint),
        _ => error,
    }
}

/// The file is damaged, or not what it should be.
pub(super) fn damaged(message: impl Into<String>) -> Error {
    Error::new(Kind::DataLoss, message.into()).code(code::FILE_DAMAGED)
}

/// While a file from anywhere is opened, the statements are the same for every file: one that SQLite refuses is the
/// fault of what it found there, not of this program.
pub(super) fn foreign(error: Error) -> Error {
    match error.kind() {
        Kind::Internal => Error::new(Kind::DataLoss, "its database is not that of a c1z file")
            .code(code::NOT_A_C1Z)
            .source(error),
        _ => working_copy_full(error),
    }
}

/// The caller handed over something that breaks a promise of the connector contract.
pub(super) fn broken(message: impl Into<String>) -> Error {
    Error::new(Kind::Internal, message.into()).code(code::ROWS_BROKEN)
}
