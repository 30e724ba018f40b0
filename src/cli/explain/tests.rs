//! Codes, pages, commands and documents agree.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clap::Command;
use clap::error::ErrorKind;

use super::find;
use super::page::{PAGES, PARTS};
use crate::ABOUT;
use crate::baton::code::{self, Code, Explanation};
use crate::baton::config::args::Purpose;
use crate::cli::command;
use crate::cli::program::NAME;
use crate::report::code as report;
use crate::workato::client::{checkbox, endpoint};
use crate::workato::code as workato;

fn source(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn document(topic: &str) -> std::path::PathBuf {
    source(".github/docs").join(topic).with_extension("md")
}

#[test]
fn every_code_has_one_page_and_every_page_a_code() {
    let codes: Vec<Code> = PAGES.iter().map(|page| page.code).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "no code twice");
    let mut files: Vec<String> = std::fs::read_dir(source("src/cli/explain/pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let expected: Vec<String> = codes.iter().map(|code| format!("{}.md", code.digits())).collect();
    assert_eq!(files, expected, "a file for each page and nothing else");
}

#[test]
fn every_page_has_a_title_and_the_three_parts() {
    let mut titles = BTreeSet::new();
    for page in PAGES.iter() {
        let code = page.code.digits();
        assert!(page.text.starts_with("# ") && page.text.ends_with('\n'), "{code}");
        assert!((8..=72).contains(&page.title().len()), "{code}: {}", page.title());
        assert!(!page.title().contains('|') && !page.title().ends_with('.'), "{code}");
        assert!(titles.insert(page.title()), "{code} has the title of another page");
        let heads: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(heads, PARTS, "{code}");
        let parts: Vec<&str> = page.text.split("\n## ").skip(1).collect();
        assert!(
            parts.iter().all(|part| part.split_whitespace().count() > 8),
            "{code} has an empty part"
        );
        assert!(page.text.lines().all(|line| line.chars().count() <= 120), "{code}");
    }
}

/// Everything in backticks, and every line of a block of code.
pub fn code_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_block = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            found.push(line.to_owned());
        } else {
            prose.push_str(line.trim_start());
            prose.push(' ');
        }
    }
    found.extend(prose.split('`').skip(1).step_by(2).map(str::to_owned));
    found
}

/// The words of a shell line, without what is set before it, piped behind it or said about it.
pub fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        let last = words.last_mut().unwrap();
        match (quote, c) {
            (None, '#' | '|' | '>') => break,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') if last.is_empty() => {}
            (None, ' ') => words.push(String::new()),
            _ => last.push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    let is_assignment = |word: &String| word.starts_with("BATON_") && word.contains('=');
    words.into_iter().skip_while(is_assignment).collect()
}

pub fn flags(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().flat_map(|arg| {
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long().into_iter().chain(aliases)
    });
    let mut all: BTreeSet<String> = own.map(|long| format!("--{long}")).collect();
    all.extend(command.get_subcommands().flat_map(flags));
    all
}

#[test]
fn pages_name_only_commands_and_flags_that_exist() {
    let all = flags(&command::build(Purpose::Show));
    let mut tried = 0;
    for Explanation { code, text } in PAGES.iter() {
        let code = code.digits();
        for snippet in code_in(text) {
            let words = words(&snippet);
            if words.first().is_some_and(|word| word == NAME) {
                let help = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
                if let Err(error) = command::build(Purpose::Parse).try_get_matches_from(&words) {
                    assert!(help.contains(&error.kind()), "{code}: {snippet}: {error}");
                }
                tried += 1;
            } else if let Some(flag) = words.iter().find(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap();
                assert!(all.contains(flag), "{code}: there is no flag {flag}");
            }
        }
    }
    assert!(tried >= 10, "the pages name commands");
}

