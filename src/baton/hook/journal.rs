//! Which events have a command to be run, and which of those succeeded: a line each, on the disk before anything goes on.
//!
//! A success stays as long as its event can be read again, and its command must not run twice. Logs keep what happened for
//! a while ([`Bounds`]), so what happened longer ago is forgotten when the file is written anew, which it is whenever it has
//! doubled. Time is that of the events: a clock that is wrong makes nobody forget. From then on nothing is begun that
//! happened before the forgotten: nobody knows any more whether its command ran.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::private;

/// A line: of an event, or of what was forgotten.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The event.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    id: String,
    /// When it happened, in days since 1970, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<i64>,
    /// What its command is to read; without it, the command succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Box<RawValue>>,
    /// In place of an event: successes of events before this day are forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten: Option<i64>,
}

/// How much of it stays.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long before the newest event something happened whose success is kept.
    pub remember: Duration,
    /// Bytes that may be added before the file is written anew; a file that is larger may double.
    pub slack: u64,
}

/// What is known of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    /// Whether its command succeeded.
    is_done: bool,
    /// When it happened, as in [`Line`].
    day: Option<i64>,
}

/// What a file says.
#[derive(Debug, Default)]
struct Content {
    known: HashMap<String, Known>,
    /// What is to be run still, in the order of events.
    left: Vec<(String, Box<RawValue>)>,
    forgotten: Option<i64>,
    /// Lines that the file has.
    lines: usize,
    /// Bytes of whole lines.
    whole: usize,
}

/// A journal that is written.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    bounds: Bounds,
    known: HashMap<String, Known>,
    forgotten: Option<i64>,
    /// Bytes of the file, and how many they were when it was written anew.
    size: u64,
    least: u64,
    /// Events that were begun, for their order.
    begun: u64,
}

/// What became of an event that was to be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It is to be run.
    New,
    /// It was begun before.
    Known,
    /// It happened before what was forgotten.
    TooOld,
}

impl Journal {
    /// Opens it, or makes it; what is to be run still, in the order of events. A last line that was cut off by a crash is
    /// taken away: nothing follows a line before it is on the disk.
    ///
    /// # Errors
    /// `DataLoss` for a damaged one: what ran already would be a guess; as [`private::open`].
    pub fn open(path: &Path, bounds: Bounds) -> Result<(Journal, Vec<(String, String)>)> {
        let bytes = private::read(path)?.unwrap_or_default();
        let mut content = Content::read(path, &bytes)?;
        content.forget(bounds);
        let is_least = content.lines == content.least_lines();
        let mut size = content.whole as u64;
        if !is_least {
            let least = content.write()?;
            size = least.len() as u64;
            private::replace(path, &least)?;
        }
        let mut file = private::open(path)?;
        let mut prepare = || {
            if is_least {
                file.set_len(size)?;
            }
            file.seek(SeekFrom::End(0))?;
            file.sync_all()
        };
        prepare().with_context(|| format!("open {}", path.display()))?;
        let journal = Journal {
            file,
            path: path.to_owned(),
            bounds,
            begun: content.known.len() as u64,
            known: content.known,
            forgotten: content.forgotten,
            size,
            least: size,
        };
        let left = content
            .left
            .into_iter()
            .map(|(id, event)| (id, event.get().to_owned() + "\n"));
        Ok((journal, left.collect()))
    }

    /// Notes that the command of an event is to be run, which happened at `at`, where that is known. On the disk with the
    /// next [`Journal::sync`].
    ///
    /// # Errors
    /// Those of the disk.
    pub fn begin(&mut self, id: &str, at: Option<Timestamp>, event: &str) -> Result<Begun> {
        if self.known.contains_key(id) {
            return Ok(Begun::Known);
        }
        let day = at.map(day_of);
        if day.zip(self.forgotten).is_some_and(|(day, forgotten)| day < forgotten) {
            return Ok(Begun::TooOld);
        }
        let event = RawValue::from_string(event.to_owned()).map_err(internal)?;
        self.write(&Line {
            id: id.to_owned(),
            day,
            event: Some(event),
            ..Line::default()
        })?;
        self.known.insert(id.to_owned(), Known { is_done: false, day });
        self.begun += 1;
        Ok(Begun::New)
    }

