//! Credentials of which the vendor says that they are known to others.

use std::cmp::Reverse;

use super::{Draft, Found, Looker, Severity, keys, machines, place, unknown};
use crate::baton::error::Result;
use crate::report::counted::date;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let (mut leaked, mut silent, mut any) = (Vec::new(), Vec::new(), false);
    for (at, entry, works) in machines(counted) {
        let Some(told) = works.leak else {
            continue;
        };
        any = true;
        let made = works.credential_at;
        // One that was made anew since is another one.
        if let Some(when) = told.at.filter(|when| made.is_none_or(|made| made <= *when)) {
            leaked.push((when, at, entry));
            continue;
        }
        match (told.known_since, made) {
            (Some(since), Some(made)) if since <= made => {}
            (Some(since), _) => silent.push(unknown(
                counted,
                at,
                format!(
                    "its credential may be older than what the audit logs showed, which goes back to {}",
                    date(since)
                ),
            )),
            (None, _) => silent.push(unknown(counted, at, "no audit log that would tell could be read")),
        }
    }
    if !any {
        return Ok(None);
    }
    leaked.sort_by_key(|(when, at, _)| (Reverse(*when), *at));
    let found = leaked.into_iter().map(|(when, at, entry)| {
        let says = looker.row(at, format!("its credential leaked on {}", date(when)));
        Found::new(at, format!("leaked on {}{}", date(when), place(counted, entry))).shown_by([says])
    });
    Ok(Some(Draft {
        key: keys::LEAKED,
        severity: Severity::High,
        title: "Credentials that are known to others".to_owned(),
        why:
            "Workato was told that the token was seen where it does not belong. Whoever has it does all that its role \
              allows, until it is made anew."
                .to_owned(),
        what_to_do: "Make each anew now, and look in the audit log for what was done with it.",
        found: found.collect(),
        unknown: silent,
    }))
}
