//! Configuration from one table of fields.
//!
//! A [`Field`] says everything about one setting: its flag, its `BATON_*` environment variable, its key in
//! `.baton.yaml`, its help, its rules and whether ConductorOne is shown it. From the table come the command
//! line ([`args`]), the environment and file look-up ([`Values::load`]), the checks ([`check`], [`groups`]) and
//! the published schema ([`schema`]). Code reads a value through its [`setting`], which knows its type. The command line
//! uses it; nothing below it sees flags.
//!
//! Facts: `baton/config/published.md 1`. Deliberate differences, because a setting that is silently ignored is the
//! worst sort of error: an unreadable or malformed file, an unknown key and a badly typed value are errors that name
//! the file, the line and the key.

pub mod args;
pub mod check;
pub mod field;
pub mod file;
pub mod groups;
pub mod kit;
pub mod markdown;
pub mod parse;
pub mod schema;
pub mod setting;
pub mod values;

pub mod published {
    #![doc = include_str!("published.md")]
}

pub use field::{Export, Field, FieldKind, Support};
pub use values::{Origin, Source, Value, Values};

use crate::baton::error::{Error, Kind};

/// An error of configuration: exit code 2 (`baton/config/published.md 5`).
fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Unknown, message)
}
