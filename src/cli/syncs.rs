//! `syncs`: the runs a file holds.

use clap::{ArgMatches, Command};

use super::read::{self, Reading};
use crate::baton::error::Result;
use crate::report::list::Syncs;
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    read::add(Command::new("syncs").about("List the syncs of a .c1z file")).after_help(
        "Examples:\n  baton-workato syncs -f sync.c1z\n  \
         baton-workato syncs -o json | jq -r '.syncs[-1].id'",
    )
}

/// Lists them, oldest first.
///
/// # Errors
/// Those of the file and of stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let reading = Reading::start(terminal, root, own)?;
    let runs = match reading.sync_id {
        Some(_) => vec![reading.open()?.run().clone()],
        None => reading.reader()?.runs()?,
    };
    reading.show(terminal, &Syncs { runs })
}
