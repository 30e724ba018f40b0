//! What was typed behind a flag that takes a text. An empty one is a mistake: mostly it is a variable of a script that is
//! not set, and to go on without the flag would show everything, or let everything pass.

use clap::ArgMatches;

use super::mistake::bad_value;
use crate::baton::config::setting::{Setting, Text};
use crate::baton::config::{Source, Values};
use crate::baton::error::Result;

/// The text behind a flag; `None` where the flag was not given, or the command has no such flag.
///
/// # Errors
/// A text of nothing or of spaces alone.
pub fn text<'a>(own: &'a ArgMatches, name: &str) -> Result<Option<&'a str>> {
    word(own, name, &format!("--{name}"))
}

/// As [`text`], of something that is called otherwise than its flag would be, such as `WHO`.
///
/// # Errors
/// As [`text`].
pub fn word<'a>(own: &'a ArgMatches, name: &str, called: &str) -> Result<Option<&'a str>> {
    let found = own.try_get_one::<String>(name).ok().flatten();
    found.map(|text| filled(text, called)).transpose()
}

/// A text that was given, if there is something in it.
///
/// # Errors
/// As [`text`].
pub fn filled<'a>(text: &'a str, called: &str) -> Result<&'a str> {
    if text.trim().is_empty() {
        let error = bad_value(format!("{called} is empty"));
        return Err(error.hint("give it a value or leave it out; in a script, look whether the variable is set"));
    }
    Ok(text)
}

/// A setting that is a text; `None` where it is not set. From other places than the command line an empty one is none.
///
/// # Errors
/// As [`text`].
pub fn setting(values: &Values, setting: Setting<Text>) -> Result<Option<&str>> {
    match (setting.of(values), setting.source(values)) {
        (text, Source::CommandLine) => filled(text, &format!("--{}", setting.name())).map(Some),
        (text, _) => Ok(Some(text).filter(|text| !text.is_empty())),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    #[test]
    fn an_empty_text_is_a_mistake_and_none_is_none() {
        let command = Command::new("c").arg(Arg::new("env").long("env"));
        let of = |args: &[&str]| {
            let own = command.clone().get_matches_from([&["c"], args].concat());
            text(&own, "env")
                .map(|text| text.map(str::to_owned))
                .map_err(|error| error.to_string())
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["--env", "prod"]), Ok(Some("prod".to_owned())));
        for empty in ["", " ", "\t"] {
            assert_eq!(of(&["--env", empty]), Err("--env is empty".to_owned()));
        }
        let own = command.clone().get_matches_from(["c"]);
        assert_eq!(
            text(&own, "entitlement").ok(),
            Some(None),
            "a flag that this command does not have"
        );
    }
}
