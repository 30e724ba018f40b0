//! What grants name and no row tells more of: nobody may be told as clean because of a row that is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Unknown, unknown};
use crate::report::counted::Counted;
use crate::report::inventory::{At, Class, Entry};
use crate::report::wording::count;

/// Grants that do not say to whom, or of what.
pub(in crate::report) fn nameless(counted: &Counted<'_>) -> Option<Unknown> {
    let number = usize::try_from(counted.counts.nameless).unwrap_or(usize::MAX);
    (number > 0).then(|| Unknown {
        thing: None,
        why: format!(
            "{} not say to whom, or of what",
            count(number, "grant does", "grants do")
        ),
    })
}

/// Roles that somebody holds and of which the file has no row.
pub(super) fn roles(counted: &Counted<'_>) -> Vec<Unknown> {
    let inventory = counted.inventory;
    let mut holders: BTreeMap<At, usize> = BTreeMap::new();
    for (_, role) in counted.counts.roles.iter().chain(&counted.counts.unclear) {
        if !inventory.has_row(*role) {
            *holders.entry(*role).or_default() += 1;
        }
    }
    let told = holders.into_iter().map(|(role, number)| {
        let held = count(number, "account holds", "accounts hold");
        unknown(
            counted,
            role,
            format!("{held} it, and the file has no row of it: what it may do is not known"),
        )
    });
    told.collect()
}

/// Roles of admins that somebody holds and that do not say in which environment: where real data is in some of them alone, nobody
/// knows whether it is there.
pub(super) fn without_environment(counted: &Counted<'_>) -> Vec<Unknown> {
    let inventory = counted.inventory;
    if counted.conventions.production.is_empty() {
        return Vec::new();
    }
    let held: BTreeSet<At> = counted.counts.roles.iter().map(|(_, role)| *role).collect();
    let is_silent = |role: &Entry| role.is_admin_role() && inventory.environment_of(role).is_none();
    let silent = held
        .into_iter()
        .filter(|role| inventory.has_row(*role) && inventory.entry(*role).is_some_and(is_silent));
    let why = "somebody holds it; which environment it is in is not in the file";
    silent.map(|role| unknown(counted, role, why)).collect()
}

/// What holds a role that may do everything, and may be an account or not.
pub(super) fn unclear<'c>(counted: &'c Counted<'_>) -> impl Iterator<Item = (At, &'c Entry)> {
    let role = |(at, role): &(At, At)| Some((*at, counted.inventory.entry(*role)?));
    let all = counted.counts.unclear.iter().filter_map(role);
    all.filter(|(_, role)| role.is_admin_role())
}

/// As an unknown of a finding about admins.
pub(super) fn maybe_admin(counted: &Counted<'_>, at: At, role: &Entry) -> Unknown {
    let why = format!("it holds {}; whether it is an account is not in the file", role.name());
    unknown(counted, at, why)
}

/// People who hold something and of whom the file has no row.
pub(super) fn people(counted: &Counted<'_>) -> impl Iterator<Item = At> {
    let all = counted.inventory.all_entries().iter().enumerate();
    all.filter(|(at, entry)| entry.is_person() && !counted.inventory.has_row(*at))
        .map(|(at, _)| at)
}

/// Groups that hold something and of which the file has no row: one of them may be that of everybody.
pub(super) fn groups(counted: &Counted<'_>) -> Vec<Unknown> {
    let inventory = counted.inventory;
    let holds = |at: At| counted.counts.held.get(at).is_some_and(|held| *held > 0);
    let all = inventory.all_entries().iter().enumerate();
    let missing =
        all.filter(|(at, entry)| inventory.class_of(entry) == Class::Group && !inventory.has_row(*at) && holds(*at));
    let why = "it holds something, and the file has no row of it: whether everybody is in it is not known";
    missing.map(|(at, _)| unknown(counted, at, why)).collect()
}

/// Whether there is any role by which an admin can be told.
pub(super) fn tells_admins(counted: &Counted<'_>) -> bool {
    let mut roles = counted
        .inventory
        .all_entries()
        .iter()
        .filter(|entry| entry.role().is_some());
    match counted.conventions.admin_roles {
        // Names of another vendor's roles are only guessed at.
        [] => roles.any(Entry::is_admin_role),
        _ => roles.next().is_some(),
    }
}
