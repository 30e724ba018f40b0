//! When a sync ended: the moment against which ages are measured, one for everybody who measures them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::baton::c1z::{Reader, SyncRun};

/// The moment a sync speaks of: its end; its beginning where it is not finished. `None` where that is no time.
///
/// A v1 file has the wall clock of a host that it does not name, which every reader takes for UTC. A v3 file has moments,
/// which its reader tells by the clock of this machine.
pub fn of(reader: &Reader, run: &SyncRun) -> Option<Timestamp> {
    let zone = match reader.has_moments() {
        true => TimeZone::system(),
        false => TimeZone::UTC,
    };
    of_text(text(run), zone)
}

/// When a sync of a file ended that was written on this machine, whose wall clock it has. Ages are not measured by it: they
/// would be others on another machine.
pub fn here(run: &SyncRun) -> Option<Timestamp> {
    of_text(text(run), TimeZone::system())
}

/// The text that says it.
pub(super) fn text(run: &SyncRun) -> &str {
    run.ended_at.as_deref().unwrap_or(&run.started_at)
}

/// A time as a file holds it, in RFC 3339, or as the Go language writes it. An offset counts where there is one; a wall
/// clock is of this zone.
pub(super) fn of_text(text: &str, zone: TimeZone) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let mut words = text.split_whitespace();
    if let (Some(date), Some(time), Some(offset)) = (words.next(), words.next(), words.next()) {
        // `2026-11-08 09:59:37.123 +0000 UTC m=+0.1`: the rest says nothing more of it.
        return match offset.starts_with(['+', '-']) {
            true => format!("{date}T{time}{offset}").parse().ok(),
            false => None,
        };
    }
    let wall: DateTime = text.parse().ok()?;
    wall.to_zoned(zone).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    #[test]
    fn an_offset_counts_and_a_wall_clock_is_of_the_zone() {
        let tokyo = || TimeZone::fixed(Offset::constant(9));
        let at = |text: &str| of_text(text, tokyo()).map(|at| at.to_string());
        let nine = Some("2026-11-08T09:59:37Z".to_owned());
        for text in [
            "2026-11-08T09:59:37Z",
            "2026-11-08 09:59:37+00:00",
            "2026-11-08 04:59:37-05:00",
            "2026-11-08 09:59:37 +0000 UTC",
            "2026-11-08 09:59:37 +0000 UTC m=+0.1",
            "2026-11-08 18:59:37 +0900 JST",
            "2026-11-08 18:59:37",
        ] {
            assert_eq!(at(text), nine, "{text}");
        }
        for text in ["", "yesterday", "2026-11-08 09:59:37 UTC", "at noon on monday"] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
