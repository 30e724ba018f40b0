//! `syncs`: the runs a file holds, which of them go, and which are kept.

mod keep;
mod prune;

use std::path::Path;

use clap::{ArgMatches, Command};

use super::launch::{self, Rules};
use super::read::{self, Reading};
use super::sync::chosen_temp_dir;
use super::{bad_value, logging};
use crate::baton::c1z::{SyncRun, history};
use crate::baton::config::Values;
use crate::baton::config::kit;
use crate::baton::error::Result;
use crate::report::list::Syncs;
use crate::term::Terminal;

/// The command, without those below it.
pub fn command() -> Command {
    read::add(Command::new("syncs").about("List the syncs of a .c1z file, and decide which of them stay")).after_help(
        "Examples:\n  baton-workato syncs -f sync.c1z\n  \
             baton-workato syncs -o json | jq -r '.syncs[-1].id'\n  \
             baton-workato syncs prune --keep 9 --dry-run",
    )
}

/// The commands below it, which change the file, each with the flags that its help shows.
pub fn changing() -> [(Command, &'static [&'static str]); 2] {
    [(prune::command(), prune::FLAGS), (keep::command(), keep::FLAGS)]
}

/// What the help of these says about settings.
pub fn adapt(command: Command, flags: &[&str]) -> Command {
    command
        .mut_arg("file", |file| {
            file.help("The .c1z file to change ($BATON_FILE) (default \"sync.c1z\")")
        })
        .mut_arg("dry-run", |dry_run| {
            dry_run
                .hide(!flags.contains(&"dry-run"))
                .help("Show what would go, and change nothing")
        })
}

/// Lists them, oldest first, or does what the subcommand says.
///
/// # Errors
/// Those of the file, of stdout and of the subcommand.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    match own.subcommand() {
        Some(("prune", sub)) => prune::run(terminal, &[root, own, sub]),
        Some((_, sub)) => keep::run(terminal, &[root, own, sub]),
        None => list(terminal, root, own),
    }
}

fn list(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let reading = Reading::start(terminal, root, own)?;
    let runs = match reading.sync_id {
        Some(_) => vec![reading.open()?.run().clone()],
        None => reading.reader()?.runs()?,
    };
    reading.show(terminal, &Syncs { runs })
}

/// The settings of a command that changes the file, which must be one that can be changed.
fn settings(terminal: &Terminal, matches: &[&ArgMatches]) -> Result<Values> {
    let values = launch::settings(matches, Rules::Kit)?;
    logging::start(&values, terminal)?;
    if kit::FILE.of(&values).is_empty() {
        return Err(bad_value("--file is empty").hint("name the .c1z file"));
    }
    history::check(Path::new(kit::FILE.of(&values)))?;
    Ok(values)
}

/// The runs of a file, in its order.
fn runs(values: &Values) -> Result<Vec<SyncRun>> {
    let temp_dir = chosen_temp_dir(values)?;
    let which = crate::report::Which {
        temp_dir: temp_dir.as_deref(),
        keep: crate::baton::c1z::Keep::Nothing,
        ..crate::report::Which::latest(Path::new(kit::FILE.of(values)))
    };
    which.reader()?.runs()
}

/// When a sync ended, and which one it is.
fn named(run: &SyncRun) -> String {
    let seconds = |at: &str| at.split('.').next().unwrap_or_default().to_owned();
    let ended = run.ended_at.as_deref().map_or("unfinished".to_owned(), seconds);
    format!("{ended}  {}  {}", run.sync_id, run.sync_type)
}
