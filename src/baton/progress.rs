//! What a running sync tells whoever watches. The kit never prints; `term` draws these events.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::baton::c1z::{Engine, SyncRun};

/// The steps of a sync in the order they run (`baton/c1z/format.md 4.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Credentials and permissions are checked.
    Validate,
    /// Resource types.
    ResourceTypes,
    /// Resources of every type, children below their parents.
    Resources,
    /// Entitlements of every resource.
    Entitlements,
    /// Grants on every resource.
    Grants,
    /// Indirect grants are derived.
    Expansion,
    /// The file is sealed, compressed and moved into place.
    Save,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// A step begins. `total` is the number of lists it will read, when known.
    StepStarted {
        /// Which step.
        step: Step,
        /// Lists to read.
        total: Option<u64>,
    },
    /// One list of the step has been read to its end.
    ListDone {
        /// Which step.
        step: Step,
    },
    /// More lists turned up (children of a resource).
    ListsFound {
        /// Which step.
        step: Step,
        /// How many.
        count: u64,
    },
    /// Rows were stored.
    Rows {
        /// Which step.
        step: Step,
        /// Resource type of the rows: for entitlements and grants, of the resource they are on.
        resource_type: &'a str,
        /// How many.
        count: u64,
    },
    /// Syncs that the file holds go when this one is sealed.
    Leaving {
        /// The file.
        file: &'a Path,
        /// The syncs, oldest first.
        syncs: &'a [SyncRun],
        /// Whether somebody said how many the file keeps, or nobody can expect that they stay.
        chosen: bool,
        /// What the rows of the file will lie in.
        engine: Engine,
    },
    /// A request was sent.
    Request {
        /// Quota family of the endpoint.
        family: &'static str,
    },
    /// A request will be repeated.
    Retry {
        /// Quota family of the endpoint.
        family: &'static str,
        /// Why, for people: `HTTP 503`.
        reason: &'a str,
        /// Pause before it.
        wait: Duration,
    },
    /// Requests of a family wait.
    Waiting {
        /// Quota family.
        family: &'static str,
        /// Why, for people: `rate limit (HTTP 429)`.
        reason: &'a str,
        /// For how long.
        wait: Duration,
    },
    /// The wait of a family is over.
    Resumed {
        /// Quota family.
        family: &'static str,
    },
}

/// Watches a sync. Called from several workers at once; must return quickly.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: &Event<'_>) {}
}
