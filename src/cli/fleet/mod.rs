//! `fleet`: many workspaces, each with its own token and file, in one process.

mod customers;
mod doctor;
mod export;
pub mod file;
mod journal;
mod managed;
mod outcome;
mod plan;
mod serve;
mod served;
mod status;
mod sync;
mod table;

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::launch::{self, Rules};
use super::{logging, policy, usage_error};
use crate::baton::config::{Field, Values, kit};
use crate::baton::error::Result;
use crate::term::Terminal;
use journal::Before;
use plan::Plan;

/// The command, without the settings of those below it.
pub fn command() -> Command {
    Command::new("fleet")
        .about("Sync many workspaces, each into a file of its own, or serve them")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(
            "A fleet is a file:\n\n  \
             folder: nightly                       # where the .c1z files go, from here\n  \
             settings: {workato-env: all, keep: 9}  # any setting of a sync, for all\n  \
             workspaces:\n  \
             - name: acme                          # nightly/acme.c1z\n    \
             token: {env: ACME_TOKEN}\n    \
             prod-token: {file: /run/secrets/acme-prod}\n  \
             - name: globex\n    \
             token: {env: GLOBEX_TOKEN}\n    \
             settings: {workato-data-center: eu}\n\n\
             Examples:\n  \
             baton-workato fleet sync -c fleet.yaml\n  \
             baton-workato fleet sync -c fleet.yaml --continue -o json\n  \
             baton-workato fleet serve -c fleet.yaml\n  \
             baton-workato fleet status -c fleet.yaml\n  \
             baton-workato fleet export -c fleet.yaml --out lake",
        )
}

/// The commands below it.
pub fn below() -> [Command; 5] {
    let config = || {
        Arg::new("config")
            .short('c')
            .long("config")
            .value_name("FLEET")
            .default_value("fleet.yaml")
            .value_parser(value_parser!(PathBuf))
            .help("The file that names the workspaces")
    };
    let output = || {
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("FORMAT")
            .default_value("table")
            .value_parser(["table", "json", "jsonl"])
            .ignore_case(true)
            .help("Form of the answer")
    };
    let number = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .value_parser(value_parser!(u32))
            .help(help)
    };
    let shards = [
        number("shards", "Share the workspaces out among so many processes").requires("shard"),
        number("shard", "Which of them this is, from 0").env("JOB_COMPLETION_INDEX"),
    ];
    [
        Command::new("sync")
            .about("Sync every workspace; one that fails leaves the others alone, and its last file as it was")
            .arg(config())
            .arg(output())
            .arg(
                number(
                    "at-once",
                    "Workspaces at the same time (default: as the file says, else 8)",
                )
                .value_parser(value_parser!(u32).range(1..=256)),
            )
            .arg(
                Arg::new("continue")
                    .long("continue")
                    .action(ArgAction::SetTrue)
                    .help("Leave out what the run before had done when it was stopped, or had done well"),
            )
            .arg(
                Arg::new("run")
                    .long("run")
                    .value_name("NAME")
                    .conflicts_with("continue")
                    .value_parser(NonEmptyStringValueParser::new())
                    .help("Leave out what a run of this name has done; one of another name begins anew"),
            )
            .args(shards.clone())
            .after_help(
                "Exit code 0 if every workspace is whole, else that of the gravest failure: 16 wrong token, 7 missing \
                 checkbox, 14 not reached, 15 damaged file, ...\n\n\
                 Examples:\n  baton-workato fleet sync -c fleet.yaml --at-once 16\n  \
                 baton-workato fleet sync -c fleet.yaml --shards 4 --shard 0",
            ),
        Command::new("serve")
            .about("Stay connected to ConductorOne for every workspace, and do what it asks for")
            .arg(config())
            .arg(
                number("at-once", "Syncs at the same time (default: as the file says, else 8)")
                    .value_parser(value_parser!(u32).range(1..=256)),
            )
            .args(shards.clone())
            .after_help(
                "Served are the workspaces that have credentials there; the others are named at the start:\n\n  \
                 - name: acme\n    \
                 token: {env: ACME_TOKEN}\n    \
                 conductorone: {client-id: ..., client-secret: {env: ACME_SECRET}}\n\n\
                 Exit code 0 after a signal, if every workspace was served until then, else that of the gravest failure. \
                 `baton-workato help fleets` has more.\n\n\
                 Examples:\n  baton-workato fleet serve -c fleet.yaml --health-check\n  \
                 baton-workato fleet serve -c fleet.yaml --shards 4 --shard 0",
            ),
        Command::new("status")
            .about("Say what the file of every workspace holds, and how old that is")
            .arg(config())
            .arg(output())
            .args(shards.clone())
            .after_help("Examples:\n  baton-workato fleet status -c fleet.yaml -o json"),
        Command::new("doctor")
            .about("Ask, for every workspace, whether a sync would be complete")
            .arg(config())
            .arg(output())
            .args(shards.clone())
            .after_help("Examples:\n  baton-workato fleet doctor -c fleet.yaml"),
        Command::new("export")
            .about("Write the current file of every workspace as tables for query engines")
            .arg(config())
            .arg(output())
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .default_value("parquet")
                    .value_parser(["parquet"])
                    .help("Format of the tables: parquet, which not every build has"),
            )
            .arg(
                Arg::new("out")
                    .long("out")
                    .value_name("FOLDER")
                    .default_value("lake")
                    .value_parser(value_parser!(PathBuf))
                    .help("Folder to write to; of each workspace, what it has of the same day is replaced"),
            )
            .args(shards)
            .after_help(
                "Exit code 0 if every workspace is written, else that of the gravest failure: 5 no file, 15 a damaged \
                 one, ... `baton-workato help lakes` says what the tables are, and how to ask them.\n\n\
                 Examples:\n  baton-workato fleet export -c fleet.yaml --format parquet --out lake",
            ),
    ]
}

