//! What charts, headlines and findings are counted from: one reading of a sync for all of them.

mod day;
pub mod exposure;

use super::domains::Own;
use super::inventory::{Counts, Inventory};
use super::snapshot::Snapshot;
use crate::baton::conventions::Conventions;

pub use day::{Day, date, iso};
pub use exposure::Exposed;

/// How long is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Days without activity after which somebody was not seen for a while.
    pub inactive: u64,
    /// Days after which a credential is old.
    pub credential: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            inactive: 90,
            credential: 180,
        }
    }
}

/// What everything on the page is counted from.
pub struct Counted<'c> {
    /// The sync.
    pub snapshot: &'c Snapshot,
    /// What is special about its vendor.
    pub conventions: &'c Conventions,
    /// Its resources and entitlements.
    pub inventory: &'c Inventory,
    /// What was counted over its grants.
    pub counts: &'c Counts,
    /// The day ages are counted back from: the end of the sync, so that a file always says the same.
    pub day: Day,
    /// How long is too long.
    pub limits: Limits,
    /// The domains that the policy allows; empty where it does not say.
    pub allowed: &'c [String],
    /// The file as commands name it.
    pub file: &'c str,
}

impl<'c> Counted<'c> {
    /// The organization's own domains: those of the policy, else the one most people have.
    pub fn own_domains(&self) -> Option<Own<'c>> {
        match self.allowed {
            [] => self.inventory.main_domain().map(Own::Main),
            allowed => Some(Own::Allowed(allowed)),
        }
    }
}
