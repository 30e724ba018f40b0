//! The rules between rooms: who may import whom, who may print, who may open what. Read from the sources, so
//! that breaking one names the file and the line.

use std::fs;
use std::path::{Path, PathBuf};

/// A line of code with its place. Comments, and everything from the unit tests on, are left out.
struct Line {
    file: PathBuf,
    number: usize,
    text: String,
}

impl Line {
    fn place(&self) -> String {
        format!("{}:{}: {}", self.file.display(), self.number, self.text.trim())
    }

    fn is_in(&self, room: &str) -> bool {
        self.file.starts_with(Path::new("src").join(room))
    }

    /// Whether a word stands in the line as a whole word.
    fn names(&self, word: &str) -> bool {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        self.text.match_indices(word).any(|(at, _)| {
            let before = self.text[..at].chars().next_back();
            let after = self.text[at + word.len()..].chars().next();
            !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
        })
    }

    /// Whether the line refers to a module of the library: `crate::room`, `super::…::room` or inside `{…}`.
    fn refers_to(&self, room: &str) -> bool {
        ["crate::", "baton_workato::"].iter().any(|root| {
            self.text.match_indices(root).any(|(at, _)| {
                let rest = &self.text[at + root.len()..];
                let inside = rest
                    .strip_prefix('{')
                    .map(|list| list.split('}').next().unwrap_or(list));
                match inside {
                    Some(list) => list.split(',').any(|item| first_segment(item) == room),
                    None => first_segment(rest) == room,
                }
            })
        })
    }
}

fn first_segment(path: &str) -> &str {
    path.trim()
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()
        .unwrap_or("")
}

fn sources() -> Vec<Line> {
    let mut files = Vec::new();
    collect(Path::new("src"), &mut files);
    files.sort();
    let lines: Vec<Line> = files.iter().flat_map(|file| code_of(file)).collect();
    assert!(lines.len() > 1_000, "the sources were not found");
    lines
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// The lines of a file, multi-line `use crate::{…}` joined into one, comments blanked, unit tests cut off.
fn code_of(file: &Path) -> Vec<Line> {
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<Line> = Vec::new();
    let mut joining = false;
    for (index, text) in text.lines().enumerate() {
        if text.trim() == "#[cfg(test)]" {
            break;
        }
        let code = without_comment(text);
        match lines.last_mut() {
            Some(open) if joining => open.text.push_str(code),
            _ => lines.push(Line {
                file: file.to_owned(),
                number: index + 1,
                text: code.to_owned(),
            }),
        }
        let last = &lines.last().unwrap().text;
        let is_use = last.trim_start().starts_with("use ") || last.trim_start().starts_with("pub use ");
        joining = is_use && !last.contains(';');
    }
    lines
}

fn without_comment(line: &str) -> &str {
    // `//` inside of a text is not a comment; addresses are the only ones that have it.
    match line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':')) {
        Some((at, _)) => &line[..at],
        None => line,
    }
}

fn hold(rule: &str, broken: impl Fn(&Line) -> bool) {
    let places: Vec<String> = sources().iter().filter(|line| broken(line)).map(Line::place).collect();
    assert!(places.is_empty(), "{rule}:\n{}", places.join("\n"));
}

fn never_imports(room: &str, others: &[&str]) {
    for other in others {
        hold(&format!("{room} never imports {other}"), |line| {
            line.is_in(room) && line.refers_to(other)
        });
    }
}

#[test]
fn the_kit_knows_nobody() {
    never_imports("baton", &["workato", "simulator", "report", "cli", "term"]);
}

#[test]
fn the_store_of_keys_and_values_knows_nothing_of_what_is_in_it() {
    hold("baton::pebble uses nothing of ours", |line| {
        line.is_in("baton/pebble") && (line.text.contains("crate::") || line.text.contains("baton"))
    });
}

#[test]
fn the_vendor_knows_the_kit_only() {
    never_imports("workato", &["simulator", "report", "cli", "term"]);
}

#[test]
fn the_simulator_is_written_from_the_contract_not_from_the_client() {
    never_imports("simulator", &["workato", "cli", "term"]);
}

#[test]
fn the_terminal_knows_the_kit_only() {
    never_imports("term", &["workato", "simulator", "report", "cli"]);
    never_imports("report", &["workato", "simulator", "cli", "term"]);
}

#[test]
fn only_the_terminal_prints() {
    let printing = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let streams = ["io::stdout", "io::stderr", "stdout()", "stderr()"];
    hold("only term prints", |line| {
        let prints = printing
            .iter()
            .any(|name| line.names(name.trim_end_matches('!')) && line.text.contains(name));
        !line.is_in("term") && (prints || streams.iter().any(|name| line.text.contains(name)))
    });
}

#[test]
fn only_one_module_opens_connections() {
    hold("only baton::http mentions reqwest", |line| {
        !line.is_in("baton/http") && line.names("reqwest")
    });
}

#[test]
fn only_one_module_opens_databases() {
    hold("only baton::c1z mentions rusqlite", |line| {
        !line.is_in("baton/c1z") && line.names("rusqlite")
    });
}

#[test]
fn only_main_ends_the_process() {
    hold("only main exits the process", |line| {
        line.file != Path::new("src/main.rs")
            && ["process::exit", "process::abort"]
                .iter()
                .any(|name| line.text.contains(name))
    });
}

#[test]
fn the_vendor_is_not_named_in_the_kit() {
    hold("the kit never names the vendor", |line| {
        line.is_in("baton") && line.text.to_lowercase().contains("workato")
    });
}

#[test]
fn no_source_weakens_the_lints() {
    let weakening = ["unsafe_code", "allow(warnings)", "expect(unsafe", "allow(unsafe"];
    hold("unsafe stays forbidden", |line| {
        weakening.iter().any(|attribute| line.text.contains(attribute))
    });
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

#[test]
fn main_only_parses_runs_and_returns() {
    let lines = fs::read_to_string("src/main.rs").unwrap().lines().count();
    assert!(lines < 50, "src/main.rs has {lines} lines");
}

#[test]
fn no_file_is_a_drawer_for_everything() {
    let mut files = Vec::new();
    collect(Path::new("src"), &mut files);
    for file in files {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let drawer = ["util", "utils", "helper", "helpers", "common", "manager", "misc"].contains(&stem.as_str());
        assert!(!drawer, "{} says nothing about what is in it", file.display());
    }
}

#[test]
fn the_rules_can_be_broken() {
    let line = |text: &str| Line {
        file: "src/baton/x.rs".into(),
        number: 1,
        text: text.to_owned(),
    };
    assert!(line("use crate::term::Terminal;").refers_to("term"));
    assert!(line("use crate::{baton::page, cli::run};").refers_to("cli"));
    assert!(line("let x = crate::workato::client::new();").refers_to("workato"));
    assert!(!line("use crate::baton::terminology;").refers_to("term"));
    assert!(!line("use crate::terminal;").refers_to("term"));
    assert!(line("rusqlite::Connection").names("rusqlite"));
    assert!(!line("my_rusqlite_thing").names("rusqlite"));
    assert_eq!(without_comment("a // b"), "a ");
    assert_eq!(without_comment("\"https://x\" // b"), "\"https://x\" ");
}
