//! A question to the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::Terminal;
use crate::baton::error::{Context as _, Result};

impl Terminal {
    /// Whether there is somebody to ask: both stdin and stderr are a terminal.
    pub fn can_ask(&self) -> bool {
        self.stderr_is_terminal && io::stdin().is_terminal()
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
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", " Yes \r\n", "YES"] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "yeah\n", "ja\n", "yy"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }
}
