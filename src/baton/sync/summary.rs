//! The end summary of a sync: what a terminal shows as a table and everything else as one JSON line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::baton::warning::Warning;

/// How complete a finished sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything the workspace showed is in the file.
    Complete,
    /// Something was skipped or dropped; `warnings` says what.
    CompleteWithWarnings,
}

/// Rows stored of one resource type. Entitlements and grants count at the type of the resource they are on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Resources of the type.
    pub resources: u64,
    /// Entitlements on them.
    pub entitlements: u64,
    /// Grants on them, expanded ones included.
    pub grants: u64,
}

/// What the requests of one quota family cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FamilyCounts {
    /// Requests sent, repeats included.
    pub requests: u64,
    /// How many of them were repeats.
    pub retries: u64,
    /// Answers of 429.
    pub throttled: u64,
    /// Time spent waiting before requests, in milliseconds, added up over workers.
    pub waited_ms: u64,
}

/// What a finished sync did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How complete it is.
    pub status: Status,
    /// Its id.
    pub sync_id: String,
    /// `full` or `resources_only`.
    pub sync_type: String,
    /// Where the file lies.
    pub file: PathBuf,
    /// Its size in bytes.
    pub file_bytes: u64,
    /// Rows by resource type id.
    pub rows: BTreeMap<String, Rows>,
    /// Grants that expansion added.
    pub expanded_grants: u64,
    /// Requests by quota family.
    pub requests: BTreeMap<String, FamilyCounts>,
    /// What was skipped or dropped.
    pub warnings: Vec<Warning>,
    /// Wall time in milliseconds.
    pub elapsed_ms: u64,
}

impl Summary {
    /// Rows of all types together.
    pub fn total(&self) -> Rows {
        self.rows.values().fold(Rows::default(), |sum, rows| Rows {
            resources: sum.resources + rows.resources,
            entitlements: sum.entitlements + rows.entitlements,
            grants: sum.grants + rows.grants,
        })
    }

    /// Requests of all families together.
    pub fn total_requests(&self) -> FamilyCounts {
        self.requests
            .values()
            .fold(FamilyCounts::default(), |sum, f| FamilyCounts {
                requests: sum.requests + f.requests,
                retries: sum.retries + f.retries,
                throttled: sum.throttled + f.throttled,
                waited_ms: sum.waited_ms + f.waited_ms,
            })
    }
}
