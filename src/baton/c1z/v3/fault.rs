//! How failures of a store become errors of the kit.

use crate::baton::code;
use crate::baton::error::{Error, Kind};
use crate::baton::pebble::{self, Fault};

const GET_AGAIN: &str = "get the file again, or choose another --file";

impl From<pebble::Error> for Error {
    /// Damage is `DataLoss`, a form that is not read `Unimplemented`, a limit `ResourceExhausted`; the disk keeps
    /// its own error; a broken promise is `Internal`.
    fn from(error: pebble::Error) -> Self {
        let text = error.to_string();
        match error.into_fault() {
            Fault::Corrupt(_) => damaged(text),
            Fault::Unsupported(_) => unsupported(text),
            Fault::TooBig(_) => too_big(text),
            Fault::Io(error) => Error::from(error),
            _ => Error::new(Kind::Internal, text),
        }
    }
}

/// The file is damaged, or not what it should be.
pub(super) fn damaged(message: impl Into<String>) -> Error {
    Error::new(Kind::DataLoss, message.into())
        .code(code::FILE_DAMAGED)
        .hint(GET_AGAIN)
}

/// The file may be sound, but is of a form that is not read.
pub(super) fn unsupported(message: impl Into<String>) -> Error {
    unsupported_but(
        message,
        "have the program that wrote it write it again, or use a newer version of this one",
    )
}

/// As [`unsupported`], where something else helps.
pub(super) fn unsupported_but(message: impl Into<String>, hint: &'static str) -> Error {
    Error::new(Kind::Unimplemented, message.into())
        .code(code::FILE_PEBBLE)
        .hint(hint)
}

/// A size is above a limit.
pub(super) fn too_big(message: impl Into<String>) -> Error {
    Error::new(Kind::ResourceExhausted, message.into())
        .code(code::FILE_TOO_BIG)
        .hint("raise the limit with BATON_DECODER_MAX_DECODED_SIZE_MB if the file is trusted")
}
