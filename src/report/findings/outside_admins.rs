//! Admins with an address of another organization, of an environment or of a project.

use std::collections::BTreeMap;

use super::{Finding, Severity, by_name, items, keys};
use crate::report::counted::Counted;
use crate::report::inventory::At;

/// Rights that are named of one person; the others are counted.
const NAMED: usize = 4;

pub(super) fn find(counted: &Counted<'_>) -> Option<Finding> {
    let inventory = counted.inventory;
    let main = inventory.main_domain()?;
    let is_outside = |at: At| {
        inventory
            .entry(at)
            .is_some_and(|e| inventory.is_outsider(e, Some(main)))
    };
    let mut rights: BTreeMap<At, Vec<String>> = BTreeMap::new();
    for (at, role) in counted.counts.admins(inventory).filter(|(at, _)| is_outside(*at)) {
        rights.entry(at).or_default().push(role.name.clone());
    }
    for (at, entitlement) in &counted.counts.project_admins {
        if let Some(entitlement) = inventory.entitlements().get(*entitlement).filter(|_| is_outside(*at)) {
            let environment = entitlement.on.and_then(|on| inventory.entry(on));
            let environment = environment.and_then(|entry| inventory.environment_of(entry));
            let place = environment.map_or(String::new(), |environment| format!(" ({environment})"));
            rights
                .entry(*at)
                .or_default()
                .push(format!("{}{place}", entitlement.name));
        }
    }
    let mut found: Vec<(At, String)> = rights
        .into_iter()
        .map(|(at, rights)| {
            let domain = inventory.entry(at).and_then(|e| e.domain()).unwrap_or_default();
            let named = rights
                .iter()
                .take(NAMED)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            let more = match rights.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            (at, format!("{domain}: {named}{more}"))
        })
        .collect();
    by_name(counted, &mut found);
    let (total, items) = items(counted, found);
    Some(Finding {
        key: keys::OUTSIDE_ADMINS,
        severity: Severity::High,
        title: "Outsiders in admin roles".to_owned(),
        why: format!(
            "Their address is not of {main}: nobody tells you when they leave their employer, and your rules for \
             passwords and devices may not reach them."
        ),
        what_to_do: "Ask who vouches for each of them. Take administration away where the project is over, and set an \
                     end date for the others."
            .to_owned(),
        total,
        items,
    })
}