    /// Notes that the command of an event succeeded, and returns when that is on the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn done(&mut self, id: &str) -> Result<()> {
        let day = self.known.get(id).and_then(|known| known.day);
        self.write(&Line {
            id: id.to_owned(),
            day,
            ..Line::default()
        })?;
        self.known.insert(id.to_owned(), Known { is_done: true, day });
        self.sync()
    }

    /// Makes sure that all is on the disk, and no more than there has to be.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn sync(&mut self) -> Result<()> {
        let synced = self.file.sync_data();
        synced.with_context(|| format!("write {}", self.path.display()))?;
        if self.size - self.least.min(self.size) > self.least.max(self.bounds.slack) {
            self.write_anew()?;
        }
        Ok(())
    }

    /// How many events were begun or known before.
    pub fn count(&self) -> u64 {
        self.begun
    }

    /// Whoever is killed meanwhile leaves the file as it was.
    fn write_anew(&mut self) -> Result<()> {
        let bytes = private::read(&self.path)?.unwrap_or_default();
        let mut content = Content::read(&self.path, &bytes)?;
        content.forget(self.bounds);
        let least = content.write()?;
        private::replace(&self.path, &least)?;
        let mut file = private::open(&self.path)?;
        let at_end = file.seek(SeekFrom::End(0));
        self.size = at_end.with_context(|| format!("open {}", self.path.display()))?;
        self.file = file;
        self.least = self.size;
        self.known = content.known;
        self.forgotten = content.forgotten;
        Ok(())
    }

    fn write(&mut self, line: &Line) -> Result<()> {
        let mut bytes = serde_json::to_vec(line).map_err(internal)?;
        bytes.push(b'\n');
        let written = self.file.write_all(&bytes);
        written.with_context(|| format!("write {}", self.path.display()))?;
        self.size += bytes.len() as u64;
        Ok(())
    }
}

impl Content {
    fn read(path: &Path, bytes: &[u8]) -> Result<Self> {
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut content = Content {
            whole,
            ..Content::default()
        };
        let lines = bytes.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
        for (number, line) in (1..).zip(lines).filter(|(_, line)| !line.is_empty()) {
            let damaged = |why: String| damaged(path, &format!("line {number}: {why}"));
            let line: Line = serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
            content.lines += 1;
            match line {
                Line {
                    forgotten: Some(day), ..
                } => content.forgotten = content.forgotten.max(Some(day)),
                Line { ref id, .. } if id.is_empty() => return Err(damaged("it is of no event".to_owned())),
                Line {
                    id,
                    day,
                    event: Some(event),
                    ..
                } => {
                    if !content.known.contains_key(&id) {
                        content.known.insert(id.clone(), Known { is_done: false, day });
                        content.left.push((id, event));
                    }
                }
                Line { id, day, .. } => {
                    content.known.insert(id, Known { is_done: true, day });
                }
            }
        }
        content
            .left
            .retain(|(id, _)| content.known.get(id).is_some_and(|known| !known.is_done));
        Ok(content)
    }

    /// Forgets successes of events that nobody reads any more.
    fn forget(&mut self, bounds: Bounds) {
        let newest = self.known.values().filter_map(|known| known.day).max();
        // A log may name any time: what is to come is no reason to forget.
        let Some(newest) = newest.map(|newest| newest.min(day_of(Timestamp::now()))) else {
            return;
        };
        let days = i64::try_from(bounds.remember.as_secs() / DAY).unwrap_or(i64::MAX);
        let before = newest.saturating_sub(days);
        let known = self.known.len();
        self.known.retain(|_, known| {
            // Of the time of earlier releases nothing is known: it counts from now on.
            let day = *known.day.get_or_insert(newest);
            !known.is_done || day >= before
        });
        if self.known.len() < known {
            self.forgotten = self.forgotten.max(Some(before));
        }
    }

