//! `capabilities`: what the connector can do, as JSON on stdout. It wants the settings of a run, as published,
//! and makes no call.

use clap::{ArgMatches, Command};

use super::launch::{self, Rules};
use crate::baton::capability;
use crate::baton::error::Result;
use crate::term::Terminal;
use crate::workato;

/// The command.
pub fn command() -> Command {
    Command::new("capabilities").about("Print what this connector can do as JSON")
}

/// Prints the capabilities.
///
/// # Errors
/// Those of the settings and of stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Connector)?;
    let settings = workato::config::settings(&values)?;
    let types = workato::resource_types(&settings);
    terminal.data(&capability::json(&workato::capabilities(&types))?)
}
