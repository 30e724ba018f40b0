//! What a look at a setup finds: one [`Check`] for each thing that a sync needs, gathered in a [`Diagnosis`].
//!
//! Checks are made by small functions all over: of the machine in here, of files in `diagnosis::preflight`, of ConductorOne in
//! `service::reach`, of the vendor's side by the vendor. None of them changes anything, and none fails: what goes wrong
//! is what they were made to find. The command line shows them; nobody else reads them.

mod check;
pub mod clock;
pub mod preflight;
pub mod space;

pub use check::{Check, Group, Status};

use crate::baton::error::Kind;

/// The kind of warnings that have none of their own.
const ONLY_WARNINGS: Kind = Kind::FailedPrecondition;

/// What is graver than what, first things first: without the right key nothing else can be known, a setting that is
/// wrong stops a run before it begins, and a host that is not reached hides whatever is wrong behind it.
const GRAVITY: [Kind; 8] = [
    Kind::Unauthenticated,
    Kind::Unknown,
    Kind::Unimplemented,
    Kind::Unavailable,
    Kind::DeadlineExceeded,
    Kind::PermissionDenied,
    Kind::ResourceExhausted,
    Kind::DataLoss,
];

/// What a sync with this setup would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It would bring everything.
    Complete,
    /// It would go on without something, or something else deserves a look.
    Incomplete,
    /// It would fail.
    Fails,
}

/// All checks, in the order they are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnosis(pub Vec<Check>);

impl Diagnosis {
    /// What a sync would be.
    pub fn verdict(&self) -> Verdict {
        match (self.count(Status::Failed), self.count(Status::Warning)) {
            (0, 0) => Verdict::Complete,
            (0, _) => Verdict::Incomplete,
            _ => Verdict::Fails,
        }
    }

    /// How many checks ended so.
    pub fn count(&self, status: Status) -> usize {
        self.0.iter().filter(|check| check.status == status).count()
    }

    /// The kind of the gravest failure, of the gravest warning where nothing failed; `None` if all is well. Its exit
    /// code is that of the diagnosis.
    pub fn gravest(&self) -> Option<Kind> {
        self.gravest_check().map(kind_of)
    }

    /// The check that decides: the first of the gravest.
    pub fn gravest_check(&self) -> Option<&Check> {
        let worst = |status| {
            let checks = self.0.iter().filter(move |check| check.status == status);
            checks.min_by_key(|check| rank(&kind_of(check)))
        };
        worst(Status::Failed).or_else(|| worst(Status::Warning))
    }
}

fn kind_of(check: &Check) -> Kind {
    check.kind.unwrap_or(ONLY_WARNINGS)
}

fn rank(kind: &Kind) -> usize {
    GRAVITY.iter().position(|grave| grave == kind).unwrap_or(GRAVITY.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: Status, kind: Option<Kind>) -> Check {
        Check {
            kind,
            status,
            ..Check::ok(Group::Output, "x", "y")
        }
    }

    #[test]
    fn the_gravest_failure_decides_then_the_gravest_warning() {
        let (failed, warning) = (Status::Failed, Status::Warning);
        let cases = [
            (
                vec![check(Status::Ok, None), check(Status::Skipped, None)],
                None,
                Verdict::Complete,
            ),
            (vec![check(warning, None)], Some(2), Verdict::Incomplete),
            (
                vec![check(warning, None), check(warning, Some(Kind::PermissionDenied))],
                Some(7),
                Verdict::Incomplete,
            ),
            (
                vec![
                    check(failed, Some(Kind::FailedPrecondition)),
                    check(warning, Some(Kind::Unauthenticated)),
                ],
                Some(2),
                Verdict::Fails,
            ),
            (
                vec![
                    check(failed, Some(Kind::PermissionDenied)),
                    check(failed, Some(Kind::Unavailable)),
                    check(failed, Some(Kind::ResourceExhausted)),
                ],
                Some(14),
                Verdict::Fails,
            ),
            (
                vec![
                    check(failed, Some(Kind::Unavailable)),
                    check(failed, Some(Kind::Unauthenticated)),
                ],
                Some(16),
                Verdict::Fails,
            ),
        ];
        for (checks, code, verdict) in cases {
            let diagnosis = Diagnosis(checks);
            assert_eq!(diagnosis.gravest().map(Kind::exit_code), code, "{diagnosis:?}");
            assert_eq!(diagnosis.verdict(), verdict, "{diagnosis:?}");
        }
    }
}
