//! Findings as a tree for people, and as JSON.

use crate::baton::error::{Error, Kind, Result};
use crate::cli::program::NAME;
use crate::cli::read::Reading;
use crate::report::Snapshot;
use crate::report::findings::{Assessment, Finding, Severity};
use crate::term::Terminal;
use crate::term::sanitize;
use crate::term::tree::{self, Node, Tone};

/// Things that are told of one finding.
const FEW: usize = 5;
/// Rows that are told of one thing.
const ROWS: usize = 3;

/// Shows the tree.
///
/// # Errors
/// Those of stdout.
pub(super) fn table(terminal: &Terminal, reading: &Reading, assessment: &Assessment, all: bool) -> Result<()> {
    let mut nodes: Vec<Node> = Vec::new();
    let (mut clean, mut folded) = (Vec::new(), false);
    for finding in &assessment.findings {
        if finding.is_clean() {
            clean.push(finding.title.as_str());
            continue;
        }
        if !nodes.is_empty() {
            nodes.push(Node::blank());
        }
        nodes.push(one(finding, all, &mut folded));
    }
    // What is left out because the older sync had it is not clean.
    let (nothing, looked_for) = match assessment.is_since {
        true => ("Nothing new was found.", "Nothing new of"),
        false => ("Nothing was found.", "Looked for and not found"),
    };
    if nodes.is_empty() {
        nodes.push(Node::new(Tone::Bold, nothing));
    }
    if !clean.is_empty() {
        nodes.push(Node::blank());
        let text = format!("{looked_for}: {}.", clean.join(", "));
        nodes.push(Node::new(Tone::Dim, text));
    }
    if !assessment.notes.is_empty() {
        let mut section = Node::new(Tone::Yellow, "About the policy");
        for note in &assessment.notes {
            section.push(Node::new(Tone::Plain, note));
        }
        nodes.push(Node::blank());
        nodes.push(section);
    }
    if !assessment.unknown.is_empty() {
        let mut section = Node::new(Tone::Yellow, "Not known, and not counted above");
        for gap in &assessment.unknown {
            let line = Node::new(Tone::Plain, &gap.message);
            section.push(match &gap.code {
                Some(code) => line.and(Tone::Dim, format!(" ({code})")),
                None => line,
            });
        }
        nodes.push(Node::blank());
        nodes.push(section);
    }
    if folded {
        nodes.push(Node::blank());
        nodes.push(Node::new(Tone::Dim, "--all shows every line instead of counts."));
    }
    terminal.deliver(&reading.paging, |output| {
        nodes
            .iter()
            .try_for_each(|node| tree::write(output, node, terminal.layout()))
    })
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::High => Tone::Red,
        Severity::Medium => Tone::Yellow,
        Severity::Low | Severity::Info => Tone::Plain,
    }
}

fn one(finding: &Finding, all: bool, folded: &mut bool) -> Node {
    let mut node = Node::new(tone(finding.severity), finding.severity.word())
        .and(Tone::Bold, format!("  {}", finding.title))
        .and(Tone::Plain, format!(" · {}", counts(finding)))
        .and(Tone::Dim, format!("  {}", finding.key));
    node.push(Node::new(Tone::Dim, &finding.why));
    node.push(Node::new(Tone::Plain, format!("What to do: {}", finding.what_to_do)));
    let most = if all { usize::MAX } else { FEW };
    for item in finding.items.iter().take(most) {
        let mut line = Node::new(Tone::Plain, item.thing.told()).and(Tone::Plain, format!(": {}", item.detail));
        if let Some(owner) = &item.owner {
            line = line.and(Tone::Dim, format!("; owner {owner}"));
        }
        let rows = if all { usize::MAX } else { ROWS };
        if all {
            line.push(Node::new(Tone::Dim, format!("id: {}", item.id)));
            for row in item.evidence.iter().take(rows) {
                line.push(Node::new(Tone::Dim, format!("{}: {}", row.row, row.says)));
            }
        }
        if item.fix.is_empty() || all {
            line.push(Node::new(Tone::Dim, &item.look));
        }
        for fix in item.fix.iter().take(rows) {
            line.push(Node::new(Tone::Dim, fix));
        }
        if let Some(more) = item.fix.len().checked_sub(rows).filter(|more| *more > 0) {
            *folded = true;
            line.push(Node::new(Tone::Dim, format!("and {more} more commands")));
        }
        node.push(line);
    }
    fold(&mut node, finding.items.len(), most, folded);
    if !finding.unknown.is_empty() {
        let mut section = Node::new(Tone::Yellow, "Not known");
        for unknown in finding.unknown.iter().take(most) {
            let text = match &unknown.thing {
                Some(thing) => format!("{}: {}", thing.told(), unknown.why),
                None => unknown.why.clone(),
            };
            section.push(Node::new(Tone::Plain, text));
        }
        fold(&mut section, finding.unknown.len(), most, folded);
        node.push(section);
    }
    if !finding.excepted.is_empty() {
        let mut section = Node::new(Tone::Dim, "Excepted");
        for excepted in finding.excepted.iter().take(most) {
            let until = excepted
                .until
                .as_ref()
                .map_or(String::new(), |until| format!(" (until {until})"));
            let told = excepted.item.thing.told();
            section.push(Node::new(Tone::Plain, format!("{told}: {}{until}", excepted.reason)));
        }
        fold(&mut section, finding.excepted.len(), most, folded);
        node.push(section);
    }
    node
}

/// Says how many are not told.
fn fold(node: &mut Node, number: usize, most: usize, folded: &mut bool) {
    if let Some(more) = number.checked_sub(most).filter(|more| *more > 0) {
        *folded = true;
        node.push(Node::new(Tone::Dim, format!("and {more} more")));
    }
}

/// `3 found, of 2 it is not known, 1 excepted`.
fn counts(finding: &Finding) -> String {
    let mut parts = vec![format!("{} found", finding.total)];
    if finding.unknown_total > 0 {
        parts.push(format!("of {} not known", finding.unknown_total));
    }
    if finding.excepted_total > 0 {
        parts.push(format!("{} excepted", finding.excepted_total));
    }
    parts.join(", ")
}

/// All of it as one document.
///
/// # Errors
/// As [`table`].
pub(super) fn json(terminal: &Terminal, snapshot: &Snapshot, assessment: &Assessment) -> Result<()> {
    let mut object = serde_json::Map::new();
    let run = snapshot.run();
    object.insert("program".to_owned(), NAME.into());
    object.insert(
        "sync".to_owned(),
        serde_json::json!({"id": run.sync_id, "endedAt": run.ended_at}),
    );
    if let serde_json::Value::Object(fields) = value(assessment)? {
        object.extend(fields);
    }
    document(terminal, &serde_json::Value::Object(object).to_string())
}

/// A finding a line.
///
/// # Errors
/// As [`table`].
pub(super) fn json_lines(terminal: &Terminal, assessment: &Assessment) -> Result<()> {
    for finding in &assessment.findings {
        document(terminal, &value(finding)?.to_string())?;
    }
    Ok(())
}

/// JSON on one line.
///
/// # Errors
/// As [`table`].
pub(super) fn document(terminal: &Terminal, json: &str) -> Result<()> {
    terminal.data(&format!("{}\n", sanitize::json(json)))
}

fn value(of: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(of).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}
