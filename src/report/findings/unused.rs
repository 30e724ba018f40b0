//! Credentials that were never used, and clients that have none.

use super::{Draft, Found, Looker, Severity, by_name, keys, machines, place, unknown};
use crate::baton::error::Result;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    // Where a file says of one credential when it was used, it says so of those that were; else of none.
    let says_use = machines(counted).any(|(_, _, works)| works.used_at.is_some());
    let (mut found, mut silent, mut any) = (Vec::new(), Vec::new(), false);
    for (at, entry, works) in machines(counted) {
        if let Some((_, all)) = works.keys {
            any = true;
            if all == 0 && works.is_legacy != Some(true) {
                let detail = format!("has no key{}: nothing can use it", place(counted, entry));
                found.push(Found::new(at, detail).shown_by([looker.row(at, "number of its keys: 0")]));
            }
        } else if works.machine.keys.is_some() {
            any = true;
            silent.push(unknown(counted, at, "how many keys it has is not in the file"));
        }
        if works.owner.is_some() {
            any = true;
            match (says_use, works.used_at) {
                (true, Some(_)) => {}
                (true, None) => {
                    let detail = format!("never used{}", place(counted, entry));
                    found.push(Found::new(at, detail).shown_by([looker.row(at, "no last use")]));
                }
                (false, _) => silent.push(unknown(counted, at, "when it was last used is not in the file")),
            }
        }
    }
    if !any {
        return Ok(None);
    }
    by_name(counted, &mut found);
    Ok(Some(Draft {
        key: keys::UNUSED,
        severity: Severity::Low,
        title: "Clients and credentials that nothing uses".to_owned(),
        why: "What nobody uses, nobody misses when somebody else does.".to_owned(),
        what_to_do: "Delete it; a new one is made in a minute.",
        found,
        unknown: silent,
    }))
}
