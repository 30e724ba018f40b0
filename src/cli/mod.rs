//! The command line: arguments in, a call, rendering out. One file per command.
//!
//! Only `main` calls [`run`]. Errors come up to here and are printed once; the exit code is the error's
//! (`baton/config/published.md 5`).

mod access;
mod actions;
mod author;
mod capabilities;
mod command;
mod completion;
mod config;
mod connect;
mod connector_service;
mod convert;
mod demo;
mod diff;
mod doctor;
mod entitlements;
mod event_feed;
mod events;
mod explain;
mod explore;
mod export;
mod fields;
mod filter;
mod findings;
mod fleet;
mod found;
mod given;
mod grant;
mod grants;
mod health_check;
mod help;
mod interrupt;
mod json;
mod lambda;
mod launch;
mod logging;
mod man;
mod manifests;
mod mistake;
mod next;
mod not_known;
mod only;
mod part;
mod policy;
mod principals;
mod program;
mod provision;
mod quiet;
mod read;
mod resource_types;
mod resources;
mod review;
mod root;
mod screen;
mod serve;
mod service;
mod simulate;
mod span;
mod stats;
mod sync;
mod syncs;
mod synonym;
mod unavailable;
mod usage;
mod values;
mod variables;
mod vendor;
mod verify;
mod version;
mod write;

use std::ffi::OsString;

use clap::ArgMatches;

use self::mistake::{bad_value, usage_error};
use crate::ABOUT;
use crate::baton::code;
use crate::baton::config::args::Purpose;
use crate::baton::error::Result;
use crate::baton::scraps;
use crate::telemetry;
use crate::term::Terminal;
use crate::term::color::ColorChoice;

/// Ends the process at once with an exit code. `main` brings it along: nothing else exits.
pub type Leave = fn(u8);

/// Runs the program with its arguments, the program's name first. Returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, leave: Leave) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let env = |name: &str| std::env::var(name).ok();
    let terminal = Terminal::detect(ABOUT, color_choice(&args, &env), &env);
    let parsed = command::build(Purpose::Parse).try_get_matches_from(&args);
    let terminal = match &parsed {
        Ok(matches) if quiet::is_set(matches) => terminal.hushed(),
        _ => terminal,
    };
    variables::warn(&terminal);
    let run = || match parsed {
        Ok(matches) => dispatch(&terminal, &matches),
        Err(error) => usage::show(&terminal, &args, &error),
    };
    let outcome = interrupt::watch(&terminal, leave).and_then(|()| run());
    // Threads that are still at work end with the process, without another word.
    scraps::remove_all();
    let code = match outcome {
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
    };
    // Everything is done and said: what a collector is still to be sent keeps nobody from reading it.
    telemetry::end();
    code
}

fn dispatch(terminal: &Terminal, matches: &ArgMatches) -> Result<()> {
    let Some((name, own)) = matches.subcommand() else {
        return root::run(terminal, matches);
    };
    command::run(terminal, name, matches, own)
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
