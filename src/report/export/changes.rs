//! The sheet of what changed since the sync before, as rows.

use crate::report::compare::changes::{Changed, Changes, Group};
use crate::report::compare::review::Presence;
use crate::report::compare::told::{Line, Sign};

/// The name of the sheet.
pub(super) const TITLE: &str = "What changed";

/// Its columns with their widths in characters.
pub(super) const COLUMNS: [(&str, u16); 8] = [
    ("Who or what", 30),
    ("E-mail", 30),
    ("Type", 20),
    ("Environment", 14),
    ("What became of it", 18),
    ("Change", 10),
    ("What", 60),
    ("Because of", 50),
];

/// A row, a text for each column.
pub(super) type Row = [String; COLUMNS.len()];

/// What is said above the table: which syncs, the sum, what is not known.
pub(super) fn head(changes: &Changes) -> Vec<String> {
    match changes {
        Changes::Nothing { none } => vec![none.clone()],
        Changes::Told(told) => {
            let ended = |at: &Option<String>| at.clone().unwrap_or_else(|| "unfinished".to_owned());
            let mut said = vec![format!(
                "{} ({}) → {} ({}): {}",
                ended(&told.older.ended_at),
                told.older.id,
                ended(&told.newer.ended_at),
                told.newer.id,
                told.summary
            )];
            said.extend(told.unknown.iter().cloned());
            said.extend(told.asides.iter().cloned());
            for (group, what) in [(&told.people, "people"), (&told.things, "things")] {
                if group.total > group.items.len() {
                    said.push(format!(
                        "The first {} of {} {what} are listed; `baton-workato diff` tells all.",
                        group.items.len(),
                        group.total
                    ));
                }
            }
            said
        }
    }
}

/// A row for everything that is told; somebody who only came or went has one as well.
pub(super) fn rows(changes: &Changes) -> Vec<Row> {
    let Changes::Told(told) = changes else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for Group { items, .. } in [&told.people, &told.things] {
        for one in items {
            add(one, &mut rows);
        }
    }
    rows
}

fn add(one: &Changed, rows: &mut Vec<Row>) {
    if one.lines.is_empty() {
        let change = match one.presence {
            Presence::Added => "added",
            Presence::Removed => "removed",
            Presence::Stayed => "changed",
        };
        rows.push(row(one, change, String::new(), ""));
    }
    for line in &one.lines {
        rows.push(row(one, word(line.sign), text(line), ""));
        for below in &line.below {
            rows.push(row(one, word(below.sign), text(below), &line.text));
        }
    }
    if one.more > 0 {
        let more = format!("and {} more; `baton-workato diff` tells all", one.more);
        rows.push(row(one, "", more, ""));
    }
}

fn row(one: &Changed, change: &str, what: String, because: &str) -> Row {
    [
        one.thing.beside_environment(),
        one.email.clone(),
        one.thing.type_name.clone(),
        one.thing.environment.clone().unwrap_or_default(),
        one.word.to_owned(),
        change.to_owned(),
        what,
        because.to_owned(),
    ]
}

fn text(line: &Line) -> String {
    match line.aside.as_str() {
        "" => line.text.clone(),
        aside => format!("{}: {aside}", line.text),
    }
}

fn word(sign: Sign) -> &'static str {
    match sign {
        Sign::Gained => "gained",
        Sign::Lost => "lost",
        Sign::Kept => "kept",
        Sign::Changed => "changed",
    }
}
