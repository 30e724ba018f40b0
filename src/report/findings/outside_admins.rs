//! Admins with an address of another organization, of an environment or of a project.

use std::collections::BTreeMap;

use super::{Draft, Found, Looker, Severity, by_name, keys};
use crate::baton::error::Result;
use crate::report::inventory::At;

/// Rights that are named of one person; the others are counted.
const NAMED: usize = 4;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let inventory = counted.inventory;
    let Some(main) = inventory.main_domain() else {
        return Ok(None);
    };
    let is_outside = |at: At| {
        inventory
            .entry(at)
            .is_some_and(|e| inventory.is_outsider(e, Some(main)))
    };
    // Each right with its name.
    let mut rights: BTreeMap<At, Vec<(usize, String)>> = BTreeMap::new();
    for (at, role_at) in counted.counts.roles.iter().filter(|(at, _)| is_outside(*at)) {
        let role = inventory.entry(*role_at).filter(|role| role.is_admin_role());
        if let (Some(role), Some(right)) = (role, looker.rights_on(*role_at).first()) {
            rights.entry(*at).or_default().push((*right, role.name().to_owned()));
        }
    }
    for (at, right) in counted.counts.project_admins.iter().filter(|(at, _)| is_outside(*at)) {
        if let Some(entitlement) = inventory.entitlements().get(*right) {
            let environment = entitlement.on.and_then(|on| inventory.entry(on));
            let environment = environment.and_then(|entry| inventory.environment_of(entry));
            let place = environment.map_or(String::new(), |environment| format!(" ({environment})"));
            let name = format!("{}{place}", entitlement.name);
            rights.entry(*at).or_default().push((*right, name));
        }
    }
    let mut found = Vec::new();
    for (at, rights) in rights {
        let domain = inventory.entry(at).and_then(|e| e.domain()).unwrap_or_default();
        let named: Vec<&str> = rights.iter().take(NAMED).map(|(_, name)| name.as_str()).collect();
        let more = match rights.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let mut fix = Vec::new();
        for (right, _) in &rights {
            fix.extend(looker.revoke(*right, at)?);
        }
        let evidence = rights.iter().map(|(right, _)| looker.grant(*right, at));
        let item = Found::new(at, format!("{domain}: {}{more}", named.join(", "))).shown_by(evidence);
        found.push(item.ended_by(fix));
    }
    by_name(counted, &mut found);
    Ok(Some(Draft {
        key: keys::OUTSIDE_ADMINS,
        severity: Severity::High,
        title: "Outsiders in admin roles".to_owned(),
        why: format!(
            "Their address is not of {main}: nobody tells you when they leave their employer, and your rules for \
             passwords and devices may not reach them."
        ),
        what_to_do: "Ask who vouches for each of them. Take administration away where the project is over, and set an \
                     end date for the others.",
        found,
        unknown: Vec::new(),
    }))
}
