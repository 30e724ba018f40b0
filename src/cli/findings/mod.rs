//! `findings`: what a reviewer should look at first, for people, programs and pipelines.

mod show;

use clap::{Arg, ArgMatches, Command};
use jiff::Zoned;

use super::launch::{self, Rules};
use super::read::{self, READING, Reading};
use super::{bad_value, given, policy, vendor};
use crate::ABOUT;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::report::compare::sides;
use crate::report::findings::{Assessment, Severity, junit, sarif};
use crate::report::{Snapshot, code, wording};
use crate::term::Terminal;

/// The forms of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Json,
    JsonLines,
    Sarif,
    Junit,
}

const FORMS: [(&str, Form); 5] = [
    ("table", Form::Table),
    ("json", Form::Json),
    ("jsonl", Form::JsonLines),
    ("sarif", Form::Sarif),
    ("junit", Form::Junit),
];

/// The command.
pub fn command() -> Command {
    let severity = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("SEVERITY")
            .ignore_case(true)
            .value_parser(Severity::ALL.map(Severity::word))
            .hide_possible_values(true)
            .help(help)
    };
    let since = Arg::new("new-since")
        .long("new-since")
        .value_name("SYNC|TIME")
        .help("Only what an older sync of the file did not have: its id, or 7d, 12h, 2026-11-01");
    let form = Arg::new("form")
        .short('o')
        .long("output")
        .alias("output-format")
        .value_name("FORMAT")
        .default_value("table")
        .hide_default_value(true)
        .hide_possible_values(true)
        .value_parser(FORMS.map(|(word, _)| word))
        .help("Form of the answer: table, json, jsonl (one finding per line), sarif or junit (default \"table\")")
        .help_heading(READING);
    let all = Arg::new("all")
        .long("all")
        .action(clap::ArgAction::SetTrue)
        .help("Show every line instead of counts");
    read::add_source(Command::new("findings").about("Show what to look at first: who, why, and what to do"))
        .arg(severity(
            "severity",
            "Only findings at least as bad: high, medium, low, info",
        ))
        .arg(since)
        .arg(severity(
            "fail-on",
            "End with exit code 9 if anything at least as bad is found",
        ))
        .arg(all)
        .arg(form)
        .arg(
            Arg::new("no-pager")
                .long("no-pager")
                .action(clap::ArgAction::SetTrue)
                .help("Do not show long tables through $PAGER")
                .help_heading(READING),
        )
        .after_help(
            "The same findings as on the page of `explore` and in the report of `export`. What a sync does\n\
             not say is told as not known: it is neither found nor fine. What is found keeps its id from\n\
             sync to sync; what got worse since is new, too.\n\n\
             Examples:\n  \
             # What to look at\n  \
             baton-workato findings -f sync.c1z\n\n  \
             # What is new since last week\n  \
             baton-workato findings --new-since 7d\n\n  \
             # In a pipeline: end with exit code 9 if anything bad is found, and show it where tests are shown\n  \
             baton-workato findings --severity high --fail-on high -o junit > findings.xml\n\n  \
             # For a code scanner\n  \
             baton-workato findings -o sarif > findings.sarif\n\n  \
             # By rules of your own, with exceptions\n  \
             baton-workato findings --policy rules.yaml\n\n  \
             # The ids of what is found\n  \
             baton-workato findings -o json | jq -r '.findings[].items[].id'",
        )
}

/// Looks and shows.
///
/// # Errors
/// Those of the file and of stdout; `ConditionHeld` (exit code 9) with `--fail-on` where something is found.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    let reading = Reading::of(terminal, own, &values)?;
    let severity = |name: &str| own.get_one::<String>(name).and_then(|word| Severity::of(word));
    let word = own.get_one::<String>("form").map_or("table", String::as_str);
    let form = FORMS.into_iter().find(|(known, _)| *known == word);
    let (_, form) = form.ok_or_else(|| bad_value(format!("{word:?} is not a form of the answer")))?;
    let policy = policy::chosen(&values)?;
    let snapshot = reading.open()?;
    let file = snapshot.file().display().to_string();
    let mut assessment = Assessment::of(&snapshot, vendor::conventions(&snapshot)?, &policy, &file)?;
    if let Some(since) = given::text(own, "new-since")? {
        let older = older(&snapshot, since)?;
        assessment.new_since(&Assessment::of(&older, vendor::conventions(&older)?, &policy, &file)?);
    }
    // What fails is judged before what is shown is chosen.
    let fails = severity("fail-on").map(|worst| (worst, assessment.total(worst)));
    if let Some(least) = severity("severity") {
        assessment.at_least(least);
    }
    match form {
        Form::Table => show::table(terminal, &reading, &assessment, own.get_flag("all"))?,
        Form::Json => show::json(terminal, &snapshot, &assessment)?,
        Form::JsonLines => show::json_lines(terminal, &assessment)?,
        Form::Sarif => show::document(terminal, &sarif(&ABOUT, &assessment, &file).to_string())?,
        Form::Junit => terminal.data(&junit(&assessment))?,
    }
    match fails {
        Some((worst, found)) if found > 0 => {
            let found = usize::try_from(found).unwrap_or(usize::MAX);
            let least = match worst {
                Severity::High => "high severity",
                Severity::Medium => "medium severity or worse",
                Severity::Low => "low severity or worse",
                Severity::Info => "any severity",
            };
            let message = format!(
                "{} of {least}",
                wording::count(found, "thing was found", "things were found")
            );
            Err(Error::new(Kind::ConditionHeld, message)
                .code(code::FOUND)
                .hint("they are among what is shown, unless --severity hides them"))
        }
        _ => Ok(()),
    }
}

/// The older sync: by its id, else the newest full one that ended at or before a time.
fn older(snapshot: &Snapshot, since: &str) -> Result<Snapshot> {
    if let Some(run) = snapshot.reader().run(since)? {
        return snapshot.beside(run);
    }
    let moment = sides::moment(since, &Zoned::now()).context("understand --new-since")?;
    snapshot.beside(sides::at_or_before(snapshot, moment)?)
}
