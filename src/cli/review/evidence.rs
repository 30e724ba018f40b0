//! `review evidence`: one report for whoever asks.

use clap::{ArgMatches, Command};

use super::{document, folder, folder_of, form, is_json};
use crate::baton::error::Result;
use crate::cli::launch::{self, Rules};
use crate::cli::logging;
use crate::report::review::evidence::Evidence;
use crate::report::review::journal::Told;
use crate::report::review::standing;
use crate::report::wording::count;
use crate::term::{Terminal, sanitize};

/// The command.
pub fn command() -> Command {
    Command::new("evidence")
        .about("Write who decided what when, what was done and what could not be, with hashes")
        .arg(folder())
        .arg(form())
        .after_help(
            "Writes evidence.html and evidence.json into the folder. Rows that nobody decided about are named as \
             undecided.\n\n\
             Examples:\n  \
             baton-workato review evidence review-2026-q4\n  \
             baton-workato review evidence review-2026-q4 -o json | jq '.counts'",
        )
}

/// Writes it.
///
/// # Errors
/// Those of the folder and of the disk.
pub fn run(terminal: &Terminal, matches: &[&ArgMatches], sub: &ArgMatches) -> Result<()> {
    let values = launch::settings(matches, Rules::Kit)?;
    logging::start(&values, terminal)?;
    let review = folder_of(sub);
    let standing = standing::read(&review)?;
    let journal = Told::read(&review, &standing.manifest.id)?;
    let evidence = Evidence::of(&standing, &journal);
    let written = evidence.write(&review)?;
    for problem in &evidence.problems {
        terminal.say(&sanitize::line(&format!(
            "Refused, and not counted as decided: {problem}"
        )));
    }
    if is_json(sub) {
        return document(terminal, &evidence.json()?);
    }
    let lines: Vec<String> = written
        .iter()
        .map(|path| format!("{}\n", sanitize::line(&path.display().to_string())))
        .collect();
    terminal.data(&lines.concat())?;
    let counts = evidence.counts;
    terminal.say(&format!(
        "{}: {} kept, {} to be revoked ({} carried out, {} cannot be, {} open), {} to be asked, {} undecided.",
        count(counts.rows, "row", "rows"),
        counts.keep,
        counts.revoke,
        counts.carried_out,
        counts.cannot,
        counts.open,
        counts.ask,
        counts.undecided
    ));
    Ok(())
}
