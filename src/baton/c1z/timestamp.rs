//! Times as the file holds them (`baton/c1z/format.md 2.6`): local wall clock, `2026-01-02 03:04:05.000006`, the
//! fraction without trailing zeros. All comparisons in the format are byte-wise, and this layout sorts that way.

use jiff::civil::DateTime;
use jiff::{ToSpan as _, Zoned};

/// The text form of a wall-clock time.
pub fn text(at: DateTime) -> String {
    let (date, time) = (at.date(), at.time());
    let mut text = format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    let nanos = time.subsec_nanosecond();
    if nanos != 0 {
        let fraction = format!("{nanos:09}");
        text.push('.');
        text.push_str(fraction.trim_end_matches('0'));
    }
    text
}

/// Whether a text is in exactly that layout.
pub fn is_valid(candidate: &str) -> bool {
    candidate.parse::<DateTime>().is_ok_and(|at| text(at) == candidate)
}

/// A wall clock that never goes back, nor behind what a file already says: readers find the newest sync by comparing
/// texts, and the local clock jumps at the end of summer time.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: Option<DateTime>,
}

impl Clock {
    /// A clock that starts after every one of these times; what cannot be parsed does not count.
    pub(super) fn after<'a>(times: impl IntoIterator<Item = &'a str>) -> Self {
        Clock {
            last: times.into_iter().filter_map(|t| t.parse().ok()).max(),
        }
    }

    /// Goes on after this time as well.
    pub(super) fn pass(&mut self, time: &str) {
        self.last = self.last.max(time.parse().ok());
    }

    /// The time, later than all before.
    pub(super) fn now(&mut self) -> String {
        let wall = Zoned::now().datetime();
        let next = match self.last {
            Some(last) if wall <= last => last.checked_add(1.nanosecond()).unwrap_or(last),
            _ => wall,
        };
        self.last = Some(next);
        text(next)
    }
}

/// The wall clock without fractions, for people.
pub(super) fn seconds() -> String {
    let now = text(Zoned::now().datetime());
    now.split('.').next().unwrap_or_default().to_owned()
}

/// The wall clock so many days ago, for the resume cutoff.
pub(super) fn days_ago(days: i64) -> String {
    let now = Zoned::now().datetime();
    text(now.checked_sub(days.days()).unwrap_or(now))
}
