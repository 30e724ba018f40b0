//! Clients and keys that no longer work: switched off, or of a sort that is no longer served.

use super::{Draft, Found, Looker, Severity, by_name, keys, machines, place, unknown};
use crate::baton::error::Result;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let (mut found, mut silent, mut any) = (Vec::new(), Vec::new(), false);
    for (at, entry, works) in machines(counted) {
        let machine = works.machine;
        if machine.active.is_none() && machine.legacy.is_none() && machine.keys.is_none() {
            continue;
        }
        any = true;
        let place = place(counted, entry);
        let mut add = |detail: String, says: String| {
            found.push(Found::new(at, detail).shown_by([looker.row(at, says)]));
        };
        let key = |key: Option<&'static str>| key.unwrap_or_default();
        match (works.is_legacy, works.is_active, works.keys) {
            (Some(true), ..) => add(
                format!("of the older sort, which is no longer served{place}"),
                format!("{}: true", key(machine.legacy)),
            ),
            (_, Some(false), _) => add(
                format!("switched off{place}"),
                format!("{}: false", key(machine.active)),
            ),
            (_, _, Some((0, all))) if all > 0 => add(
                format!("none of its {all} keys works{place}"),
                format!("keys that work: 0 of {all}"),
            ),
            (None, None, None) => silent.push(unknown(counted, at, "whether it works is not in the file")),
            _ => {}
        }
    }
    if !any {
        return Ok(None);
    }
    by_name(counted, &mut found);
    Ok(Some(Draft {
        key: keys::DEAD,
        severity: Severity::Low,
        title: "Clients and keys that are switched off or of the older sort".to_owned(),
        why: "They open nothing today. A key that is switched on again does, and lists that are full of dead entries \
              hide the live ones."
            .to_owned(),
        what_to_do: "Delete what is not coming back.",
        found,
        unknown: silent,
    }))
}
