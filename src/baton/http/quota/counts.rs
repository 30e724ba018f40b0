//! What requests cost, by quota family.

use serde::Serialize;

/// What the requests of one quota family cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FamilyCounts {
    /// Requests sent, repeats included.
    pub requests: u64,
    /// How many of them were repeats.
    pub retries: u64,
    /// Answers of 429.
    pub throttled: u64,
    /// Time during which a request of the family waited, for the quota, after 429 or before a repeat, in
    /// milliseconds. However many wait at the same time, it counts once.
    pub waited_ms: u64,
    /// Requests a minute it was held to in the end, if any: the documented rate, or less after refusals.
    pub per_minute: Option<u32>,
    /// Whether all families turned out to share that rate.
    pub shared: bool,
}
