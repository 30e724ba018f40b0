//! Trees of lines, for answers that branch: who holds what, and what follows from it.
//!
//! On a terminal a line that is too long is broken between words and goes on below itself, at most `LINES` lines; to
//! a file or a pipe every line is written whole, once.

mod markdown;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::color::Paint;
use super::output::Output;
use super::sanitize;
use super::table::Layout;
use crate::baton::error::Result;

pub use markdown::markdown;

/// Lines that one entry takes at most on a terminal.
const LINES: usize = 3;
/// Trees are not made narrower than this, however deep they are.
const NARROWEST: usize = 24;

/// How a piece of a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// A title.
    Bold,
    /// What matters less.
    Dim,
    /// What was added.
    Green,
    /// What was taken away.
    Red,
    /// What to look at.
    Yellow,
}

impl Tone {
    fn paint(self, paint: Paint, text: &str) -> String {
        match self {
            Tone::Plain => text.to_owned(),
            Tone::Bold => paint.bold(text),
            Tone::Dim => paint.dim(text),
            Tone::Green => paint.green(text),
            Tone::Red => paint.red(text),
            Tone::Yellow => paint.yellow(text),
        }
    }
}

/// A line, and what hangs from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pieces: Vec<(Tone, String)>,
    children: Vec<Node>,
}

impl Node {
    /// A line with this beginning. What strangers typed becomes safe here.
    pub fn new(tone: Tone, text: impl AsRef<str>) -> Node {
        Node::default().and(tone, text)
    }

    /// An empty line.
    pub fn blank() -> Node {
        Node::default()
    }

    /// Goes on with a piece.
    #[must_use]
    pub fn and(mut self, tone: Tone, text: impl AsRef<str>) -> Node {
        self.pieces.push((tone, sanitize::line(text.as_ref()).into_owned()));
        self
    }

    /// Hangs a line below this one.
    pub fn push(&mut self, child: Node) {
        self.children.push(child);
    }

    /// Hangs lines below this one.
    #[must_use]
    pub fn with(mut self, children: impl IntoIterator<Item = Node>) -> Node {
        self.children.extend(children);
        self
    }
}

/// Writes a tree: its first line at the margin.
///
/// # Errors
/// As [`Output::text`].
pub fn write(output: &mut Output, root: &Node, layout: Layout) -> Result<()> {
    output.text(&text(root, layout))
}

/// A tree as text, each line ended.
pub fn text(root: &Node, layout: Layout) -> String {
    let mut text = String::new();
    entry(&mut text, root, "", "", layout);
    text
}

/// One entry: `first` stands before its first line, `rest` before all others.
fn entry(text: &mut String, node: &Node, first: &str, rest: &str, layout: Layout) {
    // The guide to the children runs past what is broken off this line.
    let below = if node.children.is_empty() { "  " } else { "│ " };
    let room = layout
        .screen
        .map(|columns| columns.saturating_sub(rest.width() + below.width()).max(NARROWEST));
    for (at, line) in lines(&node.pieces, room, layout.paint).iter().enumerate() {
        let guide = if at == 0 {
            first.to_owned()
        } else {
            format!("{rest}{below}")
        };
        let line = format!("{}{line}", layout.paint.dim(guide));
        // A guide without colour may end in spaces.
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for (at, child) in node.children.iter().enumerate() {
        let is_last = at + 1 == node.children.len();
        let (branch, trunk) = if is_last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        entry(
            text,
            child,
            &format!("{rest}{branch}"),
            &format!("{rest}{trunk}"),
            layout,
        );
    }
}

/// The lines of an entry, painted.
fn lines(pieces: &[(Tone, String)], room: Option<usize>, paint: Paint) -> Vec<String> {
    let Some(room) = room else {
        return vec![pieces.iter().map(|(tone, piece)| tone.paint(paint, piece)).collect()];
    };
    let mut lines: Vec<Vec<(Tone, String)>> = vec![Vec::new()];
    let mut used = 0;
    let mut whole = true;
    'words: for (tone, piece) in pieces {
        for word in piece.split_inclusive(' ') {
            let mut word = word;
            loop {
                let width = word.trim_end().width();
                if used + width <= room {
                    push(&mut lines, *tone, word);
                    used += word.width();
                    break;
                }
                let is_long = width > room;
                if lines.len() == LINES {
                    whole = false;
                    let left = room.saturating_sub(used + 1);
                    push(&mut lines, *tone, fitting(word, left).0);
                    break 'words;
                }
                if is_long {
                    let (head, tail) = fitting(word, room.saturating_sub(used));
                    push(&mut lines, *tone, head);
                    word = tail;
                }
                lines.push(Vec::new());
                used = 0;
            }
        }
    }
    if !whole {
        make_room(&mut lines, room);
        push(&mut lines, Tone::Dim, "…");
    }
    let paint = |line: Vec<(Tone, String)>| line.iter().map(|(tone, piece)| tone.paint(paint, piece)).collect();
    lines.into_iter().map(paint).collect()
}

