//! Warnings: what was dropped, skipped or not trusted, counted by cause with a few examples each.
//!
//! Nothing is lost silently: every skip goes through here and shows in the end summary.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;

/// How many examples a cause keeps.
const EXAMPLES: usize = 3;

/// One cause with its count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// A short stable name of the cause, for scripts: `folder-not-listed`.
    pub cause: &'static str,
    /// What happened and what to do, for people.
    pub message: String,
    /// How often.
    pub count: u64,
    /// The first few things it happened to.
    pub examples: Vec<String>,
}

/// Collects warnings of one run. Shared by all workers.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<BTreeMap<(&'static str, String), Warning>>);

impl Warnings {
    /// Counts one occurrence of `cause`. Occurrences with the same cause and message are one warning.
    pub fn add(&self, cause: &'static str, message: impl Into<String>, example: impl Into<String>) {
        let message = message.into();
        let example = example.into();
        tracing::debug!(cause, %message, %example, "Warning counted.");
        let mut all = self.lock();
        let warning = all.entry((cause, message.clone())).or_insert_with(|| Warning {
            cause,
            message,
            count: 0,
            examples: Vec::new(),
        });
        warning.count += 1;
        if warning.examples.len() < EXAMPLES && !example.is_empty() && !warning.examples.contains(&example) {
            warning.examples.push(example);
        }
    }

    /// All warnings so far, ordered by cause.
    pub fn list(&self) -> Vec<Warning> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(&'static str, String), Warning>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
