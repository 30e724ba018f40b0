//! The evidence as a page that needs nothing else: no script, nothing loaded, every text escaped.

use std::path::{Path, PathBuf};

use super::columns::Decision;
use super::evidence::{Evidence, EvidenceRow};
use super::folder;
use super::manifest::Since;
use crate::baton::error::Result;
use crate::baton::visible;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;\
color:#1b1f24;background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}table{border-collapse:collapse;\
width:100%;font-size:.87rem}th,td{text-align:left;vertical-align:top;padding:.35rem .5rem;border-bottom:1px solid \
#d0d7de;overflow-wrap:anywhere}th{background:#f3f5f7}dt{font-weight:600}dd{margin:0 0 .5rem 0;overflow-wrap:anywhere}\
.wide{overflow-x:auto}code{font-size:.85em}@media(prefers-color-scheme:dark){body{\
background:#14171a;color:#e6e8ea}th{background:#22272c}th,td{border-color:#3a4149}}@media print{\
body{margin:0;max-width:none}}";

/// The names of what is written into the folder.
const FILES: [&str; 2] = ["evidence.html", "evidence.json"];

impl Evidence {
    /// Writes both files into the folder of the review, in the place of those that are there.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, review: &Path) -> Result<Vec<PathBuf>> {
        let [html, json] = FILES;
        Ok(vec![
            folder::replace(review, html, page(self).as_bytes())?,
            folder::replace(review, json, self.json()?.as_bytes())?,
        ])
    }
}

fn page(evidence: &Evidence) -> String {
    let mut page = String::new();
    page.push_str("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    );
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    page.push_str(&format!("<title>Access review {}</title>", safe(&evidence.review)));
    page.push_str(&format!(
        "<style>{STYLE}</style></head><body>\n<h1>Access review</h1>\n"
    ));
    facts(&mut page, evidence);
    numbers(&mut page, evidence);
    list(&mut page, "Not known in the sync", &evidence.unknown);
    let problems: Vec<String> = evidence.problems.iter().map(ToString::to_string).collect();
    list(
        &mut page,
        "Refused: nothing of these files counts as decided",
        &problems,
    );
    reviewers(&mut page, evidence);
    let of = |wanted: Option<Decision>| move |row: &&EvidenceRow| row.decision == wanted;
    for (title, decision) in [
        ("Decided to be revoked", Some(Decision::Revoke)),
        ("To be asked", Some(Decision::Ask)),
        ("Undecided", None),
        ("Kept", Some(Decision::Keep)),
    ] {
        rows(&mut page, title, evidence.rows.iter().filter(of(decision)));
    }
    page.push_str("</body></html>\n");
    page
}

fn facts(page: &mut String, evidence: &Evidence) {
    let since = match &evidence.since {
        Since::Nothing => "nothing: there was no earlier review".to_owned(),
        Since::Review { id, started_at, .. } => format!("review {id} of {started_at}"),
    };
    let none = "none: nothing was carried out".to_owned();
    let facts = [
        ("Review", evidence.review.clone()),
        ("Started", evidence.started_at.clone()),
        ("This page", format!("written {}", evidence.written_at)),
        ("Version", evidence.version.clone()),
        (
            "Sync",
            format!("{}, ended {}", evidence.sync.id, evidence.sync.ended_at),
        ),
        ("Environments", evidence.sync.environments.join(", ")),
        ("File", evidence.file.path.clone()),
        ("SHA-256 of the file", evidence.file.sha256.clone()),
        ("SHA-256 of what was handed out", evidence.manifest_sha256.clone()),
        (
            "SHA-256 of the journal",
            evidence.journal_sha256.clone().unwrap_or(none),
        ),
        ("Compared with", since),
        ("Settled before, not handed out", evidence.settled.to_string()),
    ];
    page.push_str("<dl>");
    for (name, text) in facts {
        page.push_str(&format!("<dt>{}</dt><dd>{}</dd>", safe(name), safe(&text)));
    }
    page.push_str("</dl>\n");
}

fn numbers(page: &mut String, evidence: &Evidence) {
    let counts = &evidence.counts;
    let cells = [
        ("Rows", counts.rows),
        ("Keep", counts.keep),
        ("Revoke", counts.revoke),
        ("Ask", counts.ask),
        ("Undecided", counts.undecided),
        ("Carried out", counts.carried_out),
        ("Cannot be revoked here", counts.cannot),
        ("Open", counts.open),
    ];
    let heads: Vec<String> = cells
        .iter()
        .map(|(name, _)| format!("<th scope=\"col\">{name}</th>"))
        .collect();
    let numbers: Vec<String> = cells.iter().map(|(_, number)| format!("<td>{number}</td>")).collect();
    page.push_str(&format!(
        "<h2>In numbers</h2><div class=\"wide\"><table><thead><tr>{}</tr></thead><tbody><tr>{}</tr></tbody></table></div>\n",
        heads.concat(),
        numbers.concat()
    ));
}

fn list(page: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let items: Vec<String> = lines.iter().map(|line| format!("<li>{}</li>", safe(line))).collect();
    page.push_str(&format!("<h2>{}</h2><ul>{}</ul>\n", safe(title), items.concat()));
}

fn reviewers(page: &mut String, evidence: &Evidence) {
    let mut lines = String::new();
    for packet in &evidence.packets {
        let files: Vec<String> = packet
            .files
            .iter()
            .map(|file| {
                let sum = file.sha256.as_deref().unwrap_or("no bytes");
                let at = file.modified_at.as_deref().unwrap_or("no time");
                format!(
                    "{}: {}, {}, <code>{}</code>",
                    safe(&file.name),
                    file.state.word(),
                    safe(at),
                    safe(sum)
                )
            })
            .collect();
        let cells = [
            safe(&packet.reviewer),
            safe(packet.reviewed_by.as_deref().unwrap_or("no name given")),
            safe(packet.decided_in.as_deref().unwrap_or("nowhere")),
            packet.rows.to_string(),
            packet.undecided.to_string(),
            files.join("<br>"),
        ];
        lines.push_str(&line(&cells));
    }
    let heads = [
        "About",
        "Reviewed by",
        "Decided in",
        "Rows",
        "Undecided",
        "Files, as they are now",
    ];
    table(page, "Reviewers", &heads, &lines);
}

fn rows<'e>(page: &mut String, title: &str, rows: impl Iterator<Item = &'e EvidenceRow>) {
    let mut lines = String::new();
    let mut number = 0;
    for row in rows {
        number += 1;
        let decided = row.decided.as_ref().map(|by| {
            let who = by.reviewed_by.as_deref().unwrap_or("no name given");
            let by_then = row.decided_by_then.as_deref().unwrap_or("no time");
            format!("{who}, in {}, by {by_then}", by.file)
        });
        let outcome = match row.told.as_str() {
            "" => row.outcome.words().to_owned(),
            told => format!("{}: {told}", row.outcome.words()),
        };
        let cells = [
            format!("<code>{}</code>", safe(&row.row)),
            safe(&row.environment),
            format!("{}<br>{}", safe(&row.person), safe(&row.account)),
            safe(&row.access),
            safe(decided.as_deref().unwrap_or("")),
            safe(&row.note),
            safe(&outcome),
            safe(row.carried_out_at.as_deref().unwrap_or("")),
        ];
        lines.push_str(&line(&cells));
    }
    let heads = [
        "Row",
        "Environment",
        "Who",
        "Access",
        "Decided",
        "Note",
        "What became of it",
        "When",
    ];
    table(page, &format!("{title} ({number})"), &heads, &lines);
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!("<tr>{}</tr>\n", cells.concat())
}

fn table(page: &mut String, title: &str, heads: &[&str], lines: &str) {
    page.push_str(&format!("<h2>{}</h2>", safe(title)));
    if lines.is_empty() {
        page.push_str("<p>None.</p>\n");
        return;
    }
    let heads: Vec<String> = heads
        .iter()
        .map(|head| format!("<th scope=\"col\">{head}</th>"))
        .collect();
    page.push_str(&format!(
        "<div class=\"wide\"><table><thead><tr>{}</tr></thead><tbody>{lines}</tbody></table></div>\n",
        heads.concat()
    ));
}

/// A text that is nothing but text, and shows what would mislead.
fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible::escape(text, |_| false).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
