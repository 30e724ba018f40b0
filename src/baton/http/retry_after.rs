//! `Retry-After` in every form seen in the wild.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// How long a `Retry-After` value asks to wait, seen at `now`; zero when the moment has passed.
///
/// Forms: seconds (a fraction rounds up), HTTP date (the usual form, RFC 850 and asctime, all UTC) and RFC 3339.
/// `None` when it is none of these.
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    if value.starts_with(|c: char| c.is_ascii_digit())
        && let Ok(seconds) = value.parse::<f64>()
    {
        return Duration::try_from_secs_f64(seconds.ceil()).ok();
    }
    let at = date(value)?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// A moment as headers spell it: an HTTP date (the usual form, RFC 850 and asctime, all UTC) or RFC 3339.
pub fn date(value: &str) -> Option<Timestamp> {
    if let Ok(at) = value.parse::<Timestamp>() {
        return Some(at);
    }
    let (_, without_weekday) = value.split_once([' ', ','])?;
    // The weekday carries nothing, and some senders get it wrong.
    let rest = without_weekday.trim_start_matches([',', ' ']);
    ["%d %b %Y %H:%M:%S GMT", "%d-%b-%y %H:%M:%S GMT", "%b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| DateTime::strptime(form, rest).ok())
        .and_then(|utc| utc.to_zoned(TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_the_same_wait() {
        let now: Timestamp = "2026-11-08T08:49:07Z".parse().unwrap();
        for value in [
            "30",
            "29.5",
            " 30 ",
            "Sun, 08 Nov 2026 08:49:37 GMT",
            "Sunday, 08-Nov-26 08:49:37 GMT",
            "Sun Nov  8 08:49:37 2026",
            "2026-11-08T08:49:37Z",
            "2026-11-08T09:49:37+01:00",
        ] {
            assert_eq!(parse_retry_after(value, now), Some(Duration::from_secs(30)), "{value}");
        }
    }

    #[test]
    fn the_past_is_now_and_nonsense_is_nothing() {
        let now: Timestamp = "2026-11-08T08:49:07Z".parse().unwrap();
        assert_eq!(
            parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now),
            Some(Duration::ZERO)
        );
        for value in ["", "soon", "-5", "inf", "NaN", "1e400", "Sun, 99 Nov 2026 08:49:37 GMT"] {
            assert_eq!(parse_retry_after(value, now), None, "{value}");
        }
    }
}
