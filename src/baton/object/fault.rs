//! What storage says, as an error of ours: what failed, why, what to do.

use object_store::Error as Said;

use super::Address;
use crate::baton::code;
use crate::baton::error::{Error, Kind};

/// Characters of what a server said that are shown: some say it in pages.
const SHOWN: usize = 300;

/// The error of an operation, `doing` what.
pub(super) fn of(error: Said, address: &Address, doing: &str) -> Error {
    let text = shown(&error);
    let address = address.as_str();
    let failed = |kind, why: &str| Error::new(kind, format!("{doing} {address}: {why}{text}"));
    match &error {
        Said::NotFound { .. } => Error::new(Kind::NotFound, format!("there is no {address}"))
            .code(code::FILE_MISSING)
            .hint("check the address, and that the bucket exists; or sync to it first"),
        Said::PermissionDenied { .. } => failed(Kind::PermissionDenied, "not allowed: ")
            .code(code::OBJECT_REFUSED)
            .hint("give these credentials the right to read and to write objects of that name"),
        Said::Unauthenticated { .. } => failed(Kind::Unauthenticated, "the credentials are not accepted: ")
            .code(code::OBJECT_REFUSED)
            .hint("`help storage` says where credentials are taken from"),
        Said::NotImplemented { .. } | Said::NotSupported { .. } => failed(Kind::Unimplemented, "not offered there: ")
            .code(code::OBJECT_ADDRESS)
            .hint("use a storage that has conditional writes, or write to a file on disk"),
        Said::InvalidPath { .. } | Said::UnknownConfigurationKey { .. } => failed(Kind::Unknown, "")
            .code(code::OBJECT_ADDRESS)
            .hint("check the address, and the variables that `help storage` lists"),
        Said::Precondition { .. } | Said::AlreadyExists { .. } | Said::NotModified { .. } => replaced(address),
        _ => failed(Kind::Unavailable, "").code(code::OBJECT_UNREACHABLE).hint(
            "try again later; check the network, the region and the endpoint that the environment names (`help storage`)",
        ),
    }
}

/// Another object lies there than the one that was begun with.
fn replaced(address: &str) -> Error {
    Error::new(Kind::Unavailable, format!("{address} was replaced while it was read"))
        .code(code::OBJECT_REPLACED)
        .hint("ask again: the new one is whole")
}

/// On one line, and no longer than a person reads.
fn shown(error: &Said) -> String {
    let text = error.to_string();
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
