//! Clients of agents: whoever has their key speaks as any of the people who may use the agent.

use super::{Draft, Found, Looker, Severity, by_name, keys, machines, place};
use crate::baton::error::Result;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let ones = machines(counted).filter(|(_, _, works)| works.machine.speaks_for_others);
    let mut found: Vec<Found> = ones
        .map(|(at, entry, _)| {
            let detail = format!(
                "speaks as anybody who may use its agent{}; which agent that is, is not in the file",
                place(counted, entry)
            );
            Found::new(at, detail).shown_by([looker.row(at, "a client that names the user it acts for")])
        })
        .collect();
    if found.is_empty() {
        return Ok(None);
    }
    by_name(counted, &mut found);
    Ok(Some(Draft {
        key: keys::SPEAKERS,
        severity: Severity::High,
        title: "Clients that speak for others".to_owned(),
        why:
            "The client itself says which user it acts for, and the agent believes it. Its key is worth the access of \
              all who may use the agent."
                .to_owned(),
        what_to_do: "Keep the key where only the program that needs it can read it, know who owns that program, and \
                     delete clients that nobody answers for.",
        found,
        unknown: Vec::new(),
    }))
}
