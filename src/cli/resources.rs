//! `resources`: the things of a sync: people, groups, roles, projects.

use clap::{ArgMatches, Command};

use super::author::Typist;
use super::filter;
use super::read::{self, Reading};
use crate::baton::error::Result;
use crate::report::list::{Filter, Resources, Rows};
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    read::add(Command::new("resources").about("List the resources of a .c1z file"))
        .arg(filter::resource_type())
        .after_help(
            "Examples:\n  baton-workato resources -f sync.c1z -t project\n  \
             baton-workato resources -o json | jq -r '.resources[].resource.displayName'\n  \
             baton-workato resources -t collaborator -o csv > people.csv",
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
    reading.show(terminal, &Resources { rows: &rows, filter })
}
