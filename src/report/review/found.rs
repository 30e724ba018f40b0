//! What was found about a row: the findings of the sync, looked up by the grants and things that they name.

use std::collections::{BTreeSet, HashMap};

use super::reviewer::key;
use crate::report::access::Access;
use crate::report::findings::{Finding, Severity};
use crate::report::reach::Reach;

/// Findings by what they are about.
#[derive(Default)]
pub(super) struct FoundAbout<'f> {
    findings: &'f [Finding],
    /// By the row of evidence that names a grant, and by `type:id/entitlement`.
    grants: HashMap<String, BTreeSet<usize>>,
    /// By `type:id`: what is about all that the thing holds or gives.
    things: HashMap<String, BTreeSet<usize>>,
}

/// What was found about one row.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FoundHere {
    /// The worst of it.
    pub severity: Option<Severity>,
    /// Headlines, worst first.
    pub titles: Vec<String>,
    /// The ids of the findings.
    pub keys: Vec<String>,
}

impl<'f> FoundAbout<'f> {
    pub(super) fn of(findings: &'f [Finding]) -> FoundAbout<'f> {
        let mut about = FoundAbout {
            findings,
            ..FoundAbout::default()
        };
        for (at, finding) in findings.iter().enumerate() {
            for item in &finding.items {
                let thing = key(&item.thing);
                let own = format!("{}/{thing}", finding.key);
                let by_right = item.id.strip_prefix(&own).and_then(|rest| rest.strip_prefix('/'));
                let mut named: Vec<String> = Vec::new();
                named.extend(by_right.map(|right| format!("{thing}/{right}")));
                let rows = item.evidence.iter().map(|evidence| &evidence.row);
                named.extend(rows.filter(|row| row.starts_with("grant of ")).cloned());
                if named.is_empty() {
                    about.things.entry(thing).or_default().insert(at);
                }
                for name in named {
                    about.grants.entry(name).or_default().insert(at);
                }
            }
        }
        about
    }

    /// What was found about an access.
    pub(super) fn at(&self, access: &Access) -> FoundHere {
        let who = key(&access.principal);
        let right = &access.right.id;
        let target = key(access.target());
        // A scope is nobody's grant.
        let grants = match access.reach {
            Reach::Scope => vec![format!("{who}/scope/{target}")],
            _ => vec![format!("grant of {right} to {who}"), format!("{who}/{right}")],
        };
        let things = [who, target, key(&access.right.resource)];
        let by_grant = grants.iter().filter_map(|grant| self.grants.get(grant));
        let by_thing = things.iter().filter_map(|thing| self.things.get(thing));
        let found: BTreeSet<usize> = by_grant.chain(by_thing).flatten().copied().collect();
        // The findings come worst first.
        let found: Vec<&Finding> = found.into_iter().filter_map(|at| self.findings.get(at)).collect();
        FoundHere {
            severity: found.iter().map(|finding| finding.severity).min(),
            titles: found.iter().map(|finding| finding.title.clone()).collect(),
            keys: found.iter().map(|finding| finding.key.clone()).collect(),
        }
    }
}
