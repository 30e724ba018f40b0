//! Clients that reach all projects.

use std::cmp::Reverse;

use super::{Finding, Severity, items, keys};
use crate::report::counted::Counted;
use crate::report::inventory::{At, Entry};

pub(super) fn find(counted: &Counted<'_>) -> Option<Finding> {
    let inventory = counted.inventory;
    counted.conventions.all_scope?;
    inventory.entries().iter().find(|entry| entry.is_client())?;
    let age = |entry: &Entry| entry.credential_at().and_then(|at| counted.day.age(at));
    let mut found: Vec<(At, &Entry)> = inventory.entries().iter().enumerate().collect();
    found.retain(|(_, entry)| entry.has_all_scope());
    // Real data first, then the oldest credential.
    found.sort_by_key(|(_, entry)| {
        let production = counted.conventions.is_production(inventory.environment_of(entry));
        (Reverse(production), Reverse(age(entry)))
    });
    let found = found.into_iter().map(|(at, entry)| {
        let environment = inventory.environment_of(entry);
        let place = environment.map_or("all projects".to_owned(), |e| format!("all projects of {e}"));
        let credential = match age(entry) {
            Some(days) => format!("credential {days} days old"),
            None => "age of its credential not on record".to_owned(),
        };
        (at, format!("{place}; {credential}"))
    });
    let (total, items) = items(counted, found);
    Some(Finding {
        key: keys::ALL_SCOPE,
        severity: Severity::High,
        title: "API clients that reach all projects".to_owned(),
        why: "One leaked credential opens every project of the environment, those that will be made included. No \
              person's leaving ends it."
            .to_owned(),
        what_to_do: "Limit each client to the folders it works in, make a new credential where it is old, and allow \
                     only the addresses it comes from."
            .to_owned(),
        total,
        items,
    })
}
