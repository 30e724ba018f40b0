//! How failures of SQLite and of the disk become errors of the kit. Inside `c1z` only.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::baton::code;
use crate::baton::error::{Error, Kind};

/// What to do when the disk of the working copy is full.
const DISK_FULL: &str = "free some space on that volume, or put the working copy on another one with --c1z-temp-dir";
/// What to do when the disk of the target is full: the unfinished sync and the new file lie beside it.
const TARGET_FULL: &str = "free some space on that volume, or choose a --file on another one";

impl From<rusqlite::Error> for Error {
    /// Damage is `DataLoss`, a full disk `ResourceExhausted`, a file somebody else has open
    /// `FailedPrecondition`, trouble with the file `Unknown`; the rest is a
    /// statement this code got wrong, `Internal`.
    fn from(error: rusqlite::Error) -> Self {
        let (kind, code) = match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => (Kind::ResourceExhausted, Some(code::DISK_FULL)),
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => (Kind::DataLoss, Some(code::FILE_DAMAGED)),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                    (Kind::FailedPrecondition, Some(code::FILE_IN_USE))
                }
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
        let error = Error::new(kind, error.to_string());
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

/// Says of a failure of SQLite, which never names a file, that it was the unfinished sync.
pub(super) fn in_partial(error: Error, path: &Path) -> Error {
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
