//! Admins with an address of another organization, of an environment or of a project.

use std::collections::BTreeMap;

use super::{Draft, Found, Looker, Severity, Unknown, by_name, keys, nameless, unread};
use crate::baton::error::Result;
use crate::report::inventory::At;

/// Rights that are named of one person; the others are counted.
const NAMED: usize = 4;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let inventory = counted.inventory;
    let Some(own) = counted.own_domains() else {
        return Ok(None);
    };
    // Without roles or rights that are known to be those of admins there is nothing to look at.
    if counted.counts.project_admins.is_empty() && !unread::tells_admins(counted) {
        return Ok(None);
    }
    let mut silent: BTreeMap<At, String> = BTreeMap::new();
    let mut is_outside = |at: At, held: &str| {
        let entry = inventory.entry(at).filter(|entry| entry.is_person());
        if entry.is_some_and(|entry| entry.domain().is_none()) {
            silent.entry(at).or_insert_with(|| held.to_owned());
        }
        entry.is_some_and(|entry| inventory.outside_domain(entry, Some(own)).is_some())
    };
    // Each right with its name.
    let mut rights: BTreeMap<At, Vec<(usize, String)>> = BTreeMap::new();
    for (at, role_at) in &counted.counts.roles {
        let role = inventory.entry(*role_at).filter(|role| role.is_admin_role());
        let mut rights_on = looker.rights_on(*role_at).iter();
        let held = rights_on.find(|right| counted.counts.holds_of_admins(*at, **right));
        if let (Some(role), Some(right)) = (role, held)
            && is_outside(*at, role.name())
        {
            rights.entry(*at).or_default().push((*right, role.name().to_owned()));
        }
    }
    for (at, right) in &counted.counts.project_admins {
        if let Some(entitlement) = inventory.entitlements().get(*right)
            && is_outside(*at, &entitlement.name)
        {
            let environment = entitlement.on.and_then(|on| inventory.entry(on));
            let environment = environment.and_then(|entry| inventory.environment_of(entry));
            let place = environment.map_or(String::new(), |environment| format!(" ({environment})"));
            let name = format!("{}{place}", entitlement.name);
            rights.entry(*at).or_default().push((*right, name));
        }
    }
    let mut found = Vec::new();
    for (at, rights) in rights {
        let domain = inventory.entry(at).and_then(|e| inventory.outside_domain(e, Some(own)));
        let domain = domain.unwrap_or_default();
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
    let mut unknown: Vec<Unknown> = silent
        .into_iter()
        .map(|(at, held)| {
            super::unknown(
                counted,
                at,
                format!("it holds {held}; its e-mail address is not in the file"),
            )
        })
        .collect();
    unknown.extend(unread::unclear(counted).map(|(at, role)| unread::maybe_admin(counted, at, role)));
    unknown.extend(unread::roles(counted));
    unknown.extend(nameless(counted));
    Ok(Some(Draft {
        key: keys::OUTSIDE_ADMINS,
        severity: Severity::High,
        title: "Outsiders in admin roles".to_owned(),
        why: format!(
            "Their address is not of {}: nobody tells you when they leave their employer, and your rules for \
             passwords and devices may not reach them.",
            own.told()
        ),
        what_to_do: "Ask who vouches for each of them. Take administration away where the project is over, and set an \
                     end date for the others.",
        found,
        unknown,
    }))
}
