//! What is given to the group of everybody.

use super::{Finding, Severity, items, keys};
use crate::report::overview::Counted;

pub(super) fn find(counted: &Counted<'_>) -> Option<Finding> {
    let census = counted.census;
    let group = census.entries().iter().find(|entry| entry.is_everyone())?;
    let found = counted.tally.to_everyone.iter().filter_map(|(entitlement, _)| {
        let entitlement = census.entitlements().get(*entitlement)?;
        let on = entitlement.on?;
        let environment = census.entry(on).and_then(|entry| census.environment_of(entry));
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
