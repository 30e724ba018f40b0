//! `policy`: what findings are judged by.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};
use jiff::Zoned;

use super::launch::{self, Rules};
use super::{given, logging, usage_error};
use crate::baton::config::{Values, kit};
use crate::baton::error::Result;
use crate::report::policy::{DEFAULT, Policy, SCHEMA};
use crate::term::Terminal;

/// What can be done.
const ACTIONS: [&str; 3] = ["default", "schema", "check"];

/// The command.
pub fn command() -> Command {
    Command::new("policy")
        .about("Show what findings are judged by, or check a policy of your own")
        .arg(
            Arg::new("action")
                .value_name("ACTION")
                .required(true)
                .value_parser(ACTIONS)
                .hide_possible_values(true)
                .help("default: the policy of the program as a file; schema: what a file may say; check: read a file"),
        )
        .arg(
            Arg::new("rules")
                .value_name("POLICY")
                .value_parser(clap::value_parser!(PathBuf))
                .help("With check: the file"),
        )
        .after_help(
            "A policy has rules in the language of `access --fail-if`, things that nobody may hold together,\n\
             allowed domains, ages, owners, and exceptions with a reason and an end. `findings`, `explore`,\n\
             `export` and a sync take it with --policy. A rule that names what a sync does not have is told\n\
             as not known.\n\n\
             Examples:\n  \
             # Begin with what the program judges by\n  \
             baton-workato policy default > rules.yaml\n\n  \
             # A mistake is shown with its line\n  \
             baton-workato policy check rules.yaml\n\n  \
             # Judge a sync by it\n  \
             baton-workato findings --policy rules.yaml -f sync.c1z\n\n  \
             # For an editor that completes\n  \
             baton-workato policy schema > policy.schema.json",
        )
}

/// Shows or checks.
///
/// # Errors
/// A policy with a mistake: exit code 2.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    logging::start(&values, terminal)?;
    let action = own.get_one::<String>("action").map_or("", String::as_str);
    let file = own.get_one::<PathBuf>("rules");
    match (action, file) {
        ("check", Some(file)) => {
            let policy = Policy::read(file, today())?;
            terminal.data(&format!("{}: {}\n", file.display(), policy.told()))
        }
        ("check", None) => {
            Err(usage_error("check needs a file").hint("write it as: baton-workato policy check rules.yaml"))
        }
        (_, Some(_)) => Err(usage_error(format!("{action} takes no file")).hint("leave the file out")),
        ("default", None) => terminal.data(DEFAULT),
        (_, None) => terminal.data(SCHEMA),
    }
}

/// The policy of `--policy`; that of the program where there is none.
///
/// # Errors
/// As [`run`].
pub fn chosen(values: &Values) -> Result<Policy> {
    match given::setting(values, kit::POLICY)? {
        None => Ok(Policy::default()),
        Some(path) => Policy::read(Path::new(path), today()),
    }
}

fn today() -> jiff::civil::Date {
    Zoned::now().date()
}
