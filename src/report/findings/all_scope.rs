//! Clients that reach all projects.

use std::cmp::Reverse;

use super::{Draft, Found, Looker, Severity, keys, unknown};
use crate::baton::error::Result;
use crate::report::inventory::{At, Entry};

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let inventory = counted.inventory;
    let Some(mark) = counted.conventions.all_scope else {
        return Ok(None);
    };
    if !inventory.all_entries().iter().any(Entry::is_client) {
        return Ok(None);
    }
    let age = |entry: &Entry| entry.credential_at().and_then(|at| counted.day.age(at));
    let mut clients: Vec<(At, &Entry)> = inventory.all_entries().iter().enumerate().collect();
    clients.retain(|(_, entry)| entry.has_all_scope());
    // Real data first, then the oldest credential.
    clients.sort_by_key(|(_, entry)| {
        let production = counted.conventions.is_production(inventory.environment_of(entry));
        (Reverse(production), Reverse(age(entry)))
    });
    let found = clients.into_iter().map(|(at, entry)| {
        let environment = inventory.environment_of(entry);
        let place = environment.map_or("all projects".to_owned(), |e| format!("all projects of {e}"));
        let credential = match age(entry) {
            Some(days) => format!("credential {days} days old"),
            None => "age of its credential not on record".to_owned(),
        };
        let says = looker.row(at, format!("{}: true", mark.key()));
        Found::new(at, format!("{place}; {credential}")).shown_by([says])
    });
    let found = found.collect();
    let silent = inventory
        .all_entries()
        .iter()
        .enumerate()
        .filter(|(_, e)| e.is_scope_silent());
    let silent = silent.map(|(at, _)| unknown(counted, at, "its scope is not in the file"));
    Ok(Some(Draft {
        key: keys::ALL_SCOPE,
        severity: Severity::High,
        title: "API clients that reach all projects".to_owned(),
        why: "One leaked credential opens every project of the environment, those that will be made included. No \
              person's leaving ends it."
            .to_owned(),
        what_to_do: "Limit each client to the folders it works in, make a new credential where it is old, and allow \
                     only the addresses it comes from.",
        found,
        unknown: silent.collect(),
    }))
}
