//! The rules between rooms: who may import whom, who may print, who may open what. Read from the sources, so
//! that breaking one names the file and the line.

use std::collections::{BTreeMap, BTreeSet};
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
    let mut of_tests = false;
    // What ends an item that only tests have.
    let mut skipped_to: Option<String> = None;
    for (index, text) in text.lines().enumerate() {
        if let Some(end) = &skipped_to {
            if text == end {
                skipped_to = None;
            }
            continue;
        }
        // An item for tests is left out; a module of them is the end.
        if std::mem::take(&mut of_tests) {
            if text.starts_with("mod ") && text.ends_with('{') {
                break;
            }
            if !text.ends_with(';') {
                let indent = text.len() - text.trim_start().len();
                skipped_to = Some(format!("{}}}", " ".repeat(indent)));
            }
            continue;
        }
        if text.trim() == "#[cfg(test)]" {
            of_tests = true;
            continue;
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
    never_imports("baton", &["workato", "simulator", "report", "cli", "term", "telemetry"]);
}

#[test]
fn the_store_of_keys_and_values_knows_nothing_of_what_is_in_it() {
    hold("baton::pebble uses nothing of ours", |line| {
        line.is_in("baton/pebble") && (line.text.contains("crate::") || line.text.contains("baton"))
    });
}

#[test]
fn the_vendor_knows_the_kit_only() {
    never_imports("workato", &["simulator", "report", "cli", "term", "telemetry"]);
}

#[test]
fn the_simulator_is_written_from_the_contract_not_from_the_client() {
    never_imports("simulator", &["workato", "cli", "term"]);
}

#[test]
fn the_terminal_knows_the_kit_only() {
    never_imports("term", &["workato", "simulator", "report", "cli", "telemetry"]);
    never_imports("report", &["workato", "simulator", "cli", "term", "telemetry"]);
    never_imports("telemetry", &["workato", "simulator", "report", "cli", "term"]);
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

/// The rooms of the resource types with their types' names, and which rooms beside them may name them: a grant names the
/// principal, a row names where it lies. A room that is new needs nobody, so its line ends after its names.
const ROOMS: [(&str, &str, &str, &[&str]); 19] = [
    (
        "collaborator",
        "collaborator",
        "Collaborator",
        &[
            "access_model.rs",
            "action",
            "diagnosis",
            "environment_role",
            "event",
            "folder",
            "group",
            "incremental",
            "privilege",
            "project",
            "role",
            "role_assignments.rs",
            "tokens.rs",
            "writing",
        ],
    ),
    (
        "environment_role",
        "environment_role",
        "EnvironmentRole",
        &["access_model.rs", "event", "family", "incremental"],
    ),
    (
        "role",
        "role",
        "Role",
        &[
            "access_model.rs",
            "collaborator",
            "environment_role",
            "event",
            "family",
            "folder",
            "privilege",
            "role_assignments.rs",
        ],
    ),
    (
        "privilege",
        "privilege",
        "Privilege",
        &["collaborator", "environment_role", "folder", "incremental", "role"],
    ),
    (
        "project",
        "project",
        "Project",
        &[
            "action",
            "api_client.rs",
            "api_collection.rs",
            "diagnosis",
            "event",
            "folder",
            "genie.rs",
            "incremental",
            "mcp_server.rs",
            "writing",
        ],
    ),
    (
        "folder",
        "folder",
        "Folder",
        &[
            "api_client.rs",
            "connection.rs",
            "diagnosis",
            "event",
            "incremental",
            "privilege",
            "project",
            "role",
        ],
    ),
    (
        "group",
        "collaborator_group",
        "CollaboratorGroup",
        &["access_model.rs", "action", "incremental", "project"],
    ),
    (
        "project_role",
        "project_role",
        "ProjectRole",
        &["incremental", "project"],
    ),
    (
        "api_client",
        "api_client",
        "ApiClient",
        &["action", "api_client_role.rs", "api_key.rs", "event"],
    ),
    (
        "api_client_role",
        "api_client_role",
        "ApiClientRole",
        &["api_client.rs", "event"],
    ),
    ("connection", "connection", "Connection", &["action", "event", "folder"]),
    ("identity_user", "identity_user", "IdentityUser", &["identity_group"]),
    (
        "identity_group",
        "identity_group",
        "IdentityGroup",
        &["genie.rs", "mcp_server.rs", "writing"],
    ),
    ("genie", "genie", "Genie", &["action", "identity_group"]),
    ("mcp_server", "mcp_server", "McpServer", &["identity_group"]),
    ("genie_client", "genie_client", "GenieClient", &[]),
    (
        "api_platform_client",
        "api_platform_client",
        "ApiPlatformClient",
        &["api_collection.rs", "api_key", "api_key.rs", "event"],
    ),
    ("api_key", "api_key", "ApiKey", &["action"]),
    ("api_collection", "api_collection", "ApiCollection", &[]),
];

impl Line {
    /// Where a line of the vendor stands: a folder or a file below its room.
    fn vendors(&self) -> Option<String> {
        let below = self.file.strip_prefix("src/workato").ok()?;
        Some(below.components().next()?.as_os_str().to_string_lossy().into_owned())
    }

    /// Whether a line of the vendor takes something from a room of it.
    fn takes_from(&self, room: &str) -> bool {
        ["super::", "workato::", "self::"].iter().any(|root| {
            self.text.match_indices(root).any(|(at, _)| {
                let rest = &self.text[at + root.len()..];
                match rest.strip_prefix('{') {
                    Some(list) => outermost(list).iter().any(|item| first_segment(item) == room),
                    None => first_segment(rest) == room,
                }
            })
        })
    }
}

/// The items of a list in braces, up to the one that closes it; those in inner braces belong to what is before them.
fn outermost(list: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                items.push(&list[start..at]);
                return items;
            }
            ',' if depth == 0 => {
                items.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&list[start..]);
    items
}

/// Whether a place below the vendor's room is this room's own, or one that knows all of them.
fn is_at_home(place: &str, room: &str) -> bool {
    place == room || place == format!("{room}.rs") || ["mod.rs", "conventions.rs"].contains(&place)
}

#[test]
fn a_resource_type_is_named_in_its_room_only() {
    let sources = sources();
    let types = fs::read_to_string("src/workato/mod.rs").unwrap();
    let listed = types.split("$with! {").nth(1).unwrap().split('}').next().unwrap();
    assert_eq!(
        listed.matches("::").count(),
        ROOMS.len(),
        "every type has a line in ROOMS"
    );
    for (room, id, marker, others) in ROOMS {
        assert!(
            listed.contains(&format!("{room}::{marker},")),
            "{room} is in for_each_type!"
        );
        let mut taking: Vec<String> = Vec::new();
        let mut spelled: Vec<String> = Vec::new();
        for line in &sources {
            let Some(place) = line.vendors().filter(|place| !is_at_home(place, room)) else {
                continue;
            };
            if line.takes_from(room) {
                taking.push(place);
            }
            if line.text.contains(&format!("{id:?}")) {
                spelled.push(line.place());
            }
        }
        taking.sort();
        taking.dedup();
        assert_eq!(taking, *others, "who takes something from {room}");
        assert!(spelled.is_empty(), "{id:?} is written out:\n{}", spelled.join("\n"));
    }
}

/// The smallest type with rights stands where README says: its room, `mod.rs`, the table of endpoints, and where words are
/// kept (checkboxes, codes, causes). Whoever has the role has its id as a field, and names it.
#[test]
fn the_smallest_type_stands_in_few_files() {
    let mut files: Vec<String> = Vec::new();
    for line in sources() {
        let text = line.text.to_lowercase();
        let named = ["api_client_role", "apiclientrole"]
            .iter()
            .any(|word| text.contains(word));
        if named && !line.is_in("simulator") {
            files.push(line.file.to_string_lossy().into_owned());
        }
    }
    files.dedup();
    let expected = [
        "src/workato/api_client.rs",
        "src/workato/api_client_role.rs",
        "src/workato/cause.rs",
        "src/workato/client/checkbox.rs",
        "src/workato/client/endpoint.rs",
        "src/workato/code.rs",
        // An event about one says its type.
        "src/workato/event/say.rs",
        "src/workato/mod.rs",
    ];
    assert_eq!(files, expected);
}

/// It is told its name, its version and its mark: another program brings others.
#[test]
fn the_kit_does_not_know_which_program_it_is_in() {
    let own = ["CARGO_PKG_", "BW-", "crate::ABOUT"];
    hold("the kit is told what program it is in", |line| {
        let by_brace = line.text.contains("use crate::{") && line.names("ABOUT");
        line.is_in("baton") && (by_brace || own.iter().any(|word| line.text.contains(word)))
    });
}

/// Public items that nothing in the program uses, and why they stay.
const FOR_TESTS: [(&str, &str); 17] = [
    ("begin_sync", "tests make files as other writers do"),
    (
        "exclusion_group",
        "for connectors whose roles exclude each other; Workato's do not",
    ),
    (
        "revoke_answer",
        "for connectors that answer a revocation in one word, as the second one does",
    ),
    ("markdown", "a test writes the settings of their document with it"),
    ("for_each_session", "the other half of what the writer of v3 puts there"),
    (
        "grant_between",
        "the v3 reader answers it from an index that tests hold to the rows",
    ),
    ("quiet", "for connectors of others: the example of the kit runs with it"),
    ("put_resource", "as put_asset"),
    ("put_asset", "the writer of v3 is whole; what uses it comes next"),
    ("put_resource_type", "as put_asset"),
    ("put_session", "as put_asset"),
    ("at_most", "a test does not fetch 256 MiB"),
    ("open_in_memory", "fuzzing has bytes by the million, and no disk"),
    ("pack", "as open_in_memory"),
    ("find_in_memory", "as open_in_memory"),
    ("with_head_in", "a test does not wait as long as a slow client is given"),
    ("WRITES", "every refusal of a write is held to have its page"),
];

/// A name that only its definition and tests have is dead code, however public. Names of other rooms' items hide
/// some; what this finds is dead for certain.
#[test]
fn what_is_public_is_used_by_the_program() {
    let lines = sources();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &lines {
        for word in words(&line.text) {
            *uses.entry(word).or_default() += 1;
        }
    }
    let kinds = ["fn", "struct", "enum", "const", "static", "type", "trait", "mod"];
    let mut dead = Vec::new();
    for line in lines.iter().filter(|line| !line.is_in("simulator")) {
        let words: Vec<&str> = words(&line.text).collect();
        let is_public = line.text.trim_start().starts_with("pub");
        let kind = words.iter().position(|word| kinds.contains(word));
        let name = kind.and_then(|at| match words.get(at..) {
            Some(["const", "fn", name, ..]) | Some([_, name, ..]) => Some(*name),
            _ => None,
        });
        let Some(name) = name.filter(|name| is_public && uses.get(name) == Some(&1)) else {
            continue;
        };
        if !FOR_TESTS.iter().any(|(known, _)| *known == name) {
            dead.push(line.place());
        }
    }
    assert!(dead.is_empty(), "nothing in the program uses:\n{}", dead.join("\n"));
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.filter(|word| !word.is_empty())
}

/// Pairs of files that use each other and are one idea in two parts, and why.
const TWO_PARTS: [(&str, &str, &str); 3] = [
    (
        "baton::c1z::rows",
        "baton::c1z::whole",
        "a row is read, and made whole by rows it names",
    ),
    (
        "baton::c1z::reader::kept",
        "baton::c1z::reader::unpacked",
        "a kept file is one that was unpacked",
    ),
    (
        "baton::pebble::merge",
        "baton::pebble::store",
        "a store is a merge of its tables, which it opens",
    ),
];

/// The rooms whose files use each other in one direction.
const ONE_DIRECTION: [&str; 13] = [
    "baton",
    "cli",
    "telemetry",
    "term",
    "report/compare",
    "report/condition",
    "report/counted",
    "report/explore",
    "report/export",
    "report/findings",
    "report/inventory",
    "report/overview",
    "report/review",
];

/// Files use each other in one direction: whoever reads one need not read the other first. A file and the `mod` above
/// it are one thing.
#[test]
fn no_two_files_lean_on_each_other() {
    let lines = sources();
    let files: BTreeSet<Vec<String>> = lines.iter().map(|line| module(&line.file)).collect();
    let mut leans: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = BTreeMap::new();
    for line in lines.iter().filter(|l| ONE_DIRECTION.iter().any(|room| l.is_in(room))) {
        let Some(from) = files.get(&module(&line.file)) else {
            continue;
        };
        for path in used(&line.text, from) {
            let named = (1..=path.len()).rev().find_map(|length| files.get(&path[..length]));
            let Some(to) = named else { continue };
            if !to.starts_with(from) && !from.starts_with(to) {
                leans.entry(from).or_default().insert(to);
            }
        }
    }
    assert!(leans.len() > 100, "the uses were not found");
    let reached = |from: &Vec<String>| {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&Vec<String>> = leans.get(from).into_iter().flatten().copied().collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(leans.get(next).into_iter().flatten());
            }
        }
        reached
    };
    let mut circles = Vec::new();
    for from in leans.keys() {
        for to in reached(from) {
            let (one, other) = (from.join("::"), to.join("::"));
            let is_meant = TWO_PARTS
                .iter()
                .any(|(a, b, _)| (*a, *b) == (one.as_str(), other.as_str()));
            if one < other && reached(to).contains(*from) && !is_meant {
                circles.push(format!("{one} and {other}"));
            }
        }
    }
    assert!(circles.is_empty(), "files that use each other:\n{}", circles.join("\n"));
}

