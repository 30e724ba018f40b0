//! The findings of a sync that has just ended, in a few lines.

use std::path::Path;

use super::vendor;
use crate::baton::c1z::Keep;
use crate::baton::error::Result;
use crate::report::Which;
use crate::report::findings::{Assessment, Finding};
use crate::report::policy::Policy;
use crate::term::summary::Told;
use crate::workato::conventions::CONVENTIONS;

/// Files up to this size are looked through at the end of a sync: it takes a few seconds at most.
const SMALL: u64 = 16 << 20;

/// What was found in a file that was just written. A courtesy: whatever goes wrong, the sync went well.
pub fn told(file: &Path, policy: &Policy) -> Option<Vec<Told>> {
    let is_own = !policy.source.is_empty();
    if !is_own && !std::fs::metadata(file).is_ok_and(|found| found.len() <= SMALL) {
        return None;
    }
    told_of(file, policy)
        .inspect_err(|error| tracing::warn!(%error, "The findings of this sync cannot be told."))
        .ok()
}

fn told_of(file: &Path, policy: &Policy) -> Result<Vec<Told>> {
    let which = Which {
        keep: Keep::Nothing,
        conventions: &CONVENTIONS,
        ..Which::latest(file)
    };
    let snapshot = which.open()?;
    let conventions = vendor::conventions(&snapshot)?;
    let assessment = Assessment::of(&snapshot, conventions, policy, &file.display().to_string())?;
    Ok(assessment
        .findings
        .iter()
        .filter(|finding| !finding.is_clean())
        .map(line)
        .collect())
}

fn line(finding: &Finding) -> Told {
    Told {
        key: finding.key.clone(),
        severity: finding.severity.word(),
        title: finding.title.clone(),
        found: finding.total,
        unknown: finding.unknown_total,
        excepted: finding.excepted_total,
    }
}
