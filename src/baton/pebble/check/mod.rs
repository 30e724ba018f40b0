//! A check of what readers take on trust: that a store says the same in every place where it says a thing twice.
//!
//! A reader finds damage on its way: a wrong checksum, rows out of order, a table of another size. It does not compare what
//! tables count with what they hold, nor bounds with rows, nor looks at what is dead. Other readers may believe those.

mod part;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::edit::TableMeta;
use super::error::{Place as _, Result};
use super::name::{self, FileName};
use super::store::Store;
use super::table::MERGER;
use super::version::COMPARER;
use part::Part;

/// A longer file of settings is none.
const MAX_OPTIONS: u64 = 1 << 20;

/// Something in a store that its format does not allow, though its rows can be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// The file it is in.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

/// Flaws of one file, each sort once: where one row is wrong, thousands may be.
struct Flaws<'a> {
    file: String,
    all: &'a mut Vec<Flaw>,
    said: BTreeSet<String>,
}

impl<'a> Flaws<'a> {
    fn of(file: impl Into<String>, all: &'a mut Vec<Flaw>) -> Self {
        Flaws {
            file: file.into(),
            all,
            said: BTreeSet::new(),
        }
    }

    fn say(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.said.insert(what.clone()) {
            self.all.push(Flaw {
                file: self.file.clone(),
                what,
            });
        }
    }

    fn require(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.say(what());
        }
    }
}

impl Store {
    /// Reads every block of every live file, also what is dead in it, and compares. What a running store leaves behind and
    /// no reader minds (an older MANIFEST, an ended log, `LOCK`) is no flaw.
    ///
    /// # Errors
    /// `Corrupt` or `Unsupported` for what cannot be read at all, and those of the files.
    pub fn check(&self) -> Result<Vec<Flaw>> {
        let mut all = Vec::new();
        self.check_names(&mut all)?;
        self.check_version(&mut all);
        let mut parts: BTreeMap<u64, Vec<&TableMeta>> = BTreeMap::new();
        for table in self.version().tables() {
            parts.entry(table.file()).or_default().push(table);
        }
        for (number, mut live) in parts {
            live.sort_by(|a, b| a.smallest.key.cmp(&b.smallest.key));
            let table = self.inner().table(number)?;
            let mut flaws = Flaws::of(table.name(), &mut all);
            for pair in live.windows(2) {
                if let [a, b] = pair {
                    flaws.require(a.largest.is_before(&b.smallest.key), || {
                        format!("its parts {} and {} overlap", a.number, b.number)
                    });
                }
            }
            let mut live: Vec<Part<'_>> = live.into_iter().map(Part::of).collect();
            let size = table::check(&table, &mut live, &mut flaws)?;
            for part in live {
                part.check(size, &mut flaws);
            }
        }
        Ok(all)
    }

    /// Looks at the files that are no live tables.
    fn check_names(&self, all: &mut Vec<Flaw>) -> Result<()> {
        let alive: BTreeSet<u64> = self.version().tables().map(|table| table.file()).collect();
        let mut topics = BTreeSet::new();
        for file in self.inner().files.names()? {
            let mut flaws = Flaws::of(&file, all);
            let open = || self.inner().files.open(&file).in_file(&file);
            match FileName::parse(&file) {
                FileName::Table(number) => {
                    flaws.require(alive.contains(&number), || "no live table uses it".to_owned())
                }
                FileName::Marker { topic, .. } if name::TOPICS.contains(&topic) => {
                    let size = open()?.map_or(0, |marker| marker.size());
                    flaws.require(size == 0, || "it is a marker, and not empty".to_owned());
                    flaws.require(topics.insert(topic.to_owned()), || {
                        "it is not the only marker of its sort".to_owned()
                    });
                }
                FileName::Lock => {
                    let size = open()?.map_or(0, |lock| lock.size());
                    flaws.require(size == 0, || "it is not empty".to_owned());
                }
                FileName::Options => {
                    if let Some(options) = open()?.filter(|options| options.size() <= MAX_OPTIONS) {
                        let length = usize::try_from(options.size()).unwrap_or_default();
                        let text = options.read(0, length).in_file(&file)?;
                        let text = String::from_utf8_lossy(&text);
                        for line in [&format!("comparer={COMPARER}"), &format!("merger={MERGER}"), "wal_dir="] {
                            let is_there = text.contains(&format!("\n  {line}\n"));
                            flaws.require(is_there, || {
                                format!("it has no line {line:?}, without which the store is refused")
                            });
                        }
                    }
                }
                FileName::Log(_) | FileName::Manifest(_) => {}
                _ => flaws.say("no store has such a file"),
            }
        }
        Ok(())
    }

    /// Looks at what the MANIFEST says of files and numbers.
    fn check_version(&self, all: &mut Vec<Flaw>) {
        let version = self.version();
        let mut flaws = Flaws::of(&self.inner().markers.manifest, all);
        let next = version.next_file;
        let numbers = version.tables().map(|table| table.number);
        let highest = numbers.chain(version.backings().keys().copied()).max();
        if let Some(highest) = highest.filter(|highest| *highest >= next) {
            flaws.say(format!("the next file is to be {next}, and there is a table {highest}"));
        }
        for table in version.tables() {
            let last = version.last_sequence;
            flaws.require(table.largest_sequence <= last, || {
                let number = table.number;
                format!("table {number} has sequence numbers above {last}, which is said to be the last")
            });
        }
        for backing in version.backings().keys() {
            let is_used = version.tables().any(|table| table.backing == Some(*backing));
            flaws.require(is_used, || {
                format!("no live table is a part of {backing}, which is said to have parts")
            });
        }
    }
}
