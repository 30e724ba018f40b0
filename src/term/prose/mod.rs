//! Pages of text, written in a little Markdown, for a terminal: headings, paragraphs, lists, tables, code.
//!
//! Only pages that are compiled in come here, so nothing needs to be made safe.

mod inline;
mod table;

use super::color::Paint;
use table::Table;

/// Lines longer than this are hard to read, however wide the screen is.
const WIDEST: usize = 100;
/// Not narrower than this: words need room.
const NARROWEST: usize = 40;

/// The page in lines as wide as the screen at most; without one every paragraph is a line. Code is never broken: a
/// command is there to be copied.
pub fn render(page: &str, screen: Option<usize>, paint: Paint) -> String {
    let width = screen.map_or(usize::MAX, |columns| columns.clamp(NARROWEST, WIDEST));
    let mut shown = String::new();
    let mut block = Block::default();
    let mut rows = Table::default();
    let mut is_code = false;
    for line in page.lines() {
        if !is_code && line.starts_with('|') {
            block.end(&mut shown, width, paint);
            rows.add(line);
            continue;
        }
        rows.end(&mut shown, screen, paint);
        if !is_code && line.starts_with("<!--") {
            // A mark for whoever writes the page.
        } else if line.starts_with("```") {
            block.end(&mut shown, width, paint);
            is_code = !is_code;
        } else if is_code {
            shown.push_str(&format!("    {}", paint.cyan(line)));
            shown.push('\n');
        } else if line.is_empty() {
            block.end(&mut shown, width, paint);
            shown.push('\n');
        } else if let Some(title) = line.strip_prefix("# ").or_else(|| line.strip_prefix("## ")) {
            block.end(&mut shown, width, paint);
            shown.push_str(&paint.bold(title));
            shown.push('\n');
        } else if let Some((mark, point)) = point(line) {
            block.end(&mut shown, width, paint);
            block.mark = Some(mark);
            block.add(point);
        } else {
            block.add(line.trim_start());
        }
    }
    rows.end(&mut shown, screen, paint);
    block.end(&mut shown, width, paint);
    shown
}

/// A point of a list: its mark with the space behind it, and its text.
fn point(line: &str) -> Option<(String, &str)> {
    let (mark, text) = line.split_once(' ')?;
    let is_number = mark
        .strip_suffix('.')
        .is_some_and(|number| number.parse::<u8>().is_ok());
    (mark == "-" || is_number).then(|| (format!("{mark} "), text))
}

/// A paragraph or a point of a list, gathered.
#[derive(Default)]
struct Block {
    text: String,
    /// What a point begins with, with the space behind it.
    mark: Option<String>,
}

impl Block {
    fn add(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(line);
    }

    fn end(&mut self, shown: &mut String, width: usize, paint: Paint) {
        let block = std::mem::take(self);
        if block.text.is_empty() {
            return;
        }
        let text = inline::plain(&block.text);
        let first = format!("  {}", block.mark.unwrap_or_default());
        let rest = " ".repeat(first.len());
        let mut column = 0;
        for word in words(&text) {
            let length = word.chars().count();
            if column == 0 {
                shown.push_str(&first);
                column = first.len();
            } else if column + 1 + length > width {
                shown.push('\n');
                shown.push_str(&rest);
                column = rest.len();
            } else {
                shown.push(' ');
                column += 1;
            }
            shown.push_str(&inline::coloured(word, paint));
            column += length;
        }
        shown.push('\n');
    }
}

/// The words of a text; code is one, with what stands directly before and behind it.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut is_code) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '`' => is_code = !is_code,
            ' ' if !is_code => {
                words.extend(text.get(start..at).filter(|word| !word.is_empty()));
                start = at + 1;
            }
            _ => {}
        }
    }
    words.extend(text.get(start..).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# A title

## What it means
Some words that are long enough to need a second line, with `code that is not broken` in them.

- a point
- another point that goes on and on until
  it ends
1. a number

| flag | what it does |
| --- | --- |
| `--keep` | says how many syncs [a file](files.md) keeps, **never** none |
| `-o` | |

```
a --command | b
```
";

    #[test]
    fn a_page_is_laid_out_to_the_width() {
        insta::assert_snapshot!(render(PAGE, Some(44), Paint::OFF), @r"
        A title

        What it means
          Some words that are long enough to need a
          second line, with
          `code that is not broken` in them.

          - a point
          - another point that goes on and on until
            it ends
          1. a number

          flag      what it does
          `--keep`  says how many syncs a file
                    keeps, never none
          `-o`

            a --command | b
        ");
    }

    #[test]
    fn colours_take_the_place_of_marks() {
        let shown = render(PAGE, Some(44), Paint::ON);
        assert!(!shown.contains('`') && shown.contains("\u{1b}["), "{shown}");
    }
}