/// Leaves a column free at the end of the last line.
fn make_room(lines: &mut [Vec<(Tone, String)>], room: usize) {
    let Some(line) = lines.last_mut() else {
        return;
    };
    while let Some((_, piece)) = line.last_mut() {
        piece.truncate(piece.trim_end().len());
        if piece.is_empty() {
            line.pop();
            continue;
        }
        if line.iter().map(|(_, piece)| piece.width()).sum::<usize>() < room {
            return;
        }
        if let Some((_, piece)) = line.last_mut() {
            piece.pop();
        }
    }
}

fn push(lines: &mut [Vec<(Tone, String)>], tone: Tone, text: &str) {
    let Some(line) = lines.last_mut() else {
        return;
    };
    match line.last_mut() {
        Some((last, piece)) if *last == tone => piece.push_str(text),
        _ => line.push((tone, text.to_owned())),
    }
}

/// The beginning of a text that fits, and the rest.
fn fitting(text: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or_default();
        if used > room {
            return text.split_at(at);
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(root: &Node, screen: Option<usize>) -> String {
        text(
            root,
            Layout {
                screen,
                paint: Paint::OFF,
            },
        )
    }

    fn tree() -> Node {
        Node::new(Tone::Bold, "Ada Lovelace")
            .and(Tone::Dim, " <ada@acme.com>")
            .with([
                Node::new(Tone::Plain, "Environment admin (prod)").with([Node::new(
                    Tone::Plain,
                    "92 privileges: Recipes-create, Recipes-delete, Connections-create and 89 more",
                )]),
                Node::new(Tone::Plain, "山田 \u{1b}[2J"),
            ])
    }

    #[test]
    fn a_pipe_gets_whole_lines() {
        assert_eq!(
            shown(&tree(), None),
            "Ada Lovelace <ada@acme.com>\n\
             ├─ Environment admin (prod)\n\
             │  └─ 92 privileges: Recipes-create, Recipes-delete, Connections-create and 89 more\n\
             └─ 山田 \\u{1b}[2J\n"
        );
    }

    #[test]
    fn a_narrow_screen_breaks_lines_between_words() {
        assert_eq!(
            shown(&tree(), Some(48)),
            "Ada Lovelace <ada@acme.com>\n\
             ├─ Environment admin (prod)\n\
             │  └─ 92 privileges: Recipes-create,\n\
             │       Recipes-delete, Connections-create and\n\
             │       89 more\n\
             └─ 山田 \\u{1b}[2J\n"
        );
    }

    #[test]
    fn nothing_takes_more_than_a_few_lines_or_more_than_the_screen() {
        for text in ["x".repeat(10_000), "ab ".repeat(5_000), "山".repeat(5_000)] {
            for screen in [10, 40, 80] {
                let root = Node::new(Tone::Plain, "root").with([Node::new(Tone::Plain, &text)]);
                let shown = shown(&root, Some(screen));
                assert_eq!(shown.lines().count(), 1 + LINES, "{shown}");
                let widest = shown.lines().map(|line| line.width()).max().unwrap();
                assert!(widest <= screen.max(NARROWEST + 5), "{screen}: {widest}\n{shown}");
                assert!(shown.ends_with("…\n"), "{shown}");
            }
        }
    }
}
