//! What somebody got wrong on the command line: exit code 2.

use std::borrow::Cow;

use crate::baton::code;
use crate::baton::error::{Error, Kind};

/// An error of usage.
pub fn usage_error(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Unknown, message).code(code::COMMAND_LINE)
}

/// A value that a setting cannot take.
pub fn bad_value(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Unknown, message).code(code::SETTING_VALUE)
}
