//! People with access whose address is of a domain that the policy does not allow.

use super::Domains;
use crate::report::domains::Own;
use crate::report::findings::{Finding, Looker, Unknown, nameless};

/// The name of the finding.
const KEY: &str = "policy/allowed-domains";

pub(super) fn find(looker: &Looker<'_>, domains: &Domains) -> Finding {
    let inventory = looker.counted.inventory;
    let own = Own::Allowed(&domains.allowed);
    let (mut items, mut unknown) = (Vec::new(), Vec::new());
    for (at, entry) in inventory.all_entries().iter().enumerate() {
        let reaches = looker.counted.counts.reaches.get(at).copied().unwrap_or_default();
        if !entry.is_person() || !reaches {
            continue;
        }
        match inventory.outside_domain(entry, Some(own)) {
            Some(domain) => {
                let email = entry.email().unwrap_or_default();
                let (detail, says) = match entry.domain() {
                    Some(own) if own == domain => {
                        (format!("{email} is of {domain}"), format!("e-mail address {email}"))
                    }
                    _ => (
                        format!("{email} has another address, of {domain}"),
                        format!("an e-mail address of {domain}"),
                    ),
                };
                let says = looker.row(at, says);
                items.push(looker.item(KEY, at, detail, vec![says]));
            }
            None if entry.domain().is_none() => unknown.push(Unknown {
                thing: Some(inventory.thing(at)),
                why: "its e-mail address is not in the file".to_owned(),
            }),
            None => {}
        }
    }
    unknown.extend(nameless(looker.counted));
    let mut finding = Finding {
        key: KEY.to_owned(),
        severity: domains.severity,
        title: "People of domains that are not allowed".to_owned(),
        why: format!("The policy allows {}.", own.told()),
        what_to_do: "Take their access away, or write an exception with a reason.".to_owned(),
        total: 0,
        items,
        unlisted: 0,
        unknown_total: 0,
        unknown,
        excepted_total: 0,
        excepted: Vec::new(),
    };
    finding.count();
    finding
}
