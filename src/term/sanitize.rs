//! Text that other people typed, made safe to show: a role called `\e[2J` must not clear a screen, and a
//! right-to-left override must not make one name look like another.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::baton::visible::{escape, is_harmful, is_harmless};

/// One line: control characters, escape sequences, line breaks, bidirectional controls and characters without
/// width become visible as `\u{1b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Several lines: as [`line()`], but line breaks stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n')
}

/// JSON on one line: what [`line()`] makes visible is written as `\u001b`, which every reader of JSON takes for the same.
pub fn json(text: &str) -> Cow<'_, str> {
    if is_harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if !is_harmful(c) {
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
        assert!(!safe.chars().any(is_harmful), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), name);
        assert!(matches!(json("{\"a\":\"é\"}"), Cow::Borrowed(_)));
    }
}
