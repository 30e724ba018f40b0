//! One look at all logs, each for itself: one that cannot be read hides no other.

use std::sync::Arc;

use jiff::Timestamp;

use super::Order;
use super::place::{Kept, Log};
use crate::baton::error::{Error, Kind, Result};
use crate::report::wording;
use crate::term::Terminal;
use crate::workato::WorkatoConnector;
use crate::workato::event::happened::{self, Asked, Happened};
use crate::workato::settings::Environment;

/// Reads the logs of a workspace, again and again.
pub struct Reader {
    connector: Arc<WorkatoConnector>,
    environments: Vec<Environment>,
    feed: Option<String>,
    overlap: i64,
    kept: Kept,
    /// How often in a row each log could not be read.
    failed: Vec<u32>,
}

/// A log that could not be read.
#[derive(Debug)]
pub struct Fault {
    /// Whose.
    pub environment: String,
    /// Why.
    pub error: Error,
    /// How often in a row.
    pub times: u32,
}

/// What one look brought.
#[derive(Debug, Default)]
pub struct Look {
    /// What was not told yet, oldest first.
    pub rows: Vec<Happened>,
    /// The logs that could not be read.
    pub faults: Vec<Fault>,
    /// Those that can be read again, and how often they could not.
    pub mended: Vec<(String, u32)>,
    /// Those that were read.
    read: Vec<String>,
}

impl Reader {
    /// At the place that the order's file says. Makes no call.
    ///
    /// # Errors
    /// Those of the file; `FailedPrecondition` where no environment of the run has a token.
    pub fn open(connector: Arc<WorkatoConnector>, of: &str, order: &Order) -> Result<Reader> {
        let environments = connector.audited();
        if environments.is_empty() {
            return Err(Error::new(
                Kind::FailedPrecondition,
                "there is no token of the environment whose log is to be read",
            )
            .hint("leave --workato-env out to read the logs of all that have one"));
        }
        let feed = order.feed.as_deref().unwrap_or(happened::ALL);
        Ok(Reader {
            failed: vec![0; environments.len()],
            environments,
            feed: order.feed.clone(),
            overlap: i64::try_from(order.overlap.as_millis()).unwrap_or(i64::MAX),
            kept: Kept::open(order.place.as_deref(), of, feed, order.since)?,
            connector,
        })
    }

    /// The names of the environments whose logs are read.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.environments.iter().map(|e| e.as_str().to_uppercase()).collect();
        names.join(", ")
    }

    /// Where it began.
    pub fn since(&self) -> String {
        let at = Timestamp::from_millisecond(self.kept.place.since).unwrap_or_default();
        at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    /// Looks once. What it brings counts as told with the next [`Reader::keep`].
    pub async fn look(&mut self) -> Look {
        let mut look = Look::default();
        let start = Timestamp::from_millisecond(self.kept.place.since).unwrap_or_default();
        for (environment, failed) in self.environments.iter().zip(&mut self.failed) {
            let name = environment.as_str();
            let log = self.kept.place.logs.entry(name.to_owned()).or_default();
            let asked = Asked {
                feed: self.feed.as_deref(),
                cursor: &log.cursor,
                start,
                overlap: self.overlap,
            };
            match self.connector.happened(environment, &asked).await {
                Ok(reading) => {
                    log.cursor = reading.cursor;
                    look.rows.extend(news(log, reading.rows, self.overlap));
                    look.read.push(name.to_uppercase());
                    if *failed > 0 {
                        look.mended.push((name.to_uppercase(), std::mem::take(failed)));
                    }
                }
                Err(error) => {
                    *failed = failed.saturating_add(1);
                    look.faults.push(Fault {
                        environment: name.to_uppercase(),
                        error,
                        times: *failed,
                    });
                }
            }
        }
        let order = |row: &Happened| (row.time.unwrap_or(Timestamp::MAX), row.id.clone());
        look.rows.sort_by_cached_key(order);
        look
    }

    /// Keeps the place, for what was told so far.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn keep(&self) -> Result<()> {
        self.kept.keep()
    }
}

/// What was not told yet of what was read, which is noted as told as long as it will be read again.
fn news(log: &mut Log, mut rows: Vec<Happened>, overlap: i64) -> Vec<Happened> {
    let moment = |row: &Happened| row.time.map(Timestamp::as_millisecond);
    rows.retain(|row| log.told.insert(row.id.clone(), moment(row)).is_none());
    let newest = log.told.values().copied().flatten().max().unwrap_or_default();
    log.told
        .retain(|_, at| at.is_none_or(|at| at >= newest.saturating_sub(overlap)));
    rows
}

impl Look {
    /// Fails where not a single log could be read.
    ///
    /// # Errors
    /// That of the first log.
    pub fn any_readable(&self) -> Result<()> {
        match self.faults.first() {
            Some(first) if self.read.is_empty() => Err(first.error.again()),
            _ => Ok(()),
        }
    }

    /// Which logs were read.
    pub fn readable(&self) -> String {
        let which = self.read.join(", ");
        let logs = if self.read.len() == 1 {
            "audit log"
        } else {
            "audit logs"
        };
        format!("the {logs} of {which}")
    }

    /// Says which logs could not be read. Of one that stays so, only the first, second, fourth, eighth time, and so on.
    pub fn warn(&self, terminal: &Terminal) {
        for fault in self.faults.iter().filter(|fault| fault.times.is_power_of_two()) {
            let times = match fault.times {
                1 => String::new(),
                times => format!(" ({times} times in a row)"),
            };
            let message = format!(
                "what happens in {} is not known: {}{times}",
                fault.environment, fault.error
            );
            let hint = fault.error.hint_text().unwrap_or("it is asked again at the next look");
            terminal.warning(fault.error.code_id(), &message, hint);
        }
        for (environment, times) in &self.mended {
            let times = wording::count(*times as usize, "failure", "failures");
            terminal.say(&format!(
                "The audit log of {environment} can be read again, after {times}."
            ));
        }
    }
}
