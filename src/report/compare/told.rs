//! The changes of two syncs in words, the same on a terminal, on a page and in a sheet.

use serde::Serialize;

use super::details::Detail;
use super::reached::{Reached, Widened};
use super::review::{Bundle, Fold, Presence, Review, Subject};
use crate::report::wording::count;

/// What a line says about access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// There is more than before.
    Gained,
    /// There is less than before.
    Lost,
    /// It was taken, and is still there by another way.
    Kept,
    /// Something else is different.
    Changed,
}

/// A line about somebody or something, with what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it says about access.
    pub sign: Sign,
    /// What happened: `joined Ops`, `e-mail: a@b.c → d@b.c`.
    pub text: String,
    /// What may be left out where there is little room: examples.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub aside: String,
    /// What followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<Line>,
}

impl Line {
    fn new(sign: Sign, text: impl Into<String>) -> Line {
        Line {
            sign,
            text: text.into(),
            aside: String::new(),
            below: Vec::new(),
        }
    }
}

/// What became of somebody or something, in a word; empty for what stayed.
pub fn fate(subject: &Subject) -> &'static str {
    match (subject.presence, subject.is_person) {
        (Presence::Added, true) => "joined",
        (Presence::Added, false) => "added",
        (Presence::Removed, true) => "left",
        (Presence::Removed, false) => "removed",
        (Presence::Stayed, _) => "",
    }
}

/// Everything about one person or thing, most telling first.
pub fn lines(subject: &Subject) -> Vec<Line> {
    let mut lines = details(subject);
    lines.extend(subject.gained.iter().map(|bundle| bundled(subject, bundle, true)));
    lines.extend(subject.lost.iter().map(|bundle| bundled(subject, bundle, false)));
    lines.extend(rest(subject));
    lines
}

/// What is different about itself.
pub fn details(subject: &Subject) -> Vec<Line> {
    subject.decided().map(detail).collect()
}

/// What is neither about itself nor gained or lost.
pub fn rest(subject: &Subject) -> Vec<Line> {
    let mut lines = Vec::new();
    for held in &subject.now_direct {
        let text = format!("was given {}, held before through something else", held.label);
        lines.push(Line::new(Sign::Gained, text));
    }
    for held in &subject.no_longer_direct {
        let text = format!("was taken {}, still held through something else", held.label);
        lines.push(Line::new(Sign::Kept, text));
    }
    for (names, what) in [
        (&subject.offers, "now has the entitlement"),
        (&subject.withdrew, "no longer has the entitlement"),
        (&subject.redefined, "is described differently:"),
    ] {
        for name in names {
            lines.push(Line::new(Sign::Changed, format!("{what} {name}")));
        }
    }
    for Widened { gained, text } in &subject.reach {
        let sign = if *gained { Sign::Gained } else { Sign::Lost };
        lines.push(Line::new(sign, text.clone()));
    }
    if subject.regranted > 0 {
        let number = usize::try_from(subject.regranted).unwrap_or(usize::MAX);
        lines.push(Line::new(
            Sign::Changed,
            format!("{} on other terms", count(number, "grant to it is", "grants to it are")),
        ));
    }
    lines
}

fn detail(detail: &Detail) -> Line {
    if detail.old.is_empty() && detail.new.is_empty() {
        return Line::new(Sign::Changed, format!("other {} are different", detail.what));
    }
    let quoted = |text: &str| {
        if text.is_empty() {
            "nothing".to_owned()
        } else {
            text.to_owned()
        }
    };
    let text = format!("{}: {} → {}", detail.what, quoted(&detail.old), quoted(&detail.new));
    Line::new(Sign::Changed, text)
}

