//! How many requests of one pacer run at the same time: one more after every round of successes, half as many after
//! a failure, one after a refusal. Pure.

use std::time::Instant;

/// Where a run begins: wide enough to hide latency from the first request on, half of the most.
const START: usize = 4;
/// The most.
const MOST: usize = 8;

/// Concurrency of one pacer: additive increase, multiplicative decrease.
#[derive(Debug, Clone)]
pub(super) struct Concurrency {
    width: usize,
    successes: usize,
    narrowed: Option<Instant>,
}

impl Default for Concurrency {
    fn default() -> Self {
        Concurrency {
            width: START,
            successes: 0,
            narrowed: None,
        }
    }
}

impl Concurrency {
    /// How many may run at the same time.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// One answer that was not a failure.
    pub(super) fn succeeded(&mut self) {
        self.successes += 1;
        if self.successes >= self.width {
            self.successes = 0;
            self.width = MOST.min(self.width + 1);
        }
    }

    /// One failure of the other side or of the way there.
    pub(super) fn failed(&mut self, sent: Instant, now: Instant) {
        self.narrow(sent, now, self.width / 2);
    }

    /// One refusal (429).
    pub(super) fn refused(&mut self, sent: Instant, now: Instant) {
        self.narrow(sent, now, 1);
    }

    /// Requests that were under way when the concurrency were narrowed fail for the same reason; they narrow nothing more.
    fn narrow(&mut self, sent: Instant, now: Instant, width: usize) {
        self.successes = 0;
        let same_cause = self.narrowed.is_some_and(|at| sent < at);
        if !same_cause || width == 1 {
            self.width = width.max(1);
            self.narrowed = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn successes_widen_by_one_a_round_up_to_eight() {
        let mut concurrency = Concurrency::default();
        let mut widths = vec![concurrency.width()];
        for _ in 0..40 {
            concurrency.succeeded();
            widths.push(concurrency.width());
        }
        widths.dedup();
        assert_eq!(widths, [4, 5, 6, 7, 8]);
        let mut concurrency = Concurrency::default();
        (0..4 + 5 + 6 + 6).for_each(|_| concurrency.succeeded());
        assert_eq!(concurrency.width(), 7);
        concurrency.succeeded();
        assert_eq!(concurrency.width(), 8);
    }

    #[test]
    fn failures_halve_once_per_round_and_refusals_leave_one() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut concurrency = Concurrency::default();
        (0..100).for_each(|_| concurrency.succeeded());
        concurrency.failed(at(0), at(10));
        assert_eq!(concurrency.width(), 4);
        concurrency.failed(at(5), at(11));
        assert_eq!(concurrency.width(), 4, "it was under way when the first one failed");
        concurrency.failed(at(10), at(20));
        assert_eq!(concurrency.width(), 2);
        concurrency.refused(at(15), at(21));
        assert_eq!(concurrency.width(), 1);
        concurrency.failed(at(30), at(31));
        assert_eq!(concurrency.width(), 1, "never none");
        concurrency.succeeded();
        concurrency.succeeded();
        concurrency.succeeded();
        assert_eq!(concurrency.width(), 3);
    }
}
