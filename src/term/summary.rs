//! The end summary of a sync: tables for a person, one JSON line for a program.

use std::fmt::Write as _;
use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use super::color::Paint;
use super::sanitize;
use crate::baton::about::About;
use crate::baton::shell;
use crate::baton::sync::summary::{RowCounts, Status, Summary};

/// What was found in a sync of one sort: how much, not whom. Names of people belong on a screen, not into the logs of a
/// job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The stable name.
    pub key: String,
    /// `high`, `medium`, `low` or `info`.
    pub severity: &'static str,
    /// Headline.
    pub title: String,
    /// How many were found.
    pub found: u64,
    /// Of how many it is not known.
    pub unknown: u64,
    /// How many are excepted.
    pub excepted: u64,
}

/// What comes behind the summary of a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct After {
    /// What was found; nothing where nobody looked.
    pub found: Option<Vec<Told>>,
    /// Commands for the file that was written, one a line.
    pub next: Vec<String>,
}

/// Findings that the summary lists.
const FEW: usize = 5;

/// The summary as one JSON line. `msg` tells it from log lines; the other keys are those of [`Summary`], and `next`
/// where there is anything to do next.
pub fn json_line(summary: &Summary, after: &After) -> String {
    let mut object = serde_json::Map::new();
    object.insert("msg".to_owned(), "sync summary".into());
    if let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(summary) {
        object.extend(fields);
    }
    if let Some(found) = after.found.as_ref().and_then(|found| serde_json::to_value(found).ok()) {
        object.insert("findings".to_owned(), found);
    }
    if !after.next.is_empty() {
        object.insert("next".to_owned(), after.next.clone().into());
    }
    format!("{}\n", serde_json::Value::Object(object))
}

/// The summary as text of at most `width` columns; `next` are commands, one a line.
pub fn table(about: &About, summary: &Summary, after: &After, paint: Paint, width: usize) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n{}", headline(summary, paint));
    if let Some(resumed) = &summary.resumed {
        let lists = number(resumed.lists);
        let _ = writeln!(
            text,
            "It went on where the sync begun {} was stopped ({lists} lists); time and requests are of this run.",
            resumed.begun
        );
    }
    if let Some(why) = &summary.started_fresh_because {
        let code = summary
            .started_fresh_code
            .as_ref()
            .map(|code| format!(" [{code}]"))
            .unwrap_or_default();
        let why = sanitize::line(why);
        let _ = writeln!(text, "An unfinished sync was not resumed: {why}.{code}");
    }
    if let Some(incremental) = &summary.incremental {
        let line = match &incremental.full_because {
            Some(why) => format!("--incremental: full read, because {}.", sanitize::line(why)),
            None => format!(
                "--incremental: {} answers are those of the sync before; everything else was read.",
                number(incremental.reused)
            ),
        };
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "\n{}", indent(&rows(summary, width)));
    if !summary.requests.is_empty() {
        let _ = writeln!(text, "\n{}", indent(&requests(summary, width)));
    }
    if !summary.not_readable.is_empty() {
        let all = summary.not_readable.join(", ");
        let _ = writeln!(
            text,
            "\n{}",
            paint.dim(format!("not readable or not in this plan: {}", sanitize::line(&all)))
        );
    }
    for warning in &summary.warnings {
        let _ = writeln!(
            text,
            "\n{} {} ({})",
            paint.yellow(format!("warning[{}]:", warning.code)),
            sanitize::line(&warning.message),
            times(warning.count)
        );
        for example in &warning.examples {
            let _ = writeln!(
                text,
                "  {}",
                paint.dim(format!("for example {}", sanitize::line(example)))
            );
        }
    }
    if let Some(warning) = summary.warnings.first() {
        let _ = writeln!(
            text,
            "\n{}",
            paint.dim(format!("more: {} explain {}", about.name, warning.code))
        );
    }
    let file = summary.file.display().to_string();
    let _ = writeln!(
        text,
        "\n{} {} ({}), sync {}",
        paint.bold("file:"),
        sanitize::line(&file),
        bytes(summary.file_bytes),
        summary.sync_id
    );
    if let Some(found) = &after.found {
        text.push_str(&findings(about, summary, found, paint));
    }
    if !after.next.is_empty() {
        let _ = writeln!(text, "{}", paint.bold("next:"));
    }
    for command in &after.next {
        let _ = writeln!(text, "  {}", paint.cyan(command));
    }
    text
}