/// What was gained or lost, with what followed from it.
pub fn bundled(subject: &Subject, bundle: &Bundle, gained: bool) -> Line {
    let sign = if gained { Sign::Gained } else { Sign::Lost };
    let Some(held) = &bundle.held else {
        let word = if gained { "gained" } else { "lost" };
        let mut line = Line::new(sign, format!("{word} through something the file does not name"));
        line.below = bundle.follows.iter().map(|fold| folded("", fold, gained)).collect();
        return line;
    };
    let verb = match (gained, held.is_membership) {
        (true, true) => "joined",
        (false, true) => "left",
        (true, false) => "gained",
        (false, false) => "lost",
    };
    let mut line = if bundle.given {
        Line::new(sign, format!("{verb} {}", held.label))
    } else {
        Line::new(Sign::Changed, format!("through {}", held.label))
    };
    if bundle.reaches > 0 {
        let number = usize::try_from(bundle.reaches).unwrap_or(usize::MAX);
        let through = subject.thing.told();
        let text = if gained {
            format!(" · {} it through {through}", count(number, "more holds", "more hold"))
        } else {
            format!(" · {} it through {through}", count(number, "fewer holds", "fewer hold"))
        };
        line.text.push_str(&text);
    }
    let through = if bundle.given {
        format!("through {}: ", held.label)
    } else {
        String::new()
    };
    line.below = bundle
        .follows
        .iter()
        .map(|fold| folded(&through, fold, gained))
        .collect();
    line
}

/// `through Environment admin (prod): +37 × Privilege`, with `Recipes-create, Recipes-delete, … and 34 more` aside.
fn folded(through: &str, fold: &Fold, gained: bool) -> Line {
    let (sign, mark) = if gained {
        (Sign::Gained, "+")
    } else {
        (Sign::Lost, "−")
    };
    let more = fold
        .count
        .saturating_sub(u64::try_from(fold.examples.len()).unwrap_or_default());
    let mut examples = fold.examples.join(", ");
    if more > 0 {
        examples.push_str(&format!(" and {more} more"));
    }
    Line {
        aside: examples,
        ..Line::new(sign, format!("{through}{mark}{} × {}", fold.count, fold.type_name))
    }
}

/// What is said where nothing changed.
pub fn nothing(review: &Review) -> String {
    if review.old.sync_id == review.new.sync_id {
        "Nothing changed: there is no newer sync.".to_owned()
    } else {
        "Nothing changed.".to_owned()
    }
}

/// The changes in one line.
pub fn summary(review: &Review) -> String {
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
    let reached = usize::try_from(review.reached.gained).unwrap_or(usize::MAX);
    say(
        reached,
        "account reaches more without a new grant",
        "accounts reach more without a new grant",
    );
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

/// Of what it is not known whether anybody gained by it, a sentence each.
pub fn not_known(reached: &Reached) -> Vec<String> {
    let number = |number: u64, one: &str, many: &str| count(usize::try_from(number).unwrap_or(usize::MAX), one, many);
    let mut said = Vec::new();
    if reached.unjudged > 0 {
        let what = number(reached.unjudged, "other scope or place", "other scopes or places");
        said.push(format!("It is not known whether anybody reaches more by {what}."));
    }
    if reached.unfollowed > 0 {
        let what = number(reached.unfollowed, "grant that passes", "grants that pass");
        said.push(format!(
            "It is not known who gained something by {what} on to others, new or on other terms: this sync does not have the \
             grants that follow from others."
        ));
    }
    said
}

/// What changed by itself, or by another way to the same: a sentence each.
pub fn asides(review: &Review) -> Vec<String> {
    let mut said = Vec::new();
    if !review.restless.is_empty() {
        let kinds: Vec<String> = review
            .restless
            .iter()
            .map(|(kind, n)| format!("{n} × {kind}"))
            .collect();
        said.push(format!(
            "Only last activity, counts and the like changed: {}.",
            kinds.join(", ")
        ));
    }
    if review.rerouted > 0 {
        let number = usize::try_from(review.rerouted).unwrap_or(usize::MAX);
        let text = count(
            number,
            "grant that is still there follows",
            "grants that are still there follow",
        );
        said.push(format!(
            "{text} from something else, or from more or less, than before."
        ));
    }
    if review.renumbered > 0 {
        let number = usize::try_from(review.renumbered).unwrap_or(usize::MAX);
        let text = count(
            number,
            "grant that is still there has another id",
            "grants that are still there have other ids",
        );
        said.push(format!("{text} than before."));
    }
    said.extend(not_known(&review.reached));
    said
}
