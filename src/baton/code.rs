//! Stable codes of failures: what a person greps for, and what `explain` has a page about.
//!
//! Every [`Error`](crate::baton::error::Error) and every cause of a warning has one. A code says which page explains a
//! failure; it is no exit code and nothing on the wire. This file defines the mark and the codes of the kit; a
//! connector and the read side define their own with the same macro, so each room lists what it can fail with.
//!
//! How numbers are given: the first two digits are the area, the last two count up in it.
//!
//! | area | of the kit and the read side |
//! | --- | --- |
//! | 00, 01 | the general codes, one for each [`Kind`](crate::baton::error::Kind): the number is the exit code |
//! | 02 | the command line and settings |
//! | 03 | the network |
//! | 04 | files |
//! | 05 | a sync |
//! | 06 | questions to a file |
//! | 07 | ConductorOne and the service mode |
//! | 08 | serving other programs |
//! | 09 | warnings of a sync |
//!
//! A connector takes 1x: 10 for its settings and 19 for its warnings. **A code keeps its meaning for ever.** One that is
//! no longer given keeps its page, which says so; its number is never used again.

use std::fmt;

use serde::{Serialize, Serializer};

/// What all codes begin with, so that one in a log is found and not taken for a number of something else.
pub const MARK: &str = "BW-";

/// The name of a kind of failure, `BW-0101`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// Only for the tables of codes, which the macro of this file writes.
    pub(crate) const fn new(id: &'static str) -> Self {
        Code(id)
    }

    /// The whole name, `BW-0101`.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// Defines constants, and `ALL` with all of them in their order, so that none can be left out.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)+) => {
        $($(#[$doc])* pub const $name: $crate::baton::code::Code =
            $crate::baton::code::Code::new(concat!("BW-", $number));)+

        /// All of the above.
        pub const ALL: &[$crate::baton::code::Code] = &[$($name),+];
    };
}
pub(crate) use codes;

codes! {
    /// `Kind::Cancelled` without a better name.
    CANCELLED = "0001";
    /// `Kind::Unknown` without a better name.
    UNKNOWN = "0002";
    /// `Kind::InvalidArgument` without a better name.
    INVALID_ARGUMENT = "0003";
    /// `Kind::DeadlineExceeded` without a better name.
    DEADLINE_EXCEEDED = "0004";
    /// `Kind::NotFound` without a better name.
    NOT_FOUND = "0005";
    /// `Kind::AlreadyExists` without a better name.
    ALREADY_EXISTS = "0006";
    /// `Kind::PermissionDenied` without a better name.
    PERMISSION_DENIED = "0007";
    /// `Kind::ResourceExhausted` without a better name.
    RESOURCE_EXHAUSTED = "0008";
    /// `Kind::FailedPrecondition` without a better name.
    FAILED_PRECONDITION = "0009";
    /// `Kind::Unimplemented` without a better name.
    UNIMPLEMENTED = "0012";
    /// `Kind::Internal` without a better name.
    INTERNAL = "0013";
    /// `Kind::Unavailable` without a better name.
    UNAVAILABLE = "0014";
    /// `Kind::DataLoss` without a better name.
    DATA_LOSS = "0015";
    /// `Kind::Unauthenticated` without a better name.
    UNAUTHENTICATED = "0016";
    /// Ctrl-C.
    INTERRUPTED = "0130";
    /// SIGTERM.
    TERMINATED = "0143";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_a_mark_and_four_digits_and_come_in_order() {
        for code in ALL {
            let digits = code.as_str().strip_prefix(MARK).unwrap();
            assert!(
                digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()),
                "{code}"
            );
        }
        assert!(ALL.is_sorted_by(|a, b| a < b), "each once, in order");
        assert_eq!(serde_json::to_string(&UNKNOWN).unwrap(), "\"BW-0002\"");
    }
}
