//! Everything that was looked for in one sync: what the command, the report, the explorer and the summary of a sync show.

use std::collections::HashSet;

use serde::Serialize;

use super::{Finding, Severity};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::report::counted::{Counted, Day};
use crate::report::inventory::{Counts, Inventory};
use crate::report::names::Names;
use crate::report::policy::Policy;
use crate::report::reach::{Gap, Ground, unknown};
use crate::report::snapshot::Snapshot;

/// The findings of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// What was looked for, with all that was found; worst first.
    pub findings: Vec<Finding>,
    /// What is to be said about the policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the sync left out: nothing above counts it.
    pub unknown: Vec<Gap>,
}

impl Assessment {
    /// Reads a sync and looks for everything. `file` is what commands call the file.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn of(snapshot: &Snapshot, conventions: &Conventions, policy: &Policy, file: &str) -> Result<Assessment> {
        let inventory = Inventory::read(snapshot, conventions)?;
        let counts = Counts::count(snapshot, &inventory, conventions)?;
        let ground = Ground::read(&Names::new(snapshot), snapshot.edges()?, conventions)?;
        let run = snapshot.run();
        let counted = Counted {
            snapshot,
            conventions,
            inventory: &inventory,
            counts: &counts,
            day: Day::of(run.ended_at.as_deref().unwrap_or(&run.started_at)),
            limits: policy.limits,
            file,
        };
        let (findings, notes) = super::all(&counted, &ground, policy)?;
        Ok(Assessment {
            findings,
            notes,
            unknown: unknown::of_sync(run, &ground),
        })
    }

    /// Only what is at least as bad.
    pub fn at_least(&mut self, severity: Severity) {
        self.findings.retain(|finding| finding.severity <= severity);
    }

    /// Only what an older sync did not have.
    pub fn new_since(&mut self, older: &Assessment) {
        let all = older.findings.iter();
        let known: HashSet<&str> = all
            .flat_map(|finding| {
                let excepted = finding.excepted.iter().map(|excepted| &excepted.item);
                finding.items.iter().chain(excepted).map(|item| item.id.as_str())
            })
            .collect();
        for finding in &mut self.findings {
            finding.items.retain(|item| !known.contains(item.id.as_str()));
            finding.count();
        }
        super::order(&mut self.findings);
    }

    /// How many were found that are at least as bad.
    pub fn total(&self, severity: Severity) -> u64 {
        let bad = self.findings.iter().filter(|finding| finding.severity <= severity);
        bad.map(|finding| finding.total).sum()
    }
}
