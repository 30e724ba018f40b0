//! People who may do everything where real data is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, Found, Looker, Severity, by_name, keys, last_seen, nameless, unread};
use crate::baton::error::Result;
use crate::report::counted::Counted;
use crate::report::inventory::{At, Entry};

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let inventory = counted.inventory;
    // Without roles there is nothing to tell admins by.
    if !unread::tells_admins(counted) {
        return Ok(None);
    }
    let mut roles: BTreeMap<At, Vec<At>> = BTreeMap::new();
    for (at, role_at) in &counted.counts.roles {
        let Some(role) = inventory.entry(*role_at).filter(|role| role.is_admin_role()) else {
            continue;
        };
        let is_person = inventory.entry(*at).is_some_and(|e| e.is_person());
        if is_person && counted.conventions.is_production(inventory.environment_of(role)) {
            roles.entry(*at).or_default().push(*role_at);
        }
    }
    let kinds = roles.values().flatten().copied();
    let kinds: BTreeSet<&str> = kinds
        .filter_map(|at| Some(inventory.type_of(inventory.entry(at)?)?.id.as_str()))
        .collect();
    let why = why(counted, &kinds);
    let own = counted.own_domains();
    let mut found = Vec::new();
    for (at, roles) in roles {
        let Some(person) = inventory.entry(at) else {
            continue;
        };
        let outside = match inventory.outside_domain(person, own) {
            Some(domain) => format!("; from {domain}"),
            None => String::new(),
        };
        let named: Vec<&str> = roles
            .iter()
            .filter_map(|at| Some(inventory.entry(*at)?.name()))
            .collect();
        let detail = format!("{}; {}{outside}", named.join(", "), last_seen(counted, person));
        let rights = roles.iter().flat_map(|role| looker.rights_on(*role).iter().copied());
        let rights = rights.filter(|right| counted.counts.holds_of_admins(at, *right));
        let mut fix = Vec::new();
        let mut evidence = Vec::new();
        for right in rights {
            evidence.push(looker.grant(right, at));
            fix.extend(looker.revoke(right, at)?);
        }
        found.push(Found::new(at, detail).shown_by(evidence).ended_by(fix));
    }
    by_name(counted, &mut found);
    let mut unknown = unread::roles(counted);
    unknown.extend(unread::without_environment(counted));
    let is_real = |role: &Entry| counted.conventions.is_production(inventory.environment_of(role));
    let unclear = unread::unclear(counted).filter(|(_, role)| is_real(role));
    unknown.extend(unclear.map(|(at, role)| unread::maybe_admin(counted, at, role)));
    unknown.extend(nameless(counted));
    Ok(Some(Draft {
        key: keys::ADMINS,
        severity: Severity::High,
        title: "Admins in production".to_owned(),
        why,
        what_to_do: "Keep the few who are on call; give the others a role without administration, and use a separate \
                     environment to build in.",
        found,
        unknown,
    }))
}

/// Why it matters, by the types of the roles: some open everything, others only decide who may.
fn why(counted: &Counted<'_>, kinds: &BTreeSet<&str>) -> String {
    let managers = counted.conventions.managers.as_ref();
    let (deciding, opening): (Vec<&str>, Vec<&str>) = kinds
        .iter()
        .copied()
        .partition(|kind| managers.is_some_and(|managers| managers.role_types.contains(kind)));
    let mut why = String::new();
    if !opening.is_empty() || deciding.is_empty() {
        why.push_str("They can change everything that runs on real data, and give that power to others. ");
    }
    if let (Some(managers), false) = (managers, deciding.is_empty()) {
        why.push_str(&format!(
            "They decide who may do what. The role itself does not open a project: that takes {}, which they can give \
             themselves. ",
            managers.needs
        ));
    }
    why.push_str("Each of these accounts is worth stealing.");
    why
}
