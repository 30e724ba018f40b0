//! People who reach in from a managing organization.

use super::{Draft, Found, Looker, Severity, by_name, keys, last_seen, unknown, unread};
use crate::baton::conventions::Mark;
use crate::baton::error::Result;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let Some(mark) = counted.conventions.moderator else {
        return Ok(None);
    };
    let says = match mark {
        Mark::Text(key, value) => format!("{key}: {value}"),
        Mark::Word(key, words) => format!("{key}: {}", words.join(" or ")),
        Mark::Flag(key) => format!("{key}: true"),
    };
    let all = counted.inventory.entries().iter().enumerate();
    let mut found: Vec<Found> = all
        .filter(|(_, entry)| entry.is_moderator())
        .map(|(at, entry)| {
            let address = entry.email().unwrap_or("no address");
            let detail = format!("{address}; {}", last_seen(counted, entry));
            Found::new(at, detail).shown_by([looker.row(at, says.clone())])
        })
        .collect();
    by_name(counted, &mut found);
    let missing = unread::people(counted).map(|at| unknown(counted, at, "the file has no row of it"));
    Ok(Some(Draft {
        key: keys::MODERATORS,
        severity: Severity::Medium,
        title: "Moderators".to_owned(),
        why: "They belong to the organization that manages this one. Their accounts come and go there, so a review of \
              your own people misses them."
            .to_owned(),
        what_to_do: "Check with the managing organization that each of them still works on this.",
        found,
        unknown: missing.collect(),
    }))
}
