//! Which tokens leaked, as far as the audit logs say (`workato/audit_log.md 3`). Opt-in (`--sync-leaked-tokens`): it costs
//! requests, and the log is an add-on.
//!
//! Whether a leak is in the log of DEV or in that of the client's environment, no page says (`workato/audit_log.md 1`). So
//! nothing is known of a client before both were read, nor of the time before their oldest row that was read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::workato::access_model::is_refusal;
use crate::workato::cause;
use crate::workato::client::{WorkatoClient, endpoint};
use crate::workato::event::row::EventRow;
use crate::workato::settings::Environment;
use crate::workato::tables::{Table, Tables, stored};
use crate::workato::tokens::{shown, with_tokens};

/// Answers that are read of one log.
const ANSWERS: usize = 10;
/// Rows of one answer: the documented maximum.
const ROWS: &str = "100";
/// What Workato calls an API client in its log.
const CLIENT: &str = "ApiClient";

/// What the logs say; nothing where they are not asked.
pub struct Leaks;

/// What the logs say, by environment.
#[derive(Debug, Default)]
pub struct LeakLogs(BTreeMap<String, Option<LeakLog>>);

/// What one log says. Moments are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct LeakLog {
    /// The oldest row that was read.
    back_to: i64,
    /// The newest leak of each client.
    leaked: BTreeMap<String, i64>,
}

impl Table for Leaks {
    type Value = Option<LeakLogs>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Option<LeakLogs>> {
        if !t.settings.sync_leaked_tokens {
            return Ok(None);
        }
        let mut logs = LeakLogs::default();
        for environment in with_tokens() {
            let Some(client) = t.clients.of(&environment) else {
                continue;
            };
            let key = format!("leaks/{environment}");
            let log = stored(cx, &key, || log(cx, client, &environment)).await?;
            logs.0.insert(environment.as_str().to_owned(), log);
        }
        Ok(Some(logs))
    }
}

/// What a log says; nothing, with a warning, where it cannot be read or never showed a row.
async fn log(cx: &SyncContext, client: &WorkatoClient, environment: &Environment) -> Result<Option<LeakLog>> {
    let unknown = |why: String| {
        let what = "whether tokens of API clients leaked is not known";
        let cause = cause::list_refused(endpoint::ACTIVITY_LOGS.refusal);
        let shown = shown(environment);
        cx.warnings
            .add(cause, format!("{what}: the audit log of {shown} {why}"), "");
        Ok(None)
    };
    let mut found: Option<LeakLog> = None;
    let mut after: Option<String> = None;
    for _ in 0..ANSWERS {
        let mut parameters = vec![("page[size]", ROWS.to_owned())];
        parameters.extend(after.clone().map(|after| ("page[after]", after)));
        let rows: Vec<EventRow> = match client.queried(&endpoint::ACTIVITY_LOGS, &parameters).await {
            Ok(rows) => rows,
            Err(error) if is_refusal(&error) => {
                let checkbox = endpoint::ACTIVITY_LOGS.checkbox;
                return unknown(format!("is refused; tick {checkbox:?} in the client role"));
            }
            Err(error) => return Err(error),
        };
        let last = rows.last().map(|row| row.id.to_string());
        if last.is_none() || last == after {
            break;
        }
        for row in &rows {
            let whose = row
                .resource
                .as_ref()
                .filter(|subject| subject.kind.as_deref() == Some(CLIENT));
            let whose = whose.and_then(|subject| subject.id.as_ref());
            let Some(at) = row.moment() else {
                if row.is_leak() {
                    return unknown("does not say when a token leaked".to_owned());
                }
                continue;
            };
            let log = found.get_or_insert_with(|| LeakLog {
                back_to: at,
                ..LeakLog::default()
            });
            log.back_to = log.back_to.min(at);
            match whose {
                _ if !row.is_leak() => {}
                Some(id) => {
                    let leak = log.leaked.entry(id.to_string()).or_insert(at);
                    *leak = at.max(*leak);
                }
                // Ids of other types are numbers of their own.
                None => return unknown("does not say whose token leaked".to_owned()),
            }
        }
        after = last;
    }
    match found {
        Some(log) => Ok(Some(log)),
        None => unknown("never showed a row; the plan may lack its add-on".to_owned()),
    }
}

impl LeakLogs {
    /// When the token of a client leaked last, if any log says so.
    pub fn leaked_at(&self, client: &str) -> Option<String> {
        let all = self.0.values().flatten();
        moment(all.filter_map(|log| log.leaked.get(client).copied()).max()?)
    }

    /// Since when a leak of a client of an environment would be known; `None` where it would not.
    pub fn known_since(&self, environment: Option<&str>) -> Option<String> {
        let read = |environment: &str| self.0.get(environment)?.as_ref().map(|log| log.back_to);
        moment(read(environment?)?.max(read(Environment::dev().as_str())?))
    }
}

fn moment(at: i64) -> Option<String> {
    Timestamp::from_millisecond(at).ok().map(|at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_known_since_the_later_of_two_logs() {
        let log = |back_to| {
            Some(LeakLog {
                back_to,
                leaked: BTreeMap::from([("7".to_owned(), back_to)]),
            })
        };
        let logs = LeakLogs(BTreeMap::from([
            ("dev".to_owned(), log(1_000)),
            ("prod".to_owned(), log(2_000)),
            ("test".to_owned(), None),
        ]));
        let since = |environment| logs.known_since(environment);
        assert_eq!(since(Some("dev")).as_deref(), Some("1970-01-01T00:00:01Z"));
        assert_eq!(since(Some("prod")).as_deref(), Some("1970-01-01T00:00:02Z"));
        for unknown in [Some("test"), Some("staging"), None] {
            assert_eq!(since(unknown), None, "{unknown:?}");
        }
        assert_eq!(logs.leaked_at("7").as_deref(), Some("1970-01-01T00:00:02Z"));
        assert_eq!(logs.leaked_at("8"), None);
    }
}
