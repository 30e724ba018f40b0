//! One environment's audit log, as far down as the last full read.
//!
//! It is believed only if it shows again every row that it showed since then: an empty answer says nothing
//! (`workato/audit_log.md 5`). The question names the noise and nothing else, no type of event and no time, so that no
//! misunderstanding about either can hide a row. The times of rows are compared with each other, not with the clock of this
//! machine, but for rows from its future.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::baton::error::Result;
use crate::workato::client::{WorkatoClient, endpoint};
use crate::workato::event::{EventRow, NOISE, OVERLAP};
use crate::workato::settings::Environment;

/// Rows of one answer: the documented maximum.
const PAGE: u32 = 100;
/// Answers that are looked through. Beyond them a full read costs less.
const MOST: usize = 20;

/// What a log showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// How far down it is looked at, in milliseconds since 1970: an hour before its newest row when the last full read
    /// began.
    floor: i64,
    /// The rows from there on.
    known: BTreeSet<String>,
}

impl Mark {
    fn of(rows: &[Seen], floor: i64) -> Self {
        let known = rows.iter().filter(|seen| seen.at >= floor);
        Mark {
            floor,
            known: known.map(|seen| seen.row.id.to_string()).collect(),
        }
    }
}

/// What a look at a log brought.
pub struct Look {
    /// What a full read begins with.
    pub fresh: Mark,
    /// What goes on from the mark of before, if there is one, and the rows that are new since; otherwise why it does not go
    /// on.
    pub since: Option<std::result::Result<(Mark, Vec<EventRow>), String>>,
}

struct Seen {
    row: EventRow,
    at: i64,
}

/// Looks at a log, with what it showed in the sync before, if anything. `now` is in milliseconds since 1970.
///
/// # Errors
/// Why the log is of no use, as the end of a sentence that begins "full read, because".
pub async fn look(
    client: &WorkatoClient,
    environment: &Environment,
    before: Option<&Mark>,
    now: i64,
) -> std::result::Result<Look, String> {
    let log = format!("the audit log of {environment}");
    let mut rows: Vec<Seen> = Vec::new();
    let mut ids = BTreeSet::new();
    let mut after: Option<String> = None;
    let mut whole = false;
    for _ in 0..MOST {
        let answer = ask(client, after.as_deref()).await;
        let answer = answer.map_err(|error| format!("{log} cannot be read: {error}"))?;
        let Some(last) = answer.last().map(|row| row.id.to_string()) else {
            whole = true;
            break;
        };
        if after.as_ref() == Some(&last) {
            return Err(format!("{log} answers the same rows again and again"));
        }
        after = Some(last);
        let mut down_to = i64::MAX;
        for row in answer {
            let Some(at) = row.moment() else {
                return Err(format!("{log} has a row whose time is not understood ({})", row.id));
            };
            down_to = at;
            if ids.insert(row.id.to_string()) {
                rows.push(Seen { row, at });
            }
        }
        whole = match before {
            Some(before) => down_to < before.floor && before.known.is_subset(&ids),
            None => down_to < floor(&rows, now),
        };
        if whole {
            break;
        }
    }
    if rows.is_empty() {
        return Err(format!(
            "{log} has no row at all, so it does not say that nothing happened"
        ));
    }
    let lowest = floor(&rows, now);
    if !whole && rows.iter().all(|seen| seen.at >= lowest) {
        return Err(format!("{log} has more rows in an hour than are looked through"));
    }
    let fresh = Mark::of(&rows, lowest);
    let since = before.map(|before| match before.known.difference(&ids).next() {
        _ if !whole => Err(format!(
            "{log} has more rows since the last full read than are looked through"
        )),
        Some(gone) => Err(format!(
            "{log} does not show row {gone} any more, which it showed before"
        )),
        None => {
            let mark = Mark::of(&rows, before.floor);
            let new = rows.into_iter().filter(|seen| seen.at >= before.floor);
            let new = new.filter(|seen| !before.known.contains(seen.row.id.as_str()));
            Ok((mark, new.map(|seen| seen.row).collect()))
        }
    });
    Ok(Look { fresh, since })
}

/// An hour before the newest row; one from the future does not hide others.
fn floor(rows: &[Seen], now: i64) -> i64 {
    let newest = rows.iter().map(|seen| seen.at).max().unwrap_or(now);
    newest.min(now).saturating_sub(OVERLAP)
}

async fn ask(client: &WorkatoClient, after: Option<&str>) -> Result<Vec<EventRow>> {
    let mut parameters = vec![("page[size]", PAGE.to_string())];
    parameters.extend(NOISE.map(|kind| ("exclude_resource_types[]", kind.to_owned())));
    if let Some(after) = after {
        parameters.push(("page[after]", after.to_owned()));
    }
    client.queried(&endpoint::ACTIVITY_LOGS, &parameters).await
}
