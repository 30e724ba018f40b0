//! `stats`: how many rows a sync has.

use clap::{ArgMatches, Command};

use super::read::{self, Reading};
use crate::baton::error::Result;
use crate::report::list::Rows;
use crate::report::stats::{ByType, Stats};
use crate::term::Terminal;
use crate::term::output::Format;

/// The command.
pub fn command() -> Command {
    read::add(Command::new("stats").about("Count the rows of a .c1z file by resource type")).after_help(
        "Examples:\n  baton-workato stats -f sync.c1z\n  \
         baton-workato stats -o json | jq -r .stats.grants",
    )
}

/// Shows the counts.
///
/// # Errors
/// Those of the file and of stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let reading = Reading::start(terminal, root, own)?;
    let snapshot = reading.open()?;
    let stats = Stats::of(&snapshot)?;
    if reading.format == Format::Json {
        let document = stats.json(&snapshot)?;
        return terminal.deliver(&reading.paging, |output| output.json_line(&document));
    }
    let by_type = ByType {
        rows: &Rows::new(&snapshot)?,
        stats: &stats,
        total: reading.format == Format::Table,
    };
    reading.show(terminal, &by_type)
}
