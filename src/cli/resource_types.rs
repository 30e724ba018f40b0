//! `resource-types`: the kinds of things a sync knows.

use clap::{ArgMatches, Command};

use super::read::{self, Reading};
use crate::baton::error::Result;
use crate::report::list::{ResourceTypes, Rows};
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    read::add(Command::new("resource-types").about("List the resource types of a .c1z file")).after_help(
        "Examples:\n  baton-workato resource-types -f sync.c1z\n  \
         baton-workato resource-types -o json | jq -r '.resourceTypes[].resourceType.id'",
    )
}

/// Lists them.
///
/// # Errors
/// Those of the file and of stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let reading = Reading::start(terminal, root, own)?;
    let snapshot = reading.open()?;
    reading.show(terminal, &ResourceTypes(&Rows::new(&snapshot)?))
}
