//! Files that lie in object storage, `s3://bucket/prefix/name.c1z`, `gs://…`, `az://…`: for builds that have it.
//!
//! A reader asks for the ranges of a v3 file that a question needs, and fetches a v1 file whole, into a private temporary
//! file. A writer ([`Target`]) works on the local disk, in a folder of its own, and puts the sealed file in its place at
//! once, on the condition that the place holds what it held when the run began: of two writers one fails, and nothing is
//! replaced that nobody has seen.

#[cfg(feature = "object-store")]
mod condition;
#[cfg(feature = "object-store")]
mod fault;
#[cfg(feature = "object-store")]
mod put;
#[cfg(feature = "object-store")]
mod ranges;
#[cfg(feature = "object-store")]
mod store;
mod target;

use std::path::Path;

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

#[cfg(feature = "object-store")]
pub use put::Sizes;
#[cfg(feature = "object-store")]
pub use ranges::Ranges;
#[cfg(feature = "object-store")]
pub use store::{Object, Variables, Version};
pub use target::Target;

/// How addresses begin.
const SCHEMES: [&str; 3] = ["s3://", "gs://", "az://"];

/// The address of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// What stands where a file is named, if it is an address.
    pub fn of(path: &Path) -> Option<Address> {
        let text = path.to_str()?;
        let is_one = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
        is_one.then(|| Address(text.to_owned()))
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses an address that this build can do nothing with, and one that names no object.
    ///
    /// # Errors
    /// `Unimplemented` (exit code 12) with how to build one that can; `Unknown` for an address without a bucket or a
    /// name.
    pub fn check(&self) -> Result<()> {
        if cfg!(not(feature = "object-store")) {
            return Err(Error::new(
                Kind::Unimplemented,
                format!("this build of the program does not reach object storage: {}", self.0),
            )
            .code(code::NOT_AVAILABLE)
            .hint(
                "one that is built with the cargo feature object-store does, `help storage` says how; or name a file on disk",
            ));
        }
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        match rest.split_once('/') {
            Some((bucket, name)) if !bucket.is_empty() && !name.is_empty() && !name.ends_with('/') => Ok(()),
            _ => Err(Error::new(Kind::Unknown, format!("{} names no object", self.0))
                .code(code::OBJECT_ADDRESS)
                .hint("an address is s3://BUCKET/NAME.c1z, with folders before the name if you like")),
        }
    }
}

/// The error of a command that writes on disk only.
pub fn not_a_place(path: &Path) -> Option<Error> {
    let address = Address::of(path)?;
    if let Err(error) = address.check() {
        return Some(error);
    }
    Some(
        Error::new(
            Kind::Unknown,
            format!("{} lies in object storage, and this writes on disk only", address.0),
        )
        .code(code::OBJECT_ADDRESS)
        .hint("name a file on disk; a sync writes to object storage, and whatever only reads reads from it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_file() {
        for file in ["sync.c1z", "s3/x.c1z", "/s3://x", "s3:/x/y", "https://x/y.c1z", ""] {
            assert_eq!(Address::of(Path::new(file)), None, "{file}");
        }
        for address in ["s3://b/x.c1z", "gs://b/a/b.c1z", "az://c/x.c1z"] {
            let found = Address::of(Path::new(address)).unwrap();
            assert_eq!(found.check().is_ok(), cfg!(feature = "object-store"), "{address}");
        }
        for wrong in ["s3://", "s3://b", "s3://b/", "s3:///x", "s3://b/x/"] {
            let error = Address::of(Path::new(wrong)).unwrap().check().unwrap_err();
            let expected = if cfg!(feature = "object-store") { 2 } else { 12 };
            assert_eq!(error.kind().exit_code(), expected, "{wrong}: {error}");
            assert!(error.hint_text().is_some());
        }
    }
}
