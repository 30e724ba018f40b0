//! Who answers for what is found, and owners who are not here any more.

use std::collections::{BTreeMap, BTreeSet};

use super::{Named, Owner, Policy};
use crate::report::findings::{Finding, Item, Looker, Severity};
use crate::report::inventory::{At, Entry, Inventory};

/// The name of the finding.
const KEY: &str = "policy/owners-who-are-gone";

/// Names the owner of each thing that was found, and looks for owners without an account.
pub(super) fn apply(looker: &Looker<'_>, policy: &Policy, found: &mut Vec<Finding>, notes: &mut Vec<String>) {
    if policy.owners.is_empty() {
        return;
    }
    let inventory = looker.counted.inventory;
    let mut owners: BTreeMap<At, &str> = BTreeMap::new();
    for Owner { of, owner } in &policy.owners {
        let before = owners.len();
        let all = inventory.entries().iter().enumerate();
        owners.extend(
            all.filter(|(_, entry)| is(inventory, entry, of))
                .map(|(at, _)| (at, owner.as_str())),
        );
        if owners.len() == before && !inventory.entries().iter().any(|entry| is(inventory, entry, of)) {
            notes.push(format!(
                "The policy names an owner of {:?}, which this sync does not have.",
                of.text
            ));
        }
    }
    for finding in found.iter_mut() {
        for item in &mut finding.items {
            item.owner = owner_of(inventory, &owners, item).map(str::to_owned);
        }
    }
    found.extend(gone(looker, &owners));
}

/// The owners that a policy names, by what they answer for.
pub(in crate::report) struct Owners<'p>(BTreeMap<At, &'p str>);

impl<'p> Owners<'p> {
    /// Looks them up.
    pub(in crate::report) fn of(inventory: &Inventory, policy: &'p Policy) -> Owners<'p> {
        let mut found = BTreeMap::new();
        for Owner { of, owner } in &policy.owners {
            let all = inventory.entries().iter().enumerate();
            let named = all.filter(|(_, entry)| is(inventory, entry, of));
            found.extend(named.map(|(at, _)| (at, owner.as_str())));
        }
        Owners(found)
    }

    /// Who answers for a thing, or for what it lies in.
    pub(in crate::report) fn owner(&self, inventory: &Inventory, kind: &str, id: &str) -> Option<&'p str> {
        outwards(inventory, &self.0, kind, id)
    }
}

fn is(inventory: &Inventory, entry: &Entry, of: &Named) -> bool {
    let kind = inventory.type_of(entry).map_or("", |kind| &kind.id);
    let is_key = of.text == format!("{kind}:{}", entry.id());
    let is_kind = of.kind.as_ref().is_none_or(|wanted| wanted == kind);
    let environment = inventory.environment_of(entry);
    let is_there = of
        .environment
        .as_ref()
        .is_none_or(|wanted| environment.is_some_and(|environment| environment.eq_ignore_ascii_case(wanted)));
    (is_key || entry.name().eq_ignore_ascii_case(&of.text)) && is_kind && is_there
}

/// The owner of a thing, or of what it lies in.
fn owner_of<'o>(inventory: &Inventory, owners: &BTreeMap<At, &'o str>, item: &Item) -> Option<&'o str> {
    outwards(inventory, owners, &item.thing.kind, &item.thing.id)
}

fn outwards<'o>(inventory: &Inventory, owners: &BTreeMap<At, &'o str>, kind: &str, id: &str) -> Option<&'o str> {
    let mut at = inventory.find(kind, id);
    let mut seen = BTreeSet::new();
    while let Some(here) = at.filter(|at| seen.insert(*at)) {
        if let Some(owner) = owners.get(&here) {
            return Some(owner);
        }
        at = inventory.entry(here).and_then(|entry| entry.parent());
    }
    None
}

fn gone(looker: &Looker<'_>, owners: &BTreeMap<At, &str>) -> Option<Finding> {
    let entries = looker.counted.inventory.entries();
    let here: BTreeSet<String> = entries.iter().filter_map(Entry::email).map(str::to_lowercase).collect();
    // A team has no account: only addresses are looked up.
    let people: Vec<(&At, &&str)> = owners.iter().filter(|(_, owner)| owner.contains('@')).collect();
    if people.is_empty() || here.is_empty() {
        return None;
    }
    let lost = people
        .into_iter()
        .filter(|(_, owner)| !here.contains(&owner.to_lowercase()));
    let items =
        lost.map(|(at, owner)| looker.item(KEY, *at, format!("its owner {owner} has no account here"), Vec::new()));
    let mut finding = Finding {
        key: KEY.to_owned(),
        severity: Severity::Medium,
        title: "Owners who are not here".to_owned(),
        why: "Nobody decides about what nobody owns.".to_owned(),
        what_to_do: "Find a new owner, and write them into the policy.".to_owned(),
        total: 0,
        items: items.collect(),
        unlisted: 0,
        unknown_total: 0,
        unknown: Vec::new(),
        excepted_total: 0,
        excepted: Vec::new(),
    };
    finding.count();
    Some(finding)
}
