//! Facts are cited by document and section, and every citation leads somewhere.
//!
//! A citation is one code span on one line: the path of a document below `src`, then its sections, as in
//! `workato/api.md 2.8`, `baton/c1z/format.md 2.3, 2.5` and `workato/model.md 1 to 8`. A section is the number of a
//! heading; where a section is a numbered list, `workato/model.md 6.5` is the fifth item of the sixth. Inside a document
//! the word section before a number means one of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What has sections: the documents beside the rooms, by their path below `src`.
struct Documents(BTreeMap<String, BTreeSet<String>>);

impl Documents {
    fn read() -> Self {
        let mut files = Vec::new();
        collect(Path::new("src"), &mut files, &["md"]);
        let documents: BTreeMap<_, _> = files
            .into_iter()
            .filter(|file| !file.starts_with("src/cli/explain"))
            .map(|file| {
                let text = fs::read_to_string(&file).unwrap();
                (slashes(file.strip_prefix("src").unwrap()), sections(&text))
            })
            .collect();
        assert!(documents.len() >= 8, "the documents were not found");
        Documents(documents)
    }

    /// What is wrong with a code span, if it cites a document.
    fn complaint(&self, span: &str, beside: &Path) -> Option<String> {
        let (path, cited) = span.split_once(' ').unwrap_or((span, ""));
        if !path.ends_with(".md") {
            return None;
        }
        let Some(known) = self.0.get(path) else {
            let exists = beside.join(path).is_file() || Path::new(path).is_file();
            return (!exists || !cited.is_empty()).then(|| format!("`{span}`: there is no such document below src"));
        };
        let numbers = cited.split(", ").flat_map(|part| part.split(" to "));
        let missing: Vec<&str> = numbers
            .filter(|number| !cited.is_empty() && !known.contains(*number))
            .collect();
        (!missing.is_empty()).then(|| format!("`{span}`: {path} has no section {}", missing.join(", ")))
    }
}

/// Numbers of headings, and of the items of numbered lists as `section.item`.
fn sections(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("##") {
            let title = heading.trim_start_matches('#').trim_start();
            let number = title.split(' ').next().unwrap_or("").trim_end_matches('.');
            current = number.to_owned();
            assert!(found.insert(number.to_owned()), "two sections have the number {number}");
        } else if let Some((number, _)) = line.split_once(". ")
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            found.insert(format!("{current}.{number}"));
        }
    }
    found
}

/// A line of prose with its place: a comment, or text of a document.
struct Line {
    place: String,
    file: PathBuf,
    text: String,
}

impl Line {
    /// The text between backticks.
    fn spans(&self) -> impl Iterator<Item = &str> {
        self.text.split('`').skip(1).step_by(2)
    }

    /// The text outside of them.
    fn plain(&self) -> String {
        self.text.split('`').step_by(2).collect::<Vec<_>>().join("`")
    }

    fn is_code(&self) -> bool {
        self.file.extension().is_some_and(|e| e != "md")
    }
}

/// Every comment of the sources, tests and definitions, and every line of the documents, outside of code blocks.
fn prose() -> Vec<Line> {
    let mut files = Vec::new();
    for top in ["src", "tests", "proto"] {
        collect(Path::new(top), &mut files, &["rs", "proto", "md"]);
    }
    collect(Path::new(".github/docs"), &mut files, &["md"]);
    files.extend(["README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"].map(PathBuf::from));
    let mut lines = Vec::new();
    for file in files {
        let is_document = file.extension().is_some_and(|e| e == "md");
        let mut block = false;
        for (index, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            block ^= is_document && line.starts_with("```");
            let text = if is_document { Some(line) } else { comment(line) };
            if let (Some(text), false) = (text, block) {
                lines.push(Line {
                    place: format!("{}:{}", slashes(&file), index + 1),
                    file: file.clone(),
                    text: text.to_owned(),
                });
            }
        }
    }
    assert!(lines.len() > 5_000, "the sources were not found");
    lines
}

/// The comment of a line of code, without its slashes. `//` inside of a text is none.
fn comment(line: &str) -> Option<&str> {
    let at = line
        .match_indices("//")
        .map(|(at, _)| at)
        .find(|at| line[..*at].matches('"').count().is_multiple_of(2) && !line[..*at].ends_with(':'))?;
    Some(line[at..].trim_start_matches(['/', '!']))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>, extensions: &[&str]) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files, extensions);
        } else if extensions.iter().any(|e| path.extension().is_some_and(|own| own == *e)) {
            files.push(path);
        }
    }
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A number of a section at the beginning of a text: its two parts, and what follows.
fn section_number(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let (number, rest) = match number.strip_suffix('.') {
        Some(number) => (number, &text[end - 1..]),
        None => (number, rest),
    };
    (!number.is_empty() && !number.starts_with('.')).then_some((number, rest))
}

/// `2.8` and the like, at most two digits on each side.
fn is_two_part(number: &str) -> bool {
    number.split_once('.').is_some_and(|(a, b)| {
        [a, b]
            .iter()
            .all(|part| matches!(part.len(), 1 | 2) && !part.contains('.'))
    })
}

/// The numbers that the words section and sections are followed by.
fn named_sections(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let words = ["section", "Section"].iter().flat_map(|word| text.match_indices(word));
    for (at, word) in words {
        if text[..at].ends_with(char::is_alphanumeric) {
            continue;
        }
        let mut rest = text[at + word.len()..].trim_start_matches('s');
        while let Some((number, after)) = rest.strip_prefix(' ').and_then(section_number) {
            found.push(number);
            rest = [",", " and", " to"]
                .iter()
                .find_map(|glue| after.strip_prefix(glue))
                .unwrap_or("");
        }
    }
    found
}

