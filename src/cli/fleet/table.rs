//! What a run over a fleet shows.

use super::outcome::Outcome;
use crate::baton::error::{Error, Kind, Result};
use crate::term::Terminal;
use crate::term::output::Output;
use crate::term::pager::Paging;
use crate::term::table::{Column, TableWriter};

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Table,
    /// One document.
    Json,
    /// A line per workspace.
    JsonLines,
}

impl Form {
    /// By its name.
    pub fn of(word: &str) -> Form {
        match word.to_lowercase().as_str() {
            "json" => Form::Json,
            "jsonl" => Form::JsonLines,
            _ => Form::Table,
        }
    }
}

const COLUMNS: [Column; 7] = [
    Column::text("WORKSPACE"),
    Column::text("STATUS"),
    Column::text("SYNCED"),
    Column::number("RESOURCES"),
    Column::number("GRANTS"),
    Column::number("REQUESTS"),
    Column::text("WHY"),
];

/// Shows all.
///
/// # Errors
/// Those of stdout.
pub fn show(terminal: &Terminal, outcomes: &[Outcome], form: Form) -> Result<()> {
    terminal.deliver(&Paging::NEVER, |output| match form {
        Form::Table => rows(terminal, output, outcomes),
        Form::Json => output.json_line(&json(&serde_json::json!({ "workspaces": outcomes }))?),
        Form::JsonLines => outcomes
            .iter()
            .try_for_each(|outcome| output.json_line(&json(outcome)?)),
    })
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

fn rows(terminal: &Terminal, output: &mut Output, outcomes: &[Outcome]) -> Result<()> {
    let mut table = TableWriter::new(output, &COLUMNS, terminal.layout());
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    for outcome in outcomes {
        table.row([
            called(outcome),
            outcome.status.replace('_', " "),
            day(outcome),
            number(outcome.resources),
            number(outcome.grants),
            number(outcome.requests),
            why(outcome),
        ])?;
    }
    table.end().map(drop)
}

/// Its name, and that of the customer.
fn called(outcome: &Outcome) -> String {
    match &outcome.customer {
        Some(customer) => format!("{} ({customer})", outcome.workspace),
        None => outcome.workspace.clone(),
    }
}

/// The time of the sync that its file holds, to the minute.
fn day(outcome: &Outcome) -> String {
    let at = outcome.synced_at.as_deref().and_then(|at| at.get(..16));
    at.map_or_else(|| "never".to_owned(), |at| at.replace('T', " "))
}

fn why(outcome: &Outcome) -> String {
    match (&outcome.error, outcome.warnings.as_slice()) {
        (Some(error), _) => format!("{}: {}", error.code, error.message),
        (None, warnings) => warnings.join("; "),
    }
}

/// What is said of a workspace when it is done.
pub fn line(outcome: &Outcome, place: usize, total: usize) -> String {
    let took = outcome
        .elapsed_ms
        .map(|ms| format!(" in {}.{} s", ms / 1000, ms % 1000 / 100));
    let why = why(outcome);
    format!(
        "{place} of {total}  {}: {}{}{}",
        outcome.workspace,
        outcome.status.replace('_', " "),
        took.unwrap_or_default(),
        if why.is_empty() { why } else { format!(" ({why})") }
    )
}

/// The error of the run: the gravest of its workspaces, by what can be done about it.
///
/// # Errors
/// It, if there is any.
pub fn gravest(failures: &[Error], total: usize) -> Result<()> {
    /// What asks for somebody first.
    const ORDER: [Kind; 6] = [
        Kind::DataLoss,
        Kind::Unauthenticated,
        Kind::PermissionDenied,
        Kind::ResourceExhausted,
        Kind::Unavailable,
        Kind::DeadlineExceeded,
    ];
    let rank = |error: &&Error| {
        ORDER
            .iter()
            .position(|kind| *kind == error.kind())
            .unwrap_or(ORDER.len())
    };
    let Some(first) = failures.iter().min_by_key(rank) else {
        return Ok(());
    };
    let message = format!(
        "{} of {total} workspaces failed, one of them so: {first}",
        failures.len()
    );
    let mut error = Error::new(first.kind(), message).code(first.code_id());
    if let Some(hint) = first.hint_text() {
        error = error.hint(hint.to_owned());
    }
    Err(error)
}
