//! Which events have a command to be run, and which of those succeeded: a line each, on the disk before anything goes on.
//! A success stays for ever: an event may be read again at any time, and its command must not run twice.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::private;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The event.
    id: String,
    /// What its command is to read; without it, the command succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Box<RawValue>>,
}

/// A journal that is written.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    /// Whether the command of an event succeeded, of all that are known.
    known: HashMap<String, bool>,
}

impl Journal {
    /// Opens it, or makes it; what is to be run still, in the order of events. A last line that was cut off by a crash is
    /// taken away: nothing follows a line before it is on the disk.
    ///
    /// # Errors
    /// `DataLoss` for a damaged one: what ran already would be a guess; as [`private::open`].
    pub fn open(path: &Path) -> Result<(Journal, Vec<(String, String)>)> {
        let bytes = private::read(path)?.unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut known: HashMap<String, bool> = HashMap::new();
        let mut left: Vec<(String, Box<RawValue>)> = Vec::new();
        let lines = bytes.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
        let mut count = 0_usize;
        for (number, line) in (1..).zip(lines).filter(|(_, line)| !line.is_empty()) {
            let line: Line =
                serde_json::from_slice(line).map_err(|error| damaged(path, &format!("line {number}: {error}")))?;
            count += 1;
            match line.event {
                Some(event) if !known.contains_key(&line.id) => {
                    known.insert(line.id.clone(), false);
                    left.push((line.id, event));
                }
                Some(_) => {}
                None => {
                    known.insert(line.id, true);
                }
            }
        }
        left.retain(|(id, _)| known.get(id) == Some(&false));
        // What succeeded needs one short line, and not its event.
        if count > known.len() {
            private::replace(path, &compact(&known, &left)?)?;
        }
        let mut file = private::open(path)?;
        let end = if count > known.len() { None } else { Some(whole as u64) };
        let mut prepare = || {
            if let Some(end) = end {
                file.set_len(end)?;
            }
            file.seek(SeekFrom::End(0))?;
            file.sync_all()
        };
        prepare().with_context(|| format!("open {}", path.display()))?;
        let journal = Journal {
            file,
            path: path.to_owned(),
            known,
        };
        let left = left.into_iter().map(|(id, event)| (id, event.get().to_owned() + "\n"));
        Ok((journal, left.collect()))
    }

    /// Notes that the command of an event is to be run. `false` for one that is known. On the disk with the next
    /// [`Journal::sync`].
    ///
    /// # Errors
    /// Those of the disk.
    pub fn begin(&mut self, id: &str, event: &str) -> Result<bool> {
        if self.known.contains_key(id) {
            return Ok(false);
        }
        let event = RawValue::from_string(event.to_owned()).map_err(internal)?;
        self.write(&Line {
            id: id.to_owned(),
            event: Some(event),
        })?;
        self.known.insert(id.to_owned(), false);
        Ok(true)
    }

    /// Notes that the command of an event succeeded, and returns when that is on the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn done(&mut self, id: &str) -> Result<()> {
        self.write(&Line {
            id: id.to_owned(),
            event: None,
        })?;
        self.sync()?;
        self.known.insert(id.to_owned(), true);
        Ok(())
    }

    /// Makes sure that all is on the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn sync(&mut self) -> Result<()> {
        let synced = self.file.sync_data();
        synced.with_context(|| format!("write {}", self.path.display()))
    }

    /// How many events are known.
    pub fn count(&self) -> u64 {
        self.known.len() as u64
    }

    fn write(&mut self, line: &Line) -> Result<()> {
        let mut bytes = serde_json::to_vec(line).map_err(internal)?;
        bytes.push(b'\n');
        let written = self.file.write_all(&bytes);
        written.with_context(|| format!("write {}", self.path.display()))
    }
}

fn compact(known: &HashMap<String, bool>, left: &[(String, Box<RawValue>)]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let done = known.iter().filter(|(_, done)| **done).map(|(id, _)| Line {
        id: id.clone(),
        event: None,
    });
    let left = left.iter().map(|(id, event)| Line {
        id: id.clone(),
        event: Some(event.clone()),
    });
    for line in done.chain(left) {
        serde_json::to_writer(&mut bytes, &line).map_err(internal)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
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

    fn event(id: &str) -> String {
        format!("{{\"id\":\"{id}\"}}")
    }

    #[test]
    fn what_did_not_succeed_is_left_and_what_did_is_known_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.hooks");
        let (mut journal, left) = Journal::open(&path).unwrap();
        assert!(left.is_empty());
        for id in ["a", "b", "c"] {
            assert!(journal.begin(id, &event(id)).unwrap());
        }
        assert!(!journal.begin("b", &event("b")).unwrap(), "it is known");
        journal.done("b").unwrap();
        drop(journal);
        for round in 0..2 {
            let (mut journal, left) = Journal::open(&path).unwrap();
            let ids: Vec<&str> = left.iter().map(|(id, _)| id.as_str()).collect();
            assert_eq!(ids, ["a", "c"], "in order, round {round}");
            assert_eq!(left[0].1, "{\"id\":\"a\"}\n");
            assert!(!journal.begin("b", &event("b")).unwrap(), "for ever");
            let lines = std::fs::read_to_string(&path).unwrap();
            assert_eq!(lines.lines().count(), 3, "one line each: {lines}");
        }
    }

    #[test]
    fn a_line_that_was_cut_off_is_taken_away_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.hooks");
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.begin("a", &event("a")).unwrap();
        journal.begin("b", &event("b")).unwrap();
        journal.sync().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut journal, left) = Journal::open(&path).unwrap();
            assert!(left.len() < 2, "{cut}");
            journal.begin("c", &event("c")).unwrap();
            drop(journal);
            let (_, again) = Journal::open(&path).unwrap();
            assert_eq!(again.len(), left.len() + 1, "{cut}");
        }
        std::fs::write(&path, b"{}\n").unwrap();
        assert_eq!(Journal::open(&path).unwrap_err().kind(), Kind::DataLoss);
    }
}
