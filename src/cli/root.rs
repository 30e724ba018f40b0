//! The command without a name: which of the modes it runs (`baton/config/published.md 1.5`).

use clap::{ArgMatches, Command};

use super::launch::{self, Rules};
use super::{event_feed, logging, provision, service, sync, unavailable, usage_error};
use crate::baton::config::kit;
use crate::baton::error::Result;
use crate::term::Terminal;

/// Runs the first mode whose flag is set; without any it syncs. A client id wins over everything else.
///
/// # Errors
/// Those of the settings and of the mode.
pub fn run(terminal: &Terminal, root: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root], Rules::Connector)?;
    if !kit::CLIENT_ID.of(&values).is_empty() {
        logging::start_as_published(&values, terminal)?;
        unavailable::no_dry_run(&values)?;
        return service::run(terminal, &values);
    }
    if event_feed::is_asked(&values) {
        logging::start_as_published(&values, terminal)?;
        unavailable::no_dry_run(&values)?;
        return event_feed::run(terminal, &values);
    }
    let display = logging::start(&values, terminal)?;
    event_feed::warn_of_other_words(&values);
    match provision::mode(&values) {
        Some(mode) => provision::run(terminal, &values, mode),
        None => {
            unavailable::no_dry_run(&values)?;
            sync::run(terminal, &values, display)
        }
    }
}

/// The command that says what the one without a name does.
pub fn command() -> Command {
    Command::new("sync")
        .about("Read a workspace into a file, as the command without a name does")
        .after_help(
            "Examples:\n  \
             # The production environment, with the three newest syncs kept in the file\n  \
             BATON_WORKATO_API_KEY=... baton-workato sync --workato-env prod --keep 3 -f workato.c1z",
        )
}

/// Syncs, whatever else variables ask for.
///
/// # Errors
/// Those of the settings and of the sync; exit code 2 for a flag that asks for something else than a sync.
pub fn sync(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Connector)?;
    let display = logging::start(&values, terminal)?;
    event_feed::warn_of_other_words(&values);
    if event_feed::is_asked(&values) {
        return Err(
            usage_error("--event-feed asks for events, and `sync` reads a workspace")
                .hint("leave out the word sync to print events, or the flag to sync"),
        );
    }
    if provision::mode(&values).is_some() {
        return Err(usage_error("a flag asks for a write, and `sync` only reads")
            .hint("leave out the word sync to write, or the flag to sync"));
    }
    unavailable::no_dry_run(&values)?;
    sync::run(terminal, &values, display)
}
