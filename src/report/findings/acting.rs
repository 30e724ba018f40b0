//! Agents that can change what is in production. No row says which of its skills write: an agent without skills cannot,
//! of every other one it is not known.

use super::{Draft, Looker, Severity, keys, machines, unknown};
use crate::baton::error::Result;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let (mut silent, mut any) = (Vec::new(), false);
    for (at, entry, works) in machines(counted) {
        if works.machine.skills.is_none() {
            continue;
        }
        any = true;
        let environment = counted.inventory.environment_of(entry);
        // Where the file does not say where it is, it may be there.
        let is_elsewhere = environment.is_some() && !counted.conventions.is_production(environment);
        if is_elsewhere {
            continue;
        }
        match works.skills {
            Some(0) => {}
            Some(1) => silent.push(unknown(
                counted,
                at,
                "it has 1 skill; whether that writes is not in the file",
            )),
            Some(skills) => {
                let why = format!("it has {skills} skills; whether one of them writes is not in the file");
                silent.push(unknown(counted, at, why));
            }
            None => silent.push(unknown(counted, at, "which skills it has is not in the file")),
        }
    }
    if !any {
        return Ok(None);
    }
    Ok(Some(Draft {
        key: keys::ACTING,
        severity: Severity::High,
        title: "Agents whose skills write to production".to_owned(),
        why: "Whoever talks to such an agent changes real data, with the rights of its connections and not with their \
              own."
            .to_owned(),
        what_to_do: "Look at the skills of each agent in production, and let those that write ask a person first.",
        found: Vec::new(),
        unknown: silent,
    }))
}
