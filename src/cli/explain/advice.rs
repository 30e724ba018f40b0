//! Advice that can be followed: every flag, variable and command that any text of the program names exists.

use std::collections::BTreeSet;
use std::path::Path;

use clap::error::ErrorKind;

use super::page::PAGES;
use super::tests::{code_in, flags, words};
use crate::baton::config::args::Purpose;
use crate::cli::command;
use crate::cli::program::NAME;

/// A text of a source file.
struct Text {
    file: String,
    text: String,
}

/// The texts of all source files, but for tests.
fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    for page in PAGES.iter() {
        texts.push(Text {
            file: format!("{}.md", page.code.digits()),
            text: page.text.to_owned(),
        });
    }
    texts
}

fn collect(folder: &Path, texts: &mut Vec<Text>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            collect(&path, texts);
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "advice.rs" {
            let source = std::fs::read_to_string(&path).unwrap();
            let own = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let file = path.display().to_string();
            texts.extend(literals(own).into_iter().map(|text| Text {
                file: file.clone(),
                text,
            }));
        }
    }
}

/// The string literals of Rust source, with line breaks and escapes as they are printed.
fn literals(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
    // Whether the `r` there ends a name; that of `br"…"` does not.
    let is_name = |r: usize| {
        let before = |place: usize| place.checked_sub(1).map_or('\0', at);
        let prefix = if before(r) == 'b' { r - 1 } else { r };
        before(prefix).is_alphanumeric() || before(prefix) == '_'
    };
    let mut found = Vec::new();
    let mut place = 0;
    while place < chars.len() {
        match at(place) {
            '/' if at(place + 1) == '/' => {
                while place < chars.len() && at(place) != '\n' {
                    place += 1;
                }
            }
            // A character, not a lifetime.
            '\'' if at(place + 1) == '\\' => {
                place += 3;
                while at(place) != '\'' {
                    place += 1;
                }
            }
            '\'' if at(place + 2) == '\'' => place += 2,
            'r' if matches!(at(place + 1), '"' | '#') && !is_name(place) => {
                let hashes = (place + 1..).take_while(|place| at(*place) == '#').count();
                if at(place + 1 + hashes) == '"' {
                    let start = place + 2 + hashes;
                    let ends = |end: &usize| at(*end) == '"' && (1..=hashes).all(|more| at(end + more) == '#');
                    let end = (start..chars.len()).find(ends).unwrap();
                    found.push(chars[start..end].iter().collect());
                    place = end + hashes;
                }
            }
            '"' => {
                let mut text = String::new();
                place += 1;
                while at(place) != '"' {
                    assert!(place < chars.len(), "a text does not end: {source}");
                    if at(place) != '\\' {
                        text.push(at(place));
                    } else if at(place + 1) == '\n' {
                        place += 1;
                        while at(place + 1).is_whitespace() {
                            place += 1;
                        }
                    } else {
                        place += 1;
                        text.push(if at(place) == 'n' { '\n' } else { at(place) });
                    }
                    place += 1;
                }
                found.push(text);
            }
            _ => {}
        }
        place += 1;
    }
    found
}

/// The words that begin so, as far as the characters of a name go.
fn names(text: &str, start: &str, is_part: impl Fn(char) -> bool) -> Vec<String> {
    text.match_indices(start)
        .filter(|(at, _)| {
            let before = text[..*at].chars().next_back();
            !before.is_some_and(|before| before.is_alphanumeric() || "-_{".contains(before))
        })
        .map(|(at, _)| text[at..].chars().take_while(|c| is_part(*c)).collect::<String>())
        .filter(|name| name.len() > start.len())
        .collect()
}

#[test]
fn literals_are_found_as_they_are_printed() {
    let source = r##"
        // "a comment"
        let a = "one \"two\" \
                 three\n"; let c = '"'; let d = '\''; fn f<'a>(x: &'a str) {}
        let b = r#"raw "text""#; let c = br"\?\"; let r = "end";
    "##;
    assert_eq!(literals(source), ["one \"two\" three\n", "raw \"text\"", r"\?\", "end"]);
}

/// A flag that is put together from parts may be one that does not exist; one whose whole name comes from a table does.
#[test]
fn every_flag_that_is_named_exists() {
    let mut root = command::build(Purpose::Show);
    // Help and version come with it.
    root.build();
    let all = flags(&root);
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_{}.".contains(c);
    let mut seen = BTreeSet::new();
    // A build without the command has not its flags either, and nothing that names them.
    let is_built = |file: &str| cfg!(feature = "hosted") || !file.contains("/hosted");
    for Text { file, text } in texts().into_iter().filter(|text| is_built(&text.file)) {
        for name in names(&text, "--", is_part) {
            let name = name.trim_end_matches(['.', '-']);
            let whole = name.strip_prefix("--{").and_then(|rest| rest.strip_suffix('}'));
            let is_flag = name.chars().nth(2).is_some_and(|c| c.is_ascii_lowercase() || c == '{');
            if !is_flag || whole.is_some_and(|whole| !whole.contains(['{', '}'])) {
                continue;
            }
            assert!(all.contains(name), "{file}: there is no flag {name}: {text}");
            seen.insert(name.to_owned());
        }
    }
    assert!(seen.len() > 40, "{seen:?}");
}

#[test]
fn every_variable_that_is_named_exists() {
    let texts = texts();
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_{}".contains(c);
    let fields: BTreeSet<String> = crate::cli::fields::all().iter().map(|field| field.env()).collect();
    // What the program asks its environment for stands alone.
    let asked: BTreeSet<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    let mut seen = BTreeSet::new();
    for Text { file, text } in &texts {
        for name in names(text, "BATON_", is_part) {
            // The rest of the name of every field.
            let is_pattern = name == "BATON_{}" || (text == "BATON_WORKATO" && name == "BATON_WORKATO");
            if text != &name {
                assert!(
                    is_pattern || fields.contains(&name) || asked.contains(name.as_str()),
                    "{file}: there is no variable {name}: {text}"
                );
                seen.insert(name);
            }
        }
    }
    assert!(seen.len() > 8, "{seen:?}");
}

/// Commands in backticks, and lines of examples.
#[test]
fn every_command_that_is_named_is_one() {
    let commands: BTreeSet<String> = command::build(Purpose::Show)
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let mut seen = BTreeSet::new();
    for Text { file, text } in texts() {
        let examples = text.lines().filter(|line| line.trim_start().starts_with(NAME));
        for snippet in code_in(&text).iter().map(String::as_str).chain(examples) {
            let words = words(snippet);
            if words.first().is_none_or(|word| word != NAME) || snippet.contains('{') {
                continue;
            }
            let named = words
                .get(1)
                .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
            if let Some(named) = named.filter(|word| !word.starts_with('-')) {
                assert!(
                    commands.contains(named),
                    "{file}: there is no command {named}: {snippet}"
                );
                seen.insert(named.clone());
            }
            let help = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
            if let Err(error) = command::build(Purpose::Parse).try_get_matches_from(&words) {
                assert!(help.contains(&error.kind()), "{file}: {snippet}: {error}");
            }
        }
    }
    assert!(seen.len() > 12, "{seen:?}");
}