    /// Lines that are needed.
    fn least_lines(&self) -> usize {
        self.known.len() + usize::from(self.forgotten.is_some())
    }

    /// What succeeded needs one short line, and not its event.
    fn write(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let day = |id: &String| self.known.get(id).and_then(|known| known.day);
        let forgotten = self.forgotten.map(|day| Line {
            forgotten: Some(day),
            ..Line::default()
        });
        let done = self
            .known
            .iter()
            .filter(|(_, known)| known.is_done)
            .map(|(id, known)| Line {
                id: id.clone(),
                day: known.day,
                ..Line::default()
            });
        let left = self.left.iter().map(|(id, event)| Line {
            id: id.clone(),
            day: day(id),
            event: Some(event.clone()),
            ..Line::default()
        });
        for line in forgotten.into_iter().chain(done).chain(left) {
            serde_json::to_writer(&mut bytes, &line).map_err(internal)?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }
}

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

fn day_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(DAY.cast_signed())
}

fn internal(error: serde_json::Error) -> Error {
    Error::new(Kind::Internal, error.to_string())
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::new(Kind::DataLoss, format!("{} cannot be read: {why}", path.display()))
        .code(code::PLACE_UNUSABLE)
        .hint("no hook was started; without this file nobody knows which hooks ran already")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        remember: Duration::from_secs(400 * DAY),
        slack: 4 << 10,
    };

    fn event(id: &str) -> String {
        format!("{{\"id\":\"{id}\"}}")
    }

    fn open(path: &Path) -> (Journal, Vec<(String, String)>) {
        Journal::open(path, BOUNDS).unwrap()
    }

    fn on(day: i64) -> Option<Timestamp> {
        Timestamp::from_second(day * DAY.cast_signed()).ok()
    }

    /// Notes a success, on the disk with the next `sync`: thousands of them need not wait for it one by one.
    fn succeed(journal: &mut Journal, id: &str, day: i64) {
        let line = Line {
            id: id.to_owned(),
            day: Some(day),
            ..Line::default()
        };
        journal.write(&line).unwrap();
        let known = Known {
            is_done: true,
            day: Some(day),
        };
        journal.known.insert(id.to_owned(), known);
    }

    /// Begins an event of a day, and ends it well.
    fn run(journal: &mut Journal, id: &str, day: i64) -> Begun {
        let begun = journal.begin(id, on(day), &event(id)).unwrap();
        if begun == Begun::New {
            journal.done(id).unwrap();
        }
        begun
    }

    #[test]
    fn what_did_not_succeed_is_left_and_what_did_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.hooks");
        let (mut journal, left) = open(&path);
        assert!(left.is_empty());
        for id in ["a", "b", "c"] {
            assert_eq!(journal.begin(id, on(7), &event(id)).unwrap(), Begun::New);
        }
        assert_eq!(journal.begin("b", on(7), &event("b")).unwrap(), Begun::Known);
        journal.done("b").unwrap();
        drop(journal);
        for round in 0..2 {
            let (mut journal, left) = open(&path);
            let ids: Vec<&str> = left.iter().map(|(id, _)| id.as_str()).collect();
            assert_eq!(ids, ["a", "c"], "in order, round {round}");
            assert_eq!(left[0].1, "{\"id\":\"a\"}\n");
            assert_eq!(journal.begin("b", on(7), &event("b")).unwrap(), Begun::Known);
            let lines = std::fs::read_to_string(&path).unwrap();
            assert_eq!(lines.lines().count(), 3, "one line each: {lines}");
        }
    }

    #[test]
    fn a_line_that_was_cut_off_is_taken_away_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.hooks");
        let (mut journal, _) = open(&path);
        journal.begin("a", None, &event("a")).unwrap();
        journal.begin("b", None, &event("b")).unwrap();
        journal.sync().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut journal, left) = open(&path);
            assert!(left.len() < 2, "{cut}");
            journal.begin("c", None, &event("c")).unwrap();
            drop(journal);
            let (_, again) = open(&path);
            assert_eq!(again.len(), left.len() + 1, "{cut}");
        }
        std::fs::write(&path, b"{}\n").unwrap();
        assert_eq!(Journal::open(&path, BOUNDS).unwrap_err().kind(), Kind::DataLoss);
    }

    /// Ten years of three events a day. What a log keeps for a year comes again at any time.
    #[test]
    fn no_command_runs_twice_while_a_log_has_its_event_and_the_journal_does_not_grow() {
        const KEPT: i64 = 365;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.hooks");
        let (mut journal, _) = open(&path);
        let id = |day: i64, number: i64| format!("{day}-{number}");
        let mut largest = 0;
        for day in 0..3_650 {
            for number in 0..3 {
                assert_eq!(journal.begin(&id(day, number), on(day), "{}").unwrap(), Begun::New);
                succeed(&mut journal, &id(day, number), day);
            }
            journal.sync().unwrap();
            if day % 100 == 50 {
                drop(journal);
                journal = open(&path).0;
            }
            for back in [0, 1, 30, KEPT] {
                let again = journal.begin(&id((day - back).max(0), 2), on((day - back).max(0)), "{}");
                assert_eq!(again.unwrap(), Begun::Known, "{day} {back}");
            }
            largest = largest.max(std::fs::metadata(&path).unwrap().len());
        }
        assert!(journal.known.len() < 3 * 2 * 400 + 200, "{}", journal.known.len());
        // A short line for each of those, which may double, and the slack.
        assert!(largest < 3 * 401 * 32 * 2 + BOUNDS.slack, "{largest}");
        assert_eq!(
            run(&mut journal, &id(1, 0), 1),
            Begun::TooOld,
            "nobody knows whether it ran"
        );
        drop(journal);
        assert_eq!(run(&mut open(&path).0, &id(1, 0), 1), Begun::TooOld);
    }

    #[test]
    fn what_waits_stays_however_old_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.hooks");
        let (mut journal, _) = open(&path);
        journal.begin("waits", on(0), &event("waits")).unwrap();
        for day in 0..1_000 {
            assert_eq!(journal.begin(&day.to_string(), on(day), "{}").unwrap(), Begun::New);
            succeed(&mut journal, &day.to_string(), day);
            if day % 50 == 49 {
                journal.sync().unwrap();
            }
        }
        assert!(!journal.known.contains_key("0"));
        assert_eq!(journal.begin("waits", on(0), "{}").unwrap(), Begun::Known);
        drop(journal);
        let (mut journal, left) = open(&path);
        assert_eq!(left, [("waits".to_owned(), event("waits") + "\n")]);
        journal.done("waits").unwrap();
        drop(journal);
        assert_eq!(open(&path).1, []);
    }

    #[test]
    fn an_event_of_a_far_future_makes_nobody_forget() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.hooks");
        let now = Timestamp::now().as_second() / DAY.cast_signed();
        let (mut journal, _) = open(&path);
        for (id, day) in [("old", now - 399), ("new", now), ("odd", 2_900_000)] {
            assert_eq!(run(&mut journal, id, day), Begun::New);
        }
        // One without a time, as earlier releases wrote it.
        std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + "{\"id\":\"before\"}\n").unwrap();
        drop(journal);
        let (mut journal, _) = open(&path);
        for (id, day) in [
            ("old", now - 399),
            ("new", now),
            ("odd", 2_900_000),
            ("before", now - 800),
        ] {
            assert_eq!(run(&mut journal, id, day), Begun::Known, "{id}");
        }
    }
}
