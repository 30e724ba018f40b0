//! People per project: who was given something on it or in it, and who gets there by a group or a role.

use std::collections::BTreeMap;

use crate::baton::error::Result;
use crate::report::census::{At, Census, Class};
use crate::report::snapshot::Snapshot;

/// How many people reach a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposed {
    /// The project.
    pub project: At,
    /// People to whom something on it was given.
    pub direct: u64,
    /// People who only get there by a group or a role.
    pub inherited: u64,
}

/// Counts, one project at a time: its people are all that is in memory. Most exposed first.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn count(snapshot: &Snapshot, census: &Census) -> Result<Vec<Exposed>> {
    let mut of_project: BTreeMap<At, Vec<&str>> = BTreeMap::new();
    for (at, entry) in census.entries().iter().enumerate() {
        if census.class_of(entry) == Class::Project {
            of_project.entry(at).or_default();
        }
    }
    for entitlement in census.entitlements() {
        if let Some(project) = entitlement.on.and_then(|on| census.project_of(on)) {
            of_project.entry(project).or_default().push(&entitlement.id);
        }
    }
    let mut exposed = Vec::with_capacity(of_project.len());
    for (project, entitlements) in of_project {
        let mut people: BTreeMap<At, bool> = BTreeMap::new();
        for entitlement in entitlements {
            let reader = snapshot.reader();
            reader.for_each_given(snapshot.sync_id(), entitlement, &mut |given| {
                let person = census.find(given.principal_type, given.principal);
                if let Some(at) = person.filter(|at| census.entry(*at).is_some_and(|e| e.is_person())) {
                    *people.entry(at).or_default() |= given.direct;
                }
                Ok(())
            })?;
        }
        let direct = people.values().filter(|direct| **direct).count();
        exposed.push(Exposed {
            project,
            direct: u64::try_from(direct).unwrap_or(u64::MAX),
            inherited: u64::try_from(people.len() - direct).unwrap_or(u64::MAX),
        });
    }
    // The sort is stable: equal ones stay in the order of rows.
    exposed.sort_by_key(|e| std::cmp::Reverse(e.direct + e.inherited));
    Ok(exposed)
}
