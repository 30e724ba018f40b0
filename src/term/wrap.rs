//! Breaks running text into lines between words.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Lines are not made narrower than this: text would fall apart.
const NARROWEST: usize = 16;

/// The lines of a text, none wider than `width` columns: a word that is too long for a line of its own is broken. Empty for
/// an empty text.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(NARROWEST);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(pieces(word, width)),
        }
    }
    lines
}

/// A word in pieces that fit.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in word.chars() {
        let columns = c.width().unwrap_or_default();
        if used + columns > width {
            pieces.push(String::new());
            used = 0;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        used += columns;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words_and_fit() {
        assert_eq!(wrap("", 20), Vec::<String>::new());
        assert_eq!(wrap("one two", 20), ["one two"]);
        assert_eq!(wrap("one two three four five", 16), ["one two three", "four five"]);
        let path = "/a/very/long/path/without/any/space";
        assert_eq!(wrap(path, 16).concat(), path);
        for width in 16..60 {
            let lines = wrap("日本語 のテキスト is wide, and averyverylongword stands in it", width);
            assert!(lines.iter().all(|line| line.width() <= width), "{width}: {lines:?}");
        }
    }
}
