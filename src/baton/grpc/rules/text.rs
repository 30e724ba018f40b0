//! Forms a text can be asked to have.

use std::fmt;

use url::Url;

/// The few patterns the rules use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As published.
    text: String,
    /// Allowed besides letters and digits of ASCII.
    also: &'static str,
    /// Fewest and most characters.
    length: (usize, usize),
    /// Whether it holds for every text. One published pattern does: `a|$` ends anywhere.
    always: bool,
}

impl Pattern {
    /// `None` for one that is not among them.
    pub fn parse(text: &str) -> Option<Self> {
        let (also, length, always) = match text {
            "^[a-zA-Z0-9]{27}$" => ("", (27, 27), false),
            "^[a-zA-Z0-9]{27}|$" => ("", (0, usize::MAX), true),
            "^[A-Za-z0-9]{3,8}$" => ("", (3, 8), false),
            "^[A-Za-z0-9_-]+$" => ("_-", (1, usize::MAX), false),
            _ => return None,
        };
        let text = text.to_owned();
        Some(Pattern {
            text,
            also,
            length,
            always,
        })
    }

    /// Whether the whole text is of this form.
    pub fn matches(&self, text: &str) -> bool {
        let (least, most) = self.length;
        let allowed = |c: char| c.is_ascii_alphanumeric() || self.also.contains(c);
        self.always || (text.chars().all(allowed) && (least..=most).contains(&text.len()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether the text is an absolute URI.
pub fn is_uri(text: &str) -> bool {
    Url::parse(text).is_ok()
}

/// Whether the text is an e-mail address: at most 254 characters, at most 64 of them before the `@`, a host name behind
/// it (`baton/service/protocol.md 9.2`).
pub fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else {
        return false;
    };
    let dotted = |local: &str| {
        local
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(is_atom))
    };
    let quoted = |local: &str| {
        let inner = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inner.is_some_and(|inner| !inner.contains(['"', '\\']) && !inner.chars().any(char::is_control))
    };
    text.chars().count() <= 254 && local.len() <= 64 && (dotted(local) || quoted(local)) && is_host(host)
}

/// What may stand in a word of an address. Letters beyond ASCII may.
fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && !c.is_whitespace())
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let long = "a".repeat(65);
        for good in [
            "ada@example.com",
            "a.b+c@x-y.example",
            "\"a b\"@example.com",
            "root@localhost",
            "jürgen@example.com",
        ] {
            assert!(is_email(good), "{good}");
        }
        let bad = [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "a..b@example.com",
            "ada@-x.com",
            "ada@x..com",
        ];
        for bad in bad
            .into_iter()
            .map(str::to_owned)
            .chain([format!("{long}@example.com")])
        {
            assert!(!is_email(&bad), "{bad}");
        }
    }

    #[test]
    fn patterns() {
        let id = Pattern::parse("^[a-zA-Z0-9]{27}$").unwrap();
        assert!(id.matches("2abcdefghijklmnopqrstuvwxyz") && !id.matches("2abc") && !id.matches(""));
        assert!(!id.matches("2abcdefghijklmnopqrstuvwxy-"));
        let anything = Pattern::parse("^[a-zA-Z0-9]{27}|$").unwrap();
        assert!(anything.matches("") && anything.matches("what you like"));
        let request = Pattern::parse("^[A-Za-z0-9_-]+$").unwrap();
        assert!(request.matches("a_b-1") && !request.matches("a b") && !request.matches(""));
        assert_eq!(Pattern::parse("^.*$"), None);
    }
}
