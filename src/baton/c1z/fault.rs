//! How failures of SQLite and of the disk become errors of the kit. Inside `c1z` only.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

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
        let kind = match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => Kind::ResourceExhausted,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Kind::DataLoss,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Kind::FailedPrecondition,
                ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::PermissionDenied => Kind::Unknown,
                _ => Kind::Internal,
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => Kind::DataLoss,
            _ => Kind::Internal,
        };
        Error::new(kind, error.to_string())
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
    Error::new(Kind::DataLoss, message.into())
}

/// While a file from anywhere is opened, the statements are the same for every file: one that SQLite refuses is the
/// fault of what it found there, not of this program.
pub(super) fn foreign(error: Error) -> Error {
    match error.kind() {
        Kind::Internal => damaged("its database is not that of a c1z file").source(error),
        _ => working_copy_full(error),
    }
}

/// The caller handed over something that breaks a promise of the connector contract.
pub(super) fn broken(message: impl Into<String>) -> Error {
    Error::new(Kind::Internal, message.into())
}
