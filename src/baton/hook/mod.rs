//! Work that an event starts: a command for each, with the event as JSON on its stdin.
//!
//! Threads of their own run the commands, a few at a time. What is to be run is in the journal before the place of the
//! reading moves on, and stays there until it succeeded: a run that is killed leaves what it had not finished to the next
//! one. A command that fails is started again after a while, a few times; then it waits for the next run, or for a long
//! time where a run has no end.

mod child;
mod journal;

use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::child::End;
use self::journal::{Begun, Bounds, Journal};
use crate::baton::error::{Context as _, Error, Result};
use crate::baton::lock::locked;
use crate::baton::whose;

/// The wait after the first failure; each one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Events that may wait before no more are read.
const MANY: usize = 1_000;
/// Events that may wait in memory, where reading goes on.
const MOST: usize = 10_000;

/// Bytes by which the journal grows at least before it is written anew.
const SLACK: u64 = 1 << 20;

/// How commands are run.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The command, for the shell.
    pub command: String,
    /// How many at the same time.
    pub at_once: usize,
    /// How long one may take.
    pub limit: Duration,
    /// How often one is started before it waits for the next run.
    pub tries: u32,
    /// How long one that failed so often waits before it is started again in this run, where it has no end.
    pub again: Option<Duration>,
    /// Variables that are kept from it: tokens.
    pub hidden: Vec<String>,
    /// How long an event may be read again: its command does not run twice within that time of newer events.
    pub remember: Duration,
}

/// An event that is handed to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The same whenever it is told.
    pub id: String,
    /// When it happened, where that is known.
    pub at: Option<Timestamp>,
    /// The event as JSON, on one line without its end.
    pub event: String,
}

/// The commands of a run.
pub struct Hooks {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
}

struct Desk {
    rules: Rules,
    stop: AtomicBool,
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    journal: Journal,
    waiting: BinaryHeap<Job>,
    running: usize,
    /// Commands that failed too often in this run.
    given_up: usize,
    /// Events that only the journal has, because too many wait.
    put_off: usize,
    /// The journal cannot be written: nothing may be started any more.
    broken: Option<Error>,
}

/// An event whose command is to be started at a moment. The earliest is the greatest.
#[derive(Debug, PartialEq, Eq)]
struct Job {
    due: Instant,
    /// In the order of events.
    number: u64,
    id: String,
    event: String,
    tries: u32,
}

impl Ord for Job {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.due, other.number).cmp(&(self.due, self.number))
    }
}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Hooks {
    /// Begins, with what the run before left. `place` is the file beside which the journal lies; whoever calls has it
    /// locked.
    ///
    /// # Errors
    /// Those of the journal; the system has no threads.
    pub fn start(rules: Rules, place: &Path) -> Result<Hooks> {
        let mut path = place.as_os_str().to_owned();
        path.push(".hooks");
        let (journal, left) = Journal::open(
            Path::new(&path),
            Bounds {
                remember: rules.remember,
                slack: SLACK,
            },
        )?;
        if !left.is_empty() {
            tracing::info!(
                events = left.len(),
                "Starting again what the run before had not finished."
            );
        }
        let threads = rules.at_once;
        let desk = Arc::new(Desk {
            rules,
            stop: AtomicBool::new(false),
            inner: Mutex::new(Inner {
                journal,
                waiting: BinaryHeap::new(),
                running: 0,
                given_up: 0,
                put_off: 0,
                broken: None,
            }),
            changed: Condvar::new(),
        });
        {
            let mut inner = desk.lock();
            for (id, event) in left {
                inner.add(id, event);
            }
        }
        let threads = (0..threads).map(|_| {
            let desk = Arc::clone(&desk);
            std::thread::Builder::new()
                .name("hook".to_owned())
                .spawn(whose::carrying(move || desk.work()))
                .context("start a thread for hooks")
        });
        Ok(Hooks {
            threads: threads.collect::<Result<_>>()?,
            desk,
        })
    }

    /// Takes events on, and returns when the journal has them on the disk. Those it knew before are left out, and those of
    /// before what it knows. Where very many wait, the journal keeps them for the next run.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn take(&self, events: &[Told]) -> Result<()> {
        let mut inner = self.desk.lock();
        inner.unbroken()?;
        let mut news = Vec::new();
        let mut too_old = 0_usize;
        for Told { id, at, event } in events {
            match inner.journal.begin(id, *at, event)? {
                Begun::New => news.push((id.clone(), format!("{event}\n"))),
                Begun::Known => {}
                Begun::TooOld => too_old += 1,
            }
        }
        if too_old > 0 {
            tracing::warn!(
                events = too_old,
                "Events happened so long ago that nobody knows whether their hooks ran; they are not started."
            );
        }
        inner.journal.sync()?;
        for (id, event) in news {
            inner.add(id, event);
        }
        drop(inner);
        self.desk.changed.notify_all();
        Ok(())
    }

    /// Whether so many wait that nothing more is to be read for now.
    ///
    /// # Errors
    /// The journal could not be written.
    pub fn is_full(&self) -> Result<bool> {
        let inner = self.desk.lock();
        inner.unbroken()?;
        Ok(inner.waiting.len() >= MANY)
    }

    /// Waits until every command has succeeded or was given up, or `until` is set. How many were given up.
    ///
    /// # Errors
    /// The journal could not be written.
    pub fn drain(&self, until: &AtomicBool) -> Result<usize> {
        let mut inner = self.desk.lock();
        while !until.load(Ordering::Relaxed) && (inner.running > 0 || !inner.waiting.is_empty()) {
            inner.unbroken()?;
            let waited = self.desk.changed.wait_timeout(inner, Duration::from_millis(50));
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        inner.unbroken()?;
        Ok(inner.given_up)
    }
}

