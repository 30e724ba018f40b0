//! `syncs keep`: syncs that stay in a file however old they get.

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{named, runs, settings};
use crate::baton::c1z::history;
use crate::baton::c1z::steps::Disk;
use crate::baton::code::SYNC_NOT_IN_FILE;
use crate::baton::config::kit;
use crate::baton::error::{Error, Kind, Result};
use crate::cli::sync::chosen_temp_dir;
use crate::term::Terminal;
use crate::term::sanitize;

/// Flags of the kit that the help shows.
pub const FLAGS: &[&str] = &["file", "color"];

/// The command.
pub fn command() -> Command {
    Command::new("keep")
        .about("Mark syncs of a .c1z file so that they stay however old they get")
        .arg(
            Arg::new("ids")
                .required(true)
                .num_args(1..)
                .value_name("ID")
                .help("The syncs, by id"),
        )
        .arg(
            Arg::new("undo")
                .long("undo")
                .action(ArgAction::SetTrue)
                .help("Take the mark off again"),
        )
        .after_help(
            "A marked sync is not counted by --keep and not taken out by `syncs prune`; `syncs` shows it as kept. The \
             mark stands in the file, and other programs that write the file do not know it.\n\n\
             Examples:\n  \
             # The state before the migration\n  \
             baton-workato syncs keep 3MQXqSDyoCAS1j7HlC4xTdpanMt -f workato.c1z",
        )
}

/// Marks them.
///
/// # Errors
/// `NotFound` for an id that the file does not hold; those of the file.
pub fn run(terminal: &Terminal, matches: &[&ArgMatches]) -> Result<()> {
    let values = settings(terminal, matches)?;
    let own = matches.last();
    let ids: Vec<&str> = own
        .and_then(|own| own.get_many::<String>("ids"))
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let undo = own.is_some_and(|own| own.get_flag("undo"));
    let file = kit::FILE.of(&values);
    let runs = runs(&values)?;
    if let Some(unknown) = ids.iter().find(|id| !runs.iter().any(|run| run.sync_id == **id)) {
        return Err(
            Error::new(Kind::NotFound, format!("there is no sync {unknown} in {file}"))
                .code(SYNC_NOT_IN_FILE)
                .hint("`baton-workato syncs` lists them"),
        );
    }
    let temp_dir = chosen_temp_dir(&values)?;
    history::mark(Path::new(file), temp_dir.as_deref(), &ids, !undo, &Disk)?;
    let fate = if undo { "No longer kept" } else { "Kept" };
    for run in runs.iter().filter(|run| ids.contains(&run.sync_id.as_str())) {
        terminal.say(&format!("{fate}: {}", sanitize::line(&named(run))));
    }
    Ok(())
}
