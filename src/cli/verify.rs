//! `verify`: whether a file follows the format.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::read::{self, READING, Reading};
use super::usage_error;
use crate::baton::error::Result;
use crate::report::verify::Verified;
use crate::term::Terminal;
use crate::term::output::Format;

/// The command.
pub fn command() -> Command {
    let all = Arg::new("all")
        .long("all")
        .action(ArgAction::SetTrue)
        .help("Check every finished sync of the file, not only the newest")
        .help_heading(READING);
    read::add(Command::new("verify").about("Check that a .c1z file follows the format; exit code 15 if it does not"))
        .arg(all)
        .after_help("Examples:\n  baton-workato verify -f sync.c1z\n  baton-workato verify --all -o json | jq '.problems | length'")
}

/// Checks, lists what is wrong and ends with an error if anything is.
///
/// # Errors
/// `DataLoss` for problems; those of the file and of stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let reading = Reading::start(terminal, root, own)?;
    let all = own.get_flag("all");
    if all && reading.sync_id.is_some() {
        return Err(usage_error("--all and --sync-id exclude each other"));
    }
    let verified = if all {
        let reader = reading.reader()?;
        let finished: Vec<_> = reader
            .runs()?
            .into_iter()
            .filter(|run| run.ended_at.is_some())
            .collect();
        Verified::of(&reader, &finished)?
    } else {
        let snapshot = reading.open()?;
        Verified::of(snapshot.reader(), std::slice::from_ref(snapshot.run()))?
    };
    if verified.problems.is_empty() && reading.format == Format::Table {
        let syncs = if verified.syncs == 1 {
            "1 sync".to_owned()
        } else {
            format!("{} syncs", verified.syncs)
        };
        return terminal.data(&format!("no problems in {syncs}\n"));
    }
    reading.show(terminal, &verified)?;
    verified.outcome()
}
