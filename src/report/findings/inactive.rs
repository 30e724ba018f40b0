//! People with access who have not been seen for a while.

use std::collections::BTreeSet;

use super::{Finding, Severity, items, keys, last_seen};
use crate::report::counted::Counted;
use crate::report::inventory::{At, Entry};

/// Longer than this is a while.
const DAYS: u64 = 90;

pub(super) fn find(counted: &Counted<'_>) -> Option<Finding> {
    let inventory = counted.inventory;
    // A file without any activity says nothing about anybody.
    inventory.entries().iter().find_map(Entry::active_at)?;
    let admins: BTreeSet<At> = counted.counts.admins(inventory).map(|(at, _)| at).collect();
    let is_gone = |at: i64| counted.day.age(at).is_some_and(|age| age > DAYS);
    let mut found: Vec<(At, &Entry)> = inventory.entries().iter().enumerate().collect();
    found.retain(|(at, entry)| {
        let reaches = counted.counts.reaches.get(*at).copied().unwrap_or_default();
        entry.is_person() && reaches && entry.active_at().is_none_or(is_gone)
    });
    // Admins first, then whoever is gone longest; those without a record last.
    found.sort_by_key(|(at, entry)| {
        let active_at = entry.active_at();
        (!admins.contains(at), active_at.is_none(), active_at)
    });
    let found = found.into_iter().map(|(at, entry)| {
        let admin = if admins.contains(&at) {
            ", administration among them"
        } else {
            ""
        };
        let held = counted.counts.held.get(at).copied().unwrap_or_default();
        let rights = if held == 1 { "right" } else { "rights" };
        (at, format!("{}; {held} {rights}{admin}", last_seen(counted, entry)))
    });
    let (total, items) = items(counted, found.collect::<Vec<_>>());
    Some(Finding {
        key: keys::INACTIVE,
        severity: Severity::Medium,
        title: format!("People with access who were not seen for {DAYS} days"),
        why: "Access nobody uses is access nobody misses when it is abused: people who left, changed teams or never \
              started."
            .to_owned(),
        what_to_do: "Ask their managers; remove those who left and take from the others what they do not use."
            .to_owned(),
        total,
        items,
    })
}
