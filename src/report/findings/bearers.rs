//! Tool servers that ask nobody who they are: whoever has the address is in.

use super::{Draft, Found, Looker, Severity, by_name, keys, machines, place, unknown};
use crate::baton::error::Result;

pub(super) fn find(looker: &Looker<'_>) -> Result<Option<Draft>> {
    let counted = looker.counted;
    let opened = counted.conventions.open_to_bearers;
    let is_one = |kind: &str| opened.iter().find(|bearers| bearers.of == kind);
    let (mut found, mut silent, mut any) = (Vec::new(), Vec::new(), false);
    for (at, entry, works) in machines(counted) {
        let Some(bearers) = is_one(works.machine.of) else {
            continue;
        };
        any = true;
        match works.is_open_to_bearers {
            Some(true) => {
                let limits = match works.is_limited {
                    Some(true) => "from some addresses only",
                    Some(false) => "from any address",
                    None => "from which addresses is not on record",
                };
                let detail = format!("opened by a token{}, {limits}", place(counted, entry));
                found.push(Found::new(at, detail).shown_by([looker.row(at, format!("{}: token", bearers.open.key()))]));
            }
            Some(false) => {}
            None => silent.push(unknown(counted, at, "how it proves who uses it is not in the file")),
        }
    }
    if !any {
        return Ok(None);
    }
    by_name(counted, &mut found);
    Ok(Some(Draft {
        key: keys::BEARERS,
        severity: Severity::High,
        title: "Tool servers that a token opens".to_owned(),
        why: "Their address holds the token: whoever was ever told it can use every tool of the server, and no list says \
              who that is. Nobody's leaving ends it."
            .to_owned(),
        what_to_do: "Let people prove who they are (Workato Identity); until then change the token, and allow only the \
                     addresses the server is used from.",
        found,
        unknown: silent,
    }))
}
