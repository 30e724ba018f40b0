//! Takes secrets out of texts on their way out: those that were set, and whatever looks like one in the wrong place.

use crate::baton::config::{Value, Values};
use crate::baton::diagnosis::Check;
use crate::baton::secret::Secret;
use crate::cli::fields;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// A shorter secret stands in ordinary words, and taking it out would only show where it stood.
const SHORTEST: usize = 6;

/// Knows the secrets of a run.
pub struct Scrub(Vec<Secret>);

impl Scrub {
    /// Those of the settings.
    pub fn of(values: &Values) -> Self {
        let all = fields::all().iter().filter_map(|field| match values.get(field.name) {
            Some(Value::Secret(secret)) if secret.expose().trim().len() >= SHORTEST => Some(secret.clone()),
            _ => None,
        });
        Scrub(all.collect())
    }

    /// A text without secrets.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret.expose().trim(), MASK);
        }
        without_tokens(&without_passwords(&text))
    }

    /// The same for all texts of a check.
    pub fn check(&self, check: &mut Check) {
        check.name = self.text(&check.name);
        check.seen = self.text(&check.seen);
        let more = [&mut check.environment, &mut check.lost, &mut check.todo];
        for text in more.into_iter().flatten() {
            *text = self.text(text);
        }
    }
}

/// `https://***@host` for `https://user:password@host`.
fn without_passwords(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        safe.push_str(before);
        safe.push_str("://");
        let end = after
            .find(|c: char| c.is_whitespace() || "/?#\"'".contains(c))
            .unwrap_or(after.len());
        let (authority, path) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                safe.push_str(MASK);
                safe.push('@');
                safe.push_str(host);
            }
            None => safe.push_str(authority),
        }
        rest = path;
    }
    safe.push_str(rest);
    safe
}

/// Words that begin like a token of Workato or a secret of ConductorOne, or hold a part of a JWT.
fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.:=+".contains(c);
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        safe.push_str(before);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        safe.push_str(if is_token(word) { MASK } else { word });
        rest = after;
    }
    safe.push_str(rest);
    safe
}

fn is_token(word: &str) -> bool {
    word.contains("eyJ") || word.contains("secret-token:") || (word.starts_with("wrka") && word.len() > 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let scrub = Scrub(vec![Secret::new("hush-hush"), Secret::new(" padded-one ")]);
        for (text, safe) in [
            ("a hush-hush b", "a *** b"),
            ("'padded-one'", "'***'"),
            ("value 'wrkaus-eyJhbGci.eyJzdWIi.sig' is not", "value '***' is not"),
            (
                "https://me:word@proxy:3128/x and http://h/y",
                "https://***@proxy:3128/x and http://h/y",
            ),
            ("secret-token:conductorone.com:v1:abc", "***"),
            ("wrkaeu-***", "wrkaeu-***"),
            ("workato-api-key 12:30 a=b", "workato-api-key 12:30 a=b"),
            ("", ""),
        ] {
            assert_eq!(scrub.text(text), safe);
        }
    }
}
