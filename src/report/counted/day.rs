//! Ages, counted back from the end of the sync.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

const SECONDS: i64 = 24 * 60 * 60;

/// The moment ages are counted back from, see [`of`](crate::report::moment::of).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    seconds: Option<i64>,
}

impl Day {
    /// The moment of a sync. Where that is not known, nothing has an age.
    pub fn of(moment: Option<Timestamp>) -> Day {
        Day {
            seconds: moment.map(Timestamp::as_second),
        }
    }

    /// Whether it is known.
    pub fn is_known(self) -> bool {
        self.seconds.is_some()
    }

    /// Whole days since then; 0 for what lies ahead.
    pub fn age(self, seconds: i64) -> Option<u64> {
        let age = self.seconds?.saturating_sub(seconds).max(0) / SECONDS;
        u64::try_from(age).ok()
    }
}

/// The date of a moment in UTC: `2026-11-21`.
pub fn date(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or_default();
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// A time of the file as `2026-11-21T09:15:00`; a text that is none stays as it is.
pub fn iso(text: &str) -> String {
    let at = text.parse::<DateTime>().ok();
    let at = at.and_then(|at| {
        at.round(
            jiff::civil::DateTimeRound::new()
                .smallest(Unit::Second)
                .mode(jiff::RoundMode::Trunc),
        )
        .ok()
    });
    at.map_or_else(|| text.to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_count_back_from_the_end_of_the_sync() {
        let day = Day::of("2026-11-21T09:15:00.123Z".parse().ok());
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        assert_eq!(day.age(at("2026-11-20T09:15:00Z")), Some(1));
        assert_eq!(day.age(at("2026-11-20T09:15:01Z")), Some(0));
        assert_eq!(day.age(at("2027-01-01T00:00:00Z")), Some(0));
        assert_eq!(Day::of(None).age(0), None);
        assert_eq!(iso("2026-11-21 09:15:00.123"), "2026-11-21T09:15:00");
        assert_eq!(iso("at noon"), "at noon");
        assert_eq!(date(0), "1970-01-01");
    }
}
