//! Files of the repository that the program generates are what it generates today. `GENERATE=1 cargo test --test it
//! generated::` writes them anew; look at the difference.

use std::path::Path;

use baton_workato::baton::config::{Field, kit, markdown};
use baton_workato::workato;

use crate::support::program::program;

/// What the program prints. A key that is none will do: nothing is asked.
fn printed(words: &[&str]) -> String {
    let mut command = program();
    let output = command.args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn holds(file: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("GENERATE").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == wanted,
        "{file} is out of date: GENERATE=1 cargo test --test it generated::"
    );
}

#[test]
fn capabilities() {
    holds(
        "baton_capabilities.json",
        &printed(&["capabilities", "--workato-api-key", "none"]),
    );
}

#[test]
fn schema_of_the_settings() {
    holds("config_schema.json", &printed(&["config"]));
}

#[test]
fn settings_in_their_document() {
    const BEGIN: &str = "<!-- settings: generated -->\n";
    const END: &str = "<!-- end of settings -->\n";
    let fields: Vec<&'static Field> = workato::config::FIELDS.iter().chain(kit::FIELDS).collect();
    const FILE: &str = ".github/docs/settings.md";
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE)).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for the settings");
    let (_, after) = rest.split_once(END).expect("the place has an end");
    holds(
        FILE,
        &format!("{before}{BEGIN}{}{END}{after}", markdown::table(&fields)),
    );
}

#[test]
fn manual_pages_cover_every_command_that_the_help_lists() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    printed(&["man", pages.to_str().unwrap()]);
    let page = |name: &str| std::fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
    assert!(page("baton-workato").contains("workato\\-data\\-center"));
    let help = printed(&["--help"]);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        if name != "help" {
            assert!(
                page(&format!("baton-workato-{name}")).contains(".SH SYNOPSIS"),
                "{name}"
            );
        }
    }
}

#[test]
fn documents_name_flags_that_exist() {
    /// Flags of other programs that documents call, and of this one's benchmarks.
    const FOREIGN: [&str; 14] = [
        "bench",
        "cap-drop",
        "features",
        "help",
        "locked",
        "path",
        "profile",
        "read-only",
        "release",
        "rm",
        "serve",
        "tmpfs",
        "tool",
        "user",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = std::fs::read_to_string(root.join("README.md")).unwrap();
    for entry in std::fs::read_dir(root.join(".github/docs")).unwrap() {
        documents.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let help = printed(&["--help"]);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let names = commands
        .map(|line| line.split_whitespace().next().unwrap())
        .filter(|name| *name != "help");
    let mut helps: String = names.map(|name| printed(&[name, "--help"])).collect();
    for below in ["prune", "keep"] {
        helps.push_str(&printed(&["syncs", below, "--help"]));
    }
    for below in [
        ["fleet", "sync"],
        ["fleet", "serve"],
        ["fleet", "export"],
        ["review", "start"],
        ["review", "apply"],
    ] {
        helps.push_str(&printed(&[below[0], below[1], "--help"]));
    }
    let fields = || workato::config::FIELDS.iter().chain(kit::FIELDS);
    for (at, _) in documents.match_indices("--") {
        let before = documents[..at].chars().next_back().unwrap();
        let rest = &documents[at + 2..];
        let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        let name = &rest[..end.unwrap_or(rest.len())];
        if name.is_empty() || name.starts_with('-') || !matches!(before, '`' | ' ' | '(' | '[' | '\'') {
            continue;
        }
        let known =
            fields().any(|field| field.name == name) || helps.contains(&format!("--{name}")) || FOREIGN.contains(&name);
        assert!(known, "a document names --{name}, which is no flag");
    }
}
