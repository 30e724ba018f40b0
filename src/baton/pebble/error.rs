//! What can go wrong with a store, and where.

use std::borrow::Cow;
use std::{fmt, io};

/// Result of the room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The bytes contradict the format, or their checksum.
    #[error("{0}")]
    Corrupt(Cow<'static, str>),
    /// The bytes may be sound, but this code does not read that form.
    #[error("{0}")]
    Unsupported(Cow<'static, str>),
    /// A size is above what is accepted.
    #[error("{0}")]
    TooBig(Cow<'static, str>),
    /// A caller of the writer or of a cursor broke a promise.
    #[error("{0}")]
    Misuse(Cow<'static, str>),
    /// The disk failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A [`Fault`] and its place.
pub struct Error(Box<Inner>);

struct Inner {
    fault: Fault,
    file: Option<String>,
    offset: Option<u64>,
}

impl Error {
    /// The bytes contradict the format.
    pub fn corrupt(what: impl Into<Cow<'static, str>>) -> Self {
        Fault::Corrupt(what.into()).into()
    }

    /// A form that is not read here.
    pub fn unsupported(what: impl Into<Cow<'static, str>>) -> Self {
        Fault::Unsupported(what.into()).into()
    }

    /// A size above a limit.
    pub fn too_big(what: impl Into<Cow<'static, str>>) -> Self {
        Fault::TooBig(what.into()).into()
    }

    /// A promise of the caller that does not hold.
    pub fn misuse(what: impl Into<Cow<'static, str>>) -> Self {
        Fault::Misuse(what.into()).into()
    }

    /// Names the file. The innermost name wins: it is nearest to the cause.
    #[must_use]
    pub fn in_file(mut self, name: &str) -> Self {
        self.0.file.get_or_insert_with(|| name.to_owned());
        self
    }

    /// Names the offset in the file, in bytes, of what was being read. The innermost offset wins.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// What is wrong.
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// What is wrong, without its place.
    pub fn into_fault(self) -> Fault {
        self.0.fault
    }

    /// The name of the file, if known.
    pub fn file(&self) -> Option<&str> {
        self.0.file.as_deref()
    }

    /// The offset in the file, if known.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Error(Box::new(Inner {
            fault,
            file: None,
            offset: None,
        }))
    }
}

impl From<io::Error> for Error {
    /// Bytes that end too early or do not decode are damage; the rest is trouble with the disk.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData if error.raw_os_error().is_none() => {
                Error::corrupt(error.to_string())
            }
            _ => Fault::Io(error).into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.file, self.0.offset) {
            (Some(file), Some(offset)) => write!(f, "{file} at {offset}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(offset)) => write!(f, "at {offset}: ")?,
            (None, None) => {}
        }
        self.0.fault.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0.fault {
            Fault::Corrupt(_) => "Corrupt",
            Fault::Unsupported(_) => "Unsupported",
            Fault::TooBig(_) => "TooBig",
            Fault::Misuse(_) => "Misuse",
            Fault::Io(_) => "Io",
        };
        write!(f, "{kind}: {self}")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.fault {
            Fault::Io(error) => error.source(),
            _ => None,
        }
    }
}

/// Adds the place to the error of a result.
pub(super) trait Place {
    /// As [`Error::in_file`].
    fn in_file(self, name: &str) -> Self;
    /// As [`Error::at`].
    fn at(self, offset: u64) -> Self;
}

impl<T> Place for Result<T> {
    fn in_file(self, name: &str) -> Self {
        self.map_err(|error| error.in_file(name))
    }

    fn at(self, offset: u64) -> Self {
        self.map_err(|error| error.at(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_place_wins_and_is_shown_first() {
        let error = Error::corrupt("its checksum is wrong")
            .at(7)
            .in_file("000004.sst")
            .at(9);
        assert_eq!(error.to_string(), "000004.sst at 7: its checksum is wrong");
        assert_eq!(error.in_file("other").file(), Some("000004.sst"));
        assert_eq!(Error::too_big("much").to_string(), "much");
    }

    #[test]
    fn bytes_that_end_are_damage_and_a_full_disk_is_not() {
        let short: Error = io::Error::from(io::ErrorKind::UnexpectedEof).into();
        assert!(matches!(short.fault(), Fault::Corrupt(_)));
        let full: Error = io::Error::from(io::ErrorKind::StorageFull).into();
        assert!(matches!(full.fault(), Fault::Io(_)));
    }
}
