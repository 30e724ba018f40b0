//! Credentials that were not changed for long.

use std::cmp::Reverse;

use super::{Draft, Found, Looker, Severity, is_told_of_owner, keys, machines, place, unknown};
use crate::baton::error::Result;
use crate::report::counted::date;
use crate::report::inventory::Entry;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let limit = counted.limits.credential;
    let (mut old, mut silent, mut any) = (Vec::new(), Vec::new(), false);
    let has_one = |entry: &Entry| {
        entry
            .works
            .as_ref()
            .is_some_and(|works| !works.machine.credential.is_empty())
    };
    for (at, entry, works) in machines(counted) {
        if works.machine.credential.is_empty() {
            continue;
        }
        any = true;
        // The token of a client is told with the client.
        if works.is_active == Some(false) || is_told_of_owner(counted, works, has_one) {
            continue;
        }
        let age = works
            .credential_at
            .and_then(|at| counted.day.age(at).map(|age| (at, age)));
        match age {
            Some((made, age)) if age > limit => old.push((age, at, entry, made)),
            Some(_) => {}
            None => silent.push(unknown(
                counted,
                at,
                match works.credential_at {
                    None => "since when its credential is what it is, is not in the file",
                    Some(_) => "when the sync ended is not in the file, and so how old its credential is",
                },
            )),
        }
    }
    if !any {
        return Ok(None);
    }
    old.sort_by_key(|(age, at, ..)| (Reverse(*age), *at));
    let found = old.into_iter().map(|(age, at, entry, made)| {
        let says = looker.row(at, format!("its credential is of {}", date(made)));
        Found::new(at, format!("{age} days old{}", place(counted, entry))).shown_by([says])
    });
    Ok(Some(Draft {
        key: keys::OLD_CREDENTIALS,
        severity: Severity::Medium,
        title: format!("Credentials older than {limit} days"),
        why:
            "The longer a secret lives, the more places have a copy of it: laptops, logs, the notes of people who left."
                .to_owned(),
        what_to_do: "Make a new one for each, and a habit of it.",
        found: found.collect(),
        unknown: silent,
    }))
}
