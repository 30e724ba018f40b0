//! The end summary of a sync: what a terminal shows as a table and everything else as one JSON line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::baton::http::FamilyCounts;
use crate::baton::memory::Remembered;
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

/// RowCounts stored of one resource type. Entitlements and grants count at the type of the resource they are on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Resources of the type.
    pub resources: u64,
    /// Entitlements on them.
    pub entitlements: u64,
    /// Grants on them, expanded ones included.
    pub grants: u64,
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
    /// RowCounts by resource type id.
    pub rows: BTreeMap<String, RowCounts>,
    /// Grants that expansion added.
    pub expanded_grants: u64,
    /// Requests of this run by quota family.
    pub requests: BTreeMap<String, FamilyCounts>,
    /// What was skipped or dropped.
    pub warnings: Vec<Warning>,
    /// What gave no answer and may not exist in this workspace: no warning, and nothing of it is in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_readable: Vec<String>,
    /// What became of `--incremental`, where it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incremental: Option<Incremental>,
    /// Wall time of this run in milliseconds.
    pub elapsed_ms: u64,
    /// The unfinished sync that this run took up again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
    /// Why this run began anew although there was an unfinished sync.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_fresh_because: Option<String>,
    /// The page that explains this, with the mark of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_fresh_code: Option<String>,
    /// What it leaves to the next sync of the same.
    #[serde(skip)]
    pub remembered: Remembered,
}

/// What a sync took over from the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incremental {
    /// Answers that were taken over.
    pub reused: u64,
    /// Why everything was asked for, as the end of a sentence that begins "full read, because".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_because: Option<String>,
}

/// What a resumed run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resumed {
    /// When the sync was begun, on the wall clock of its host.
    pub begun: String,
    /// Lists that were read before.
    pub lists: u64,
}

impl Summary {
    /// RowCounts of all types together.
    pub fn total(&self) -> RowCounts {
        self.rows.values().fold(RowCounts::default(), |sum, rows| RowCounts {
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
                per_minute: None,
                shared: sum.shared || f.shared,
            })
    }

    /// What bounds the run: the family with most requests for what it is allowed, its requests, and what it is allowed
    /// a minute. None without a quota, and where everything fits into the first minute.
    pub fn bound(&self) -> Option<(&str, u64, u32)> {
        let total = self.total_requests();
        let families = self.requests.iter().map(|(name, counts)| (name.as_str(), counts));
        let mut largest: Option<(&str, u64, u32)> = None;
        for (name, counts) in families {
            let rate = counts.per_minute?;
            let (name, requests) = match total.shared {
                true => ("all families together", total.requests),
                false => (name, counts.requests),
            };
            // a/b > c/d without fractions
            let heavier = |than: (&str, u64, u32)| requests * u64::from(than.2) > than.1 * u64::from(rate);
            if largest.is_none_or(heavier) {
                largest = Some((name, requests, rate));
            }
        }
        largest.filter(|(_, requests, rate)| *requests > u64::from(*rate))
    }
}
