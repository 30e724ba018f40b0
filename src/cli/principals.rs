//! `principals`: who holds anything.

use clap::{ArgMatches, Command};

use super::filter;
use super::read::{self, Reading};
use crate::baton::error::Result;
use crate::report::list::{Filter, Principals, Rows};
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    read::add(Command::new("principals").about("List who holds any grant of a .c1z file"))
        .arg(filter::resource_type())
        .arg(filter::resource())
        .arg(filter::entitlement())
        .arg(filter::environment())
        .after_help(
            "Examples:\n  baton-workato principals -f sync.c1z -t environment_role\n  \
             baton-workato principals -r project:42 -o json | jq -r '.resources[].resource.displayName'",
        )
}

/// Lists them.
///
/// # Errors
/// Those of the filters, of the file and of stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let reading = Reading::start(terminal, root, own)?;
    let snapshot = reading.open()?;
    let rows = Rows::new(&snapshot)?;
    let filter = Filter::find(&rows, filter::typed(own)?)?;
    reading.show(terminal, &Principals { rows: &rows, filter })
}