/// Pipelines act on 9: the pages say that it means a condition that held, and of which runs.
#[test]
fn nine_is_the_exit_code_of_conditions() {
    let nine = |page: &&Explanation| page.text.replace('\n', " ").contains("Exit code 9");
    let pages: Vec<Code> = PAGES.iter().filter(nine).map(|page| page.code).collect();
    assert_eq!(
        pages,
        [
            code::SYNC_WARNINGS,
            code::HOOK_FAILED,
            report::CONDITION_HIT,
            report::GAINED,
            report::FOUND,
            report::REVIEW_LEFT
        ]
    );
}

#[test]
fn codes_are_found_however_they_are_typed() {
    for typed in ["BW-0016", "bw-0016", "bw0016", "BW 16", "0016", "16"] {
        assert_eq!(
            find::page(typed).map(|page| page.code),
            Some(code::UNAUTHENTICATED),
            "{typed}"
        );
    }
    for typed in ["", "BW-", "00016", "BW-9999", "sixteen", "-1", "1.6"] {
        assert!(find::page(typed).is_none(), "{typed}");
    }
    let gone = find::page("folder-gone").map(|page| page.code);
    assert_eq!(gone, Some(workato::GONE_MEANWHILE), "the cause of a warning");
    let near: Vec<Code> = find::nearest("BW-0131").iter().map(|page| page.code).collect();
    assert_eq!(near.first(), Some(&code::INTERRUPTED));
    let near: Vec<Code> = find::nearest("ctrl-c").iter().map(|page| page.code).collect();
    assert_eq!(near, [code::INTERRUPTED], "words of the title do too");
}

/// One spelling for each checkbox: the page of its code and the documents have that of `checkbox.rs`.
#[test]
fn checkboxes_are_spelled_as_in_their_table() {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for endpoint in endpoint::ENDPOINTS {
        let code = endpoint.refusal;
        let page = PAGES.iter().find(|page| page.code == code).unwrap();
        let code = code.digits();
        let (section, label) = endpoint.checkbox.rsplit_once(" > ").unwrap();
        // A page on two endpoints names the section once.
        let text = flat(page.text);
        assert!(
            text.contains(section) && text.contains(label),
            "{code}: {}",
            endpoint.checkbox
        );
    }
    let documents = ["permissions", "changes"].map(|name| std::fs::read_to_string(document(name)).unwrap());
    let documents = flat(&documents.concat());
    for checkbox in checkbox::ALL.iter().filter(|c| **c != checkbox::GET_DETAILS) {
        let (_, label) = checkbox.rsplit_once(" > ").unwrap();
        assert!(documents.contains(label), "documents: {checkbox}");
    }
}

/// Nobody spells a path of checkboxes by hand.
#[test]
fn no_other_file_spells_a_checkbox() {
    fn look(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("client/checkbox.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // Comments may explain by example.
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let spelled = code.filter(|line| ["Admin >", "Projects >"].iter().any(|tab| line.contains(tab)));
                found.extend(spelled.map(|line| format!("{}: {}", path.display(), line.trim())));
            }
        }
    }
    let mut found = Vec::new();
    look(&source("src"), &mut found);
    // This test names the two tabs itself.
    found.retain(|line| !line.contains("explain/tests.rs"));
    assert_eq!(found, Vec::<String>::new());
}

const BEGIN: &str = "<!-- codes: begin -->\n";
const END: &str = "<!-- codes: end -->";

/// `GENERATE=1 cargo test --lib explain` writes the table.
#[test]
fn the_page_on_codes_lists_all() {
    let mut table = "| code | what it stands for |\n| --- | --- |\n".to_owned();
    for page in PAGES.iter() {
        writeln!(table, "| {} | {} |", ABOUT.code(page.code), page.title()).unwrap();
    }
    let page = std::fs::read_to_string(document("codes")).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the section");
    let (shown, after) = rest.split_once(END).expect("the section has an end");
    if std::env::var_os("GENERATE").is_some() {
        std::fs::write(document("codes"), format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(shown, table, "GENERATE=1 cargo test --lib explain writes it");
    }
}
