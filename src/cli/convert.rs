//! `convert`: a file of the other form, with one sync of a file.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command, value_parser};

use super::launch::{self, Rules};
use super::sync::chosen_temp_dir;
use super::{given, logging};
use crate::baton::c1z::Engine;
use crate::baton::c1z::convert::{Conversion, Converted, convert};
use crate::baton::c1z::steps::Disk;
use crate::baton::error::Result;
use crate::term::Terminal;
use crate::term::sanitize;
use crate::term::summary::bytes;

/// The command.
pub fn command() -> Command {
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .value_name(value)
            .value_parser(value_parser!(PathBuf))
            .required(true)
            .help(help)
    };
    Command::new("convert")
        .about("Make a v1 (SQLite) file of a v3 (Pebble) one, or the other way round")
        .arg(
            Arg::new("to")
                .long("to")
                .value_name("FORM")
                .value_parser(PossibleValuesParser::new(["v1", "v3"]))
                .ignore_case(true)
                .required(true)
                .help("Form of the new file: v1 keeps several syncs and opens everywhere, v3 has one"),
        )
        .arg(
            Arg::new("sync-id")
                .long("sync-id")
                .value_name("ID")
                .help("The sync to take along, by its id (default: the full sync that finished last)"),
        )
        .arg(path("from", "FILE", "The .c1z file to read; it stays as it is"))
        .arg(path("out", "OUT", "The file to make; nothing may have its name"))
        .after_help(
            "What the other form has no place for is named. To v3: all syncs but one, external ids of resources, marks and \
             notes of where they came from, names that stand only inside of other rows. To v1: names of the scopes that rows \
             came from. Digests and indexes are made anew from the rows.\n\n\
             Examples:\n  \
             # A file that keeps several syncs, of one that a connector of the SDK wrote\n  \
             baton-workato convert --to v1 sync.c1z history.c1z\n\n  \
             # The newest sync of a file in the form that new connectors write\n  \
             baton-workato convert --to v3 sync.c1z sync-v3.c1z\n\n  \
             # An older one\n  \
             baton-workato convert --to v3 --sync-id \"$(baton-workato syncs -o json | jq -r '.syncs[0].id')\" sync.c1z old.c1z",
        )
}

/// Converts, and says what was made and what is not in it.
///
/// # Errors
/// As [`convert`].
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    logging::start(&values, terminal)?;
    let path = |name: &str| {
        own.get_one::<PathBuf>(name)
            .map(PathBuf::as_path)
            .unwrap_or(Path::new(""))
    };
    let to = match own.get_one::<String>("to").map(|form| form.eq_ignore_ascii_case("v3")) {
        Some(true) => Engine::Pebble,
        _ => Engine::Sqlite,
    };
    let temp_dir = chosen_temp_dir(&values)?;
    let conversion = Conversion {
        file: path("from"),
        out: path("out"),
        to,
        sync_id: given::text(own, "sync-id")?,
        temp_dir: temp_dir.as_deref(),
    };
    terminal.data(&told(&convert(&conversion, &Disk)?))
}

/// One line about the file, and one for each thing that is not in it.
fn told(converted: &Converted) -> String {
    let Converted {
        saved,
        run,
        other_syncs,
        left,
    } = converted;
    let safe = |text: &str| sanitize::line(text).into_owned();
    let mut lines = vec![format!(
        "{}\t{}\tsync {}\n",
        safe(&saved.path.display().to_string()),
        bytes(saved.bytes),
        safe(&run.sync_id)
    )];
    for other in other_syncs {
        let ended = other.ended_at.as_deref().and_then(|at| at.split('.').next());
        let ended = safe(ended.unwrap_or("unfinished"));
        lines.push(format!("not kept: the sync {} ({ended})\n", safe(&other.sync_id)));
    }
    for (count, what) in left {
        lines.push(format!("not kept: {count} {what}\n"));
    }
    lines.concat()
}
