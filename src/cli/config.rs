//! `config`: the settings of the connector as JSON on stdout, for forms.

use super::command;
use crate::baton::config::schema;
use crate::baton::error::Result;
use crate::term::Terminal;
use crate::workato;

/// Prints the schema. Needs no settings itself.
///
/// # Errors
/// Those of stdout.
pub fn run(terminal: &Terminal) -> Result<()> {
    let configuration = schema::configuration(command::all_fields(), workato::config::ABOUT);
    terminal.data(&schema::json(&configuration)?)
}
