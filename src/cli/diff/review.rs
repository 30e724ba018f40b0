//! The review as trees: people first, then everything else by type.

use crate::baton::c1z::SyncRun;
use crate::baton::error::Result;
use crate::cli::read::Reading;
use crate::report::compare::Detail;
use crate::report::compare::review::{Bundle, Fold, Presence, Review, Subject};
use crate::report::wording::count;
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
        nodes.push(Node::new(Tone::Bold, nothing(review)));
    } else {
        nodes.push(Node::new(Tone::Bold, summary(review)));
        drawing.section(&mut nodes, "People and accounts", &review.people);
        for of_type in review.things.chunk_by(|a, b| a.thing.kind == b.thing.kind) {
            let title = of_type.first().map(|s| s.thing.type_name.as_str()).unwrap_or_default();
            drawing.section(&mut nodes, title, of_type);
        }
    }
    if !review.restless.is_empty() {
        let kinds: Vec<String> = review
            .restless
            .iter()
            .map(|(kind, n)| format!("{n} × {kind}"))
            .collect();
        nodes.push(Node::blank());
        let text = format!("Only last activity, counts and the like changed: {}.", kinds.join(", "));
        nodes.push(Node::new(Tone::Dim, text));
    }
    if review.rerouted > 0 {
        let number = usize::try_from(review.rerouted).unwrap_or(usize::MAX);
        let text = count(
            number,
            "grant that is still there follows",
            "grants that are still there follow",
        );
        nodes.push(Node::blank());
        nodes.push(Node::new(
            Tone::Dim,
            format!("{text} from something else, or from more or less, than before."),
        ));
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

fn nothing(review: &Review) -> String {
    if review.old.sync_id == review.new.sync_id {
        "Nothing changed: there is no newer sync.".to_owned()
    } else {
        "Nothing changed.".to_owned()
    }
}

/// The changes in one line.
fn summary(review: &Review) -> String {
    let mut parts = Vec::new();
    let mut say = |number: usize, one: &str, many: &str| {
        if number > 0 {
            parts.push(count(number, one, many));
        }
    };
    let stayed = |gained: bool| {
        let changed = review.people.iter().filter(|s| s.presence == Presence::Stayed);
        changed
            .filter(|s| {
                if gained {
                    !s.gained.is_empty()
                } else {
                    !s.lost.is_empty()
                }
            })
            .count()
    };
    say(review.people_who(Presence::Added), "person joined", "people joined");
    say(review.people_who(Presence::Removed), "person left", "people left");
    say(stayed(true), "person gained access", "people gained access");
    say(stayed(false), "person lost access", "people lost access");
    let things = |presence| review.things.iter().filter(|s| s.presence == presence).count();
    say(things(Presence::Added), "thing added", "things added");
    say(things(Presence::Removed), "thing removed", "things removed");
    say(things(Presence::Stayed), "thing changed", "things changed");
    let grants = review.grants;
    if grants.created + grants.deleted > 0 {
        parts.push(format!("grants +{} −{}", grants.created, grants.deleted));
    }
    let types = review.resource_types;
    let changed_types = usize::try_from(types.created + types.deleted + types.modified).unwrap_or_default();
    if changed_types > 0 {
        parts.push(count(changed_types, "resource type changed", "resource types changed"));
    }
    if parts.is_empty() {
        parts.push("Only details changed".to_owned());
    }
    format!("{}.", parts.join(", "))
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
                let word = alike.first().map(|s| fate(s).1).unwrap_or_default();
                section.push(Node::new(Tone::Dim, format!("and {more} more {word}")));
            }
        }
        nodes.push(Node::blank());
        nodes.push(section);
    }

    fn children(&mut self, subject: &Subject) -> Vec<Node> {
        let mut nodes: Vec<Node> = subject.decided().map(detail).collect();
        self.bundles(&mut nodes, subject, &subject.gained, true);
        self.bundles(&mut nodes, subject, &subject.lost, false);
        for held in &subject.now_direct {
            let text = format!("was given {}, held before through something else", held.label);
            nodes.push(Node::new(Tone::Green, text));
        }
        for held in &subject.no_longer_direct {
            let text = format!("was taken {}, still held through something else", held.label);
            nodes.push(Node::new(Tone::Yellow, text));
        }
        for (names, what) in [
            (&subject.offers, "now has the entitlement"),
            (&subject.withdrew, "no longer has the entitlement"),
            (&subject.redefined, "is described differently:"),
        ] {
            for name in names {
                nodes.push(Node::new(Tone::Plain, format!("{what} {name}")));
            }
        }
        if subject.regranted > 0 {
            let number = usize::try_from(subject.regranted).unwrap_or(usize::MAX);
            nodes.push(Node::new(
                Tone::Plain,
                format!("{} on other terms", count(number, "grant to it is", "grants to it are")),
            ));
        }
        nodes
    }

    fn bundles(&mut self, nodes: &mut Vec<Node>, subject: &Subject, bundles: &[Bundle], gained: bool) {
        let shown = if self.all || bundles.len() <= BUNDLES {
            bundles.len()
        } else {
            BUNDLES
        };
        for bundle in bundles.iter().take(shown) {
            nodes.push(bundle_node(subject, bundle, gained));
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
    let (tone, word) = fate(subject);
    let sign = match subject.presence {
        Presence::Added => "+ ",
        Presence::Removed => "− ",
        Presence::Stayed => "",
    };
    let mut node = Node::new(tone, format!("{sign}{}", subject.thing.beside_email()));
    if !subject.email.is_empty() && subject.email != subject.thing.name {
        node = node.and(Tone::Dim, format!(" <{}>", subject.email));
    }
    if !word.is_empty() {
        node = node.and(tone, format!(" {word}"));
    }
    node
}

fn fate(subject: &Subject) -> (Tone, &'static str) {
    match (subject.presence, subject.is_person) {
        (Presence::Added, true) => (Tone::Green, "joined"),
        (Presence::Added, false) => (Tone::Green, "added"),
        (Presence::Removed, true) => (Tone::Red, "left"),
        (Presence::Removed, false) => (Tone::Red, "removed"),
        (Presence::Stayed, _) => (Tone::Plain, ""),
    }
}

fn detail(detail: &Detail) -> Node {
    let quoted = |text: &str| {
        if text.is_empty() {
            "nothing".to_owned()
        } else {
            text.to_owned()
        }
    };
    let text = format!("{}: {} → {}", detail.what, quoted(&detail.old), quoted(&detail.new));
    Node::new(Tone::Plain, text)
}

fn bundle_node(subject: &Subject, bundle: &Bundle, gained: bool) -> Node {
    let tone = if gained { Tone::Green } else { Tone::Red };
    let Some(held) = &bundle.held else {
        let word = if gained { "gained" } else { "lost" };
        let node = Node::new(tone, format!("{word} through something the file does not name"));
        return node.with(bundle.follows.iter().map(|fold| fold_node("", fold, gained)));
    };
    let verb = match (gained, held.is_membership) {
        (true, true) => "joined",
        (false, true) => "left",
        (true, false) => "gained",
        (false, false) => "lost",
    };
    let mut node = if bundle.given {
        Node::new(tone, format!("{verb} {}", held.label))
    } else {
        Node::new(Tone::Plain, format!("through {}", held.label))
    };
    if bundle.reaches > 0 {
        let number = usize::try_from(bundle.reaches).unwrap_or(usize::MAX);
        let through = subject.thing.told();
        let text = if gained {
            format!(" · {} it through {through}", count(number, "more holds", "more hold"))
        } else {
            format!(" · {} it through {through}", count(number, "fewer holds", "fewer hold"))
        };
        node = node.and(Tone::Plain, text);
    }
    let through = if bundle.given {
        format!("through {}: ", held.label)
    } else {
        String::new()
    };
    node.with(bundle.follows.iter().map(|fold| fold_node(&through, fold, gained)))
}

/// `through Environment admin (prod): +37 × Privilege  Recipes-create, Recipes-delete, … and 34 more`.
fn fold_node(through: &str, fold: &Fold, gained: bool) -> Node {
    let sign = if gained { "+" } else { "−" };
    let more = fold
        .count
        .saturating_sub(u64::try_from(fold.examples.len()).unwrap_or_default());
    let mut examples = fold.examples.join(", ");
    if more > 0 {
        examples.push_str(&format!(" and {more} more"));
    }
    Node::new(
        Tone::Plain,
        format!("{through}{sign}{} × {}", fold.count, fold.type_name),
    )
    .and(Tone::Dim, format!("  {examples}"))
}
