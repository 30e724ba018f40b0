//! What happened in a workspace, from the audit log of each environment (`workato/audit_log.md`).
//!
//! Two feeds: `workato_usage`, sign-ins as use of the role that somebody has there, and `workato_changes`, everything
//! that is not noise as the change of a resource. No row proves who got what, so no grant is ever reported.
//!
//! Every event is told at least once, and has the same id whenever it is told: the environment and the id of its row.
//! One call reads a few answers of one log; the [`cursor`] says how far each has been read. A log is read from its newest
//! row down to an hour before the newest row of the time before (`sweep`), and every six hours a day back (`back`), so
//! that rows that appear late are told, too; those that were told already are left out as far as the cursor has room for
//! their ids. Nothing is asked to be
//! filtered by Workato but the time: a name that it does not know answers an empty list.

mod back;
pub mod cursor;
pub mod happened;
pub mod row;
mod say;
mod sums;
mod sweep;

use std::time::Duration;

use jiff::Timestamp;

use self::cursor::Cursor;
pub use self::row::EventRow;
use self::say::Feed;
pub use self::say::NOISE;
use self::sweep::Bounds;
pub use self::sweep::OVERLAP;
use super::client::endpoint;
use super::code;
use super::probe::Probe;
use super::settings::{Environment, EnvironmentChoice};
use super::tables::Tables;
use crate::baton::connector::{SyncContext, no_event_feed};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;

/// Rows of one answer: the documented maximum.
const PAGE: u32 = 100;
/// Answers that one call reads at most before it says that nothing was among them so far.
const READS: u32 = 8;

/// How long before the newest row something happened that a log may still show, and a reading without a cursor tells again:
/// rows are kept for a year (`workato/audit_log.md 1`), and some of them appear late.
pub const REMEMBERED: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Asks whether the log of an environment may be read, and has a row.
pub static PROBE: Probe = Probe::list::<EventRow>(&endpoint::ACTIVITY_LOGS).per_environment();

/// The feeds that there are.
pub fn feeds() -> Vec<v2::EventFeedMetadata> {
    let all = Feed::ALL.into_iter();
    all.map(|feed| v2::EventFeedMetadata {
        id: feed.id().to_owned(),
        supported_event_types: vec![feed.kind().into()],
    })
    .collect()
}

/// The next events of a feed. Without a cursor those since `start_at`, or else all that the logs keep.
///
/// # Errors
/// `NotFound` for a feed that there is not, `InvalidArgument` for a cursor that is none of its own,
/// `FailedPrecondition` for logs that cannot be believed; those of the client.
pub async fn list(t: &Tables, cx: &SyncContext, asked: &v2::ListEventsRequest) -> Result<v2::ListEventsResponse> {
    let feed = Feed::of(&asked.event_feed_id).ok_or_else(|| no_event_feed(&asked.event_feed_id))?;
    let start = asked.start_at.as_ref().map(|at| at.seconds.saturating_mul(1000));
    let environments = environments(t);
    let mut cursor = Cursor::read(&asked.cursor, feed.id(), start, &environments)?;
    let size = match asked.page_size {
        0 => PAGE,
        size => size.min(PAGE),
    };
    let bounds = Bounds {
        start: cursor.start,
        size,
        now: Timestamp::now().as_millisecond(),
        overlap: sweep::OVERLAP,
    };
    let mut events = Vec::new();
    for _ in 0..READS {
        let Some(log) = cursor.unfinished() else {
            break;
        };
        let environment = Environment::new(log.environment.as_str());
        let Some(client) = t.clients.of(&environment) else {
            log.done = true;
            continue;
        };
        let is_first = !log.once;
        let is_looking = log.is_looking();
        let rows = match is_looking {
            true => back::next(client, log, &bounds, |row| feed.has(row)).await?,
            false => sweep::next(client, log, &bounds).await?,
        };
        if is_first {
            back::watch(log, &bounds);
        }
        if log.canary.is_none() {
            tracing::warn!(
                %environment,
                "The audit log has no row at all: what happens there is not known. The plan may lack the add-on."
            );
        }
        events = say::events(t, cx, feed, &environment, rows, log).await?;
        if !is_looking {
            back::begin(log, &bounds);
        }
        if !events.is_empty() {
            break;
        }
    }
    let has_more = cursor.unfinished().is_some();
    if !has_more && cursor.is_blind() {
        return Err(no_rows("no audit log has a single row"));
    }
    Ok(v2::ListEventsResponse {
        events,
        cursor: cursor.write()?,
        has_more,
        annotations: Vec::new(),
    })
}

/// The environments whose logs can be read.
fn environments(t: &Tables) -> Vec<String> {
    let all = std::iter::once(Environment::dev()).chain(t.clients.others.keys().cloned());
    let chosen = all.filter(|environment| match &t.settings.environment {
        EnvironmentChoice::One(one) => one == environment,
        EnvironmentChoice::All => true,
    });
    chosen
        .filter(|environment| t.clients.of(environment).is_some())
        .map(|environment| environment.as_str().to_owned())
        .collect()
}

/// There is no row: that nothing happened is not said by it.
fn no_rows(what: &str) -> Error {
    Error::new(
        Kind::FailedPrecondition,
        format!("{what}, so what happened is not known"),
    )
    .code(code::AUDIT_LOG_UNUSABLE)
    .hint(
        "check that the plan has the add-on for the activity audit log; in a new workspace sign in once and try again",
    )
}
