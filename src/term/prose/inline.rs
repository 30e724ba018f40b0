//! What stands inside of a line: code, links, weight.

use crate::term::color::Paint;

/// A text without what only a page on the web can show: a link is its words, weight is nothing.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[', '*']) {
        let (before, marked) = rest.split_at(at);
        shown.push_str(before);
        rest = match code(marked).or_else(|| link(marked)) {
            Some((words, behind)) => {
                shown.push_str(words);
                behind
            }
            None => match marked.strip_prefix("**") {
                Some(behind) => behind,
                None => {
                    let mut chars = marked.chars();
                    shown.extend(chars.next());
                    chars.as_str()
                }
            },
        };
    }
    shown.push_str(rest);
    shown
}

/// Code with its marks, and what follows it: nothing in it has a meaning.
fn code(text: &str) -> Option<(&str, &str)> {
    let end = text.strip_prefix('`')?.find('`')?;
    text.split_at_checked(end + 2)
}

/// The words of a link, and what follows it.
fn link(text: &str) -> Option<(&str, &str)> {
    let (words, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (target, behind) = rest.split_once(')')?;
    let is_one = !words.contains('[') && !target.contains(char::is_whitespace);
    is_one.then_some((words, behind))
}

/// Code in its colour. Without colours its marks stay: they are what tells it apart.
pub fn coloured(text: &str, paint: Paint) -> String {
    if !paint.is_on() || !text.contains('`') {
        return text.to_owned();
    }
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, part)| match at % 2 {
            0 => part.to_owned(),
            _ => paint.cyan(part),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_its_words_and_code_stays_as_it_is() {
        for (written, shown) in [
            ("see [the files](files.md), or not", "see the files, or not"),
            ("**never** a `[a](b)` or `**`", "never a `[a](b)` or `**`"),
            ("a [list] of 2 * 3 * 4 (all)", "a [list] of 2 * 3 * 4 (all)"),
            ("`open [x](y", "`open [x](y"),
        ] {
            assert_eq!(plain(written), shown);
        }
    }
}
