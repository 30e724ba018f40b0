//! What was carried out of a review: a line before each write and one after it, on the disk before anything goes on. A
//! write that was begun and has no outcome may have been made: it is looked up before anything else is done about it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{digest, folder};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::report::code;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A write is about to be sent.
    Begun,
    /// It was made, and read back.
    Done,
    /// There was nothing to do: what was to be taken away was gone.
    Gone,
    /// It was not made.
    Failed,
    /// It may have been made.
    Unknown,
}

impl Event {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Event::Begun => "begun",
            Event::Done => "done",
            Event::Gone => "gone",
            Event::Failed => "failed",
            Event::Unknown => "unknown",
        }
    }

    /// Whether nothing is left to do.
    pub fn is_final(self) -> bool {
        matches!(self, Event::Done | Event::Gone)
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When, in RFC 3339.
    pub at: String,
    /// The review.
    pub review: String,
    /// The row.
    pub row: String,
    /// What happened.
    pub event: Event,
    /// What changes, changed or was found, in words.
    pub told: String,
    /// The decision it follows.
    pub by: Basis,
}

/// Where a decision stood when it was carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Basis {
    /// The file.
    pub file: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// Who wrote their name on the cover.
    pub reviewed_by: Option<String>,
    /// What was noted.
    pub note: String,
}

/// A journal that is written.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    review: String,
    entries: Vec<Entry>,
}

/// What a journal holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The lines, in order.
    pub entries: Vec<Entry>,
    /// The SHA-256 of its bytes; nothing where there is none.
    pub sha256: Option<String>,
}

impl Told {
    /// Reads the journal of a review; empty where nothing was carried out.
    ///
    /// # Errors
    /// `DataLoss` for a damaged one; those of the disk.
    pub fn read(review: &Path, id: &str) -> Result<Told> {
        let path = review.join(folder::JOURNAL);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Told::default()),
            Err(error) => return Err(Error::from(error).context(format!("read {}", path.display()))),
        };
        let (entries, _) = parse(&bytes, &path, id)?;
        Ok(Told {
            entries,
            sha256: Some(digest::of_bytes(&bytes)),
        })
    }

    /// The last line about each row.
    pub fn last(&self) -> HashMap<&str, &Entry> {
        last(&self.entries)
    }
}

fn last(entries: &[Entry]) -> HashMap<&str, &Entry> {
    let mut last: HashMap<&str, &Entry> = HashMap::new();
    for entry in entries {
        // What is done stays done, whatever came later.
        let known = last.get(entry.row.as_str());
        if !known.is_some_and(|known| known.event.is_final()) {
            last.insert(&entry.row, entry);
        }
    }
    last
}

impl Journal {
    /// Opens it, or makes it. A last line that was cut off by a crash is taken away: nothing follows a line before it is
    /// on the disk.
    ///
    /// # Errors
    /// As [`Told::read`].
    pub fn open(review: &Path, id: &str) -> Result<Journal> {
        let path = review.join(folder::JOURNAL);
        let open = || {
            folder::private()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
        };
        let mut file = open().with_context(|| format!("open {}", path.display()))?;
        let mut bytes = Vec::new();
        let read = file.read_to_end(&mut bytes);
        read.with_context(|| format!("read {}", path.display()))?;
        let (entries, whole) = parse(&bytes, &path, id)?;
        let mut prepare = || {
            file.set_len(whole)?;
            file.seek(SeekFrom::Start(whole))?;
            file.sync_all()?;
            folder::sync_folder(review)
        };
        prepare().with_context(|| format!("open {}", path.display()))?;
        Ok(Journal {
            file,
            path,
            review: id.to_owned(),
            entries,
        })
    }

    /// Writes a line, and makes sure that it is on the disk.
    ///
    /// # Errors
    /// Those of the disk: then nothing may follow.
    pub fn write(&mut self, row: &str, event: Event, told: String, by: Basis) -> Result<()> {
        let entry = Entry {
            at: Timestamp::now().to_string(),
            review: self.review.clone(),
            row: row.to_owned(),
            event,
            told,
            by,
        };
        let mut line = serde_json::to_vec(&entry).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        written.with_context(|| format!("write {}", self.path.display()))?;
        self.entries.push(entry);
        Ok(())
    }

    /// What it holds.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// The lines, and how many bytes the whole ones take.
fn parse(bytes: &[u8], path: &Path, id: &str) -> Result<(Vec<Entry>, u64)> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let damaged = |why: String| {
        Error::new(Kind::DataLoss, format!("{} cannot be read: {why}", path.display()))
            .code(code::REVIEW_FOLDER)
            .hint("nothing was changed; take the file from a backup: without it, nobody knows what was carried out")
    };
    let lines = bytes.get(..whole).unwrap_or_default();
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
        if line.is_empty() {
            continue;
        }
        let entry: Entry = serde_json::from_slice(line).map_err(|error| damaged(format!("line {number}: {error}")))?;
        if entry.review != id {
            return Err(damaged(format!("line {number} is about the review {}", entry.review)));
        }
        entries.push(entry);
    }
    Ok((entries, whole as u64))
}
