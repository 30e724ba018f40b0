//! The documented rate of a quota family: what a run starts with. Set by whoever starts it.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// The window is watched a little longer than it is documented: servers count whole seconds and clocks differ.
const MARGIN: u32 = 60;

/// So many requests of one quota family in any window of time. A burst is fine as long as the window's total holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    requests: NonZeroU32,
    window: Duration,
}

impl Pace {
    /// So many a minute (`workato/api.md 3.1`).
    pub const fn per_minute(requests: NonZeroU32) -> Self {
        Pace::new(requests, MINUTE)
    }

    /// So many per `window`, for servers and tests with another one.
    pub const fn new(requests: NonZeroU32, window: Duration) -> Self {
        Pace { requests, window }
    }

    /// Requests per window.
    pub fn requests(self) -> u32 {
        self.requests.get()
    }

    /// The documented window.
    pub fn window(self) -> Duration {
        self.window
    }

    /// How long an answered request counts: the window and a margin of one part in 60.
    pub(super) fn span(self) -> Duration {
        self.window + self.window / MARGIN
    }

    /// `limit` per window, as requests a minute; at least 1.
    pub(super) fn in_minutes(self, limit: u32) -> u32 {
        if self.window == MINUTE {
            return limit;
        }
        let minutes = MINUTE.as_secs_f64() / self.window.as_secs_f64().max(f64::MIN_POSITIVE);
        // A float turns into the nearest number there is; no rate is that large.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rate = (f64::from(limit) * minutes).round().max(1.0) as u32;
        rate
    }
}

impl fmt::Display for Pace {
    /// `60 a minute`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a minute", self.in_minutes(self.requests()))
    }
}
