//! `review start`: workbooks for reviewers.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};
use serde_json::json;

use super::{document, form, is_json};
use crate::baton::error::Result;
use crate::cli::launch::{self, Rules};
use crate::cli::policy;
use crate::cli::program::VERSION;
use crate::cli::read::{self, Reading};
use crate::cli::{usage_error, vendor};
use crate::report::review::manifest::{Manifest, Removal, Since};
use crate::report::review::start::{Order, Which, start};
use crate::report::review::{By, of_file};
use crate::report::wording::count;
use crate::term::{Terminal, sanitize};
use crate::workato;

/// The command.
pub fn command() -> Command {
    let out = Arg::new("out")
        .long("out")
        .value_name("DIR")
        .required(true)
        .value_parser(clap::value_parser!(PathBuf))
        .help("The folder of the review: a new one");
    let by = Arg::new("by")
        .long("by")
        .value_name("WHOM")
        .default_value("project")
        .hide_default_value(true)
        .hide_possible_values(true)
        .ignore_case(true)
        .value_parser(By::ALL.map(By::word))
        .help("One workbook for each project, person, role or owner (default \"project\")");
    let since = Arg::new("changed-since")
        .long("changed-since")
        .value_name("last|DIR")
        .help("Only what is new, changed or was not kept: against the last review of the file beside DIR, or another");
    read::add_source(Command::new("start").about("Hand out a review: one workbook and CSV per reviewer"))
        .arg(out)
        .arg(by)
        .arg(since)
        .arg(form())
        .after_help(
            "Each workbook has a row per person and access, with the path to it, last activity, risk and finding, and \
             a cover that says what it was made of and what is not known. Owners are those of --policy, else those \
             that the file names.\n\n\
             Examples:\n  \
             baton-workato review start -f sync.c1z --out review-2026-q4\n  \
             baton-workato review start -f sync.c1z --out review-2026-q4 --by owner --policy rules.yaml\n  \
             baton-workato review start -f sync.c1z --out review-2027-q1 --changed-since last",
        )
}

/// Hands out.
///
/// # Errors
/// Those of the file, of the policy and of the folder.
pub fn run(terminal: &Terminal, matches: &[&ArgMatches], sub: &ArgMatches) -> Result<()> {
    let values = launch::settings(matches, Rules::Kit)?;
    let reading = Reading::of(terminal, sub, &values)?;
    let policy = policy::chosen(&values)?;
    let out = sub.get_one::<PathBuf>("out").cloned().unwrap_or_default();
    let by = sub.get_one::<String>("by").and_then(|word| By::of(word));
    let by = by.ok_or_else(|| usage_error("it is not said who reviews"))?;
    let since = sub.get_one::<String>("changed-since").map(String::as_str);
    let which = match since {
        None => Which::All,
        Some("last") => Which::ChangedSinceLast,
        Some(folder) => Which::ChangedSince(Path::new(folder)),
    };
    let sha256 = of_file(&reading.file)?;
    let snapshot = reading.open()?;
    let manifest = start(
        &snapshot,
        &Order {
            out: &out,
            by,
            which,
            sha256: &sha256,
            conventions: vendor::conventions(&snapshot)?,
            policy: &policy,
            is_writable: &workato::takes_writes,
            version: VERSION,
        },
    )?;
    if is_json(sub) {
        return document(terminal, &summary(&manifest, &out).to_string());
    }
    tell(terminal, &manifest, &out)
}

/// Rows that can be revoked here.
fn revocable(manifest: &Manifest) -> usize {
    let rows = manifest.packets.iter().flat_map(|packet| &packet.rows);
    rows.filter(|row| matches!(row.removal, Removal::Revoke { .. })).count()
}

fn summary(manifest: &Manifest, out: &Path) -> serde_json::Value {
    let packets = manifest.packets.iter();
    let packets: Vec<serde_json::Value> = packets
        .map(|packet| {
            json!({
                "reviewer": packet.reviewer,
                "xlsx": packet.xlsx.name,
                "csv": packet.csv.name,
                "rows": packet.rows.len(),
            })
        })
        .collect();
    json!({
        "review": manifest.id,
        "folder": out.display().to_string(),
        "sync": manifest.sync,
        "file": manifest.file,
        "by": manifest.by,
        "since": manifest.since,
        "rows": manifest.rows(),
        "revocable": revocable(manifest),
        "settled": manifest.settled.len(),
        "unknown": manifest.unknown,
        "notes": manifest.notes,
        "packets": packets,
    })
}

fn tell(terminal: &Terminal, manifest: &Manifest, out: &Path) -> Result<()> {
    let say = |text: &str| terminal.say(&sanitize::line(text));
    match (&manifest.since, manifest.changed_only) {
        (Since::Nothing, true) => say("There is no earlier review of this file: everything is handed out."),
        (Since::Review { folder, started_at, .. }, true) => say(&format!(
            "Against the review in {folder} of {started_at}: {} decided to be kept and not changed since.",
            count(manifest.settled.len(), "row is left out,", "rows are left out,")
        )),
        (Since::Review { folder, .. }, false) => say(&format!("Compared with the review in {folder}.")),
        (Since::Nothing, false) => {}
    }
    for note in &manifest.notes {
        say(note);
    }
    for unknown in &manifest.unknown {
        say(&format!("Not known: {unknown}."));
    }
    let mut lines = String::new();
    for packet in &manifest.packets {
        let rows = count(packet.rows.len(), "row", "rows");
        lines.push_str(&format!("{}\t{rows}\n", out.join(&packet.xlsx.name).display()));
    }
    terminal.data(&sanitized(&lines))?;
    say(&format!(
        "{} for {}; {} can be revoked here. `baton-workato review status {}` tells who has answered.",
        count(manifest.rows(), "row", "rows"),
        count(manifest.packets.len(), "reviewer", "reviewers"),
        revocable(manifest),
        out.display()
    ));
    Ok(())
}

fn sanitized(lines: &str) -> String {
    lines
        .lines()
        .map(|line| format!("{}\n", sanitize_cells(line)))
        .collect()
}

fn sanitize_cells(line: &str) -> String {
    let cells: Vec<String> = line.split('\t').map(|cell| sanitize::line(cell).to_string()).collect();
    cells.join("\t")
}