/// The worst few, with how many each.
fn findings(about: &About, summary: &Summary, found: &[Told], paint: Paint) -> String {
    let mut text = String::new();
    let shown: Vec<&Told> = found.iter().filter(|told| told.found > 0).take(FEW).collect();
    let _ = writeln!(text, "{}", paint.bold("worth a look:"));
    for told in &shown {
        let severity = format!("{:<6}", told.severity);
        let severity = match told.severity {
            "high" => paint.red(severity),
            "medium" => paint.yellow(severity),
            _ => severity,
        };
        let _ = writeln!(
            text,
            "  {severity}  {:>5}  {}",
            number(told.found),
            sanitize::line(&told.title)
        );
    }
    if shown.is_empty() {
        let _ = writeln!(text, "  {}", paint.dim("nothing was found".to_owned()));
    }
    let file = shell::word(&summary.file.display().to_string());
    let all = format!("all, and what is not known: {} findings -f {file}", about.name);
    let _ = writeln!(text, "  {}", paint.dim(all));
    text
}

fn headline(summary: &Summary, paint: Paint) -> String {
    let took = duration(Duration::from_millis(summary.elapsed_ms));
    let kind = if summary.sync_type == "full" {
        String::new()
    } else {
        format!(" ({})", summary.sync_type)
    };
    match summary.status {
        Status::Complete => format!("{} in {took}{kind}", paint.green("Sync complete")),
        Status::CompleteWithWarnings => {
            let count = summary.warnings.len();
            let causes = if count == 1 {
                "1 warning".to_owned()
            } else {
                format!("{count} warnings")
            };
            format!(
                "{} in {took}{kind}",
                paint.yellow(format!("Sync complete with {causes}"))
            )
        }
    }
}

fn rows(summary: &Summary, width: usize) -> String {
    let mut table = new_table(width);
    table.set_header(["resource type", "resources", "entitlements", "grants"]);
    let cells = |name: &str, rows: RowCounts| {
        [
            sanitize::line(name).into_owned(),
            number(rows.resources),
            number(rows.entitlements),
            number(rows.grants),
        ]
    };
    for (resource_type, counts) in &summary.rows {
        table.add_row(cells(resource_type, *counts));
    }
    table.add_row(cells("total", summary.total()));
    let expanded = match summary.expanded_grants {
        0 => String::new(),
        count => format!("\nof the grants, {} came from expansion", number(count)),
    };
    format!("{}{expanded}", numbers_right(table))
}

fn requests(summary: &Summary, width: usize) -> String {
    let mut table = new_table(width);
    table.set_header(["requests", "sent", "retries", "throttled", "waited"]);
    let total_counts = summary.total_requests();
    let total = (summary.requests.len() > 1).then_some(("total", &total_counts));
    for (family, counts) in summary.requests.iter().map(|(f, c)| (f.as_str(), c)).chain(total) {
        table.add_row([
            sanitize::line(family).into_owned(),
            number(counts.requests),
            number(counts.retries),
            number(counts.throttled),
            duration(Duration::from_millis(counts.waited_ms)),
        ]);
    }
    let bound = match summary.bound() {
        Some((family, requests, rate)) => format!(
            "\nbounded by {}: {} requests at {} a minute",
            sanitize::line(family),
            number(requests),
            number(rate.into())
        ),
        None => String::new(),
    };
    let shared = match total_counts.shared {
        true => "\nrefused in several families at once, so they were paced as one",
        false => "",
    };
    format!("{}{bound}{shared}", numbers_right(table))
}

fn new_table(width: usize) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .force_no_tty()
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width.saturating_sub(2)).unwrap_or(u16::MAX));
    table
}

/// Aligns everything but the first column to the right.
fn numbers_right(mut table: Table) -> String {
    table
        .column_iter_mut()
        .skip(1)
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| format!("  {}", line.trim_start()))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A count with separators: `12,345`.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn times(count: u64) -> String {
    if count == 1 {
        "once".to_owned()
    } else {
        format!("{} times", number(count))
    }
}

