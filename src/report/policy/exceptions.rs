//! What is accepted: it does not count as found, and is shown with its reason all the same.

use super::{Exception, Policy};
use crate::report::condition::Pattern;
use crate::report::findings::{Excepted, Finding};

/// Moves what is excepted out of what was found. Says which exceptions have ended, and which match nothing.
pub(super) fn apply(policy: &Policy, found: &mut [Finding], notes: &mut Vec<String>) {
    let mut matched = vec![0_usize; policy.exceptions.len()];
    let patterns: Vec<Pattern> = policy
        .exceptions
        .iter()
        .map(|e| Pattern::new(&e.finding, true))
        .collect();
    for finding in found.iter_mut() {
        let mut kept = Vec::with_capacity(finding.items.len());
        for item in std::mem::take(&mut finding.items) {
            let mut accepted: Option<&Exception> = None;
            for ((exception, pattern), matched) in policy.exceptions.iter().zip(&patterns).zip(&mut matched) {
                if pattern.fits(&item.id) {
                    *matched += 1;
                    if exception.until >= policy.today {
                        accepted = accepted.or(Some(exception));
                    }
                }
            }
            match accepted {
                None => kept.push(item),
                Some(exception) => finding.excepted.push(Excepted {
                    item,
                    reason: exception.reason.clone(),
                    until: Some(exception.until.to_string()),
                }),
            }
        }
        finding.items = kept;
        finding.count();
    }
    for (exception, matched) in policy.exceptions.iter().zip(matched) {
        let Exception { finding, until, .. } = exception;
        if matched == 0 {
            notes.push(format!("The exception for {finding:?} matches nothing that was found."));
        } else if *until < policy.today {
            notes.push(format!(
                "The exception for {finding:?} ended on {until}: it hides nothing any more."
            ));
        }
    }
}
