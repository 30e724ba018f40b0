//! What charts, headlines and findings are counted from: one reading of a sync for all of them.

mod day;
pub mod exposure;

use super::inventory::{Counts, Inventory};
use super::snapshot::Snapshot;
use crate::baton::conventions::Conventions;

pub use day::{Day, date, iso};
pub use exposure::Exposed;

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
    /// People per project.
    pub exposed: &'c [Exposed],
    /// The day ages are counted back from: the end of the sync, so that a file always says the same.
    pub day: Day,
}
