//! Warnings: what was dropped, skipped or not trusted, counted by cause with a few examples each.
//!
//! Nothing is lost silently: every skip goes through here and shows in the end summary. A sync that is stopped and
//! resumed derives part of its tables again and meets the same things again, so occurrences have an identity, the
//! thing they happened to: what an earlier process counted and this one counts again is counted once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde::Serialize;

use crate::baton::about::About;
use crate::baton::code::{self, Code};
use crate::baton::lock::locked;

/// How many examples a cause shows.
const EXAMPLES: usize = 3;
/// How many things are told apart by cause and message; what comes after them is only counted.
const DISTINCT: usize = 10_000;
/// What stands for everything beyond [`DISTINCT`]. No example begins with this character.
const THE_REST: &str = "\u{1}rest";

/// Why something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// A short stable name, for scripts: `folder-not-listed`.
    pub name: &'static str,
    /// The page that explains it. Causes that are dealt with in the same way share one.
    pub code: Code,
}

impl Cause {
    /// A cause.
    pub const fn new(name: &'static str, code: Code) -> Self {
        Cause { name, code }
    }
}

/// One cause with its count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// As in [`Cause`].
    pub cause: &'static str,
    /// The page that explains it, with the mark of the program: `RO-0901`.
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// How often.
    pub count: u64,
    /// The first few things it happened to, in the order of their names.
    pub examples: Vec<String>,
}

/// How often something happened to one thing: a checkpoint stores these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The name of the cause.
    pub cause: String,
    /// Its code, without a mark.
    pub code: String,
    /// As in [`Warning`].
    pub message: String,
    /// The thing; may be empty.
    pub example: String,
    /// How often.
    pub count: u64,
}

/// Collects warnings of one sync. Shared by all workers.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<Inner>);

type Key = (Cause, String);

#[derive(Debug, Default)]
struct Inner {
    all: BTreeMap<Key, BTreeMap<String, Times>>,
    /// What changed since it was last taken.
    changed: BTreeSet<(Key, String)>,
}

fn count(things: &BTreeMap<String, Times>) -> u64 {
    things.values().map(Times::count).fold(0, u64::saturating_add)
}

fn examples(things: &BTreeMap<String, Times>) -> Vec<String> {
    let named = things.keys().filter(|name| !name.is_empty() && *name != THE_REST);
    named.take(EXAMPLES).cloned().collect()
}

/// What earlier processes counted, and what this one did.
#[derive(Debug, Default)]
struct Times {
    before: u64,
    now: u64,
}

impl Times {
    fn count(&self) -> u64 {
        self.before.max(self.now)
    }
}

impl Warnings {
    /// Counts one occurrence of `cause`. Occurrences with the same cause and message are one warning.
    pub fn add(&self, cause: Cause, message: impl Into<String>, example: impl Into<String>) {
        let message = message.into();
        let mut example = example.into();
        tracing::debug!(cause = cause.name, code = cause.code.number(), %message, %example, "Warning counted.");
        let mut inner = self.lock();
        let key = (cause, message);
        let things = inner.all.entry(key.clone()).or_default();
        if things.len() >= DISTINCT && !things.contains_key(&example) {
            THE_REST.clone_into(&mut example);
        }
        let times = things.entry(example.clone()).or_default();
        times.now += 1;
        if times.now > times.before {
            inner.changed.insert((key, example));
        }
    }

    /// Takes over what an earlier process of the same sync counted.
    pub fn restore(&self, occurrences: Vec<Occurrence>) {
        let mut inner = self.lock();
        for seen in occurrences {
            let cause = Cause::new(code::interned(seen.cause), Code::stored(&seen.code));
            let things = inner.all.entry((cause, seen.message)).or_default();
            things.entry(seen.example).or_default().before = seen.count;
        }
    }

    /// What was counted since the last call, to be stored.
    pub fn take_changed(&self) -> Vec<Occurrence> {
        let mut inner = self.lock();
        let changed = std::mem::take(&mut inner.changed);
        changed
            .into_iter()
            .map(|((cause, message), example)| {
                let key = (cause, message);
                let times = inner.all.get(&key).and_then(|things| things.get(&example));
                Occurrence {
                    count: times.map_or(0, Times::count),
                    cause: cause.name.to_owned(),
                    code: cause.code.digits(),
                    message: key.1,
                    example,
                }
            })
            .collect()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.lock().all.is_empty()
    }

    /// All warnings so far, ordered by cause, with the codes of a program.
    pub fn list(&self, about: &About) -> Vec<Warning> {
        let inner = self.lock();
        let all = inner.all.iter();
        all.map(|((cause, message), things)| Warning {
            cause: cause.name,
            code: about.code(cause.code),
            message: message.clone(),
            count: count(things),
            examples: examples(things),
        })
        .collect()
    }

    /// Says all warnings so far in the log, for a sync whose summary nobody sees.
    pub fn log(&self) {
        for ((cause, message), things) in &self.lock().all {
            tracing::warn!(
                cause = cause.name,
                code = cause.code.number(),
                count = count(things),
                examples = ?examples(things),
                "{message}"
            );
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        locked(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::about::EXAMPLE;

    const GONE: Cause = Cause::new("gone", code::NOT_FOUND);

    #[test]
    fn what_happens_again_after_a_restart_counts_once() {
        let first = Warnings::default();
        for example in ["a", "b", "b", ""] {
            first.add(GONE, "things are gone", example);
        }
        let stored = first.take_changed();
        assert!(first.take_changed().is_empty(), "nothing new");

        let second = Warnings::default();
        second.restore(stored);
        assert!(second.take_changed().is_empty(), "it is stored already");
        // A table is derived again, and then the rest of it.
        for example in ["a", "b", "b", "", "c"] {
            second.add(GONE, "things are gone", example);
        }
        let [warning] = second.list(&EXAMPLE).try_into().unwrap();
        assert_eq!(
            (warning.count, warning.examples),
            (5, ["a", "b", "c"].map(String::from).to_vec())
        );
        let stored: Vec<_> = second
            .take_changed()
            .into_iter()
            .map(|o| (o.example, o.count))
            .collect();
        assert_eq!(stored, [("c".to_owned(), 1)]);
    }

    #[test]
    fn memory_is_bounded_and_the_count_is_not() {
        let warnings = Warnings::default();
        for number in 0..DISTINCT + 50 {
            warnings.add(GONE, "many things", format!("thing {number:06}"));
        }
        let [warning] = warnings.list(&EXAMPLE).try_into().unwrap();
        assert_eq!(warning.count, DISTINCT as u64 + 50);
        assert_eq!(warning.examples, ["thing 000000", "thing 000001", "thing 000002"]);
    }
}
