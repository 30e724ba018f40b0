//! Those whom a change is not about. A request names one of them, and the others are to stay as they are: they are read
//! before and after.

use std::fmt::Display;

use crate::baton::change::Change;
use crate::baton::error::{Error, Kind};
use crate::workato::code;

/// Who was there before, but for the one that is changed.
#[derive(Debug)]
pub struct Others<'a, I> {
    /// All of them.
    pub before: Vec<I>,
    /// The one that the change is about.
    pub but: &'a I,
}

impl<I: Clone + PartialEq> Others<'_, I> {
    /// Those who are not there any more.
    pub fn missing(&self, now: &[I]) -> Vec<I> {
        let others = self.before.iter().filter(|other| *other != self.but);
        others.filter(|other| !now.contains(other)).cloned().collect()
    }
}

/// The error of others who lost the same with a change, and could not be given it back. One that was sent need not have
/// been made.
pub fn others_lost<I: Display>(
    (change, is_made): (&Change, bool),
    on: &str,
    lost: &[I],
    failed: Option<Error>,
) -> Error {
    let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
    let lost = lost.join(", ");
    let message = match is_made {
        true => format!("the change was made ({change}), and it took {on} away from {lost}, which nobody asked for"),
        false => format!(
            "the change was sent ({change}) and is not there, and since then {on} is taken away from {lost}, which nobody \
             asked for"
        ),
    };
    let error = Error::new(Kind::Internal, message)
        .code(code::OTHERS_LOST)
        .hint("give it back in Workato, or with `grant` for each of them");
    match failed {
        Some(failed) => error.source(failed),
        None => error,
    }
}