/// Whether a number stands where the number of a section would, without a document: in parentheses, alone behind the
/// slashes, or behind the word. `text` is without code spans.
fn is_bare(text: &str, is_code: bool) -> bool {
    let in_parentheses = text.match_indices('(').any(|(at, _)| {
        section_number(&text[at + 1..])
            .is_some_and(|(number, rest)| is_two_part(number) && rest.starts_with([')', ',']))
    });
    let alone = section_number(text.trim())
        .is_some_and(|(number, rest)| is_two_part(number) && (rest.is_empty() || rest.starts_with(',')));
    in_parentheses || (is_code && (alone || !named_sections(text).is_empty()))
}

fn none(complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{} places:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn every_citation_leads_to_a_section() {
    let documents = Documents::read();
    let mut cited = BTreeSet::new();
    let mut complaints = Vec::new();
    for line in prose() {
        for span in line.spans() {
            if let Some(complaint) = documents.complaint(span, line.file.parent().unwrap()) {
                complaints.push(format!("{}: {complaint}", line.place));
            }
            cited.extend(
                span.split(' ')
                    .next()
                    .filter(|path| documents.0.contains_key(*path))
                    .map(str::to_owned),
            );
        }
        if line
            .plain()
            .split(' ')
            .any(|word| documents.0.keys().any(|path| word.contains(path.as_str())))
        {
            complaints.push(format!("{}: a citation is one code span on one line", line.place));
        }
    }
    none(&complaints);
    assert!(cited.len() >= 5, "few documents are cited: {cited:?}");
}

#[test]
fn a_document_that_names_a_section_of_its_own_has_it() {
    let documents = Documents::read();
    let mut complaints = Vec::new();
    for line in prose() {
        let Some(own) = line
            .file
            .strip_prefix("src")
            .ok()
            .and_then(|path| documents.0.get(&slashes(path)))
        else {
            continue;
        };
        let text = line.plain();
        let missing = named_sections(&text)
            .into_iter()
            .filter(|number| !own.contains(*number));
        complaints.extend(missing.map(|number| format!("{}: there is no section {number} here", line.place)));
    }
    none(&complaints);
}

#[test]
fn nothing_cites_what_a_reader_does_not_have() {
    let complaints: Vec<String> = prose()
        .iter()
        .filter(|line| line.text.contains("contract/") || line.text.contains("../shared"))
        .map(|line| format!("{}:{}", line.place, line.text))
        .collect();
    none(&complaints);
}

#[test]
fn no_number_stands_for_a_document() {
    let complaints: Vec<String> = prose()
        .iter()
        .filter(|line| is_bare(&line.plain(), line.is_code()))
        .map(|line| format!("{}: of which document?{}", line.place, line.text))
        .collect();
    none(&complaints);
}

#[test]
fn every_document_is_shown_in_rustdoc() {
    let mut files = Vec::new();
    collect(Path::new("src"), &mut files, &["rs"]);
    let mut shown = BTreeSet::new();
    for file in files {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let Some(rest) = line.trim_start().strip_prefix("#![doc = include_str!(\"") else {
                continue;
            };
            let name = rest.split('"').next().unwrap();
            let document = file.parent().unwrap().join(name);
            shown.insert(slashes(document.strip_prefix("src").unwrap()));
        }
    }
    let hidden: Vec<String> = Documents::read()
        .0
        .into_keys()
        .filter(|path| !shown.contains(path))
        .collect();
    none(&hidden);
}

#[test]
fn the_rules_can_be_broken() {
    let document = "# T\n## 1. One\n### 1.2 Two\n## 6. List\n1. a\n2. b\n## A. Last\n";
    let known = sections(document);
    let expected = ["1", "1.2", "6", "6.1", "6.2", "A"].map(str::to_owned);
    assert_eq!(known, BTreeSet::from(expected));

    let documents = Documents(BTreeMap::from([("a/b.md".to_owned(), known)]));
    let complaint = |span| documents.complaint(span, Path::new("src"));
    for right in [
        "a/b.md",
        "a/b.md 1.2",
        "a/b.md 1, 1.2",
        "a/b.md 1 to 6.2",
        "README.md",
        "x y",
    ] {
        assert_eq!(complaint(right), None);
    }
    for wrong in [
        "a/b.md 1.3",
        "a/b.md 1, 7",
        "a/b.md 1 to 9",
        "a/c.md 1",
        "a/b.md 1.2, rule 4",
    ] {
        assert!(complaint(wrong).is_some(), "{wrong}");
    }

    for bare in [
        "as it says (2.8).",
        "(2.8, ID TRAP)",
        " 2.8",
        " 2.8, before",
        "Sections 2.1 to 2.4: all",
        "in section 8",
    ] {
        assert!(is_bare(bare, true), "{bare}");
    }
    for fine in [
        "takes 2.8 seconds",
        "(WCAG 2.1, 1.4.3)",
        "connection 30 s",
        "the section says",
        " 1.4.3",
        "(4.5 to 1)",
    ] {
        assert!(!is_bare(fine, true), "{fine}");
    }
    assert_eq!(named_sections("sections 2.3, 5 and 2.11 of 7"), ["2.3", "5", "2.11"]);
    assert_eq!(comment("let x = \"http://a\"; // why"), Some(" why"));
    assert_eq!(comment("let x = \"a // b\";"), None);
}
