//! People with access whose address is of a domain that the policy does not allow.

use super::Domains;
use crate::report::findings::{Finding, Looker, Unknown};

/// The name of the finding.
const KEY: &str = "policy/allowed-domains";

pub(super) fn find(looker: &Looker<'_>, domains: &Domains) -> Finding {
    let inventory = looker.counted.inventory;
    let (mut items, mut unknown) = (Vec::new(), Vec::new());
    for (at, entry) in inventory.entries().iter().enumerate() {
        let reaches = looker.counted.counts.reaches.get(at).copied().unwrap_or_default();
        if !entry.is_person() || !reaches {
            continue;
        }
        match entry.domain() {
            Some(domain) if domains.allowed.iter().any(|allowed| is_in(domain, allowed)) => {}
            Some(domain) => {
                let email = entry.email().unwrap_or_default();
                let says = looker.row(at, format!("e-mail address {email}"));
                items.push(looker.item(KEY, at, format!("{email} is of {domain}"), vec![says]));
            }
            None => unknown.push(Unknown {
                thing: Some(inventory.thing(at)),
                why: "its e-mail address is not in the file".to_owned(),
            }),
        }
    }
    let mut finding = Finding {
        key: KEY.to_owned(),
        severity: domains.severity,
        title: "People of domains that are not allowed".to_owned(),
        why: format!("The policy allows {}.", domains.allowed.join(", ")),
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

fn is_in(domain: &str, allowed: &str) -> bool {
    match allowed.strip_prefix("*.") {
        Some(above) => domain.strip_suffix(above).is_some_and(|rest| rest.ends_with('.')),
        None => domain == allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn a_star_stands_for_what_is_below() {
        assert!(is_in("acme.com", "acme.com") && is_in("eu.acme.com", "*.acme.com"));
        assert!(!is_in("acme.com", "*.acme.com") && !is_in("notacme.com", "*.acme.com"));
        assert!(!is_in("eu.acme.com", "acme.com"));
    }
}
