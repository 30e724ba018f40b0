//! What is wrong with a condition, and where.

use std::ops::Range;

use crate::baton::error::{Error, Kind};
use crate::report::code;

/// A mistake in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Which characters of the text.
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Mistake {
            at,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// The error, with the text and a mark under the mistake.
    pub(super) fn into_error(self, text: &str) -> Error {
        // One line, whatever was typed: the mark must stand below its place.
        let shown: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        let mark = format!("{}{}", " ".repeat(self.at.start), "^".repeat(self.at.len().max(1)));
        Error::new(Kind::Unknown, format!("{}\n  {shown}\n  {mark}", self.message))
            .code(code::CONDITION)
            .hint(self.hint)
    }
}

/// The word of a list that is nearest to a misspelt one, if one is near.
pub(super) fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    words
        .into_iter()
        .map(|known| (distance(&word, known), known))
        .filter(|(far, known)| *far <= known.chars().count().div_ceil(3))
        .min()
        .map(|(_, known)| known)
}

/// How many characters must be changed, with neighbours that changed places counted once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let of = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (of(&last, j) + usize::from(x != y))
                .min(of(&last, j + 1) + 1)
                .min(of(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(of(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let words = ["email", "entitlement", "resource", "idle"];
        assert_eq!(nearest("emial", words), Some("email"));
        assert_eq!(nearest("Entitlment", words), Some("entitlement"));
        assert_eq!(nearest("colour", words), None);
        assert_eq!(nearest("", words), None);
    }
}
