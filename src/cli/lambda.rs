//! `lambda`: other connectors have it; this version says that it has not. Hidden.

use clap::{Arg, Command};

use super::unavailable;
use crate::baton::error::Result;

/// The command, which takes whatever stands behind it.
pub fn command() -> Command {
    let anything = Arg::new("anything")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true);
    Command::new("lambda").hide(true).disable_help_flag(true).arg(anything)
}

/// Says so.
///
/// # Errors
/// Always.
pub fn run() -> Result<()> {
    Err(unavailable::command("lambda"))
}
