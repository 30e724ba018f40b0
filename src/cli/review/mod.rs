//! `review`: from a list of access to decisions, and from decisions to what is done about them.

mod apply;
mod carry;
mod evidence;
mod start;
mod status;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::fields;
use super::read;
use crate::baton::config::Field;
use crate::baton::config::args::{self, Purpose};
use crate::baton::config::kit;
use crate::baton::error::Result;
use crate::term::{Terminal, sanitize};

/// The command, without those below it.
pub fn command() -> Command {
    Command::new("review")
        .about("Hold an access review: workbooks, decisions, revocations, evidence")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(
            "A review is a folder. Each reviewer gets a workbook and a CSV with the same rows, and answers keep,\n\
             revoke or ask. Nothing is changed before `review apply`, which shows what it does and asks.\n\n\
             Examples:\n  \
             # Hand out: one workbook per project\n  \
             baton-workato review start -f sync.c1z --out review-2026-q4\n\n  \
             # Who has answered\n  \
             baton-workato review status review-2026-q4\n\n  \
             # What would be taken away; then do it\n  \
             baton-workato review apply review-2026-q4 --dry-run\n  \
             baton-workato review apply review-2026-q4\n\n  \
             # Who decided what when, and what was done about it\n  \
             baton-workato review evidence review-2026-q4",
        )
}

/// The commands below it, with the settings they take.
pub fn below(purpose: Purpose) -> [Command; 4] {
    let reading = |command: Command, shown: fn(&Field) -> bool| {
        args::add(command.args_override_self(true), fields::of_kit(), purpose, shown)
    };
    let connected = |command: Command, shown: fn(&Field) -> bool| {
        args::add(command.args_override_self(true), fields::all(), purpose, shown)
    };
    let only_color: fn(&Field) -> bool = |field| field.name == "color";
    [
        reading(start::command(), |field| read::shown(field) || field.name == "policy").mut_arg("file", read::file),
        reading(status::command(), only_color),
        connected(apply::command(), |field| {
            field.required || ["file", "color"].contains(&field.name) || field.heading == kit::CONNECTION
        })
        .mut_arg("file", |file| {
            file.help("The .c1z file of the review, where it is not where it was ($BATON_FILE)")
        })
        .mut_arg("dry-run", |dry_run| {
            dry_run
                .hide(false)
                .help("Print the requests, without the token, and send nothing")
        }),
        reading(evidence::command(), only_color),
    ]
}

/// Does what the subcommand says.
///
/// # Errors
/// Those of the subcommand.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    match own.subcommand() {
        Some(("start", sub)) => start::run(terminal, &[root, own, sub], sub),
        Some(("status", sub)) => status::run(terminal, &[root, own, sub], sub),
        Some(("apply", sub)) => apply::run(terminal, &[root, own, sub], sub),
        Some((_, sub)) => evidence::run(terminal, &[root, own, sub], sub),
        None => Err(super::usage_error("it is not said what to do with a review")),
    }
}

/// The argument for the folder.
fn folder() -> Arg {
    Arg::new("dir")
        .value_name("DIR")
        .required(true)
        .value_parser(clap::value_parser!(PathBuf))
        .help("The folder of the review")
}

fn folder_of(sub: &ArgMatches) -> PathBuf {
    sub.get_one::<PathBuf>("dir").cloned().unwrap_or_default()
}

/// The argument for the form of the answer.
fn form() -> Arg {
    Arg::new("form")
        .short('o')
        .long("output")
        .alias("output-format")
        .value_name("FORMAT")
        .value_parser(["table", "json"])
        .default_value("table")
        .hide_default_value(true)
        .hide_possible_values(true)
        .action(ArgAction::Set)
        .help("Form of the answer: table or json (default \"table\")")
}

fn is_json(sub: &ArgMatches) -> bool {
    sub.get_one::<String>("form").is_some_and(|form| form == "json")
}

/// A document on stdout.
fn document(terminal: &Terminal, json: &str) -> Result<()> {
    let lines = json.lines().map(|line| format!("{}\n", sanitize::json(line)));
    terminal.data(&lines.collect::<String>())
}
