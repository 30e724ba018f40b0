//! The review as trees: people first, then everything else by type.

use crate::baton::c1z::SyncRun;
use crate::baton::error::Result;
use crate::cli::read::Reading;
use crate::report::compare::review::{Bundle, Presence, Review, Subject};
use crate::report::compare::told::{self, Line, Sign};
use crate::term::Terminal;
use crate::term::tree::{self, Node, Tone};

/// Things that came or went and have nothing more to tell, told one by one.
const MOST: usize = 20;
/// Gains or losses of one subject, told one by one.
const BUNDLES: usize = 12;

/// Shows the review, as trees or as Markdown.
///
/// # Errors
/// Those of stdout.
pub(super) fn show(terminal: &Terminal, reading: &Reading, review: &Review, all: bool, markdown: bool) -> Result<()> {
    // A file or a pipe gets every line: nobody can ask it for the rest.
    let all = all || markdown || !terminal.stdout_is_terminal();
    let mut drawing = Drawing { all, folded: false };
    let mut nodes = vec![Node::new(
        Tone::Dim,
        format!("{} → {}", when(&review.old), when(&review.new)),
    )];
    if review.is_empty() {
        nodes.push(Node::new(Tone::Bold, told::nothing(review)));
    } else {
        nodes.push(Node::new(Tone::Bold, told::summary(review)));
        drawing.section(&mut nodes, "People and accounts", &review.people);
        for of_type in review.things.chunk_by(|a, b| a.thing.kind == b.thing.kind) {
            let title = of_type.first().map(|s| s.thing.type_name.as_str()).unwrap_or_default();
            drawing.section(&mut nodes, title, of_type);
        }
    }
    for said in told::asides(review) {
        nodes.push(Node::blank());
        nodes.push(Node::new(Tone::Dim, said));
    }
    if drawing.folded {
        nodes.push(Node::new(Tone::Dim, "--all shows every line instead of counts."));
    }
    terminal.deliver(&reading.paging, |output| {
        if markdown {
            return nodes.iter().try_for_each(|node| output.text(&tree::markdown(node)));
        }
        nodes
            .iter()
            .try_for_each(|node| tree::write(output, node, terminal.layout()))
    })
}

/// When a sync ended, to the second.
fn when(run: &SyncRun) -> String {
    let at = run.ended_at.as_deref().unwrap_or("unfinished");
    format!("{} ({})", at.split('.').next().unwrap_or_default(), run.sync_id)
}

struct Drawing {
    all: bool,
    folded: bool,
}

impl Drawing {
    fn section(&mut self, nodes: &mut Vec<Node>, title: &str, subjects: &[Subject]) {
        if subjects.is_empty() {
            return;
        }
        let mut section = Node::new(Tone::Bold, title);
        for alike in subjects.chunk_by(|a, b| a.presence == b.presence) {
            let mut bare = 0;
            for subject in alike {
                let children = self.children(subject);
                bare += usize::from(children.is_empty());
                if children.is_empty() && bare > MOST && !self.all {
                    continue;
                }
                section.push(headline(subject).with(children));
            }
            if let Some(more) = bare.checked_sub(MOST).filter(|more| *more > 0 && !self.all) {
                self.folded = true;
                let word = alike.first().map(told::fate).unwrap_or_default();
                section.push(Node::new(Tone::Dim, format!("and {more} more {word}")));
            }
        }
        nodes.push(Node::blank());
        nodes.push(section);
    }

    fn children(&mut self, subject: &Subject) -> Vec<Node> {
        let mut nodes: Vec<Node> = told::details(subject).iter().map(node).collect();
        self.bundles(&mut nodes, subject, &subject.gained, true);
        self.bundles(&mut nodes, subject, &subject.lost, false);
        nodes.extend(told::rest(subject).iter().map(node));
        nodes
    }

    fn bundles(&mut self, nodes: &mut Vec<Node>, subject: &Subject, bundles: &[Bundle], gained: bool) {
        let shown = if self.all || bundles.len() <= BUNDLES {
            bundles.len()
        } else {
            BUNDLES
        };
        for bundle in bundles.iter().take(shown) {
            nodes.push(node(&told::bundled(subject, bundle, gained)));
        }
        let more = bundles.len() - shown;
        if more > 0 {
            self.folded = true;
            let word = if gained { "gained" } else { "lost" };
            nodes.push(Node::new(Tone::Dim, format!("and {more} more {word}")));
        }
    }
}

fn headline(subject: &Subject) -> Node {
    let (tone, sign) = match subject.presence {
        Presence::Added => (Tone::Green, "+ "),
        Presence::Removed => (Tone::Red, "− "),
        Presence::Stayed => (Tone::Plain, ""),
    };
    let word = told::fate(subject);
    let mut node = Node::new(tone, format!("{sign}{}", subject.thing.beside_email()));
    if !subject.email.is_empty() && subject.email != subject.thing.name {
        node = node.and(Tone::Dim, format!(" <{}>", subject.email));
    }
    if !word.is_empty() {
        node = node.and(tone, format!(" {word}"));
    }
    node
}

fn node(line: &Line) -> Node {
    let tone = match line.sign {
        Sign::Gained => Tone::Green,
        Sign::Lost => Tone::Red,
        Sign::Kept => Tone::Yellow,
        Sign::Changed => Tone::Plain,
    };
    let mut node = Node::new(tone, &line.text);
    if !line.aside.is_empty() {
        node = node.and(Tone::Dim, format!("  {}", line.aside));
    }
    node.with(line.below.iter().map(node_below))
}

/// What followed: its sign stands in the text.
fn node_below(line: &Line) -> Node {
    Node::new(Tone::Plain, &line.text).and(Tone::Dim, format!("  {}", line.aside))
}
