//! `entitlements`: what there is to hold.

use clap::{ArgMatches, Command};

use super::author::Typist;
use super::filter;
use super::read::{self, Reading};
use crate::baton::error::Result;
use crate::report::list::{Entitlements, Filter, Rows};
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    read::add(Command::new("entitlements").about("List the entitlements of a .c1z file"))
        .arg(filter::resource_type())
        .arg(filter::resource())
        .arg(filter::environment())
        .after_help(
            "Examples:\n  baton-workato entitlements -f sync.c1z -t environment_role\n  \
             baton-workato entitlements -r project:42 -o json | jq -r '.entitlements[].entitlement.id'",
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
    let author = Typist(terminal);
    let filter = Filter::find(&rows, filter::typed(own, &author)?)?;
    reading.show(terminal, &Entitlements { rows: &rows, filter })
}
