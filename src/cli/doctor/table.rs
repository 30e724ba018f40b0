//! What is shown, for people: settings, then checks by what they are about, then what it all comes to.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::settings::Setting;
use super::show::{self, Shown};
use crate::ABOUT;
use crate::baton::diagnosis::{Check, Diagnosis, Group, Status, Verdict};
use crate::term::color::Paint;
use crate::term::sanitize;
use crate::term::wrap::wrap;

/// No line is longer, however wide the screen: long lines are hard to read.
const WIDEST: usize = 110;
/// Nor is the text made narrower: words need room.
const NARROWEST: usize = 80;
/// The word of a status and the space around it.
const STATUS: usize = 11;
/// Names of checks and settings take no more room than this.
const NAME: usize = 31;

/// The whole text, at most as wide as the screen; without one no line is broken.
pub fn render(shown: &Shown, paint: Paint, screen: Option<usize>) -> String {
    let width = screen.map_or(usize::MAX, |columns| columns.clamp(NARROWEST, WIDEST));
    let versions: Vec<String> = show::versions()
        .into_iter()
        .map(|(name, version)| match name {
            "program" => format!("baton-workato {version}"),
            "c1z" => format!("c1z {version}"),
            _ => version,
        })
        .collect();
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = writeln!(text, "{}", paint.dim(versions.join(" · ")));
    settings(&mut text, &shown.settings, paint, width);
    for section in sections(&shown.diagnosis) {
        let _ = writeln!(text, "\n{}", paint.bold(section.title(shown)));
        let checks = gathered(&section.checks);
        let names = checks.iter().map(|check| name(check).width());
        let column = names.max().unwrap_or_default().min(NAME);
        for check in &checks {
            line(&mut text, check, paint, column, width);
        }
    }
    let _ = writeln!(text, "\n{}", verdict(&shown.diagnosis, paint));
    text
}

fn settings(text: &mut String, settings: &[Setting], paint: Paint, width: usize) {
    let shown: Vec<&Setting> = settings.iter().filter(|setting| setting.in_table).collect();
    let _ = writeln!(text, "\n{}", paint.bold("Configuration"));
    let names = shown.iter().map(|s| s.name.width()).max().unwrap_or_default();
    let values = shown
        .iter()
        .map(|s| s.value.width())
        .max()
        .unwrap_or_default()
        .min(width / 3);
    for setting in &shown {
        let source = match (setting.places.is_empty(), setting.value.is_empty()) {
            (true, true) => "not set".to_owned(),
            (true, false) => "default".to_owned(),
            (false, _) => setting.places.join(" and "),
        };
        let value = sanitize::line(&setting.value);
        // A long value stands on lines of its own, whole: it may be a path to copy.
        let (first, more) = match value.width() <= values {
            true => (value.as_ref(), None),
            false => ("", Some(value.as_ref())),
        };
        let row = format!("  {:<names$}  {}  ", setting.name, padded(first, values));
        let _ = writeln!(text, "{row}{}", paint.dim(sanitize::line(&source)));
        for line in more
            .into_iter()
            .flat_map(|value| wrap(value, width.saturating_sub(names + 4)))
        {
            let _ = writeln!(text, "  {:<names$}  {line}", "");
        }
    }
    let hidden = settings.len() - shown.len();
    let _ = writeln!(
        text,
        "  {}",
        paint.dim(format!("{hidden} more have their defaults; -o json shows all"))
    );
}

/// Checks that stand together.
struct Section<'a> {
    group: Group,
    environment: Option<&'a str>,
    checks: Vec<&'a Check>,
}

impl Section<'_> {
    fn title(&self, shown: &Shown) -> String {
        match (self.group, self.environment) {
            (Group::Connection, _) if shown.workspace.base_url.is_empty() => "Connection".to_owned(),
            (Group::Connection, _) => {
                let place = format!("Connection to {}", sanitize::line(&shown.workspace.base_url));
                match &shown.workspace.name {
                    Some(name) => format!("{place} ({})", sanitize::line(name)),
                    None => place,
                }
            }
            (Group::Permissions, Some(environment)) => {
                format!(
                    "Permissions of the {} token",
                    sanitize::line(environment).to_uppercase()
                )
            }
            (group, _) => group.title().to_owned(),
        }
    }
}

