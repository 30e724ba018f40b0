//! `config`: the settings of the connector as JSON on stdout, for forms.

use clap::Command;

use super::fields;
use crate::baton::config::schema;
use crate::baton::error::Result;
use crate::term::Terminal;
use crate::workato;

/// The command.
pub fn command() -> Command {
    Command::new("config").about("Print the settings of this connector as JSON, for forms")
}

/// Prints the schema. Needs no settings itself.
///
/// # Errors
/// Those of stdout.
pub fn run(terminal: &Terminal) -> Result<()> {
    let configuration = schema::configuration(fields::all(), workato::config::ABOUT);
    terminal.data(&schema::json(&configuration)?)
}
