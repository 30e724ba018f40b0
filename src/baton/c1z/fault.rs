//! How failures of SQLite and of the disk become errors of the kit. Inside `c1z` only.

use std::io;

use rusqlite::ErrorCode;

use crate::baton::error::{Error, Kind};

/// What to do when the disk is full.
const DISK_FULL: &str = "free some space on that volume, or put the working copy on another one with --c1z-temp-dir";

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
        when_full(Error::new(kind, error.to_string()))
    }
}

/// A failure of a file, with the hint a full disk deserves.
pub(super) fn disk(error: io::Error) -> Error {
    when_full(Error::from(error))
}

/// Adds what to do when the disk is full. An error that knows better, such as a size limit, keeps its own hint.
pub(super) fn when_full(error: Error) -> Error {
    match error.kind() {
        Kind::ResourceExhausted => error.hint(DISK_FULL),
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
        _ => error,
    }
}

/// The caller handed over something that breaks a promise of the connector contract.
pub(super) fn broken(message: impl Into<String>) -> Error {
    Error::new(Kind::Internal, message.into())
}
