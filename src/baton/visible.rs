//! Characters that harm whoever reads them: they move a cursor, hide, or turn round what is beside them. Whatever was
//! typed by strangers is made visible before a person sees it, on a terminal, in a sheet or in a drawing.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What a CSV begins with where spreadsheets are to know that it is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Whether a character does not belong into a line of text: a control character, or one that misleads.
pub fn is_harmful(c: char) -> bool {
    c.is_control() || misleads(c)
}

/// Whether there is nothing harmful in a text. Most of what is shown is plain ASCII, and it is looked at eight bytes at a
/// time: lists of a million rows are gigabytes.
pub fn is_harmless(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = not_plain(rest.as_bytes()) {
        // What stands before is ASCII: it ends at the end of a character.
        let mut chars = rest.get(at..).unwrap_or_default().chars();
        // Text that is not ASCII comes in words.
        loop {
            match chars.next() {
                None => return true,
                Some(c) if is_harmful(c) => return false,
                Some(c) if c.is_ascii() => break,
                Some(_) => {}
            }
        }
        rest = chars.as_str();
    }
    true
}

/// Where the first byte lies that is not a printable character of ASCII.
fn not_plain(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    let mut rest = bytes;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // A high bit for bytes above 0x7f, below 0x20, and for 0x7f; a borrow makes too many of them, never too few.
        let below = word.wrapping_sub(ONES * 0x20);
        let delete = (word ^ (ONES * 0x7f)).wrapping_sub(ONES);
        if (word | below | delete) & HIGH != 0 {
            break;
        }
        (at, rest) = (at + 8, behind);
    }
    let first = rest.iter().position(|byte| !matches!(byte, 0x20..0x7f))?;
    Some(at + first)
}

/// The text with everything harmful, but for what `keep` keeps, written as `\u{1b}`.
pub fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let harmful = |c: char| !keep(c) && is_harmful(c);
    if is_harmless(text) || !text.chars().any(harmful) {
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

/// What begins a formula in a spreadsheet: `=cmd()`. The last four are wide forms of the first.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A field of a sheet: harmful characters are visible, and what a spreadsheet would run gets an apostrophe before it,
/// which spreadsheets take for "this is text".
pub fn field(text: &str) -> Cow<'_, str> {
    let safe = escape(text, |_| false);
    if text.starts_with(FORMULA) {
        return Cow::Owned(format!("'{safe}"));
    }
    safe
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
    fn harm_is_found_wherever_it_stands() {
        for harm in ['\u{1b}', '\n', '\u{7f}', '\u{9b}', '\u{202e}', '\u{e0041}', '\0'] {
            for before in 0..20 {
                for filling in ["a", "~", " ", "é", "山", "🙂", "\u{80}\u{a0}"] {
                    // The last one is harmful itself.
                    let plain = filling.repeat(before);
                    assert_eq!(
                        is_harmless(&plain),
                        before == 0 || !filling.starts_with('\u{80}'),
                        "{plain:?}"
                    );
                    let text = format!("{plain}{harm}{plain}");
                    assert!(!is_harmless(&text), "{text:?}");
                    assert_eq!(is_harmless(&text), !text.chars().any(is_harmful));
                }
            }
        }
        for plain in [
            "",
            "Zoë Müller",
            "山田 太郎 (ops)",
            "{\"a\":\"é\"} and more of it, 🙂 also",
        ] {
            assert!(is_harmless(plain), "{plain}");
        }
    }
}
