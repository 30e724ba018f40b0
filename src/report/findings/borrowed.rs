//! Connections of people who are gone. No row says who authorized one; some bear an address in their name.

use std::collections::BTreeSet;

use super::{Draft, Found, Looker, Severity, by_name, keys, machines, unknown};
use crate::baton::error::Result;
use crate::report::inventory::Entry;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let entries = counted.inventory.entries();
    let here: BTreeSet<String> = entries.iter().filter_map(Entry::email).map(str::to_lowercase).collect();
    let main = counted.inventory.main_domain();
    let (mut found, mut silent, mut any) = (Vec::new(), Vec::new(), false);
    for (at, entry, works) in machines(counted) {
        if !works.machine.borrows {
            continue;
        }
        any = true;
        let address = address_in(entry.name());
        // An address of another organization may be a mailbox that never had an account.
        let own = address.filter(|address| main.is_some_and(|main| address.ends_with(&format!("@{main}"))));
        match own {
            Some(address) if !here.contains(&address) => {
                let detail = format!("its name has {address}, which is the address of no account of this sync");
                found.push(Found::new(at, detail).shown_by([looker.row(at, format!("name: {}", entry.name()))]));
            }
            Some(_) => {}
            None => silent.push(unknown(counted, at, "who authorized it is not in the file")),
        }
    }
    if !any {
        return Ok(None);
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
