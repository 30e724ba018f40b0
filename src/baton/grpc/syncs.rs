//! What the server keeps of the syncs that are driven from outside.
//!
//! Callers name the sync a request belongs to (`active_sync_id`), except that `Validate` comes before there is a name
//! and that older callers never give one. So a sync begins nameless with `Validate`, and the first request with a new
//! name takes that one over: what validation has read is not asked for again. `Cleanup` ends a sync. Callers vanish
//! without it, so few syncs are kept, and none for long.
//!
//! The session of such a sync lies in memory: it lasts from one try of a list to the next. The tables that a parent
//! process offers to keep (`session_store_listen_port`) would only save requests after a restart of this process, which
//! a parent never does within a sync; they are not used.
//!
//! What answered in a sync may not go missing from a later one of this process: to the caller, an empty list is access that
//! was taken away. So every sync is told what answered in those before it and beside it (`past`), as a sync into a file is by
//! that file, and the connector fails the call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::past::Past;
use crate::baton::c1z::new_sync_id;
use crate::baton::connector::{Session, SyncContext};
use crate::baton::error::Result;
use crate::baton::lock::locked;
use crate::baton::warning::Warnings;

/// Named syncs kept at a time; one more displaces the one that rested longest.
const MOST: usize = 4;
/// A sync nobody asked anything of for so long is over. Longer than callers wait for a quota.
const IDLE: Duration = Duration::from_secs(2 * 60 * 60);
/// How long after `Validate` a sync may begin with what it read.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// Bytes of a session. What does not fit is asked for again should it be needed again.
const SESSION_LIMIT: usize = 256 * 1024 * 1024;

/// The syncs under way.
#[derive(Default)]
pub struct Syncs(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// The one used last is last.
    named: Vec<(String, Sync)>,
    unnamed: Option<Sync>,
    past: Past,
}

struct Sync {
    cx: SyncContext,
    begun: Instant,
    used: Instant,
    /// Whether anything but validation has happened in it.
    listed: bool,
    /// Up to which state of the past it knows what answered.
    knows: u64,
}

impl Sync {
    fn new(now: Instant, past: &Past) -> Self {
        let mut cx = SyncContext::new(
            new_sync_id(),
            Arc::new(MemorySession::default()),
            Arc::new(Warnings::default()),
        );
        cx.previous = past.previous();
        Sync {
            cx,
            begun: now,
            used: now,
            listed: false,
            knows: past.state(),
        }
    }

    fn use_it(&mut self, now: Instant) -> SyncContext {
        self.used = now;
        self.listed = true;
        self.cx.clone()
    }
}

impl Drop for Sync {
    /// There is no summary to show what was left out; the log is where the caller's people look.
    fn drop(&mut self) {
        self.cx.warnings.log();
    }
}

impl Syncs {
    /// The context of `Validate`: a sync that begins now.
    pub fn begin(&self) -> SyncContext {
        self.lock().begin(Instant::now())
    }

    /// The context of a request.
    pub fn of(&self, name: &str) -> SyncContext {
        self.lock().of(name, Instant::now())
    }

    /// The end of a sync.
    pub fn end(&self, name: &str) {
        self.lock().end(name, Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        locked(&self.0)
    }
}

impl Held {
    fn begin(&mut self, now: Instant) -> SyncContext {
        self.drop_idle(now);
        self.over(|held| held.unnamed.take());
        let sync = self.anew(now);
        self.unnamed.insert(sync).cx.clone()
    }

    fn of(&mut self, name: &str, now: Instant) -> SyncContext {
        self.drop_idle(now);
        if name.is_empty() {
            let sync = self.unnamed.take().unwrap_or_else(|| self.anew(now));
            return self.unnamed.insert(sync).use_it(now);
        }
        let mut sync = match self.named.iter().position(|(n, _)| n == name) {
            Some(at) => self.named.remove(at).1,
            None => {
                let validated = self
                    .unnamed
                    .take_if(|s| !s.listed && now.duration_since(s.begun) < FRESH);
                validated.unwrap_or_else(|| self.anew(now))
            }
        };
        let cx = sync.use_it(now);
        self.named.push((name.to_owned(), sync));
        if self.named.len() > MOST {
            self.over(|held| Some(held.named.remove(0).1));
        }
        cx
    }

    fn end(&mut self, name: &str, now: Instant) {
        if name.is_empty() {
            self.over(|held| held.unnamed.take());
        } else if let Some(at) = self.named.iter().position(|(n, _)| n == name) {
            self.over(|held| Some(held.named.remove(at).1));
        }
        self.drop_idle(now);
    }

