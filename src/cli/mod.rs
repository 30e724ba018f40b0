//! The command line: arguments in, a call, rendering out. One file per command.
//!
//! Only `main` calls [`run`]. Errors come up to here and are printed once; the exit code is the error's
//! (`baton/config/published.md 5`).

mod access;
mod capabilities;
mod command;
mod completion;
mod config;
mod connect;
mod connector_service;
mod demo;
mod diff;
mod doctor;
mod entitlements;
mod explain;
mod explore;
mod export;
mod filter;
mod grant;
mod grants;
mod health_check;
mod interrupt;
mod launch;
mod logging;
mod man;
mod manifests;
mod next;
mod principals;
mod provision;
mod read;
mod resource_types;
mod resources;
mod root;
mod serve;
mod service;
mod simulate;
mod stats;
mod sync;
mod syncs;
mod unavailable;
mod usage;
mod variables;
mod verify;
mod write;

use std::borrow::Cow;
use std::ffi::OsString;

use clap::ArgMatches;

use crate::baton::code;
use crate::baton::config::args::Purpose;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::scraps;
use crate::term::Terminal;
use crate::term::color::ColorChoice;

/// Ends the process at once with an exit code. `main` brings it along: nothing else exits.
pub type Leave = fn(u8);

/// Runs the program with its arguments, the program's name first. Returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, leave: Leave) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let env = |name: &str| std::env::var(name).ok();
    let terminal = Terminal::detect(color_choice(&args, &env), &env);
    variables::warn(&terminal);
    let run = || match command::build(Purpose::Parse).try_get_matches_from(&args) {
        Ok(matches) => dispatch(&terminal, &matches),
        Err(error) => usage::show(&terminal, &args, &error),
    };
    let outcome = interrupt::watch(&terminal, leave).and_then(|()| run());
    // Threads that are still at work end with the process, without another word.
    scraps::remove_all();
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            let error = match error.code_id() {
                // Whoever knows where it was has said what to do already.
                code::DISK_FULL => error.hint("free some space on that volume, or write to another one"),
                _ => error,
            };
            terminal.error(&error, &explain::invocation(error.code_id()));
            error.kind().exit_code()
        }
    }
}

fn dispatch(terminal: &Terminal, matches: &ArgMatches) -> Result<()> {
    let Some((name, own)) = matches.subcommand() else {
        return root::run(terminal, matches);
    };
    command::reject_foreign_flags(name, matches)?;
    match name {
        "demo" => demo::run(terminal, matches, own),
        "doctor" => doctor::run(terminal, matches, own),
        "explain" => explain::run(terminal, own),
        "explore" => explore::run(terminal, matches, own),
        "serve" => serve::run(terminal, matches, own),
        "_connector-service" => connector_service::run(terminal, matches, own),
        "simulate" => simulate::run(terminal, matches, own),
        "capabilities" => capabilities::run(terminal, matches, own),
        "health-check" => health_check::run(matches, own),
        "config" => config::run(terminal),
        "grant" => grant::run(terminal, matches, own, grant::Verb::Grant),
        "revoke" => grant::run(terminal, matches, own, grant::Verb::Revoke),
        "export" => export::run(terminal, matches, own),
        "access" => access::run(terminal, matches, own),
        "diff" => diff::run(terminal, matches, own),
        "resource-types" => resource_types::run(terminal, matches, own),
        "resources" => resources::run(terminal, matches, own),
        "entitlements" => entitlements::run(terminal, matches, own),
        "grants" => grants::run(terminal, matches, own),
        "principals" => principals::run(terminal, matches, own),
        "syncs" => syncs::run(terminal, matches, own),
        "stats" => stats::run(terminal, matches, own),
        "verify" => verify::run(terminal, matches, own),
        "completion" => completion::run(terminal, own),
        "manifests" => manifests::run(terminal, own),
        "man" => man::run(own),
        "version" => terminal.data(&format!("{} {}\n", command::NAME, command::VERSION)),
        other => Err(unavailable::command(other)),
    }
}

/// The colours wanted, read before parsing so that usage errors and help obey too.
fn color_choice(args: &[OsString], env: &dyn Fn(&str) -> Option<String>) -> ColorChoice {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let joined = words.iter().find_map(|word| word.strip_prefix("--color="));
    let apart = words
        .iter()
        .zip(words.iter().skip(1))
        .find(|(word, _)| **word == "--color")
        .map(|(_, next)| *next);
    let word = joined
        .or(apart)
        .map(str::to_owned)
        .or_else(|| env("BATON_COLOR"))
        .unwrap_or_default();
    // An unknown word is reported by the rules of the field.
    word.parse().unwrap_or_default()
}

/// An error of usage: exit code 2.
fn usage_error(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Unknown, message).code(code::COMMAND_LINE)
}

/// A value that a setting cannot take: exit code 2.
fn bad_value(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Unknown, message).code(code::SETTING_VALUE)
}
