//! What is given to the group of everybody.

use super::{Finding, Severity, items, keys};
use crate::report::counted::Counted;

pub(super) fn find(counted: &Counted<'_>) -> Option<Finding> {
    let inventory = counted.inventory;
    let group = inventory.entries().iter().find(|entry| entry.is_everyone())?;
    let found = counted.counts.to_everyone.iter().filter_map(|(entitlement, _)| {
        let entitlement = inventory.entitlements().get(*entitlement)?;
        let on = entitlement.on?;
        let environment = inventory.entry(on).and_then(|entry| inventory.environment_of(entry));
        let place = environment.map_or(String::new(), |environment| format!(" ({environment})"));
        Some((on, format!("{}{place}, to {}", entitlement.name, group.name)))
    });
    let (total, items) = items(counted, found.collect::<Vec<_>>());
    Some(Finding {
        key: keys::EVERYONE,
        severity: Severity::High,
        title: format!("Grants to “{}”", group.name),
        why: "Whoever joins gets this at once, contractors and moderators included, and no one decides about it again."
            .to_owned(),
        what_to_do: "Give it to the groups that need it, then take it from everybody.".to_owned(),
        total,
        items,
    })
}
