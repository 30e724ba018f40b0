//! Text that other people typed, made safe to show: a role called `\e[2J` must not clear a screen, and a
//! right-to-left override must not make one name look like another.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One line: control characters, escape sequences, line breaks, bidirectional controls and characters without
/// width become visible as `\u{1b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Several lines: as [`line`], but line breaks stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n')
}

/// JSON on one line: what [`line`] makes visible is written as `\u001b`, which every reader of JSON takes for the same.
pub fn json(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c.is_control() || misleads(c);
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) || !text.chars().any(harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if !harmful(c) {
            safe.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    Cow::Owned(safe)
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let harmful = |c: char| !keep(c) && (c.is_control() || misleads(c));
    if !text.chars().any(harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmful(c) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "{}", c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Characters that print nothing or reorder what is around them.
fn misleads(c: char) -> bool {
    matches!(c,
        '\u{ad}'                        // soft hyphen
        | '\u{34f}'                     // combining grapheme joiner
        | '\u{61c}'                     // Arabic letter mark
        | '\u{115f}' | '\u{1160}'       // Hangul fillers
        | '\u{17b4}' | '\u{17b5}'       // Khmer inherent vowels
        | '\u{180b}'..='\u{180f}'       // Mongolian separators
        | '\u{200b}'..='\u{200f}'       // zero-width characters and marks
        | '\u{2028}'..='\u{202e}'       // separators, bidirectional embedding and override
        | '\u{2060}'..='\u{206f}'       // joiners, isolates, invisible operators
        | '\u{3164}' | '\u{ffa0}'       // Hangul fillers
        | '\u{feff}'                    // byte order mark
        | '\u{fff9}'..='\u{fffb}'       // interlinear annotation
        | '\u{1d173}'..='\u{1d17a}'     // musical controls
        | '\u{e0000}'..='\u{e0fff}'     // tags
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_left_alone() {
        for name in ["Zoë Müller", "山田 太郎", "שלום", "Ops & \"Data\" <team>", "naïve 🙂"] {
            assert!(matches!(line(name), Cow::Borrowed(same) if same == name), "{name}");
        }
    }

    #[test]
    fn what_could_mislead_becomes_visible() {
        assert_eq!(line("\u{1b}[2Jx"), "\\u{1b}[2Jx");
        assert_eq!(line("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(line("ad\u{200b}min"), "ad\\u{200b}min");
        assert_eq!(line("a\nb\r\tc\u{9b}d"), "a\\u{a}b\\u{d}\\u{9}c\\u{9b}d");
        assert_eq!(lines("a\nb\rc"), "a\nb\\u{d}c");
    }

    #[test]
    fn json_stays_the_same_json() {
        let name = "a\u{1b}[2J\u{9b}\u{202e}\u{7f}\u{e0041}\u{feff} \"quoted\" 🙂 é";
        let written = serde_json::to_string(name).unwrap();
        let safe = json(&written);
        assert!(!safe.chars().any(|c| c.is_control() || misleads(c)), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), name);
        assert!(matches!(json("{\"a\":\"é\"}"), Cow::Borrowed(_)));
    }
}
