//! The look back: every few hours a feed reads a day of its logs once more, for rows that appeared late.
//!
//! A log that is read every minute cannot be read a day back each time, and a cursor has no room for the ids of a day. So it
//! keeps sums of what was told ([`Sums`]). A look back sums up what the log has: where both are the same, which is the rule,
//! nothing is missing. Otherwise the log is read once more, and what may be missing is told.

use serde::{Deserialize, Serialize};

use super::cursor::Log;
use super::row::EventRow;
use super::sums::{self, Sums, Verdict};
use super::sweep::{self, Bounds};
use crate::baton::error::Result;
use crate::workato::client::WorkatoClient;

/// How far below the newest row it goes, in milliseconds: a row that appears a day late is told.
const REACH: i64 = 24 * 3_600_000;
/// How much time passes between two, in milliseconds, by the clock of this machine.
const EVERY: i64 = 6 * 3_600_000;

/// What a cursor keeps for the look back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// Rows from this moment on are in the sums; milliseconds since 1970.
    #[serde(rename = "f")]
    from: i64,
    /// When the last one was, by the clock of this machine, likewise.
    #[serde(rename = "w")]
    when: i64,
    /// Rows that were told. Unknown in a cursor from before there were any: then what the log has counts as told.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    told: Option<Sums>,
    /// One that is under way.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    looking: Option<Looking>,
}

/// A look back that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Looking {
    /// Where the next one will begin.
    #[serde(rename = "f")]
    from: i64,
    /// What the log has.
    #[serde(rename = "r")]
    read: Sums,
    /// The part of it that the next one will see again.
    #[serde(rename = "n")]
    next: Sums,
    /// What it is about.
    #[serde(rename = "p")]
    pass: Pass,
    /// The cells whose one missing row was found, as bits.
    #[serde(rename = "d", default)]
    found: u32,
}

/// How often the log was read in a look back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Pass {
    /// Once: it is summed up.
    #[serde(rename = "s")]
    Summing,
    /// Twice, because something is missing.
    #[serde(rename = "m")]
    Missing,
    /// Three times: a cell misses one row by its number, and none of its rows is that one. All of them are told.
    #[serde(rename = "u")]
    Unclear,
}

impl Back {
    /// Whether one is under way.
    pub fn is_looking(&self) -> bool {
        self.looking.is_some()
    }
}

/// Begins to keep what is told of a log that is read for the first time.
pub fn watch(log: &mut Log, bounds: &Bounds) {
    if log.back.is_none()
        && let Some(newest) = newest(log)
    {
        log.back = Some(Back {
            from: newest.saturating_sub(REACH),
            when: bounds.now,
            told: Some(Sums::default()),
            looking: None,
        });
    }
}

/// Notes that a row was told by a reading.
pub fn note(log: &mut Log, row: &EventRow) {
    if let (Some(back), Some(at)) = (&mut log.back, row.moment())
        && !back.is_looking()
        && at >= back.from
        && let Some(told) = &mut back.told
    {
        told.add(row.id.as_str());
    }
}

/// Begins one where a reading has come to its end and it is time.
pub fn begin(log: &mut Log, bounds: &Bounds) {
    let is_due = log
        .back
        .as_ref()
        .is_none_or(|back| bounds.now.saturating_sub(back.when) >= EVERY);
    let Some(newest) = newest(log).filter(|_| log.done && is_due) else {
        return;
    };
    let from = newest.saturating_sub(REACH);
    let back = log.back.get_or_insert(Back {
        from,
        when: 0,
        told: None,
        looking: None,
    });
    back.looking = Some(Looking {
        from,
        read: Sums::default(),
        next: Sums::default(),
        pass: Pass::Summing,
        found: 0,
    });
    log.done = false;
}

/// The rows of the next answer that may not have been told. `is_told` says of which rows the feed tells.
///
/// # Errors
/// As [`sweep::next`].
pub async fn next(
    client: &WorkatoClient,
    log: &mut Log,
    bounds: &Bounds,
    is_told: impl Fn(&EventRow) -> bool,
) -> Result<Vec<EventRow>> {
    let Some((from, newest)) = log.back.as_ref().map(|back| back.from).zip(newest(log)) else {
        log.done = true;
        return Ok(Vec::new());
    };
    let mut rows = sweep::page(client, log, Some(from), bounds.size).await?;
    let is_over = rows.iter().all(|row| row.moment().is_some_and(|at| at < from));
    // What is newer than the last reading belongs to the next one.
    let lowest = bounds.start.map_or(from, |start| start.max(from));
    rows.retain(|row| is_told(row) && row.moment().is_some_and(|at| (lowest..=newest).contains(&at)));
    let (told, Some(back)) = (&log.told, &mut log.back) else {
        return Ok(Vec::new());
    };
    let Some(looking) = &mut back.looking else {
        return Ok(Vec::new());
    };
    if looking.pass == Pass::Summing {
        for row in rows.drain(..) {
            looking.read.add(row.id.as_str());
            if row.moment().is_some_and(|at| at >= looking.from) {
                looking.next.add(row.id.as_str());
            }
        }
    }
    let have = back.told.as_ref().unwrap_or(&looking.read);
    let mut news = Vec::new();
    for row in rows {
        let id = row.id.as_str();
        let verdict = have.of(&looking.read, id);
        match looking.pass {
            Pass::Missing if verdict == Verdict::Missing => looking.found |= sums::cell(id),
            Pass::Missing if verdict == Verdict::Unclear => {}
            Pass::Unclear if verdict == Verdict::AnotherIsMissing && looking.found & sums::cell(id) == 0 => {}
            _ => continue,
        }
        if !told.contains(id) {
            news.push(row);
        }
    }
    if is_over {
        log.after = None;
        let singles = have.singles(&looking.read);
        let next = match looking.pass {
            Pass::Summing if *have != looking.read => Some(Pass::Missing),
            Pass::Missing if singles & !looking.found != 0 => Some(Pass::Unclear),
            _ => None,
        };
        match next {
            Some(pass) => looking.pass = pass,
            None => {
                (back.from, back.when) = (looking.from, bounds.now);
                back.told = Some(std::mem::take(&mut looking.next));
                back.looking = None;
                log.done = true;
            }
        }
    }
    Ok(news)
}

/// The moment of the newest row that was read.
fn newest(log: &Log) -> Option<i64> {
    log.newest.as_ref().or(log.canary.as_ref()).and_then(|mark| mark.at)
}
