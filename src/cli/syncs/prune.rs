//! `syncs prune`: older syncs go from a file, once somebody has seen which.

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jiff::Zoned;

use super::{named, runs, settings};
use crate::baton::c1z::steps::Disk;
use crate::baton::c1z::{Rule, SyncRun, history, surplus, timestamp};
use crate::baton::config::Values;
use crate::baton::config::kit;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::cli::sync::{chosen_keep, chosen_temp_dir};
use crate::cli::usage_error;
use crate::report::compare::sides;
use crate::report::wording;
use crate::term::Terminal;
use crate::term::sanitize;
use crate::term::summary::bytes;

/// Flags of the kit that the help shows.
pub const FLAGS: &[&str] = &["file", "keep", "dry-run", "color"];

/// The command.
pub fn command() -> Command {
    Command::new("prune")
        .about("Take older syncs out of a .c1z file")
        .arg(
            Arg::new("older-than")
                .long("older-than")
                .value_name("TIME")
                .help("Only what ended before this: 90d, 12h, 2026-11-01; with --keep what fits both"),
        )
        .arg(
            Arg::new("yes")
                .long("yes")
                .short('y')
                .action(ArgAction::SetTrue)
                .help("Do it without asking"),
        )
        .after_help(
            "The syncs that go are shown first. The full sync that finished last, unfinished ones and those that \
             `syncs keep` marked never go. The file is replaced in one step; while another run writes it, nothing is \
             done (exit code 14).\n\n\
             Examples:\n  \
             # What would go if the nine newest stayed\n  \
             baton-workato syncs prune --keep 9 --dry-run\n\n  \
             # Nightly, without a question: nothing older than three months\n  \
             baton-workato syncs prune --older-than 90d --yes -f workato.c1z",
        )
}

/// Shows what goes, asks, and takes it out.
///
/// # Errors
/// Exit code 2 without a rule, and where there is nobody to ask; those of the file.
pub fn run(terminal: &Terminal, matches: &[&ArgMatches]) -> Result<()> {
    let values = settings(terminal, matches)?;
    let rule = rule(&values, matches)?;
    let runs = runs(&values)?;
    let doomed: Vec<&SyncRun> = surplus(&runs, &rule);
    let file = kit::FILE.of(&values);
    if doomed.is_empty() {
        let held = wording::count(runs.len(), "sync", "syncs");
        terminal.say(&format!("Nothing goes: {} holds {held}.", sanitize::line(file)));
        return Ok(());
    }
    let goes = wording::count(doomed.len(), "sync goes", "syncs go");
    let mut shown = format!(
        "{goes} from {}, {} stay:\n",
        sanitize::line(file),
        runs.len() - doomed.len()
    );
    for run in &doomed {
        shown.push_str(&format!("  {}\n", sanitize::line(&named(run))));
    }
    if kit::DRY_RUN.of(&values) {
        return terminal.data(&shown);
    }
    let yes = matches.last().is_some_and(|own| own.get_flag("yes"));
    if !yes && !terminal.can_ask() {
        return Err(usage_error("this deletes history, and there is no terminal to ask at")
            .hint("add --yes to do it, or --dry-run to see what would go"));
    }
    terminal.say(shown.trim_end());
    if !yes && !terminal.confirm("Do it?")? {
        return Err(Error::new(Kind::Cancelled, "nothing was changed: nobody agreed"));
    }
    let ids: Vec<&str> = doomed.iter().map(|run| run.sync_id.as_str()).collect();
    let temp_dir = chosen_temp_dir(&values)?;
    let saved = history::remove(Path::new(file), temp_dir.as_deref(), &ids, &Disk)?;
    terminal.say(&format!(
        "Done: {} is {} now.",
        sanitize::line(file),
        bytes(saved.bytes)
    ));
    Ok(())
}

fn rule(values: &Values, matches: &[&ArgMatches]) -> Result<Rule> {
    let older_than = matches.last().and_then(|own| own.get_one::<String>("older-than"));
    let since = older_than
        .map(|text| sides::moment(text, &Zoned::now()).context("understand --older-than"))
        .transpose()?
        .map(timestamp::text);
    match (chosen_keep(values), since) {
        (None, None) => Err(usage_error("it is not said which syncs go")
            .hint("--keep 9 leaves the nine newest full syncs, --older-than 90d those of the last 90 days")),
        // The full sync that finished last stays in any case.
        (keep, since) => Ok(Rule {
            keep: keep.unwrap_or(1),
            since,
        }),
    }
}
