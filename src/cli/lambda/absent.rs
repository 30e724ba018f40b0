//! A build that cannot be hosted says so.

use clap::{Arg, Command};

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

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
    Err(Error::new(
        Kind::Unimplemented,
        "this build of the program has not the command lambda",
    )
    .code(code::NOT_AVAILABLE)
    .hint("one that is built with the cargo feature hosted does; `help conductorone` says how"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_there_and_says_where_it_is() {
        let error = run().unwrap_err();
        assert_eq!((error.kind().exit_code(), error.code_id()), (12, code::NOT_AVAILABLE));
        assert!(error.hint_text().is_some_and(|hint| hint.contains("hosted")));
    }
}
