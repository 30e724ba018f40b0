//! Help, version, and what is wrong with a command line, in the published words (`baton/config/published.md 1`).

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::command;
use super::program::NAME;
use super::{screen, synonym, usage_error};
use crate::baton::config::args::Purpose;
use crate::baton::error::{Error, Result};
use crate::term::Terminal;
use crate::term::color::Paint;

/// Prints help or version to stdout, or turns a usage error into ours.
///
/// # Errors
/// The usage error, or stdout's.
pub fn show(terminal: &Terminal, args: &[OsString], error: &clap::Error) -> Result<()> {
    match error.kind() {
        ErrorKind::DisplayVersion => terminal.data(&error.to_string()),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // Help is rendered from the other form of the command, where bools look like switches.
            let asked = error.to_string();
            if asked.contains(screen::MARK_OF_PROGRAM) {
                return terminal.data(screen::SCREEN);
            }
            let is_short = asked.contains(screen::MARK);
            let program = command::build(Purpose::Show);
            let program = if is_short { screen::brief(program) } else { program };
            let shown = program.try_get_matches_from(args).err();
            let help = shown
                .as_ref()
                .filter(|shown| shown.kind() == error.kind())
                .unwrap_or(error);
            terminal.data(&styled(help, terminal.out()))
        }
        _ => Err(translate(error)),
    }
}

fn styled(help: &clap::Error, paint: Paint) -> String {
    let help = help.render();
    if paint.is_on() {
        help.ansi().to_string()
    } else {
        help.to_string()
    }
}

fn translate(error: &clap::Error) -> Error {
    let what = context(error, ContextKind::InvalidArg);
    let message = match error.kind() {
        ErrorKind::UnknownArgument => match what.as_str() {
            long if long.starts_with("--") => format!("unknown flag: {long}"),
            short if short.starts_with('-') => format!("unknown shorthand flag: {short}"),
            word => format!("unknown command {word:?} for {NAME:?}"),
        },
        ErrorKind::InvalidSubcommand => {
            format!(
                "unknown command {:?} for {NAME:?}",
                context(error, ContextKind::InvalidSubcommand)
            )
        }
        ErrorKind::InvalidValue if context(error, ContextKind::InvalidValue).is_empty() => {
            format!("flag needs an argument: {}", name_of(&what))
        }
        _ => first_line(error),
    };
    let error_with_hint = usage_error(message);
    let word = match error.kind() {
        ErrorKind::InvalidSubcommand => context(error, ContextKind::InvalidSubcommand),
        ErrorKind::UnknownArgument => what,
        _ => String::new(),
    };
    if let Some(meant) = synonym::of(&word) {
        return error_with_hint.hint(meant);
    }
    match suggestion(error) {
        Some(better) => error_with_hint.hint(format!("did you mean {better}?")),
        None => error_with_hint.hint(format!("`{NAME} --help` lists commands and flags")),
    }
}

/// What clap says about a part of the error, as text.
fn context(error: &clap::Error, kind: ContextKind) -> String {
    error.get(kind).map(ToString::to_string).unwrap_or_default()
}

/// `--file` of `--file <PATH>` or `-f, --file <PATH>`.
fn name_of(argument: &str) -> &str {
    argument
        .split_whitespace()
        .find(|word| word.starts_with("--"))
        .unwrap_or(argument)
}

fn suggestion(error: &clap::Error) -> Option<String> {
    let kinds = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    kinds.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    })
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let joined = lines.join(" ");
    joined.strip_prefix("error: ").unwrap_or(&joined).to_owned()
}
