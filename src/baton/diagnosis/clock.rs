//! Whether the clock of this machine is right, by the `Date` header of an answer.

use jiff::{SignedDuration, Timestamp};

use super::{Check, Group};
use crate::baton::error::Kind;

/// A clock may be off by as much: the header has whole seconds, and the answer took its time.
const TOLERATED: SignedDuration = SignedDuration::from_secs(60);

const NAME: &str = "clock";

/// Compares the moment another host says it is with what this machine said when the answer arrived.
pub fn check(there: Option<Timestamp>, here: Timestamp) -> Check {
    let Some(there) = there else {
        return Check::skipped(Group::Connection, NAME, "no answer said what time it is");
    };
    let ahead = here.duration_since(there);
    if ahead.abs() <= TOLERATED {
        return Check::ok(Group::Connection, NAME, "agrees with the other side");
    }
    let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
    Check::warning(
        Group::Connection,
        NAME,
        Kind::FailedPrecondition,
        format!("this machine is {} {direction} the other side", span(ahead.abs())),
    )
    .lost(
        "times in the file are wrong, unfinished syncs seem older or younger than they are, and ConductorOne refuses \
         to sign in a clock that is off by two minutes",
    )
    .todo("set the clock of this machine, best by NTP")
}

/// `4 min 05 s`, `3 h 02 min`, `12 days`.
fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..172_800 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::diagnosis::Status;

    #[test]
    fn a_minute_is_tolerated_and_no_more() {
        let there: Timestamp = "2026-11-08T08:49:07Z".parse().unwrap();
        for (off, status, text) in [
            (0, Status::Ok, "agrees"),
            (60, Status::Ok, "agrees"),
            (-60, Status::Ok, "agrees"),
            (61, Status::Warning, "1 min 01 s ahead of"),
            (-7_500, Status::Warning, "2 h 05 min behind"),
            (864_000, Status::Warning, "10 days ahead of"),
        ] {
            let check = check(Some(there), there + SignedDuration::from_secs(off));
            assert_eq!(check.status, status, "{off}");
            assert!(check.seen.contains(text), "{}", check.seen);
        }
        assert_eq!(check(None, there).status, Status::Skipped);
    }
}
