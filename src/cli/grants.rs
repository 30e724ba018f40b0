//! `grants`: who holds what.

use clap::{ArgMatches, Command};

use super::author::Typist;
use super::filter;
use super::read::{self, Reading};
use crate::baton::error::Result;
use crate::report::list::{Filter, Grants, Rows};
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    read::add(Command::new("grants").about("List the grants of a .c1z file"))
        .arg(filter::resource_type())
        .arg(filter::resource())
        .arg(filter::entitlement())
        .arg(filter::principal())
        .arg(filter::environment())
        .after_help(
            "Examples:\n  baton-workato grants -f sync.c1z --principal ada@example.com\n  \
             baton-workato grants -t project -o csv > projects.csv\n  \
             baton-workato grants -e environment_role:1:collaborator-has -o jsonl | jq -r .principal.displayName",
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
    reading.show(terminal, &Grants { rows: &rows, filter })
}
