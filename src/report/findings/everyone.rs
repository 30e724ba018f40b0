//! What is given to the group of everybody.

use super::{Draft, Found, Looker, Severity, keys};
use crate::baton::error::Result;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let inventory = counted.inventory;
    let Some(group) = inventory.entries().iter().find(|entry| entry.is_everyone()) else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for (right, to) in &counted.counts.to_everyone {
        let entitlement = inventory.entitlements().get(*right);
        let Some((entitlement, on)) = entitlement.and_then(|entitlement| Some((entitlement, entitlement.on?))) else {
            continue;
        };
        let environment = inventory.entry(on).and_then(|entry| inventory.environment_of(entry));
        let place = environment.map_or(String::new(), |environment| format!(" ({environment})"));
        let detail = format!("{}{place}, to {}", entitlement.name, group.name());
        let item = Found::new(on, detail).by(*right).shown_by([looker.grant(*right, *to)]);
        found.push(item.ended_by(looker.revoke(*right, *to)?));
    }
    Ok(Some(Draft {
        key: keys::EVERYONE,
        severity: Severity::High,
        title: format!("Grants to “{}”", group.name()),
        why: "Whoever joins gets this at once, contractors and moderators included, and no one decides about it again."
            .to_owned(),
        what_to_do: "Give it to the groups that need it, then take it from everybody.",
        found,
        unknown: Vec::new(),
    }))
}
