//! `review status`: who has answered, and what does not fit.

use clap::{ArgMatches, Command};
use serde_json::json;

use super::{document, folder, folder_of, form, is_json};
use crate::baton::error::Result;
use crate::cli::launch::{self, Rules};
use crate::cli::logging;
use crate::report::review::journal::{Event, Told};
use crate::report::review::standing::{self, Standing};
use crate::term::Terminal;
use crate::term::pager::Paging;
use crate::term::table::{Column, TableWriter};

/// The command.
pub fn command() -> Command {
    Command::new("status")
        .about("Show who has answered, and what does not fit what was handed out")
        .arg(folder())
        .arg(form())
        .after_help(
            "Ends with exit code 3 where a workbook was changed in more than decisions and notes, is missing, belongs \
             to another review, or where the .xlsx and the .csv of a reviewer disagree.\n\n\
             Examples:\n  \
             baton-workato review status review-2026-q4\n  \
             baton-workato review status review-2026-q4 -o json | jq '.packets[] | select(.undecided > 0)'",
        )
}

/// Reads and shows.
///
/// # Errors
/// Those of the folder; `InvalidArgument` for workbooks that do not fit.
pub fn run(terminal: &Terminal, matches: &[&ArgMatches], sub: &ArgMatches) -> Result<()> {
    let values = launch::settings(matches, Rules::Kit)?;
    logging::start(&values, terminal)?;
    let review = folder_of(sub);
    let standing = standing::read(&review)?;
    let journal = Told::read(&review, &standing.manifest.id)?;
    let done = journal
        .last()
        .into_values()
        .filter(|entry| entry.event.is_final())
        .count();
    let unsure = [Event::Begun, Event::Unknown];
    let unsure = journal
        .last()
        .into_values()
        .filter(|entry| unsure.contains(&entry.event))
        .count();
    if is_json(sub) {
        let answer = json!({
            "review": standing.manifest.id,
            "rows": standing.manifest.rows(),
            "carriedOut": done,
            "outcomeUnknown": unsure,
            "packets": standing.packets,
            "problems": standing.problems,
        });
        document(terminal, &answer.to_string())?;
    } else {
        table(terminal, &standing)?;
        terminal.say(&format!("Carried out so far: {done}."));
        if unsure > 0 {
            terminal.say(&format!(
                "Begun, with an outcome that is not known: {unsure}; `review apply` looks it up."
            ));
        }
    }
    standing.check()
}

fn table(terminal: &Terminal, standing: &Standing) -> Result<()> {
    let column = |title, number| Column {
        title,
        number,
        spare: false,
    };
    let columns = [
        column("Reviewer", false),
        column("Reviewed by", false),
        column("Workbook", false),
        column("CSV", false),
        column("Rows", true),
        column("Keep", true),
        column("Revoke", true),
        column("Ask", true),
        column("Undecided", true),
    ];
    terminal.deliver(&Paging::NEVER, |output| {
        let mut rows = TableWriter::new(output, &columns, terminal.layout());
        for packet in &standing.packets {
            let mut states = packet.files.iter().map(|file| file.state.word().to_owned());
            rows.row([
                packet.reviewer.clone(),
                packet.reviewed_by.clone().unwrap_or_default(),
                states.next().unwrap_or_default(),
                states.next().unwrap_or_default(),
                packet.rows.to_string(),
                packet.keep.to_string(),
                packet.revoke.to_string(),
                packet.ask.to_string(),
                packet.undecided.to_string(),
            ])?;
        }
        rows.end().map(drop)
    })
}
