//! Connections of people who are gone. No row says who authorized one; some bear an address in their name.

use std::collections::BTreeSet;

use super::{Draft, Found, Looker, Severity, by_name, keys, machines, unknown};
use crate::baton::error::Result;
use crate::report::inventory::Entry;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let entries = counted.inventory.entries();
    let main = counted.inventory.main_domain();
    let (mut found, mut silent) = (Vec::new(), Vec::new());
    let borrowers: Vec<_> = machines(counted)
        .filter(|(_, _, works)| works.machine.borrows)
        .map(|(at, entry, _)| {
            let address = address_in(entry.name());
            // An address of another organization may be a mailbox that never had an account.
            let own = address.filter(|address| main.is_some_and(|main| address.ends_with(&format!("@{main}"))));
            (at, entry, own)
        })
        .collect();
    if borrowers.is_empty() {
        return Ok(None);
    }
    // There may be a million accounts, and few addresses in names.
    let mut gone: BTreeSet<String> = borrowers.iter().filter_map(|(_, _, own)| own.clone()).collect();
    if !gone.is_empty() {
        for email in entries.iter().filter_map(Entry::email) {
            gone.remove(&email.to_lowercase());
        }
    }
    for (at, entry, own) in borrowers {
        match own {
            Some(address) if gone.contains(&address) => {
                let detail = format!("its name has {address}, which is the address of no account of this sync");
                found.push(Found::new(at, detail).shown_by([looker.row(at, format!("name: {}", entry.name()))]));
            }
            Some(_) => {}
            None => silent.push(unknown(counted, at, "who authorized it is not in the file")),
        }
    }
    by_name(counted, &mut found);
    Ok(Some(Draft {
        key: keys::BORROWED,
        severity: Severity::Medium,
        title: "Connections that bear the address of somebody who is not here".to_owned(),
        why: "A connection works with the credentials of the person who authorized it, and goes on after they left: \
              recipes act in their name until the other side closes their account."
            .to_owned(),
        what_to_do: "Ask the owner of the project to authorize it again, with an account that belongs to no person.",
        found,
        unknown: silent,
    }))
}

/// An e-mail address in a name, in lower case.
fn address_in(name: &str) -> Option<String> {
    let part = |c: char| c.is_alphanumeric() || "@._%+-".contains(c);
    let mut words = name.split(|c: char| !part(c)).map(|word| word.trim_matches('.'));
    words
        .find(|word| {
            word.split_once('@')
                .is_some_and(|(who, at)| !who.is_empty() && at.contains('.') && !at.contains('@'))
        })
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::address_in;

    #[test]
    fn addresses_are_seen_in_names() {
        let cases = [
            ("Salesforce (Ada@Acme.com)", Some("ada@acme.com")),
            ("ada.b+x@acme.com's Gmail", Some("ada.b+x@acme.com")),
            ("Gmail of ada@acme.com.", Some("ada@acme.com")),
            ("orders @ shop", None),
            ("a@b", None),
            ("Salesforce", None),
        ];
        for (name, expected) in cases {
            assert_eq!(address_in(name).as_deref(), expected, "{name}");
        }
    }
}
