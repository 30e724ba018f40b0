//! Data on its way out: to stdout, or to a pager where it is longer than the screen.
//!
//! [`Terminal::deliver`] is how every reading command writes. A reader that goes away (`| head`, a pager that is quit)
//! ends the writing quietly: whatever is still to come is not even made.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::str::FromStr;

use super::pager::{Pager, Paging};
use super::{Terminal, sanitize};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::visible::{self, BYTE_ORDER_MARK};

/// The form of the data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document in the published shape.
    Json,
    /// One JSON document per row and line.
    JsonLines,
    /// Flat columns with a head line, for spreadsheets.
    Csv,
}

impl Format {
    /// The words for them.
    pub const WORDS: [&'static str; 4] = ["table", "json", "jsonl", "csv"];
}

impl FromStr for Format {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word.trim().to_lowercase().as_str() {
            // The published word for what people read.
            "table" | "console" => Ok(Format::Table),
            "json" => Ok(Format::Json),
            "jsonl" => Ok(Format::JsonLines),
            "csv" => Ok(Format::Csv),
            _ => Err(()),
        }
    }
}

/// Where data goes. Writes are gathered; nothing needs to be flushed by hand.
pub struct Output {
    sink: Sink,
    gone: bool,
}

enum Sink {
    Stdout(BufWriter<StdoutLock<'static>>),
    Pager(Pager),
}

impl Output {
    /// Writes a text as it is. Texts of strangers pass [`sanitize`] before.
    ///
    /// # Errors
    /// Those of the stream. When the reader has gone there is an error too, so that the caller stops; it never gets
    /// out of [`Terminal::deliver`].
    pub fn text(&mut self, text: &str) -> Result<()> {
        let written = self.write_all(text.as_bytes());
        written.map_err(|error| Error::from(error).context("write to stdout"))
    }

    /// Writes JSON that is on one line: characters that could harm a terminal are written as `\u001b`, which is the
    /// same JSON.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn json(&mut self, json: &str) -> Result<()> {
        self.text(&sanitize::json(json))
    }

    /// As [`Output::json`], with a line break behind it.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn json_line(&mut self, json: &str) -> Result<()> {
        self.json(json)?;
        self.text("\n")
    }

    fn end(mut self, outcome: Result<()>) -> Result<()> {
        let flushed = self.flush();
        let gone = self.gone;
        if let Sink::Pager(pager) = self.sink {
            pager.end();
        }
        match (outcome, flushed) {
            _ if gone => Ok(()),
            (Err(error), _) => Err(error),
            (Ok(()), flushed) => flushed.map_err(|error| Error::from(error).context("write to stdout")),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.sink {
            Sink::Stdout(stdout) => stdout.write(bytes),
            Sink::Pager(pager) => pager.write(bytes),
        };
        self.gone |= written.as_ref().is_err_and(is_gone);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.sink {
            Sink::Stdout(stdout) => stdout.flush(),
            Sink::Pager(pager) => pager.flush(),
        };
        self.gone |= flushed.as_ref().is_err_and(is_gone);
        flushed
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

impl Terminal {
    /// Writes data to stdout by calling `write`. On a terminal, what is longer than the screen goes through the pager.
    ///
    /// # Errors
    /// Those of `write` and of the stream; a reader that went away is none.
    pub fn deliver(&self, paging: &Paging, write: impl FnOnce(&mut Output) -> Result<()>) -> Result<()> {
        let sink = match paging.pager(self) {
            Some(pager) => Sink::Pager(pager),
            None => Sink::Stdout(BufWriter::with_capacity(1 << 16, io::stdout().lock())),
        };
        let mut output = Output { sink, gone: false };
        let outcome = write(&mut output);
        output.end(outcome)
    }
}

/// Writes records as CSV (RFC 4180, lines end with LF), made safe: see [`Csv::record`].
pub struct Csv<'o> {
    writer: csv::Writer<&'o mut Output>,
}

impl<'o> Csv<'o> {
    /// Writes the head line, behind the mark by which spreadsheets know UTF-8 if `is_marked`.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn new(output: &'o mut Output, head: &[&str], is_marked: bool) -> Result<Self> {
        if is_marked {
            output.text(BYTE_ORDER_MARK)?;
        }
        let mut csv = Csv {
            writer: csv::Writer::from_writer(output),
        };
        csv.record(head.iter().copied())?;
        Ok(csv)
    }

    /// Writes a record. A field that begins like a formula gets a leading apostrophe; control characters, line breaks
    /// among them, and characters that mislead the eye become visible as in [`sanitize::line`]. Who needs texts
    /// exactly as they are takes JSON.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn record<T: AsRef<str>>(&mut self, fields: impl IntoIterator<Item = T>) -> Result<()> {
        for field in fields {
            let written = self.writer.write_field(visible::field(field.as_ref()).as_bytes());
            written.map_err(wrong)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(wrong)
    }

    /// Ends it. A writer that is dropped writes too, but says nothing of what goes wrong.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn end(mut self) -> Result<()> {
        self.writer
            .flush()
            .map_err(|error| Error::from(error).context("write to stdout"))
    }
}

fn wrong(error: csv::Error) -> Error {
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::from(error).context("write to stdout"),
        _ => Error::new(Kind::Internal, text).context("write CSV"),
    }
}
