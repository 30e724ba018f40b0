//! Everything that was looked for in one sync: what the command, the report, the explorer and the summary of a sync show.

use std::collections::{HashMap, HashSet};

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
    /// Whether only what is new since an older sync is among the findings.
    #[serde(skip)]
    pub is_since: bool,
}

impl Assessment {
    /// Reads a sync and looks for everything. `file` is what commands call the file.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn of(snapshot: &Snapshot, conventions: &Conventions, policy: &Policy, file: &str) -> Result<Assessment> {
        let mut inventory = Inventory::read(snapshot, conventions)?;
        let counts = Counts::count(snapshot, &mut inventory, conventions)?;
        let ground = Ground::read(&Names::new(snapshot), snapshot.edges()?, conventions)?;
        let run = snapshot.run();
        let counted = Counted {
            snapshot,
            conventions,
            inventory: &inventory,
            counts: &counts,
            day: Day::of(snapshot.moment()),
            limits: policy.limits,
            allowed: policy.allowed_domains(),
            file,
        };
        let (findings, notes) = super::all(&counted, &ground, policy)?;
        Ok(Assessment {
            findings,
            notes,
            unknown: unknown::of_sync(run, &ground),
            is_since: false,
        })
    }

    /// Only what is at least as bad.
    pub fn at_least(&mut self, severity: Severity) {
        self.findings.retain(|finding| finding.severity <= severity);
    }

    /// Only what an older sync did not have: things that were not found there, and things that more rows speak of than did.
    pub fn new_since(&mut self, older: &Assessment) {
        let mut known: HashMap<&str, HashSet<&str>> = HashMap::new();
        for finding in &older.findings {
            let excepted = finding.excepted.iter().map(|excepted| &excepted.item);
            for item in finding.items.iter().chain(excepted) {
                let rows = item.evidence.iter().map(|evidence| evidence.row.as_str());
                known.entry(item.id.as_str()).or_default().extend(rows);
            }
        }
        for finding in &mut self.findings {
            finding.items.retain_mut(|item| {
                let Some(rows) = known.get(item.id.as_str()) else {
                    return true;
                };
                let more: Vec<&str> = item
                    .evidence
                    .iter()
                    .filter(|evidence| !rows.contains(evidence.row.as_str()))
                    .map(|evidence| evidence.says.as_str())
                    .collect();
                if more.is_empty() {
                    return false;
                }
                item.detail = format!("worse than before ({}); {}", more.join(", "), item.detail);
                true
            });
            finding.count();
        }
        super::order(&mut self.findings);
        self.is_since = true;
    }

    /// How many were found that are at least as bad.
    pub fn total(&self, severity: Severity) -> u64 {
        let bad = self.findings.iter().filter(|finding| finding.severity <= severity);
        bad.map(|finding| finding.total).sum()
    }
}
