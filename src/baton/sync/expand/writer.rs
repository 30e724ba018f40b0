//! Writes grants in batches, and no later than they are read again.

use std::collections::HashSet;

use super::graph::Entitlement;
use super::{DerivedGrant, ExpansionStore};
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// Grants per write (`baton/c1z/format.md 5.5`).
const BATCH: usize = 10_000;

/// A store with grants under way to it.
pub(super) struct Writer<'a, S> {
    store: &'a mut S,
    changed: Vec<v2::Grant>,
    derived: Vec<DerivedGrant>,
    waiting_on: HashSet<Entitlement>,
}

impl<'a, S: ExpansionStore> Writer<'a, S> {
    pub(super) fn new(store: &'a mut S) -> Self {
        Writer {
            store,
            changed: Vec::new(),
            derived: Vec::new(),
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

    /// Takes a grant on `entitlement` that is stored already, with other sources now.
    pub(super) fn change(&mut self, entitlement: Entitlement, grant: v2::Grant) -> Result<()> {
        self.changed.push(grant);
        self.took(entitlement)
    }

    /// Takes a new grant on `entitlement`.
    pub(super) fn add(&mut self, entitlement: Entitlement, grant: DerivedGrant) -> Result<()> {
        self.derived.push(grant);
        self.took(entitlement)
    }

    fn took(&mut self, entitlement: Entitlement) -> Result<()> {
        self.waiting_on.insert(entitlement);
        if self.changed.len() + self.derived.len() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.waiting_on.clear();
        if !self.changed.is_empty() {
            self.store.put_expanded_grants(std::mem::take(&mut self.changed))?;
        }
        if !self.derived.is_empty() {
            self.store.put_derived_grants(&self.derived)?;
            self.derived.clear();
        }
        Ok(())
    }
}
