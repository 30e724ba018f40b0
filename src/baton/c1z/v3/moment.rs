//! Times of both forms: v3 has moments, v1 wall clocks, here of this machine's zone, as other programs convert them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use prost_types::Timestamp;

use super::fault;
use crate::baton::c1z::timestamp;
use crate::baton::error::Result;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// A moment as v1 stores it.
///
/// # Errors
/// `DataLoss` for one that no calendar has.
pub(super) fn local(zone: &TimeZone, at: Option<&Timestamp>) -> Result<Option<String>> {
    let Some(at) = at else {
        return Ok(None);
    };
    let moment = jiff::Timestamp::new(at.seconds, at.nanos)
        .map_err(|error| fault::damaged(format!("it has a time that is none: {error}")))?;
    Ok(Some(timestamp::text(zone.to_datetime(moment))))
}

/// Whether a moment is one that a calendar has, without writing it.
///
/// # Errors
/// As [`local`].
pub(super) fn check(at: Option<&Timestamp>) -> Result<()> {
    // Zones move a moment by less than two days: what is far from both ends of the calendar is in it.
    const SAFE: std::ops::Range<i64> = -62_000_000_000..253_000_000_000;
    match at {
        Some(at) if !(SAFE.contains(&at.seconds) && (0..1_000_000_000).contains(&at.nanos)) => {
            local(&TimeZone::UTC, Some(at)).map(drop)
        }
        _ => Ok(()),
    }
}

/// A time of v1 as a moment. One that names its zone, as other writers leave it, is taken at its word.
///
/// # Errors
/// `DataLoss` for a text that is no time.
pub(super) fn absolute(zone: &TimeZone, text: &str) -> Result<Timestamp> {
    let damaged = |error: jiff::Error| fault::damaged(format!("{text:?} is not a time: {error}"));
    let moment = match text.parse::<jiff::Timestamp>() {
        Ok(moment) => moment,
        Err(_) => {
            let wall: DateTime = text.parse().map_err(damaged)?;
            zone.to_timestamp(wall).map_err(damaged)?
        }
    };
    // Before 1970 too the nanoseconds count forward, as messages want them.
    let nanoseconds = moment.as_nanosecond();
    let none = |_| fault::damaged(format!("{text:?} is not a time"));
    Ok(Timestamp {
        seconds: i64::try_from(nanoseconds.div_euclid(SECOND)).map_err(none)?,
        nanos: i32::try_from(nanoseconds.rem_euclid(SECOND)).map_err(none)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_as_it_was() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let moment = absolute(&zone, "2026-01-02 03:04:05.000006").unwrap();
        assert_eq!((moment.seconds, moment.nanos), (1_767_315_845, 6_000));
        assert_eq!(
            local(&zone, Some(&moment)).unwrap().as_deref(),
            Some("2026-01-02 03:04:05.000006")
        );
        assert_eq!(absolute(&zone, "2026-01-02T01:04:05.000006Z").unwrap(), moment);
        assert_eq!(absolute(&zone, "2026-01-02T05:04:05.000006+04:00").unwrap(), moment);
        assert!(absolute(&zone, "yesterday").is_err());
        assert_eq!(local(&zone, None).unwrap(), None);
    }

    #[test]
    fn before_the_epoch_nanoseconds_stay_positive() {
        let moment = absolute(&TimeZone::UTC, "1969-12-31 23:59:59.5").unwrap();
        assert_eq!((moment.seconds, moment.nanos), (-1, 500_000_000));
        assert_eq!(
            local(&TimeZone::UTC, Some(&moment)).unwrap().as_deref(),
            Some("1969-12-31 23:59:59.5")
        );
    }
}