    fn drop_idle(&mut self, now: Instant) {
        let is_idle = |sync: &Sync| now.duration_since(sync.used) >= IDLE;
        while let Some(at) = self.named.iter().position(|(_, sync)| is_idle(sync)) {
            self.over(|held| Some(held.named.remove(at).1));
        }
        self.over(|held| held.unnamed.take_if(|sync| is_idle(sync)));
    }

    /// A sync that begins, and knows what answered in others until now, those under way included.
    fn anew(&mut self, now: Instant) -> Sync {
        let under_way = self.named.iter().map(|(_, sync)| sync).chain(&self.unnamed);
        for sync in under_way {
            self.past.add(&sync.cx);
        }
        Sync::new(now, &self.past)
    }

    /// Takes one out whose end it is. What answered in it stays known.
    fn over(&mut self, take: impl FnOnce(&mut Held) -> Option<Sync>) {
        if let Some(sync) = take(self) {
            self.past.end(&sync.cx, sync.knows);
        }
    }
}

/// Values by key, up to a number of bytes.
#[derive(Default)]
struct MemorySession(Mutex<Values>);

#[derive(Default)]
struct Values {
    by_key: BTreeMap<String, Vec<u8>>,
    bytes: usize,
}

impl Session for MemorySession {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        let values = locked(&self.0);
        let value = values.by_key.get(key).cloned();
        Box::pin(async move { Ok(value) })
    }

    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        locked(&self.0).set(key, value, SESSION_LIMIT);
        Box::pin(async { Ok(()) })
    }
}

impl Values {
    fn set(&mut self, key: &str, value: Vec<u8>, limit: usize) {
        if let Some(old) = self.by_key.remove(key) {
            self.bytes -= key.len() + old.len();
        }
        let bytes = key.len() + value.len();
        if self.bytes + bytes > limit {
            tracing::debug!(key, bytes, "The session is full.");
            return;
        }
        self.bytes += bytes;
        self.by_key.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same(a: &SyncContext, b: &SyncContext) -> bool {
        a.sync_id == b.sync_id
    }

    #[test]
    fn a_sync_takes_over_what_validation_read() {
        let (mut held, now) = (Held::default(), Instant::now());
        let validated = held.begin(now);
        assert!(is_same(&validated, &held.of("one", now)));
        assert!(is_same(&validated, &held.of("one", now)));
        assert!(!is_same(&validated, &held.of("two", now)), "it is taken");

        let old = held.begin(now);
        assert!(!is_same(&old, &held.of("three", now + FRESH)), "it is too old");
    }

    #[test]
    fn nameless_syncs_begin_with_validation_and_end_with_cleanup() {
        let (mut held, now) = (Held::default(), Instant::now());
        let first = held.of("", now);
        assert!(is_same(&first, &held.of("", now)));
        assert!(!is_same(&first, &held.of("named", now)), "another caller's");
        let second = held.begin(now);
        assert!(!is_same(&first, &second));
        assert!(is_same(&second, &held.of("", now)));
        held.end("", now);
        assert!(!is_same(&second, &held.of("", now)));
    }

    #[test]
    fn few_syncs_are_kept_and_none_for_long() {
        let (mut held, now) = (Held::default(), Instant::now());
        let one = held.of("one", now);
        held.end("one", now);
        assert!(!is_same(&one, &held.of("one", now)), "it was over");

        let one = held.of("one", now);
        for other in ["two", "three", "four"] {
            held.of(other, now);
        }
        assert!(is_same(&one, &held.of("one", now)));
        let two = held.of("two", now);
        held.of("five", now);
        assert_eq!(held.named.len(), MOST);
        assert!(is_same(&two, &held.of("two", now)), "it was used since three was");
        assert!(!held.named.iter().any(|(name, _)| name == "three"));

        let nameless = held.of("", now);
        let later = now + IDLE;
        assert!(!is_same(&two, &held.of("two", later)));
        assert!(!is_same(&nameless, &held.of("", later)));
        assert_eq!(held.named.len(), 1);
    }

    #[test]
    fn a_session_has_an_end() {
        let mut values = Values::default();
        values.set("a", vec![0; 49], 100);
        values.set("b", vec![0; 49], 100);
        values.set("c", vec![0; 1], 100);
        assert_eq!(values.by_key.keys().collect::<Vec<_>>(), ["a", "b"]);
        values.set("a", vec![0; 9], 100);
        values.set("c", vec![0; 1], 100);
        assert_eq!((values.by_key.len(), values.bytes), (3, 62));
    }
}
