//! Takes secrets out of what others answer: who was sent a token may send it back, as a name, in a header or in a
//! message, and from there it would reach files and logs.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use super::Secret;

/// What stands in a secret's place.
const INSTEAD: &[u8] = b"***";
/// A shorter text is no secret, and may stand in an answer by chance.
const SHORTEST: usize = 8;

/// Secrets that were sent, or will be.
#[derive(Debug, Default)]
pub struct Echoes(RwLock<Vec<Secret>>);

impl Echoes {
    /// From now on `secret` is taken out.
    pub fn hide(&self, secret: &Secret) {
        let text = secret.expose().trim();
        if text.len() < SHORTEST || self.read().iter().any(|known| known.expose() == text) {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(forms(text).into_iter().map(Secret::new));
        // What contains another goes first, or a part of it would be left.
        known.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }

    /// `text` without any of the secrets: as they are, as JSON may write them and as they stand in URLs.
    pub fn without<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let mut clean = Cow::Borrowed(text);
        for secret in self.read().iter() {
            if let Some(replaced) = replaced(&clean, secret.expose().as_bytes()) {
                clean = Cow::Owned(replaced);
            }
        }
        clean
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<Secret>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forms(text: &str) -> Vec<String> {
    let in_url = url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut forms = vec![text.to_owned(), text.replace('/', "\\/"), in_url];
    forms.sort();
    forms.dedup();
    forms
}

fn replaced(text: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let first = secret.first()?;
    let mut found = None;
    let mut done = 0;
    let mut at = 0;
    while let Some(step) = text.get(at..)?.iter().position(|byte| byte == first) {
        at += step;
        if text.get(at..)?.starts_with(secret) {
            let clean: &mut Vec<u8> = found.get_or_insert_default();
            clean.extend_from_slice(text.get(done..at)?);
            clean.extend_from_slice(INSTEAD);
            at += secret.len();
            done = at;
        } else {
            at += 1;
        }
    }
    let mut clean = found?;
    clean.extend_from_slice(text.get(done..)?);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(secrets: &[&str], text: &str) -> String {
        let echoes = Echoes::default();
        for secret in secrets {
            echoes.hide(&Secret::new(*secret));
        }
        String::from_utf8(echoes.without(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_secret_is_taken_out_wherever_it_stands() {
        for (text, clean) in [
            ("wrka-abc/d=", "***"),
            ("a wrka-abc/d= b wrka-abc/d=c", "a *** b ***c"),
            (r#"{"name":"wrka-abc\/d="}"#, r#"{"name":"***"}"#),
            ("/next?t=wrka-abc%2Fd%3D&x=1", "/next?t=***&x=1"),
            ("wrkwrka-abc/d=", "wrk***"),
            ("wrka-abc", "wrka-abc"),
            ("", ""),
        ] {
            assert_eq!(without(&["wrka-abc/d="], text), clean, "{text}");
        }
    }

    #[test]
    fn the_longer_of_two_goes_whole_and_a_short_text_stays() {
        assert_eq!(without(&["12345678", "1234567890"], "x1234567890x"), "x***x");
        assert_eq!(without(&["12345678", "1234567890"], "x12345678x"), "x***x");
        assert_eq!(without(&["short"], "a short text"), "a short text");
    }

    #[test]
    fn what_is_no_text_is_searched_as_well() {
        let echoes = Echoes::default();
        echoes.hide(&Secret::new("12345678"));
        assert_eq!(echoes.without(b"\xff12345678\xfe").as_ref(), b"\xff***\xfe");
    }
}