/// The path of a file as a module.
fn module(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").unwrap().with_extension("");
    let mut path: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

/// The paths that a `use` of a module names, from the root of the library.
fn used(line: &str, from: &[String]) -> Vec<Vec<String>> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        let rest = rest.trim_start();
        rest.strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .map_or(rest, |(_, rest)| rest.trim_start())
    });
    let Some(tree) = line.strip_prefix("use ") else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    unfold("", tree.trim_end().trim_end_matches(';'), &mut paths);
    let rooted = paths.iter().filter_map(|path| {
        let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
        let mut at = match *parts.first()? {
            "crate" => Vec::new(),
            "self" => from.to_vec(),
            "super" => from[..from.len().saturating_sub(1)].to_vec(),
            _ => return None,
        };
        parts.remove(0);
        while parts.first() == Some(&"super") {
            parts.remove(0);
            at.pop();
        }
        at.extend(
            parts
                .iter()
                .map(|part| part.split(' ').next().unwrap_or(part).to_owned()),
        );
        Some(at)
    });
    rooted.collect()
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn unfold(before: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        paths.push(format!("{before}{}", tree.trim()));
        return;
    };
    let inside = rest.trim_end();
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let before = format!("{before}{}", head.trim());
    let (mut depth, mut begin) = (0_usize, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                unfold(&before, inside[begin..at].trim(), paths);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if !inside[begin..].trim().is_empty() {
        unfold(&before, inside[begin..].trim(), paths);
    }
}

