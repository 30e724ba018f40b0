//! People who may do everything where real data is.

use std::collections::BTreeMap;

use super::{Finding, Severity, by_name, items, keys, last_seen};
use crate::report::census::At;
use crate::report::overview::Counted;

pub(super) fn find(counted: &Counted<'_>) -> Option<Finding> {
    let census = counted.census;
    // Without roles there is nothing to tell admins by.
    census.entries().iter().find(|entry| entry.role().is_some())?;
    let mut roles: BTreeMap<At, Vec<&str>> = BTreeMap::new();
    for (at, role) in counted.tally.admins(census) {
        let is_person = census.entry(at).is_some_and(|e| e.is_person());
        if is_person && counted.conventions.is_production(census.environment_of(role)) {
            roles.entry(at).or_default().push(&role.name);
        }
    }
    let main = census.main_domain();
    let mut found: Vec<(At, String)> = roles
        .into_iter()
        .filter_map(|(at, roles)| {
            let person = census.entry(at)?;
            let outside = match person.domain().filter(|_| census.is_outsider(person, main)) {
                Some(domain) => format!("; from {domain}"),
                None => String::new(),
            };
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
        why:
            "They can change everything that runs on real data, and give that power to others. Each of these accounts \
              is worth stealing."
                .to_owned(),
        what_to_do: "Keep the few who are on call; give the others a role without administration, and use a separate \
                     environment to build in."
            .to_owned(),
        total,
        items,
    })
}
