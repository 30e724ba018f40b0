//! Agents and tool servers that everybody may use who has an account for such.

use std::collections::BTreeMap;

use super::{Draft, Found, Looker, Severity, by_name, keys, machines, place, unknown};
use crate::baton::error::Result;
use crate::report::inventory::At;

/// Of fewer accounts nothing can be said.
const FEWEST: u64 = 2;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let inventory = counted.inventory;
    let mut accounts: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in inventory.entries() {
        if let Some(kind) = inventory.type_of(entry) {
            *accounts.entry(kind.id.as_str()).or_default() += 1;
        }
    }
    let (mut found, mut silent, mut any) = (Vec::new(), Vec::new(), false);
    for (at, entry, works) in machines(counted) {
        let Some((_, kind)) = works.machine.used_by.filter(|_| works.is_open_to_bearers != Some(true)) else {
            continue;
        };
        any = true;
        let all = accounts.get(kind).copied().unwrap_or_default();
        let Some(users) = counted.counts.users.get(&at) else {
            continue;
        };
        let through: Vec<At> = users.through.clone();
        let names: Vec<&str> = through
            .iter()
            .filter_map(|at| Some(inventory.entry(*at)?.name()))
            .collect();
        let told = names.join(", ");
        if all >= FEWEST && users.accounts >= all {
            let detail = format!("all {all} known accounts{}, through {told}", place(counted, entry));
            let evidence = through.iter().map(|group| looker.grant(users.right, *group));
            found.push(Found::new(at, detail).shown_by(evidence));
        } else if users.accounts == 0 && !through.is_empty() {
            silent.push(unknown(
                counted,
                at,
                format!("open to {told}; who is in there is not in the file"),
            ));
        }
    }
    if !any {
        return Ok(None);
    }
    by_name(counted, &mut found);
    Ok(Some(Draft {
        key: keys::OPEN_AGENTS,
        severity: Severity::Medium,
        title: "Agents open to everybody".to_owned(),
        why: "An agent does for whoever talks to it what its skills can do. Open to everybody, it gives all of them what \
              it reaches, new accounts included."
            .to_owned(),
        what_to_do: "Open it to the groups that need it, and close it to the others.",
        found,
        unknown: silent,
    }))
}