/// Which settings the help of one of those below shows.
pub fn shown(below: &str) -> fn(&Field) -> bool {
    match below {
        "serve" => |field| ["color", "log-level", "health-check", "health-check-port"].contains(&field.name),
        _ => |field| ["color", "log-level", "policy"].contains(&field.name),
    }
}

/// Does what the subcommand says.
///
/// # Errors
/// A fleet that cannot be read: exit code 2; afterwards the gravest failure of a workspace.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let Some((name, sub)) = own.subcommand() else {
        return Err(usage_error(
            "fleet does something: sync, serve, status, doctor or export",
        ));
    };
    let values = launch::settings(&[root, own, sub], Rules::Kit)?;
    match name {
        "serve" => drop(logging::start_as_published(&values, terminal)?),
        _ => quiet(&values, terminal)?,
    }
    let path = sub.get_one::<PathBuf>("config").cloned().unwrap_or_default();
    let env: file::Env<'_> = &|name| std::env::var_os(name);
    let mut plan = Plan::read(&path, env)?.shard(
        sub.get_one::<u32>("shards").copied(),
        sub.get_one::<u32>("shard").copied().unwrap_or_default(),
    )?;
    for warning in &plan.warnings {
        tracing::warn!("{warning}");
    }
    // Whoever serves has no answer to give.
    let form = sub.try_get_one::<String>("output").ok().flatten();
    let form = table::Form::of(form.map_or("table", String::as_str));
    match name {
        "status" => {
            customers::recall(&mut plan, env)?;
            status::run(terminal, &plan, form)
        }
        "doctor" => doctor::run(terminal, plan, form),
        "serve" => serve::run(plan, &values, sub.get_one::<u32>("at-once").copied()),
        "export" => {
            customers::recall(&mut plan, env)?;
            let folder = sub.get_one::<PathBuf>("out").cloned().unwrap_or_default();
            export::run(terminal, &plan, form, &folder, &policy::chosen(&values)?)
        }
        _ => {
            let at_once = sub.get_one::<u32>("at-once").copied();
            let before = match sub.get_one::<String>("run") {
                Some(name) => Before::LeftOutIn(name.clone()),
                None if sub.get_flag("continue") => Before::LeftOut,
                None => Before::Again,
            };
            sync::run(terminal, plan, form, at_once, before)
        }
    }
}

/// Lines of single syncs say nothing among those of hundreds of others, unless somebody asks for them.
fn quiet(values: &Values, terminal: &Terminal) -> Result<()> {
    if kit::LOG_LEVEL.is_set(values) {
        return logging::start(values, terminal).map(drop);
    }
    logging::start_from(values, terminal, tracing::Level::WARN)
}
