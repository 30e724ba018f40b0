//! Names as people type them: without the marks of letters, or with a slip of the finger.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// Letters that are one letter to whoever has a keyboard without them: those on the right are written as on the left.
/// Latin letters with marks, and the few that Greek and Cyrillic names differ by; marks on their own are left out.
const FOLDS: &[(&str, &str)] = &[
    ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁẚạảấầẩẫậắằẳẵặ"),
    ("ae", "æǣǽ"),
    ("b", "ḃḅḇɓ"),
    ("c", "çćĉċčḉƈ"),
    ("d", "ďđḋḍḏḑḓðɖɗ"),
    ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệǝə"),
    ("f", "ḟƒ"),
    ("g", "ĝğġģǧǵḡǥɠ"),
    ("h", "ĥħȟḣḥḧḩḫẖ"),
    ("i", "ìíîïĩīĭįıǐȉȋḭḯỉị"),
    ("ij", "ĳ"),
    ("j", "ĵǰ"),
    ("k", "ķĸǩḱḳḵƙ"),
    ("l", "ĺļľŀłḷḹḻḽƚ"),
    ("m", "ḿṁṃ"),
    ("n", "ñńņňŉŋǹṅṇṉṋɲ"),
    ("o", "òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ"),
    ("oe", "œ"),
    ("p", "ṕṗƥ"),
    ("r", "ŕŗřȑȓṙṛṝṟ"),
    ("s", "śŝşšșṡṣṥṧṩſ"),
    ("ss", "ß"),
    ("t", "ţťŧțṫṭṯṱẗƭʈ"),
    ("th", "þ"),
    ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"),
    ("v", "ṽṿʋ"),
    ("w", "ŵẁẃẅẇẉẘ"),
    ("x", "ẋẍ"),
    ("y", "ýÿŷȳẏẙỳỵỷỹƴ"),
    ("z", "źżžẑẓẕƶ"),
    ("α", "ά"),
    ("ε", "έ"),
    ("η", "ή"),
    ("ι", "ίϊΐ"),
    ("ο", "ό"),
    ("υ", "ύϋΰ"),
    ("ω", "ώ"),
    ("σ", "ς"),
    ("е", "ёѐ"),
    ("и", "йѝ"),
    ("і", "ї"),
    ("г", "ґѓ"),
    ("к", "ќ"),
    ("у", "ў"),
];

/// A text in lower case, with each letter and its marks as one character where there is one: `Zoë` is one text, however it was
/// typed.
pub fn lower(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.is_ascii() {
        return lower;
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(&lower).into_owned()
}

/// A text in lower case and without the marks of its letters: `José Müller` is `jose muller`.
pub fn folded(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.is_ascii() {
        return lower;
    }
    let mut plain = String::with_capacity(lower.len());
    for c in lower.chars() {
        match c {
            _ if c.is_ascii() => plain.push(c),
            // Marks that stand behind their letter, as some systems write them.
            '\u{300}'..='\u{36f}' => {}
            _ => match FOLDS.iter().find(|(_, from)| from.contains(c)) {
                Some((to, _)) => plain.push_str(to),
                None => plain.push(c),
            },
        }
    }
    plain
}

/// What a text stands behind those that differ in a few characters, where one is part of the other.
pub const PART: usize = 100;

/// How far two texts are apart, where they are near: the number of characters to change, at most a third of them; where
/// one is part of the other, more than that.
pub fn distance(text: &str, typed: &str) -> Option<usize> {
    const SHORTEST_PART: usize = 3;
    let (length, other) = (typed.chars().count(), text.chars().count());
    let most = (length / 3).max(1);
    if length.abs_diff(other) <= most {
        let edits = edits(text, typed);
        if edits <= most {
            return Some(edits);
        }
    }
    let is_part = length.min(other) >= SHORTEST_PART && (text.contains(typed) || typed.contains(text));
    is_part.then_some(PART + length.abs_diff(other))
}

/// How far a name is from what was typed with a slip, where it is near: as [`distance`] for the whole, else for as many
/// of its words as were typed, of which one in four characters may be wrong. Both are [`folded`].
pub fn slip(name: &str, typed: &str) -> Option<usize> {
    /// What words of a name stand behind the whole one of equal distance.
    const WORDS: usize = 10;
    /// Shorter words are near to everything.
    const SHORTEST: usize = 4;
    let whole = distance(name, typed);
    if whole.is_some_and(|edits| edits < WORDS) {
        return whole;
    }
    let length = typed.chars().count();
    if length < SHORTEST {
        return whole;
    }
    let words: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    let of_typed = typed.split_whitespace().count().max(1);
    let part = words
        .windows(of_typed)
        .map(|words| words.join(" "))
        .filter(|part| part.chars().count().abs_diff(length) <= length / 4)
        .map(|part| edits(&part, typed))
        .filter(|edits| *edits <= (length / 4).max(1))
        .min();
    part.map(|edits| WORDS + edits).or(whole)
}

/// The text that is nearest to one that nothing is called.
#[derive(Debug)]
pub struct Nearest {
    typed: String,
    found: Option<(usize, String)>,
}

impl Nearest {
    /// Nothing yet.
    pub fn to(typed: &str) -> Nearest {
        Nearest {
            typed: folded(typed.trim()),
            found: None,
        }
    }

    /// Takes a text where it is nearer than those before.
    pub fn consider(&mut self, text: &str) {
        let distance = distance(&folded(text), &self.typed).filter(|distance| *distance < PART);
        if let Some(distance) = distance
            && self.found.as_ref().is_none_or(|(nearest, _)| distance < *nearest)
        {
            self.found = Some((distance, text.to_owned()));
        }
    }

    /// What to do: that text where there is one, else what is said otherwise.
    pub fn hint_or(&self, otherwise: &'static str) -> Cow<'static, str> {
        match &self.found {
            Some((_, text)) => format!("did you mean {text:?}?").into(),
            None => otherwise.into(),
        }
    }
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            let change = usize::from(x != *y);
            next.push((diagonal + change).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, folded, slip};

    #[test]
    fn marks_of_letters_are_left_out() {
        for (text, expected) in [
            ("José Müller", "jose muller"),
            ("Jose\u{301}", "jose"),
            ("Łukasz Żółć", "lukasz zolc"),
            ("Søren Ærø", "soren aero"),
            ("Straße", "strasse"),
            ("Nguyễn Đức", "nguyen duc"),
            ("ŞİŞLİ", "sisli"),
            ("Семён Андрей", "семен андреи"),
            ("山田", "山田"),
            ("Plain ASCII", "plain ascii"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn near_names_are_near() {
        for (text, typed, expected) in [
            ("environment admin", "admin", Some(112)),
            ("environment admin", "enviroment admin", Some(1)),
            ("billing", "biling", Some(1)),
            ("billing", "bilings", Some(2)),
            ("billing", "finance", None),
            ("ada lovelace", "ada lovelace-king", Some(5)),
            ("ab", "ba", None),
            ("ab", "ax", Some(1)),
        ] {
            assert_eq!(distance(text, typed), expected, "{text} {typed}");
        }
    }

    #[test]
    fn a_slip_in_a_word_of_a_name_is_near() {
        for (name, typed, expected) in [
            ("billing", "biling", Some(1)),
            ("billing exports", "biling", Some(11)),
            ("ada lovelace", "lovelcae", Some(12)),
            ("grace hopper of the navy", "garce hopper", Some(12)),
            ("ada lovelace", "hopper", None),
            ("ada lovelace", "adb", None),
            ("finance", "billing", None),
        ] {
            assert_eq!(slip(name, typed), expected, "{name} {typed}");
        }
    }
}
