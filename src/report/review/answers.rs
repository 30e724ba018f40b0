//! What a reviewer answered. A sheet is held to what was handed out, cell by cell: rows that were added, moved or changed
//! are refused, so that nobody decides about another right than the one that was asked about.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::columns::{COLUMNS, DECISION, Decision, NOTE, REVIEW, ROW, SAID, SHEET};
use super::manifest::Row;
use super::table::Table;
use crate::baton::visible;

/// Problems of one file that are told; the others are counted.
const TOLD: usize = 20;

/// The answer about a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What was decided; nothing where it was not.
    pub decision: Option<Decision>,
    /// What was noted.
    pub note: String,
}

/// What does not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The name of the file.
    pub file: String,
    /// The row as the sheet numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The title of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<&'static str>,
    /// What is the matter.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(row) = self.row {
            write!(f, ", sheet {SHEET}, row {row}")?;
        }
        if let Some(column) = self.column {
            write!(f, ", column {column:?}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Holds a sheet to the rows that were handed out. There is an answer for each row where there is no problem.
pub(super) fn check(file: &str, review: &str, rows: &[Row], table: &Table) -> (Vec<Answer>, Vec<Problem>) {
    let mut checker = Checker {
        file,
        problems: Vec::new(),
    };
    for (at, column) in COLUMNS.iter().enumerate() {
        let there = table.header.get(at).map_or("", String::as_str);
        if there != column.title {
            checker.add(Some(1), Some(column.title), format!("it is called {there:?} here"));
        }
    }
    if table.header.len() > COLUMNS.len() {
        checker.add(Some(1), None, "there is a column that was not handed out".to_owned());
    }
    for (row, column) in &table.formulas {
        let title = usize::try_from(*column)
            .ok()
            .and_then(|at| COLUMNS.get(at.saturating_sub(1)));
        checker.add(
            Some(*row),
            title.map(|c| c.title),
            "there is a formula in it; type a word".to_owned(),
        );
    }
    let places: HashMap<&str, usize> = rows.iter().enumerate().map(|(at, row)| (row.id.as_str(), at)).collect();
    let mut answers = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let Some((line, cells)) = table.rows.get(at) else {
            checker.add(None, None, format!("row {} ({}) is missing", row.id, row.told()));
            continue;
        };
        answers.push(checker.row(review, (at, row), (*line, cells), &places));
    }
    for (line, cells) in table.rows.iter().skip(rows.len()) {
        let id = cells.get(ROW).map_or("", String::as_str);
        let message = match places.contains_key(id) {
            true => format!("row {id} stands here a second time"),
            false => "this row was not handed out".to_owned(),
        };
        checker.add(Some(*line), None, message);
    }
    let Checker { mut problems, .. } = checker;
    if problems.len() > TOLD {
        let more = problems.len() - TOLD;
        problems.truncate(TOLD);
        problems.push(Problem {
            file: file.to_owned(),
            row: None,
            column: None,
            message: format!("and {more} more"),
        });
    }
    (answers, problems)
}

struct Checker<'c> {
    file: &'c str,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn add(&mut self, row: Option<u32>, column: Option<&'static str>, message: String) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            row,
            column,
            message,
        });
    }

    fn row(
        &mut self,
        review: &str,
        (at, row): (usize, &Row),
        (line, cells): (u32, &[String]),
        places: &HashMap<&str, usize>,
    ) -> Answer {
        let cell = |at: usize| cells.get(at).map_or("", String::as_str);
        if cell(ROW) != row.id {
            let message = match places.get(cell(ROW)) {
                Some(_) => format!("row {} was moved: {} was handed out here", cell(ROW), row.id),
                None => format!("{:?} was not handed out: row {} stood here", cell(ROW), row.id),
            };
            self.add(Some(line), Some("Row"), format!("{message}; sort the rows by \"No.\""));
            return Answer::default();
        }
        let title = |at: usize| COLUMNS.get(at).map(|column| column.title);
        for (n, said) in row.said(at + 1).iter().enumerate().take(SAID) {
            // In a CSV, what looks like a formula has an apostrophe in front.
            let is_same = cell(n) == said || cell(n) == visible::field(said);
            if n != ROW && !is_same {
                self.add(
                    Some(line),
                    title(n),
                    format!("it says {:?} and was handed out as {said:?}", cell(n)),
                );
            }
        }
        if cell(REVIEW) != review {
            let message = format!("it belongs to review {:?}, and this is {review}", cell(REVIEW));
            self.add(Some(line), title(REVIEW), message);
        }
        if cells
            .get(COLUMNS.len()..)
            .is_some_and(|more| more.iter().any(|cell| !cell.is_empty()))
        {
            self.add(Some(line), None, "there is a cell behind the last column".to_owned());
        }
        let word = cell(DECISION).trim();
        let decision = Decision::of(word);
        if decision.is_none() && !word.is_empty() {
            let message = format!("{word:?} is no decision: keep, revoke, ask or nothing");
            self.add(Some(line), title(DECISION), message);
        }
        Answer {
            decision,
            note: cell(NOTE).trim().to_owned(),
        }
    }
}
