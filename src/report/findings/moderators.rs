//! People who reach in from a managing organization.

use super::{Finding, Severity, by_name, items, keys, last_seen};
use crate::report::counted::Counted;
use crate::report::inventory::At;

pub(super) fn find(counted: &Counted<'_>) -> Option<Finding> {
    counted.conventions.moderator?;
    let all = counted.inventory.entries().iter().enumerate();
    let mut found: Vec<(At, String)> = all
        .filter(|(_, entry)| entry.is_moderator())
        .map(|(at, entry)| {
            let address = entry.email().unwrap_or("no address");
            (at, format!("{address}; {}", last_seen(counted, entry)))
        })
        .collect();
    by_name(counted, &mut found);
    let (total, items) = items(counted, found);
    Some(Finding {
        key: keys::MODERATORS,
        severity: Severity::Medium,
        title: "Moderators".to_owned(),
        why: "They belong to the organization that manages this one. Their accounts come and go there, so a review of \
              your own people misses them."
            .to_owned(),
        what_to_do: "Check with the managing organization that each of them still works on this.".to_owned(),
        total,
        items,
    })
}
