//! Spans of time as people write them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// A span of time such as `90s`, `1h30m` or `7d`; `None` for anything else, and for no time at all. A day has 24 hours.
pub fn of(text: &str) -> Option<Duration> {
    let span: Span = text.trim().parse().ok()?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(span).ok().filter(|span| !span.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit_and_a_length() {
        let seconds = |text| of(text).map(|span| span.as_secs());
        assert_eq!(
            ["90s", "10m", "1h30m", " 2h ", "7d", "1w"].map(seconds),
            [90, 600, 5_400, 7_200, 604_800, 604_800].map(Some)
        );
        for wrong in ["", "10", "soon", "-5s", "0s", "1 fortnight", "1mo"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
