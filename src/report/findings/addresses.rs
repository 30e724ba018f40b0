//! Clients, keys and servers that can be used from any address.

use super::{Draft, Found, Looker, Severity, by_name, is_told_of_owner, keys, machines, place, unknown};
use crate::baton::error::Result;
use crate::report::inventory::Entry;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let (mut found, mut silent, mut any) = (Vec::new(), Vec::new(), false);
    let has_a_list = |entry: &Entry| {
        entry
            .works
            .as_ref()
            .is_some_and(|works| works.machine.addresses.is_some())
    };
    for (at, entry, works) in machines(counted) {
        let Some(key) = works.machine.addresses else {
            continue;
        };
        any = true;
        // What does not work cannot be used from anywhere, and a credential has the list of its client.
        if works.is_active == Some(false) || is_told_of_owner(counted, works, has_a_list) {
            continue;
        }
        match works.is_limited {
            Some(true) => {}
            Some(false) => {
                let detail = format!("no list of addresses{}", place(counted, entry));
                found.push(Found::new(at, detail).shown_by([looker.row(at, format!("{key}: empty"))]));
            }
            None => silent.push(unknown(counted, at, "which addresses it lets in is not in the file")),
        }
    }
    if !any {
        return Ok(None);
    }
    by_name(counted, &mut found);
    Ok(Some(Draft {
        key: keys::ADDRESSES,
        severity: Severity::Medium,
        title: "Usable from any address".to_owned(),
        why:
            "A credential that leaks works from anywhere in the world. A list of addresses keeps it useless outside of \
              where it belongs."
                .to_owned(),
        what_to_do: "Enter the addresses each of them is used from.",
        found,
        unknown: silent,
    }))
}
