//! A question to the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::{Terminal, sanitize};
use crate::baton::error::{Context as _, Result};

impl Terminal {
    /// Whether there is somebody to ask: both stdin and stderr are a terminal, and what a question is about may be said.
    pub fn can_ask(&self) -> bool {
        self.stderr_is_terminal && !self.quiet && io::stdin().is_terminal()
    }

    /// Asks on stderr and reads a line of stdin. Everything but `y` and `yes` is a no, the end of the input included.
    /// Blocks.
    ///
    /// # Errors
    /// Those of stdin.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        self.write_stderr(format!("{question} [y/N] ").as_bytes());
        let mut answer = String::new();
        io::stdin()
            .lock()
            .read_line(&mut answer)
            .context("read the answer from stdin")?;
        Ok(is_yes(&answer))
    }

    /// Shows lines with a number each on stderr and reads a number of stdin, until it is one of them. Returns the place of
    /// the line, from 0; `None` for an empty line and the end of the input. Blocks.
    ///
    /// # Errors
    /// Those of stdin.
    pub fn pick(&self, question: &str, lines: &[String]) -> Result<Option<usize>> {
        let mut text = format!("{}\n", sanitize::line(question));
        for (number, line) in (1..).zip(lines) {
            text.push_str(&format!("  {number:>2}  {}\n", sanitize::line(line)));
        }
        self.write_stderr(text.as_bytes());
        loop {
            self.write_stderr(b"Number, or nothing to leave: ");
            let mut answer = String::new();
            let read = io::stdin().lock().read_line(&mut answer);
            let read = read.context("read the answer from stdin")?;
            if read == 0 {
                self.write_stderr(b"\n");
            }
            match picked(&answer, lines.len()) {
                Picked::Line(at) => return Ok(Some(at)),
                Picked::Nothing => return Ok(None),
                Picked::Unclear => self.write_stderr(format!("Type a number from 1 to {}.\n", lines.len()).as_bytes()),
            }
        }
    }
}

/// What an answer to [`Terminal::pick`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Picked {
    Line(usize),
    Nothing,
    Unclear,
}

fn picked(answer: &str, lines: usize) -> Picked {
    match answer.trim() {
        "" => Picked::Nothing,
        word => match word.parse::<usize>() {
            Ok(number) if (1..=lines).contains(&number) => Picked::Line(number - 1),
            _ => Picked::Unclear,
        },
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::{Picked, is_yes, picked};

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", " Yes \r\n", "YES"] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "yeah\n", "ja\n", "yy"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }

    #[test]
    fn only_a_number_of_the_list_is_picked() {
        for (answer, expected) in [
            ("1\n", Picked::Line(0)),
            (" 3 \r\n", Picked::Line(2)),
            ("\n", Picked::Nothing),
            ("", Picked::Nothing),
            ("0\n", Picked::Unclear),
            ("4\n", Picked::Unclear),
            ("-1\n", Picked::Unclear),
            ("Billing\n", Picked::Unclear),
        ] {
            assert_eq!(picked(answer, 3), expected, "{answer:?}");
        }
    }
}
