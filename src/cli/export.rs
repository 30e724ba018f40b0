//! `export`: a sync as files for others.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::launch::{self, Rules};
use super::read::{self, Reading};
use super::{not_known, policy, vendor};
use crate::baton::error::Result;
use crate::report::export::{Format, Options, check_folder, export};
use crate::report::names::Names;
use crate::report::reach::{Ground, unknown};
use crate::term::Terminal;
use crate::term::summary::bytes;

/// The command.
pub fn command() -> Command {
    let formats = Arg::new("format")
        .long("format")
        .value_name("FORMATS")
        .value_delimiter(',')
        .default_value("csv,xlsx,html")
        .action(ArgAction::Append)
        .help("Formats, separated by commas: csv, xlsx, json, jsonl, dot, html, sqlite, parquet");
    let folder = Arg::new("out")
        .long("out")
        .value_name("FOLDER")
        .default_value("access-review")
        .value_parser(clap::value_parser!(PathBuf))
        .help("Folder to write to; files of the same names in it are replaced");
    read::add_source(
        Command::new("export").about("Write a sync as files: access review, people, resources, a report page"),
    )
    .arg(formats)
    .arg(folder)
    .arg(
        Arg::new("workspace")
            .long("workspace")
            .value_name("NAME")
            .help("What Parquet tables call the workspace (default: as the file, without its ending)"),
    )
    .arg(read::csv_bom())
    .after_help(
        "One pass over the file fills every format. The access review has one row per person and access, with the \
             way to it, last activity, account type and moderator flag. Files are readable by their owner only.\n\n\
             Examples:\n  baton-workato export -f sync.c1z\n  \
             baton-workato export --format xlsx --out review-2026-q4\n  \
             baton-workato export --format csv,jsonl,sqlite,dot,html --out everything\n\n  \
             # Tables for DuckDB, Trino, Spark: `baton-workato help lakes`; not every build has them\n  \
             baton-workato export --format parquet --workspace acme --out lake",
    )
}

/// Writes them.
///
/// # Errors
/// An unknown format, those of the file and of the folder.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    let reading = Reading::of(terminal, own, &values)?;
    let policy = policy::chosen(&values)?;
    let mut formats: Vec<Format> = Vec::new();
    for word in own.get_many::<String>("format").into_iter().flatten() {
        let format: Format = word.trim().parse()?;
        format.check_built()?;
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    let folder: PathBuf = own.get_one::<PathBuf>("out").cloned().unwrap_or_default();
    check_folder(&folder)?;
    let snapshot = reading.open()?;
    let counter = terminal.counter("Exporting", "resources");
    let written = export(
        &snapshot,
        &Options {
            folder: &folder,
            formats: &formats,
            conventions: vendor::conventions(&snapshot)?,
            policy: &policy,
            workspace: own.get_one::<String>("workspace").map(String::as_str),
            csv_bom: read::wants_csv_bom(own),
            progress: &|done| counter.at(done),
        },
    )?;
    drop(counter);
    let ground = Ground::read(
        &Names::new(&snapshot),
        snapshot.edges()?,
        vendor::conventions(&snapshot)?,
    )?;
    not_known::say(terminal, &unknown::of_sync(snapshot.run(), &ground), usize::MAX, "");
    let lines: Vec<String> = written
        .iter()
        .map(|file| format!("{}\t{}\t{} rows\n", file.path.display(), bytes(file.bytes), file.rows))
        .collect();
    terminal.data(&lines.concat())
}