/// A time span for people: `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 03 min`.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..60 => format!("{}.{} s", seconds, span.subsec_millis() / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A size for people, in units of 1000.
pub fn bytes(count: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", count / unit, count % unit * 10 / unit);
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::about::EXAMPLE;
    use crate::baton::http::FamilyCounts;
    use crate::baton::warning::Warning;

    fn summary() -> Summary {
        let rows = |resources, entitlements, grants| RowCounts {
            resources,
            entitlements,
            grants,
        };
        let family = |requests, retries, throttled, waited_ms| FamilyCounts {
            requests,
            retries,
            throttled,
            waited_ms,
            per_minute: Some(60),
            shared: false,
        };
        Summary {
            status: Status::CompleteWithWarnings,
            sync_id: "2abc".to_owned(),
            sync_type: "full".to_owned(),
            file: "out/sync.c1z".into(),
            file_bytes: 48_213,
            rows: [
                ("collaborator".to_owned(), rows(1_204, 0, 0)),
                ("role".to_owned(), rows(12, 24, 1_310)),
            ]
            .into(),
            expanded_grants: 17,
            requests: [
                ("collaborators".to_owned(), family(61, 1, 1, 23_400)),
                ("roles".to_owned(), family(2, 0, 0, 0)),
            ]
            .into(),
            warnings: vec![Warning {
                cause: "folder-not-listed",
                code: EXAMPLE.code(crate::baton::code::ROWS_DROPPED),
                message: "a grant names a folder that no listing shows".to_owned(),
                count: 3,
                examples: vec!["folder 42 of \u{1b}[31mEve".to_owned()],
            }],
            not_readable: vec!["genies".to_owned(), "MCP servers".to_owned()],
            incremental: None,
            elapsed_ms: 84_000,
            resumed: None,
            started_fresh_because: None,
            started_fresh_code: None,
            remembered: Default::default(),
        }
    }

    #[test]
    fn a_person_gets_tables() {
        let told = |severity, title: &str, found| Told {
            key: "key".to_owned(),
            severity,
            title: title.to_owned(),
            found,
            unknown: 1,
            excepted: 0,
        };
        let after = After {
            found: Some(vec![
                told("high", "Admins", 12),
                told("low", "Keys \u{1b}[31m", 3),
                told("high", "None", 0),
            ]),
            next: vec!["baton-workato access \"Ada Lovelace\" -f out/sync.c1z".to_owned()],
        };
        insta::assert_snapshot!(table(&EXAMPLE, &summary(), &after, Paint::OFF, 80), @r#"

        Sync complete with 1 warning in 1 min 24 s

          resource type  resources  entitlements  grants
          collaborator       1,204             0       0
          role                  12            24   1,310
          total              1,216            24   1,310
          of the grants, 17 came from expansion

          requests       sent  retries  throttled  waited
          collaborators    61        1          1  23.4 s
          roles             2        0          0    0 ms
          total            63        1          1  23.4 s
          bounded by collaborators: 61 requests at 60 a minute

        not readable or not in this plan: genies, MCP servers

        warning[RO-0901]: a grant names a folder that no listing shows (3 times)
          for example folder 42 of \u{1b}[31mEve

        more: baton-rota explain RO-0901

        file: out/sync.c1z (48.2 kB), sync 2abc
        worth a look:
          high       12  Admins
          low         3  Keys \u{1b}[31m
          all, and what is not known: baton-rota findings -f out/sync.c1z
        next:
          baton-workato access "Ada Lovelace" -f out/sync.c1z
        "#);
    }

    fn change(summary: &mut Summary, family: &str, requests: u64, per_minute: Option<u32>, shared: bool) {
        let counts = summary.requests.get_mut(family).unwrap();
        (counts.requests, counts.per_minute, counts.shared) = (requests, per_minute, shared);
    }

    #[test]
    fn the_bound_is_named_when_there_is_one() {
        let mut summary = summary();
        change(&mut summary, "roles", 60, Some(60), false);
        change(&mut summary, "collaborators", 60, Some(60), false);
        assert_eq!(summary.bound(), None, "fits into the first minute");
        change(&mut summary, "collaborators", 90, Some(60), false);
        change(&mut summary, "roles", 50, Some(30), false);
        assert_eq!(summary.bound(), Some(("roles", 50, 30)), "longer at its own rate");
        change(&mut summary, "collaborators", 90, Some(60), true);
        change(&mut summary, "roles", 50, Some(60), true);
        assert_eq!(summary.bound(), Some(("all families together", 140, 60)));
        assert!(table(&EXAMPLE, &summary, &After::default(), Paint::OFF, 80).contains("so they were paced as one"));
        change(&mut summary, "collaborators", 90, None, false);
        change(&mut summary, "roles", 50, None, false);
        assert_eq!(summary.bound(), None, "no quota");
    }

    #[test]
    fn a_program_gets_one_json_line_with_stable_keys() {
        let line = json_line(&summary(), &After::default());
        assert_eq!(line.matches('\n').count(), 1);
        assert!(
            line.starts_with(r#"{"msg":"sync summary","status":"complete_with_warnings","sync_id":"2abc""#),
            "{line}"
        );
        assert!(!line.contains('\u{1b}'));
    }

    #[test]
    fn counts_sizes_and_spans_are_readable() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"],
            [0, 999, 1_000, 1_234_567].map(number)
        );
        assert_eq!(["12 B", "48.2 kB", "1.0 MB"], [12, 48_213, 1_000_000].map(bytes));
        let spans = [850, 12_340, 245_000, 7_380_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(spans, ["850 ms", "12.3 s", "4 min 05 s", "2 h 03 min"]);
    }
}
