//! `-q`: nothing on stderr but errors. Every command takes it, before its name and behind it.

use clap::{Arg, ArgAction, ArgMatches};

/// The switch.
const NAME: &str = "quiet";

/// The flag, for the root command: it is everybody's.
pub fn flag() -> Arg {
    Arg::new(NAME)
        .short('q')
        .long(NAME)
        .action(ArgAction::SetTrue)
        .global(true)
        .help("Say nothing on stderr but errors: no notes, warnings, summary, progress and questions")
}

/// Whether it is set.
pub fn is_set(matches: &ArgMatches) -> bool {
    matches.get_flag(NAME)
}
