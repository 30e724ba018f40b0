//! Who gets to each project: people to whom something on it or in it was given, people who get there by a group or a
//! role, accounts by their scope. The same people and accounts as an answer about the project names.

use std::collections::{BTreeMap, BTreeSet};

use crate::baton::error::Result;
use crate::report::inventory::{At, Class, Inventory};
use crate::report::names::Names;
use crate::report::reach::{Ground, Part, Reach};
use crate::report::snapshot::Snapshot;

/// How many get to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposed {
    /// The project.
    pub project: At,
    /// People to whom something on it or in it was given.
    pub direct: u64,
    /// People who only get there by a group or a role.
    pub inherited: u64,
    /// Accounts whose scope includes it.
    pub scoped: u64,
}

impl Exposed {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.direct + self.inherited + self.scoped
    }
}

/// Counts, one project at a time: its people are all that is in memory. Most exposed first.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn count(snapshot: &Snapshot, inventory: &Inventory, ground: &Ground) -> Result<Vec<Exposed>> {
    let names = Names::new(snapshot);
    let mut exposed = Vec::new();
    for (project, entry) in inventory.entries().iter().enumerate() {
        if inventory.class_of(entry) != Class::Project {
            continue;
        }
        let doors = ground.doors(&names, &inventory.thing(project), Part::Whole)?;
        let mut people: BTreeMap<At, bool> = BTreeMap::new();
        for door in doors.doors.iter().filter(|door| door.reach < Reach::Scope) {
            for entitlement in ground.rights(&names, door)? {
                let reader = snapshot.reader();
                reader.for_each_given(snapshot.sync_id(), &entitlement, &mut |given| {
                    let person = inventory.find(given.principal_type, given.principal);
                    if let Some(at) = person.filter(|at| inventory.entry(*at).is_some_and(|e| e.is_person())) {
                        *people.entry(at).or_default() |= given.direct;
                    }
                    Ok(())
                })?;
            }
        }
        let clients: BTreeSet<(&str, &str)> = doors
            .scopes
            .iter()
            .map(|scoped| (scoped.client.kind.as_str(), scoped.client.id.as_str()))
            .collect();
        let direct = people.values().filter(|direct| **direct).count();
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        exposed.push(Exposed {
            project,
            direct: number(direct),
            inherited: number(people.len() - direct),
            scoped: number(clients.len()),
        });
    }
    // The sort is stable: equal ones stay in the order of rows.
    exposed.sort_by_key(|e| std::cmp::Reverse(e.total()));
    Ok(exposed)
}
