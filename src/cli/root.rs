//! The command without a name: which of the modes it runs (`baton/config/published.md 1.5`).

use clap::ArgMatches;

use super::launch::{self, Rules};
use super::{logging, provision, service, sync, unavailable};
use crate::baton::config::kit;
use crate::baton::error::Result;
use crate::term::Terminal;

/// Runs the first mode whose flag is set; without any it syncs. A client id wins over everything else.
///
/// # Errors
/// Those of the settings and of the mode.
pub fn run(terminal: &Terminal, root: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root], Rules::Connector)?;
    let display = logging::start(&values, terminal)?;
    if !kit::CLIENT_ID.of(&values).is_empty() {
        unavailable::no_dry_run(&values)?;
        return service::run(terminal, &values);
    }
    match provision::mode(&values) {
        Some(mode) => provision::run(terminal, &values, mode),
        None => {
            unavailable::no_dry_run(&values)?;
            sync::run(terminal, &values, display)
        }
    }
}
