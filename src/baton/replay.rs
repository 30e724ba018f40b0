//! What a sync may take over from the one before it: the answers that this one got, as its connector kept them in the
//! [session](crate::baton::connector::Session), and what the connector noted about them.
//!
//! The kit looks after the keeping: the answers lie in a file of their own beside the target
//! (`baton::sync::answers`), belong to one sync and to one set of settings, and are handed out whole or not at all.
//! Whether an answer still holds is for the connector to say. It takes over those of which it is sure with
//! [`SyncContext::take_over`](crate::baton::connector::SyncContext::take_over),
//! and finds them in its session as if it had asked; where it is not sure, it says why with [`Replay::read_fully`] and asks.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::baton::lock::locked;

/// The session key that says of an unfinished sync that it took over answers: such a one is not resumed, since what was
/// sure when it began need not be any more.
pub const TAKEN_OVER: &str = "taken over";

/// What the sync before left to be taken over.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Before {
    /// What the connector noted.
    pub notes: Value,
    /// The answers by their session keys.
    pub answers: BTreeMap<String, Vec<u8>>,
}

/// What one sync may take over, and what it leaves to the next.
#[derive(Debug)]
pub struct Replay {
    before: std::result::Result<Before, String>,
    believed: AtomicBool,
    said: Mutex<Said>,
}

/// What the connector said in this sync.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Answers that were taken over.
    pub reused: u64,
    /// Why everything was asked for, as the end of a sentence that begins "full read, because".
    pub full_because: Option<String>,
    /// What the next sync is to find; without it there is nothing to take over for it.
    pub leaves: Option<Leaves>,
}

/// What a sync leaves to the next one.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaves {
    /// What session keys begin with whose answers are kept.
    pub prefixes: Vec<String>,
    /// What the connector notes about them.
    pub notes: Value,
}

impl Replay {
    /// With what was found, or why there is nothing.
    pub fn new(before: std::result::Result<Before, String>) -> Self {
        Replay {
            before,
            believed: AtomicBool::new(false),
            said: Mutex::default(),
        }
    }

    /// What the sync before left; otherwise why that cannot be taken over.
    ///
    /// # Errors
    /// The reason, as the end of a sentence that begins "full read, because".
    pub fn before(&self) -> std::result::Result<&Before, &str> {
        self.before.as_ref().map_err(String::as_str)
    }

    /// Says that nothing speaks against what the sync before left, so far as that can be known without asking for a list.
    pub fn believe(&self) {
        self.believed.store(true, Ordering::Relaxed);
    }

    /// What the sync before left, once that is said.
    pub fn believed(&self) -> Option<&Before> {
        self.before
            .as_ref()
            .ok()
            .filter(|_| self.believed.load(Ordering::Relaxed))
    }

    /// Says why everything is asked for. The first reason counts.
    pub fn read_fully(&self, why: &str) {
        locked(&self.said).full_because.get_or_insert_with(|| why.to_owned());
    }

    /// Says what the next sync may take over, if this one comes to its end.
    pub fn leave(&self, leaves: Leaves) {
        locked(&self.said).leaves = Some(leaves);
    }

    /// Notes that an answer was taken over.
    pub fn took_over(&self) {
        locked(&self.said).reused += 1;
    }

    /// What was said so far.
    pub fn said(&self) -> Said {
        locked(&self.said).clone()
    }
}
