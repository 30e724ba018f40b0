//! Who can reach a resource: one tree per resource, by entitlement, people first.

use std::collections::BTreeMap;

use super::rows::how;
use crate::baton::error::Result;
use crate::cli::read::Reading;
use crate::report::access::Answers;
use crate::report::find;
use crate::report::question::{Pick, Target, ask};
use crate::report::thing::Thing;
use crate::report::wording;
use crate::term::Terminal;
use crate::term::output::Output;
use crate::term::tree::{self, Node, Tone};

/// People told of one entitlement unless all are asked for.
const MOST: usize = 100;

/// A line about somebody: not a person, name in lower case, then what is shown.
type Holder = (bool, String, String, String, String);

/// Writes the trees; returns how many grants they are made of.
///
/// # Errors
/// Those of the file and of stdout.
pub(super) fn trees(
    terminal: &Terminal,
    reading: &Reading,
    answers: &Answers<'_>,
    things: &[Thing],
    pick: &Pick,
    all: bool,
) -> Result<usize> {
    let users = find::user_types(answers.names().snapshot())?;
    let mut shown = 0;
    terminal.deliver(&reading.paging, |output| {
        let mut empty = 0;
        for (at, thing) in things.iter().enumerate() {
            let by_right = gather(answers, thing, pick, &users)?;
            // Of what is below the first, only what somebody can reach.
            if at > 0 && by_right.is_empty() {
                empty += 1;
                continue;
            }
            shown += by_right.values().map(Vec::len).sum::<usize>();
            if at > 0 {
                output.text("\n")?;
            }
            let name = wording::name(answers.names(), thing)?;
            one(terminal, output, &Thing { name, ..thing.clone() }, by_right, all)?;
        }
        if empty > 0 {
            let line = format!(
                "\n{} below it that nobody holds an entitlement on.",
                wording::count(empty, "resource", "resources")
            );
            tree::write(output, &Node::new(Tone::Dim, line.trim_start()), terminal.layout())?;
        }
        Ok(())
    })?;
    Ok(shown)
}

fn gather(
    answers: &Answers<'_>,
    thing: &Thing,
    pick: &Pick,
    users: &[String],
) -> Result<BTreeMap<(String, String), Vec<Holder>>> {
    let names = answers.names();
    let mut by_right: BTreeMap<(String, String), Vec<Holder>> = BTreeMap::new();
    ask(answers, &Target::On(vec![thing.clone()]), pick, &mut |access| {
        let is_person = users.contains(&access.principal.kind);
        let holder = (
            !is_person,
            access.principal.name.to_lowercase(),
            access.principal.name.clone(),
            if is_person {
                wording::email(names, &access.principal)?
            } else {
                access.principal.type_name.clone()
            },
            how(names, &access)?,
        );
        let key = (wording::label(names, &access.right)?, access.right.id.clone());
        by_right.entry(key).or_default().push(holder);
        Ok(())
    })?;
    Ok(by_right)
}

fn one(
    terminal: &Terminal,
    output: &mut Output,
    thing: &Thing,
    by_right: BTreeMap<(String, String), Vec<Holder>>,
    all: bool,
) -> Result<()> {
    let mut people: Vec<(&String, &String)> = Vec::new();
    let mut others = 0;
    for holder in by_right.values().flatten() {
        if holder.0 {
            others += 1;
        } else {
            people.push((&holder.2, &holder.3));
        }
    }
    people.sort();
    people.dedup();
    let reach = match (people.len(), others) {
        (0, 0) => "Nobody can reach it.".to_owned(),
        (people, 0) => format!("{} can reach it.", wording::count(people, "person", "people")),
        (people, others) => format!(
            "{} can reach it; {} to roles and groups.",
            wording::count(people, "person", "people"),
            wording::count(others, "grant", "grants")
        ),
    };
    let mut root = Node::new(Tone::Bold, &thing.name).and(
        Tone::Dim,
        format!("  {} · {}:{}", thing.type_name, thing.kind, thing.id),
    );
    root.push(Node::new(Tone::Plain, reach));
    for ((name, id), mut holders) in by_right {
        holders.sort();
        let people = holders.iter().filter(|holder| !holder.0).count();
        let mut right = Node::new(Tone::Bold, if name.is_empty() { &id } else { &name })
            .and(Tone::Dim, format!(" · {}", wording::count(people, "person", "people")));
        let shown = if all { usize::MAX } else { MOST };
        for (is_other, _, name, about, how) in holders.iter().take(shown) {
            let line = if *is_other {
                Node::new(Tone::Dim, format!("{about} ")).and(Tone::Plain, name)
            } else if about.is_empty() || about == name {
                Node::new(Tone::Plain, name)
            } else {
                Node::new(Tone::Plain, name).and(Tone::Dim, format!(" <{about}>"))
            };
            right.push(line.and(Tone::Dim, format!("  {how}")));
        }
        if let Some(more) = holders.len().checked_sub(shown).filter(|more| *more > 0) {
            right.push(Node::new(Tone::Yellow, format!("and {more} more: --all shows them")));
        }
        root.push(right);
    }
    tree::write(output, &root, terminal.layout())
}