/// The checks of a section, where many that were skipped for the same reason become one.
fn gathered(checks: &[&Check]) -> Vec<Check> {
    let mut gathered: Vec<Check> = Vec::new();
    for run in
        checks.chunk_by(|one, next| one.status == Status::Skipped && one.status == next.status && one.seen == next.seen)
    {
        match run {
            [first, _, _, ..] => gathered.push(Check::skipped(
                first.group,
                format!("{} checks", run.len()),
                &first.seen,
            )),
            few => gathered.extend(few.iter().map(|check| (*check).clone())),
        }
    }
    gathered
}

/// By group; permissions also by token.
fn sections(diagnosis: &Diagnosis) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for group in Group::ALL {
        for check in diagnosis.0.iter().filter(|check| check.group == group) {
            let environment = match group {
                Group::Permissions => check.environment.as_deref(),
                _ => None,
            };
            let own = |s: &&mut Section<'_>| s.group == group && s.environment == environment;
            match sections.iter_mut().find(own) {
                Some(section) => section.checks.push(check),
                None => sections.push(Section {
                    group,
                    environment,
                    checks: vec![check],
                }),
            }
        }
    }
    sections
}

fn line(text: &mut String, check: &Check, paint: Paint, column: usize, width: usize) {
    let word = format!("{:<7}", check.status.word());
    let word = match check.status {
        Status::Ok => paint.green(word),
        Status::Warning => paint.yellow(word),
        Status::Failed => paint.red(word),
        Status::Skipped => paint.dim(word),
    };
    let name = name(check);
    let indent = STATUS + column + 2;
    let mut seen = sanitize::lines(&check.seen).replace('\n', " ");
    // The checkbox of what may be read is worth knowing, too: a form can be compared with it.
    if let (Status::Ok, Some(needs)) = (check.status, &check.needs) {
        let _ = write!(seen, " · {}", short(needs));
    }
    if let Some(code) = check.code {
        let _ = write!(seen, " [{}]", ABOUT.code(code));
    }
    let mut lines = wrap(&seen, width.saturating_sub(indent)).into_iter();
    let first = lines.next().unwrap_or_default();
    let _ = writeln!(
        text,
        "{}",
        format!("  {word}  {}  {first}", padded(&name, column)).trim_end()
    );
    for line in lines {
        let _ = writeln!(text, "{:indent$}{line}", "");
    }
    for (title, more) in [("lost:", &check.lost), ("do:", &check.todo)] {
        let Some(more) = more else { continue };
        let more = sanitize::lines(more).replace('\n', " ");
        for (at, line) in wrap(&more, width.saturating_sub(STATUS + 6)).into_iter().enumerate() {
            let title = match at {
                0 => paint.cyan(format!("{title:<6}")),
                _ => " ".repeat(6),
            };
            let _ = writeln!(text, "{:STATUS$}{title}{line}", "");
        }
    }
}

fn name(check: &Check) -> String {
    sanitize::line(&check.name).into_owned()
}

/// `Get collaborators` of `Admin > Workspace collaborators > Collaborators > Get collaborators`, and `Connections > List`
/// of `Projects > Connections > List`: enough to find it in a form.
fn short(checkbox: &str) -> &str {
    let mut ends = checkbox.rmatch_indices(" > ").map(|(at, arrow)| at + arrow.len());
    let last = ends.next().unwrap_or_default();
    let from = match checkbox.get(last..) {
        Some("List") => ends.next().unwrap_or_default(),
        _ => last,
    };
    checkbox.get(from..).unwrap_or(checkbox)
}

/// With spaces behind it up to a number of columns.
fn padded(text: &str, columns: usize) -> String {
    let spaces = columns.saturating_sub(text.width());
    format!("{text}{:spaces$}", "")
}

fn verdict(diagnosis: &Diagnosis, paint: Paint) -> String {
    match diagnosis.verdict() {
        Verdict::Complete => paint.green("A sync with these settings would be complete."),
        Verdict::Incomplete => paint.yellow("A sync with these settings would not be complete."),
        Verdict::Fails => paint.red("A sync with these settings would fail."),
    }
}
