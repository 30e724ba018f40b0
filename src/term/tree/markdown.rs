//! A tree as Markdown, for tickets and pages that others render.

use super::{Node, Tone};

/// A tree as Markdown: what is bold and has something below it is a heading, what lies below are points of a list.
///
/// What strangers typed stays text: nothing of it becomes a link, a mention, a picture or HTML.
pub fn markdown(root: &Node) -> String {
    let mut text = String::new();
    let said = safe(&said(root));
    let is_heading = root.pieces.iter().any(|(tone, _)| *tone == Tone::Bold) && !root.children.is_empty();
    if is_heading {
        text.push_str(&format!("### {said}\n\n"));
    } else if !said.is_empty() {
        text.push_str(&format!("{said}\n\n"));
    }
    for child in &root.children {
        point(&mut text, child, 0);
    }
    if !root.children.is_empty() {
        text.push('\n');
    }
    text
}

fn point(text: &mut String, node: &Node, depth: usize) {
    text.push_str(&format!("{}- {}\n", "  ".repeat(depth), safe(&said(node))));
    for child in &node.children {
        point(text, child, depth + 1);
    }
}

fn said(node: &Node) -> String {
    node.pieces.iter().map(|(_, piece)| piece.as_str()).collect()
}

/// Text that means itself in every dialect.
fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            // Where software turns words into links, a backslash does not help.
            '@' => safe.push_str("&#64;"),
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '!' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            other => safe.push(other),
        }
    }
    let safe = safe.replace("://", "&#58;//").replace("www.", "www&#46;");
    // What begins a line must not begin a list or a rule of its own.
    match safe.chars().next() {
        Some('+' | '-' | '=') => format!("\\{safe}"),
        Some('0'..='9') => safe.replacen(". ", "\\. ", 1),
        _ => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_a_heading_with_points_and_what_strangers_typed_stays_text() {
        let tree = Node::new(Tone::Bold, "People").with([
            Node::new(Tone::Green, "+ Ada <ada@acme.com>")
                .with([Node::new(Tone::Plain, "gained *all* of [x](https://evil)")]),
            Node::new(Tone::Plain, "@team <img src=x> #1, 9:30, www.evil"),
        ]);
        insta::assert_snapshot!(markdown(&tree), @r"
        ### People

        - \+ Ada &lt;ada&#64;acme.com&gt;
          - gained \*all\* of \[x\](https&#58;//evil)
        - &#64;team &lt;img src=x&gt; \#1, 9:30, www&#46;evil
        ");
        assert_eq!(markdown(&Node::new(Tone::Dim, "1. of 2")), "1\\. of 2\n\n");
        assert_eq!(markdown(&Node::blank()), "");
    }
}
