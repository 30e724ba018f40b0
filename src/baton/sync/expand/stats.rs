//! What an expansion did and what it could not do.

use crate::baton::cause;
use crate::baton::warning::{Cause, Warnings};

/// How many examples of each cause are kept.
const EXAMPLES: usize = 3;

/// How far an expansion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entitlements that have received all their grants.
    pub destinations_done: u64,
    /// Entitlements that some edge leads to.
    pub destinations_total: u64,
    /// Grants created so far.
    pub grants_added: u64,
}

/// Something left out, with the first few cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drops {
    /// How often.
    pub count: u64,
    /// The first few cases, for people.
    pub examples: Vec<String>,
}

impl Drops {
    pub(super) fn add(&mut self, example: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }

    fn warn(&self, warnings: &Warnings, cause: Cause, message: &str) {
        for n in 0..self.count {
            let example = usize::try_from(n).ok().and_then(|n| self.examples.get(n));
            warnings.add(cause, message, example.cloned().unwrap_or_default());
        }
    }
}

/// What an expansion did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpansionStats {
    /// Edges between two entitlements, repeated ones counted once, before cycles are merged.
    pub edges: u64,
    /// Edges skipped because the source entitlement is not stored.
    pub missing_sources: Drops,
    /// Edges skipped because the entitlement of the expandable grant is not stored.
    pub missing_destinations: Drops,
    /// Groups of entitlements that feed each other, merged into one node each.
    pub cycles: u64,
    /// Grants of a source entitlement without a principal: nobody to pass on.
    pub without_principal: Drops,
    /// New grants not written because another principal's grant on the same entitlement has the id already.
    pub taken_ids: Drops,
    /// Grants created.
    pub grants_added: u64,
    /// Existing grants whose sources changed.
    pub grants_updated: u64,
}

impl ExpansionStats {
    /// Hands everything left out to the run's warnings.
    pub fn warn(&self, warnings: &Warnings) {
        self.missing_sources.warn(
            warnings,
            cause::EXPANSION_SOURCE_MISSING,
            "a grant expands over an entitlement that is not in the sync; nobody was given it through that one",
        );
        self.missing_destinations.warn(
            warnings,
            cause::EXPANSION_ENTITLEMENT_MISSING,
            "the entitlement of an expandable grant is not in the sync; nobody was given it through that grant",
        );
        self.without_principal.warn(
            warnings,
            cause::EXPANSION_PRINCIPAL_MISSING,
            "a grant without principal cannot be expanded",
        );
        self.taken_ids.warn(
            warnings,
            cause::EXPANSION_GRANT_ID_TAKEN,
            "an indirect grant was left out because its id belongs to another principal's grant",
        );
    }
}
