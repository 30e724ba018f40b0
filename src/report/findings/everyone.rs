//! What is given to the group of everybody.

use super::{Draft, Found, Looker, Severity, Unknown, keys, nameless, unread};
use crate::baton::error::Result;
use crate::report::inventory::Entry;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let inventory = counted.inventory;
    if counted.conventions.everyone.is_none() {
        return Ok(None);
    }
    let group = inventory.entries().iter().find(|entry| entry.is_everyone());
    let mut unknown = unread::groups(counted);
    if group.is_none() && unknown.is_empty() {
        return Ok(None);
    }
    let group = group.map_or("everybody", Entry::name);
    let mut found = Vec::new();
    for (right, to) in &counted.counts.to_everyone {
        let entitlement = inventory.entitlements().get(*right);
        let Some(entitlement) = entitlement else {
            continue;
        };
        let Some(on) = entitlement.on else {
            unknown.push(Unknown {
                thing: None,
                why: format!(
                    "{} is given to {group}; what it is on is not in the file",
                    entitlement.name
                ),
            });
            continue;
        };
        let environment = inventory.entry(on).and_then(|entry| inventory.environment_of(entry));
        let place = environment.map_or(String::new(), |environment| format!(" ({environment})"));
        let detail = format!("{}{place}, to {group}", entitlement.name);
        let item = Found::new(on, detail).by(*right).shown_by([looker.grant(*right, *to)]);
        found.push(item.ended_by(looker.revoke(*right, *to)?));
    }
    unknown.extend(nameless(counted));
    Ok(Some(Draft {
        key: keys::EVERYONE,
        severity: Severity::High,
        title: format!("Grants to “{group}”"),
        why: "Whoever joins gets this at once, contractors and moderators included, and no one decides about it again."
            .to_owned(),
        what_to_do: "Give it to the groups that need it, then take it from everybody.",
        found,
        unknown,
    }))
}
