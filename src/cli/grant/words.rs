//! The sentence of `grant` and `revoke`: `"Environment admin" in prod to ada@example.org`. Names may be quoted or not:
//! words up to the next keyword belong together. A keyword that belongs to a name is quoted with it.

use crate::baton::error::{Error, Result};
use crate::cli::program::NAME;
use crate::cli::usage_error;

/// What a sentence says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    /// A role, a project role, a group, a genie or an MCP server.
    pub what: String,
    /// The environment it is in.
    pub environment: Option<String>,
    /// The project it is on.
    pub project: Option<String>,
    /// Who gets or loses it.
    pub who: Vec<String>,
}

/// Which of the two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `grant … to`
    Grant,
    /// `revoke … from`
    Revoke,
}

impl Verb {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Grant => "grant",
            Verb::Revoke => "revoke",
        }
    }

    /// The keyword before those who get or lose something.
    pub fn preposition(self) -> &'static str {
        match self {
            Verb::Grant => "to",
            Verb::Revoke => "from",
        }
    }

    /// How a sentence is made.
    pub fn usage(self) -> String {
        format!(
            "{NAME} {} WHAT [in ENVIRONMENT] [on PROJECT] {} WHO [and WHO ...]",
            self.name(),
            self.preposition()
        )
    }
}

/// Understands a sentence.
///
/// # Errors
/// One that is not made like [`Verb::usage`]: exit code 2.
pub fn parse(verb: Verb, words: &[String]) -> Result<Sentence> {
    let wrong = |message: String| -> Error { usage_error(message).hint(format!("write it as: {}", verb.usage())) };
    let at = words.iter().rposition(|word| word == verb.preposition());
    let Some((front, back)) = at.and_then(|at| Some((words.get(..at)?, words.get(at + 1..)?))) else {
        return Err(wrong(format!(
            "the word {:?} and a name behind it are missing",
            verb.preposition()
        )));
    };
    let mut sentence = Sentence {
        who: people(back),
        ..Sentence::default()
    };
    let mut part: Vec<&str> = Vec::new();
    let mut keyword = "";
    let given = front.iter().map(String::as_str).filter(|word| !word.is_empty());
    for word in given.chain([""]) {
        // A sentence does not begin with a keyword, so the first word belongs to a name.
        let ends = word.is_empty() || (matches!(word, "in" | "on") && !(keyword.is_empty() && part.is_empty()));
        if !ends {
            part.push(word);
            continue;
        }
        let text = std::mem::take(&mut part).join(" ");
        let place = match keyword {
            "in" => Some(&mut sentence.environment),
            "on" => Some(&mut sentence.project),
            _ => None,
        };
        match place {
            None => sentence.what = text,
            Some(_) if text.is_empty() => return Err(wrong(format!("nothing stands behind {keyword:?}"))),
            Some(Some(_)) => return Err(wrong(format!("the word {keyword:?} stands there twice"))),
            Some(place) => *place = Some(text),
        }
        keyword = word;
    }
    if sentence.what.is_empty() {
        return Err(wrong(format!("nothing to {} is named", verb.name())));
    }
    if sentence.who.is_empty() {
        return Err(wrong(format!("nobody is named behind {:?}", verb.preposition())));
    }
    Ok(sentence)
}

/// Who is named: parted by `and` or a comma; an e-mail address stands for itself.
fn people(words: &[String]) -> Vec<String> {
    let mut people: Vec<String> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut close = |open: &mut Vec<&str>| {
        let name = std::mem::take(open).join(" ");
        if !name.is_empty() && !people.contains(&name) {
            people.push(name);
        }
    };
    for word in words {
        let bare = word.trim_end_matches(',');
        if word == "and" {
            close(&mut open);
            continue;
        }
        let alone = bare.contains('@') && !bare.contains(' ');
        if alone {
            close(&mut open);
        }
        open.push(bare);
        if alone || bare.len() < word.len() {
            close(&mut open);
        }
    }
    close(&mut open);
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn said(what: &str, environment: Option<&str>, project: Option<&str>, who: &[&str]) -> Sentence {
        Sentence {
            what: what.to_owned(),
            environment: environment.map(str::to_owned),
            project: project.map(str::to_owned),
            who: words(who),
        }
    }

    #[test]
    fn sentences_are_understood() {
        for (text, expected) in [
            (
                &["Environment admin", "in", "prod", "to", "ada@example.org"][..],
                said("Environment admin", Some("prod"), None, &["ada@example.org"]),
            ),
            (
                &["Environment", "admin", "in", "prod", "to", "Ada", "Lovelace"],
                said("Environment admin", Some("prod"), None, &["Ada Lovelace"]),
            ),
            (
                &[
                    "Project admin",
                    "on",
                    "Billing",
                    "in",
                    "test",
                    "to",
                    "Ada",
                    "and",
                    "Grace",
                ],
                said("Project admin", Some("test"), Some("Billing"), &["Ada", "Grace"]),
            ),
            (
                &[
                    "Engineering",
                    "to",
                    "ada@example.org",
                    "grace@example.org,",
                    "Alan",
                    "Turing",
                ],
                said(
                    "Engineering",
                    None,
                    None,
                    &["ada@example.org", "grace@example.org", "Alan Turing"],
                ),
            ),
            (
                &["Research and Development", "to", "Back to Basics"],
                said("Research and Development", None, None, &["Back to Basics"]),
            ),
            (
                &["Sign in", "in", "dev", "to", "Ada", "and", "Ada"],
                said("Sign in", Some("dev"), None, &["Ada"]),
            ),
        ] {
            assert_eq!(parse(Verb::Grant, &words(text)).unwrap(), expected, "{text:?}");
        }
        let sentence = parse(Verb::Revoke, &words(&["Member", "in", "dev", "from", "Ada"])).unwrap();
        assert_eq!(sentence, said("Member", Some("dev"), None, &["Ada"]));
    }

    #[test]
    fn what_is_no_sentence_is_refused_with_its_form() {
        for text in [
            &["Environment admin", "in", "prod"][..],
            &["Environment admin in prod to ada@example.org"],
            &["to", "Ada"],
            &["Member", "to"],
            &["Member", "in", "to", "Ada"],
            &["Member", "in", "dev", "in", "prod", "to", "Ada"],
            &[],
        ] {
            let error = parse(Verb::Grant, &words(text)).unwrap_err();
            assert_eq!(error.kind().exit_code(), 2, "{text:?}");
            assert!(error.hint_text().unwrap().contains("grant WHAT"), "{error}");
        }
    }
}
