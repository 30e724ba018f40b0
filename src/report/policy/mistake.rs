//! What is wrong with a file, and where: the line, with a mark under the place.

use std::io::Read as _;
use std::path::Path;

use serde_saphyr::Location;

use crate::baton::error::{Error, Kind, Result};
use crate::baton::visible;
use crate::report::code;

/// Reads the text of a file.
pub(super) fn read(path: &Path, largest: u64) -> Result<String> {
    let wrong = |message: String| Error::new(Kind::Unknown, message).code(code::POLICY);
    let file = fs_err::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut text = String::new();
    let read = file.take(largest + 1).read_to_string(&mut text);
    read.map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > largest {
        return Err(wrong(format!("it is larger than {largest} bytes")));
    }
    Ok(text)
}

/// Mistakes in one text.
#[derive(Clone, Copy)]
pub(super) struct Mistakes<'t> {
    pub(super) text: &'t str,
    pub(super) source: &'t str,
}

impl Mistakes<'_> {
    /// A mistake at a place.
    pub(super) fn at(&self, place: Location, message: impl AsRef<str>, hint: impl Into<String>) -> Error {
        self.line(place.line(), place.column(), message.as_ref(), hint.into())
    }

    /// A text that is no such file.
    pub(super) fn of(&self, error: &serde_saphyr::Error) -> Error {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        let told = error.to_string();
        // The first line says what; the others repeat the place.
        let first = told.lines().next().unwrap_or_default();
        let message = first.strip_prefix("error: ").unwrap_or(first);
        let message = match message.find(": ") {
            Some(at) if message.starts_with("line ") => message.get(at + 2..).unwrap_or_default(),
            _ => message,
        };
        // The place stands before it.
        let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
        let hint =
            "`baton-workato policy schema` says what may stand there, `baton-workato policy default` is an example";
        self.line(line, column, message, hint.to_owned())
    }

    fn line(&self, line: u64, column: u64, message: &str, hint: String) -> Error {
        let number = usize::try_from(line).unwrap_or_default();
        let column = usize::try_from(column).unwrap_or_default().max(1);
        let shown = number.checked_sub(1).and_then(|number| self.text.lines().nth(number));
        let message = match shown {
            None => format!("{}: {message}", self.source),
            Some(shown) => {
                let margin = " ".repeat(number.to_string().len());
                let mark: String = shown
                    .chars()
                    .take(column - 1)
                    .map(|c| if c == '\t' { '\t' } else { ' ' })
                    .collect();
                let shown = visible::escape(shown, |c| c == '\t');
                format!(
                    "{}:{number}:{column}: {message}\n  {number} | {shown}\n  {margin} | {mark}^",
                    self.source
                )
            }
        };
        Error::new(Kind::Unknown, message).code(code::POLICY).hint(hint)
    }
}