#[test]
fn uses_are_followed_to_files() {
    let from = ["baton".to_owned(), "sync".to_owned(), "resume".to_owned()];
    let all = |line: &str| -> Vec<String> { used(line, &from).iter().map(|path| path.join("::")).collect() };
    assert_eq!(
        all("use super::working::{A, B};"),
        ["baton::sync::working::A", "baton::sync::working::B"]
    );
    assert_eq!(
        all("pub(super) use crate::baton::{c1z::{Claim, steps::Disk}, error};"),
        ["baton::c1z::Claim", "baton::c1z::steps::Disk", "baton::error"]
    );
    assert_eq!(all("use super::super::json as text;"), ["baton::json"]);
    assert_eq!(all("use std::path::Path;"), Vec::<String>::new());
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
    assert!(line("use super::group::{self, GroupId};").takes_from("group"));
    assert!(line("use super::{cause, group};").takes_from("group"));
    assert!(line("use super::client::{endpoint, group};").takes_from("client"));
    assert!(!line("use super::client::{endpoint, group};").takes_from("group"));
    assert!(line("crate::workato::group::principal(id)").takes_from("group"));
    assert!(line("rusqlite::Connection").names("rusqlite"));
    assert!(!line("my_rusqlite_thing").names("rusqlite"));
    assert_eq!(without_comment("a // b"), "a ");
    assert_eq!(without_comment("\"https://x\" // b"), "\"https://x\" ");
}