impl Drop for Hooks {
    /// Ends the commands that run. The journal keeps their events for the next run.
    fn drop(&mut self) {
        self.desk.stop.store(true, Ordering::Relaxed);
        self.desk.changed.notify_all();
        for thread in self.threads.drain(..) {
            // What a thread had to tell, it told.
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn add(&mut self, id: String, event: String) {
        if self.waiting.len() >= MOST {
            self.put_off += 1;
            if self.put_off.is_power_of_two() {
                tracing::warn!(
                    events = self.put_off,
                    "More hooks wait than there is room for: these events wait in their journal for the next run."
                );
            }
            return;
        }
        let number = self.journal.count();
        self.waiting.push(Job {
            due: Instant::now(),
            number,
            id,
            event,
            tries: 0,
        });
    }

    fn unbroken(&self) -> Result<()> {
        self.broken.as_ref().map_or(Ok(()), |error| Err(error.again()))
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        locked(&self.inner)
    }

    fn work(&self) {
        while let Some(mut job) = self.next() {
            let end = self.run(&job);
            job.tries += 1;
            let mut inner = self.lock();
            inner.running -= 1;
            match end {
                End::Stopped => {}
                End::Well => {
                    if let Err(error) = inner.journal.done(&job.id) {
                        inner.broken.get_or_insert(error);
                    }
                }
                End::Badly(why) if job.tries < self.rules.tries => {
                    let wait = wait(job.tries);
                    tracing::warn!(
                        event = job.id,
                        tries = job.tries,
                        why,
                        "The hook of an event failed, and is started again in {} s.",
                        wait.as_secs()
                    );
                    job.due = Instant::now() + wait;
                    inner.waiting.push(job);
                }
                End::Badly(why) if self.rules.again.is_some() => {
                    let again = self.rules.again.unwrap_or(LONGEST_WAIT);
                    tracing::warn!(
                        event = job.id,
                        tries = job.tries,
                        why,
                        "The hook of an event failed too often, and is started again in {} s.",
                        again.as_secs()
                    );
                    (job.due, job.tries) = (Instant::now() + again, 0);
                    inner.waiting.push(job);
                }
                End::Badly(why) => {
                    inner.given_up += 1;
                    tracing::warn!(
                        event = job.id,
                        tries = job.tries,
                        given_up = inner.given_up,
                        why,
                        "The hook of an event failed too often, and waits for the next run."
                    );
                }
            }
            drop(inner);
            self.changed.notify_all();
        }
    }

    fn run(&self, job: &Job) -> End {
        let Rules {
            command, hidden, limit, ..
        } = &self.rules;
        child::run(command, hidden, &job.event, *limit, &self.stop)
    }

    /// The next command that is due; `None` at the end.
    fn next(&self) -> Option<Job> {
        let mut inner = self.lock();
        loop {
            if self.stop.load(Ordering::Relaxed) || inner.broken.is_some() {
                return None;
            }
            let now = Instant::now();
            let wait = inner.waiting.peek().map(|job| job.due.saturating_duration_since(now));
            if wait.is_some_and(|wait| wait.is_zero()) {
                inner.running += 1;
                return inner.waiting.pop();
            }
            let wait = wait.unwrap_or(LONGEST_WAIT);
            let waited = self.changed.wait_timeout(inner, wait);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// How long to wait after so many failures.
fn wait(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits = [1, 2, 3, 9, 10, 40].map(|failures| wait(failures).as_secs());
        assert_eq!(waits, [1, 2, 4, 256, 300, 300]);
    }
}
