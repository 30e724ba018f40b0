//! The only code that prints. Data goes to stdout, talk goes to stderr.
//!
//! A [`Terminal`] is made once per process by `cli` and knows whether it speaks to a person (a terminal) or to
//! a program, how wide the screen is and whether colours are wanted. Everything that other people typed into
//! the vendor's forms passes [`sanitize`] before it is shown.

pub mod ask;
pub mod color;
pub mod counter;
pub mod errors;
pub mod logs;
pub mod output;
pub mod pager;
pub mod progress;
pub mod prose;
pub mod sanitize;
pub mod summary;
pub mod table;
pub mod tree;
pub mod wrap;

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{MultiProgress, ProgressDrawTarget};

use crate::baton::about::About;
use crate::baton::code::Code;
use crate::baton::error::{Error, Result};
use crate::baton::sync::summary::Summary;
use color::{ColorChoice, Paint};
use summary::After;

/// Narrowest and widest layout, in columns.
const WIDTHS: (usize, usize) = (80, 200);

/// What is known about stdout and stderr.
#[derive(Debug, Clone)]
pub struct Terminal {
    about: About,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
    quiet: bool,
    out: Paint,
    err: Paint,
    bars: MultiProgress,
    paging: Arc<AtomicBool>,
}

impl Terminal {
    /// The terminal of a program. Looks at the process' streams and at `env` (`NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM`).
    pub fn detect(about: About, choice: ColorChoice, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let stdout_is_terminal = io::stdout().is_terminal();
        let stderr_is_terminal = io::stderr().is_terminal();
        Terminal {
            about,
            stdout_is_terminal,
            stderr_is_terminal,
            quiet: false,
            out: Paint::decide(choice, stdout_is_terminal, env),
            err: Paint::decide(choice, stderr_is_terminal, env),
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
            paging: Arc::default(),
        }
    }

    /// Whether stdout is a terminal.
    pub fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    /// Whether a person watches stderr.
    pub fn stderr_is_terminal(&self) -> bool {
        self.stderr_is_terminal
    }

    /// Whether a person looks at a pager.
    pub fn is_paging(&self) -> bool {
        self.paging.load(Ordering::Relaxed)
    }

    /// The colours of stdout.
    pub fn out(&self) -> Paint {
        self.out
    }

    /// The colours of stderr.
    pub fn err(&self) -> Paint {
        self.err
    }

    /// Columns to lay tables out in.
    pub fn width(&self) -> usize {
        let columns = usize::from(console_columns());
        columns.clamp(WIDTHS.0, WIDTHS.1)
    }

    /// Columns and lines of the terminal behind stdout; `None` where stdout is none.
    pub fn screen(&self) -> Option<(usize, usize)> {
        if !self.stdout_is_terminal {
            return None;
        }
        let (columns, lines) = match terminal_size::terminal_size_of(io::stdout()) {
            Some((columns, lines)) => (usize::from(columns.0), usize::from(lines.0)),
            None => (0, 0),
        };
        // A terminal that does not know its size is treated like the oldest ones.
        Some((
            if columns == 0 { WIDTHS.0 } else { columns },
            if lines == 0 { 24 } else { lines },
        ))
    }

    /// Writes data to stdout exactly as given. A reader that went away (`| head`) ends the output, not the run.
    ///
    /// # Errors
    /// Those of the stream, a broken pipe excepted.
    pub fn data(&self, text: &str) -> Result<()> {
        self.offer(text).map(drop)
    }

    /// As [`Terminal::data`], and says whether there is still somebody who reads: for data without an end.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn offer(&self, text: &str) -> Result<bool> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Error::from(error).context("write to stdout")),
        }
    }

    /// Whether nothing but errors is to be said on stderr.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The same terminal, which says nothing but errors on stderr: no notes, warnings, summaries and progress.
    #[must_use]
    pub fn hushed(self) -> Self {
        Terminal { quiet: true, ..self }
    }

    /// Says a line on stderr, above any progress display.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            self.write_stderr(format!("{line}\n").as_bytes());
        }
    }

    /// As [`Terminal::say`], with what other people typed in it.
    pub fn say_line(&self, line: &str) {
        self.say(&sanitize::line(line));
    }

    /// Shows an error on stderr. Called once, at the end of the run. `more` is the command that explains its code: a
    /// person is told, a program that reads the code needs no pointer.
    pub fn error(&self, error: &Error, more: &str) {
        let more = self.stderr_is_terminal.then_some(more);
        self.write_stderr(errors::render(&self.about, error, more, self.err).as_bytes());
    }

    /// Shows a warning about the run itself, and what to do, on stderr. Those of a sync are in its summary.
    pub fn warning(&self, code: Code, message: &str, hint: &str) {
        if !self.quiet {
            self.write_stderr(errors::warning(&self.about, code, message, hint, self.err).as_bytes());
        }
    }

    /// Shows the summary of a finished sync: a table for a person, one JSON line for a program. `after` is what
    /// comes behind it.
    pub fn summary(&self, summary: &Summary, after: &After) {
        if self.quiet {
            return;
        }
        let text = if self.stderr_is_terminal {
            summary::table(&self.about, summary, after, self.err, self.width())
        } else {
            summary::json_line(summary, after)
        };
        self.write_stderr(text.as_bytes());
    }

    /// Writes to stderr without tearing a progress display. There is nowhere left to complain when stderr is gone.
    fn write_stderr(&self, bytes: &[u8]) {
        self.bars.suspend(|| {
            let _ = io::stderr().lock().write_all(bytes);
        });
    }
}

/// Columns of the terminal behind stderr; 0 if there is none.
fn console_columns() -> u16 {
    comfy_table::Table::new().use_stderr().width().unwrap_or(0)
}
