//! Writes grants in batches, and no later than they are read again.

use std::collections::HashSet;

use super::ExpansionStore;
use super::graph::Entitlement;
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// Grants per write (`contract/c1z-format.md` 5.5).
const BATCH: usize = 10_000;

/// A store with grants under way to it.
pub(super) struct Writer<'a, S> {
    store: &'a mut S,
    waiting: Vec<v2::Grant>,
    waiting_on: HashSet<Entitlement>,
}

impl<'a, S: ExpansionStore> Writer<'a, S> {
    pub(super) fn new(store: &'a mut S) -> Self {
        Writer {
            store,
            waiting: Vec::new(),
            waiting_on: HashSet::new(),
        }
    }

    /// The store with everything written that has been put on `entitlement`.
    pub(super) fn settled(&mut self, entitlement: Entitlement) -> Result<&S> {
        if self.waiting_on.contains(&entitlement) {
            self.flush()?;
        }
        Ok(self.store)
    }

    /// Takes a grant on `entitlement`.
    pub(super) fn put(&mut self, entitlement: Entitlement, grant: v2::Grant) -> Result<()> {
        self.waiting_on.insert(entitlement);
        self.waiting.push(grant);
        if self.waiting.len() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.waiting_on.clear();
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.store.put_expanded_grants(std::mem::take(&mut self.waiting))
    }
}
