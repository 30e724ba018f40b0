//! Events on their way out, a line each. A table whose rows come one by one for hours cannot be laid out as a whole: its
//! columns are as wide as the first rows want them.

use unicode_width::UnicodeWidthStr as _;

use crate::baton::error::{Error, Kind, Result};
use crate::baton::hook::Told;
use crate::term::{Terminal, sanitize};
use crate::workato::event::happened::{Happened, Named};

/// The form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Table,
    /// A JSON document a line.
    JsonLines,
}

impl Form {
    /// By its name.
    pub fn of(word: &str) -> Form {
        match word.to_lowercase().as_str() {
            "jsonl" => Form::JsonLines,
            _ => Form::Table,
        }
    }
}

const TITLES: [&str; 6] = ["TIME (UTC)", "ENV", "EVENT", "WHO", "ON", "FROM"];
/// Columns are at least this wide, and grow up to the widest for the first rows.
const NARROWEST: [usize; 6] = [19, 4, 20, 24, 24, 0];
const WIDEST: usize = 48;

/// What was shown so far.
#[derive(Debug)]
pub struct Shown {
    form: Form,
    widths: Option<[usize; 6]>,
}

impl Shown {
    /// Nothing.
    pub fn new(form: Form) -> Shown {
        Shown { form, widths: None }
    }

    /// Shows some. `false` where nobody reads any more: then they count as not told.
    ///
    /// # Errors
    /// Those of stdout.
    pub async fn show(&mut self, terminal: &Terminal, rows: &[Happened]) -> Result<bool> {
        if rows.is_empty() {
            return Ok(true);
        }
        let text = match self.form {
            Form::JsonLines => rows.iter().map(json).collect::<Result<String>>()?,
            Form::Table => self.table(rows),
        };
        let terminal = terminal.clone();
        // Whoever reads may be slow: a signal must not wait for them.
        let offered = tokio::task::spawn_blocking(move || terminal.offer(&text)).await;
        offered.map_err(|error| Error::new(Kind::Internal, error.to_string()))?
    }

    fn table(&mut self, rows: &[Happened]) -> String {
        let cells: Vec<[String; 6]> = rows.iter().map(cells).collect();
        let mut text = String::new();
        let widths = *self.widths.get_or_insert_with(|| {
            let mut widths = NARROWEST;
            for row in &cells {
                for (width, cell) in widths.iter_mut().zip(row) {
                    *width = (*width).max(cell.width().min(WIDEST));
                }
            }
            text.push_str(&line(&TITLES.map(str::to_owned), &widths));
            widths
        });
        for row in &cells {
            text.push_str(&line(row, &widths));
        }
        text
    }
}

/// An event as JSON, with its line break.
///
/// # Errors
/// None that is known.
pub fn json(row: &Happened) -> Result<String> {
    let text = serde_json::to_string(row).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(sanitize::json(&text).into_owned() + "\n")
}

/// As JSON, for hooks.
///
/// # Errors
/// As [`json`].
pub fn told(rows: &[Happened]) -> Result<Vec<Told>> {
    let told = rows.iter().map(|row| {
        Ok(Told {
            id: row.id.clone(),
            at: row.time,
            event: json(row)?.trim_end().to_owned(),
        })
    });
    told.collect()
}

fn cells(row: &Happened) -> [String; 6] {
    let safe = |text: &str| sanitize::line(text).into_owned();
    let at = row.time.map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let who = row.actor.as_ref().map(person);
    let on = row.resource.as_ref().map(thing);
    [
        at.unwrap_or_else(|| "not known".to_owned()),
        row.environment.to_uppercase(),
        safe(row.event.as_deref().unwrap_or("?")),
        safe(&who.unwrap_or_default()),
        safe(&on.unwrap_or_default()),
        safe(row.address.as_deref().unwrap_or_default()),
    ]
}

fn person(who: &Named) -> String {
    let all = [&who.email, &who.name, &who.id];
    all.into_iter().flatten().next().cloned().unwrap_or_default()
}

fn thing(on: &Named) -> String {
    let named = [&on.kind, &on.id].into_iter().flatten().cloned();
    let name = on.name.as_ref().map(|name| format!("{name:?}"));
    named.chain(name).collect::<Vec<_>>().join(" ")
}

fn line(cells: &[String; 6], widths: &[usize; 6]) -> String {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(cell);
        let blank = width.saturating_sub(cell.width());
        text.extend(std::iter::repeat_n(' ', blank + 2));
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}
