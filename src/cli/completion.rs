//! `completion`: a script for a shell on stdout.

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::program::NAME;
use super::usage_error;
use crate::baton::error::Result;
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    Command::new("completion")
        .about("Print a completion script for a shell")
        .arg(
            Arg::new("shell")
                .required(true)
                .value_parser(value_parser!(Shell))
                .ignore_case(true)
                .help("The shell"),
        )
        .after_help("Examples:\n  baton-workato completion bash > /etc/bash_completion.d/baton-workato")
}

/// Prints the script for a program.
///
/// # Errors
/// Those of stdout.
pub fn run(terminal: &Terminal, own: &ArgMatches, mut program: Command) -> Result<()> {
    let shell = own
        .get_one::<Shell>("shell")
        .ok_or_else(|| usage_error("no shell is named"))?;
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut program, NAME, &mut script);
    terminal.data(&String::from_utf8_lossy(&script))
}
