//! People who may do everything where real data is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Severity, by_name, items, keys, last_seen};
use crate::report::counted::Counted;
use crate::report::inventory::At;

pub(super) fn find(counted: &Counted<'_>) -> Option<Finding> {
    let inventory = counted.inventory;
    // Without roles there is nothing to tell admins by.
    inventory.entries().iter().find(|entry| entry.role().is_some())?;
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
    let main = inventory.main_domain();
    let mut found: Vec<(At, String)> = roles
        .into_iter()
        .filter_map(|(at, roles)| {
            let person = inventory.entry(at)?;
            let outside = match person.domain().filter(|_| inventory.is_outsider(person, main)) {
                Some(domain) => format!("; from {domain}"),
                None => String::new(),
            };
            let roles: Vec<&str> = roles
                .iter()
                .filter_map(|at| Some(inventory.entry(*at)?.name.as_str()))
                .collect();
            let roles = roles.join(", ");
            Some((at, format!("{roles}; {}{outside}", last_seen(counted, person))))
        })
        .collect();
    by_name(counted, &mut found);
    let (total, items) = items(counted, found);
    Some(Finding {
        key: keys::ADMINS,
        severity: Severity::High,
        title: "Admins in production".to_owned(),
        why,
        what_to_do: "Keep the few who are on call; give the others a role without administration, and use a separate \
                     environment to build in."
            .to_owned(),
        total,
        items,
    })
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
