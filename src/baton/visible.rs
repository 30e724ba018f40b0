//! Characters that harm whoever reads them: they move a cursor, hide, or turn round what is beside them. Whatever was
//! typed by strangers is made visible before a person sees it, on a terminal, in a sheet or in a drawing.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character does not belong into a line of text: a control character, or one that misleads.
pub fn is_harmful(c: char) -> bool {
    c.is_control() || misleads(c)
}

/// The text with everything harmful, but for what `keep` keeps, written as `\u{1b}`.
pub fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let harmful = |c: char| !keep(c) && is_harmful(c);
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
