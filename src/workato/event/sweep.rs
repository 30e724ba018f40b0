//! One reading of a log, answer by answer: from its newest row down to where the reading before began, less an overlap.
//!
//! A log is believed only as long as it shows the newest row that it showed before, its canary: an empty answer says
//! nothing otherwise (`workato/audit_log.md 5`). Clocks of this machine take no part, but to know what the retention took.

use jiff::Timestamp;

use super::cursor::{Log, Mark};
use super::row::EventRow;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::client::{WorkatoClient, endpoint};
use crate::workato::code;

/// How late a row may appear and still be told, in milliseconds: nothing says how long Workato takes
/// (`workato/audit_log.md 1`).
pub const OVERLAP: i64 = 3_600_000;
/// A canary older than this may be gone because its time was over: rows are kept for a year.
const KEPT: i64 = 300 * 24 * 3_600_000;

/// How a log is read. Moments are milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Nothing before it is told.
    pub start: Option<i64>,
    /// Rows that one answer is asked for.
    pub size: u32,
    /// The time here.
    pub now: i64,
    /// How far below the newest row the next reading begins.
    pub overlap: i64,
}

/// The rows of the next answer that were not told yet and are not before the start. The end of the reading is noted.
///
/// # Errors
/// Those of the client; `FailedPrecondition` for a log that does not show what it showed before, or does not go on.
pub async fn next(client: &WorkatoClient, log: &mut Log, bounds: &Bounds) -> Result<Vec<EventRow>> {
    let start = bounds.start;
    if log.canary.is_none() {
        let newest: Vec<EventRow> = ask(client, None, None, 1).await?;
        let Some(newest) = newest.first() else {
            log.done = true;
            return Ok(Vec::new());
        };
        log.canary = Some(mark(newest));
    }
    let from = from(log, bounds);
    let mut rows = page(client, log, from, bounds.size).await?;
    let is_over = |row: &EventRow| matches!((row.moment(), from), (Some(at), Some(from)) if at < from);
    let over = rows.iter().all(is_over);
    for row in &rows {
        note(log, row);
    }
    rows.retain(|row| !is_over(row) && !matches!((row.moment(), start), (Some(at), Some(start)) if at < start));
    let (told, news) = rows
        .into_iter()
        .partition::<Vec<_>, _>(|row| log.told.contains(row.id.as_str()));
    for row in &told {
        remember(log, row, bounds.overlap);
    }
    if over {
        finish(log, bounds.now)?;
        log.told = std::mem::take(&mut log.next);
    }
    Ok(news)
}

/// The next answer of a log, and where the one after it goes on.
///
/// # Errors
/// As [`next`].
pub async fn page(client: &WorkatoClient, log: &mut Log, from: Option<i64>, size: u32) -> Result<Vec<EventRow>> {
    let mut rows = ask(client, from, log.after.as_deref(), size).await?;
    let last = rows.last().map(|row| row.id.to_string());
    if last.is_some() && last == log.after {
        return Err(unusable(log, "answers the same rows again and again"));
    }
    // An answer that begins with the row before is as good.
    if let Some(at) = rows
        .iter()
        .position(|row| Some(row.id.as_str()) == log.after.as_deref())
    {
        rows.drain(..=at);
    }
    log.after = last;
    Ok(rows)
}

/// Notes that a row was told.
pub fn remember(log: &mut Log, row: &EventRow, overlap: i64) {
    let newest = log.newest.as_ref().or(log.canary.as_ref()).and_then(|mark| mark.at);
    if let (Some(at), Some(newest)) = (row.moment(), newest)
        && at < newest.saturating_sub(overlap)
    {
        return;
    }
    let is_between = log.done || log.is_looking();
    let ids = if is_between { &mut log.told } else { &mut log.next };
    ids.add(row.id.as_str());
}

async fn ask(client: &WorkatoClient, from: Option<i64>, after: Option<&str>, size: u32) -> Result<Vec<EventRow>> {
    let mut parameters = vec![("page[size]", size.to_string())];
    if let Some(from) = from.and_then(|from| Timestamp::from_millisecond(from).ok()) {
        parameters.push(("from", from.to_string()));
    }
    if let Some(after) = after {
        parameters.push(("page[after]", after.to_owned()));
    }
    client.queried(&endpoint::ACTIVITY_LOGS, &parameters).await
}

/// How far down it is read: always so far that the canary is among the rows.
fn from(log: &Log, bounds: &Bounds) -> Option<i64> {
    let canary = log.canary.as_ref()?.at?;
    let wanted = if log.once { canary } else { bounds.start?.min(canary) };
    Some(wanted.saturating_sub(bounds.overlap))
}

fn mark(row: &EventRow) -> Mark {
    Mark {
        id: row.id.to_string(),
        at: row.moment(),
    }
}

fn note(log: &mut Log, row: &EventRow) {
    log.met |= log.canary.as_ref().is_some_and(|canary| canary.id == row.id.as_str());
    let at = row.moment();
    if at.is_some() && log.newest.as_ref().is_none_or(|newest| newest.at < at) {
        log.newest = Some(mark(row));
    }
}

fn finish(log: &mut Log, now: i64) -> Result<()> {
    let canary = log.canary.as_ref().and_then(|canary| canary.at);
    let may_be_gone = canary.is_some_and(|at| now.saturating_sub(at) > KEPT);
    if !log.met && !may_be_gone {
        let id = log.canary.as_ref().map_or("", |canary| canary.id.as_str());
        return Err(unusable(
            log,
            &format!("does not show row {id} any more, which it showed before"),
        ));
    }
    log.canary = log.newest.take().or_else(|| log.canary.take().filter(|_| log.met));
    (log.once, log.met, log.done, log.after) = (true, false, true, None);
    Ok(())
}

fn unusable(log: &Log, what: &str) -> Error {
    Error::new(
        Kind::FailedPrecondition,
        format!(
            "the audit log of {} {what}, so what happened is not known",
            log.environment.to_uppercase()
        ),
    )
    .code(code::AUDIT_LOG_UNUSABLE)
    .hint("check that the add-on for the activity audit log is still there; a feed begins anew without its cursor")
}
