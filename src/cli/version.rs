//! `version`: as `--version`, for those who expect a command.

use clap::Command;

use super::program::{NAME, VERSION};
use crate::baton::error::Result;
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    Command::new("version").about("Print the version")
}

/// Prints it.
///
/// # Errors
/// Those of stdout.
pub fn run(terminal: &Terminal) -> Result<()> {
    terminal.data(&format!("{NAME} {VERSION}\n"))
}
