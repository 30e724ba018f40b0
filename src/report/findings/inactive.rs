//! People with access who have not been seen for a while.

use std::collections::BTreeSet;

use super::{Draft, Found, Looker, Severity, activity_row, keys, last_seen, nameless, unknown, unread};
use crate::baton::error::Result;
use crate::report::inventory::{At, Entry};

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let inventory = counted.inventory;
    // A type without any activity says nothing about anybody of it.
    let told: BTreeSet<usize> = inventory
        .entries()
        .iter()
        .filter(|e| e.active_at().is_some())
        .map(Entry::kind)
        .collect();
    if told.is_empty() {
        return Ok(None);
    }
    let reaches = |at: At| counted.counts.reaches.get(at).copied().unwrap_or_default();
    let days = counted.limits.inactive;
    let admins: BTreeSet<At> = counted.counts.admins(inventory).map(|(at, _)| at).collect();
    let is_gone = |at: i64| counted.day.age(at).is_some_and(|age| age > days);
    let mut people: Vec<(At, &Entry)> = inventory.entries().iter().enumerate().collect();
    people.retain(|(at, entry)| {
        let is_told = told.contains(&entry.kind());
        entry.is_person() && reaches(*at) && is_told && entry.active_at().is_none_or(is_gone)
    });
    // Admins first, then whoever is gone longest; those without a record last.
    people.sort_by_key(|(at, entry)| {
        let active_at = entry.active_at();
        (!admins.contains(at), active_at.is_none(), active_at)
    });
    let found = people.into_iter().map(|(at, entry)| {
        let admin = if admins.contains(&at) {
            ", administration among them"
        } else {
            ""
        };
        let held = counted.counts.held.get(at).copied().unwrap_or_default();
        let rights = if held == 1 { "right" } else { "rights" };
        let detail = format!("{}; {held} {rights}{admin}", last_seen(counted, entry));
        Found::new(at, detail).shown_by([activity_row(looker, at, entry)])
    });
    let all = inventory.entries().iter().enumerate();
    let silent = all
        .filter(|(at, entry)| entry.is_person() && reaches(*at))
        .filter_map(|(at, entry)| match told.contains(&entry.kind()) {
            false => Some(unknown(
                counted,
                at,
                "no account of its type has any activity in the file",
            )),
            true => (entry.active_at().is_some() && !counted.day.is_known()).then(|| {
                unknown(
                    counted,
                    at,
                    "when the sync ended is not in the file, and so how long ago this was",
                )
            }),
        });
    let missing = unread::people(counted).filter(|at| reaches(*at));
    let missing = missing.map(|at| unknown(counted, at, "the file has no row of it"));
    Ok(Some(Draft {
        key: keys::INACTIVE,
        severity: Severity::Medium,
        title: format!("People with access who were not seen for {days} days"),
        why: "Access nobody uses is access nobody misses when it is abused: people who left, changed teams or never \
              started."
            .to_owned(),
        what_to_do: "Ask their managers; remove those who left and take from the others what they do not use.",
        found: found.collect(),
        unknown: silent.chain(missing).chain(nameless(counted)).collect(),
    }))
}
