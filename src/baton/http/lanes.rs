//! How many requests of one pacer run at the same time: one more after every round of successes, half as many after
//! a failure, one after a refusal. Pure.

use std::time::Instant;

/// Where a run begins: wide enough to hide latency from the first request on, half of the most.
const START: usize = 4;
/// The most.
const MOST: usize = 8;

/// Concurrency of one pacer: additive increase, multiplicative decrease.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    width: usize,
    successes: usize,
    narrowed: Option<Instant>,
}

impl Default for Lanes {
    fn default() -> Self {
        Lanes {
            width: START,
            successes: 0,
            narrowed: None,
        }
    }
}

impl Lanes {
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

    /// Requests that were under way when the lanes were narrowed fail for the same reason; they narrow nothing more.
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
        let mut lanes = Lanes::default();
        let mut widths = vec![lanes.width()];
        for _ in 0..40 {
            lanes.succeeded();
            widths.push(lanes.width());
        }
        widths.dedup();
        assert_eq!(widths, [4, 5, 6, 7, 8]);
        let mut lanes = Lanes::default();
        (0..4 + 5 + 6 + 6).for_each(|_| lanes.succeeded());
        assert_eq!(lanes.width(), 7);
        lanes.succeeded();
        assert_eq!(lanes.width(), 8);
    }

    #[test]
    fn failures_halve_once_per_round_and_refusals_leave_one() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut lanes = Lanes::default();
        (0..100).for_each(|_| lanes.succeeded());
        lanes.failed(at(0), at(10));
        assert_eq!(lanes.width(), 4);
        lanes.failed(at(5), at(11));
        assert_eq!(lanes.width(), 4, "it was under way when the first one failed");
        lanes.failed(at(10), at(20));
        assert_eq!(lanes.width(), 2);
        lanes.refused(at(15), at(21));
        assert_eq!(lanes.width(), 1);
        lanes.failed(at(30), at(31));
        assert_eq!(lanes.width(), 1, "never none");
        lanes.succeeded();
        lanes.succeeded();
        lanes.succeeded();
        assert_eq!(lanes.width(), 3);
    }
}
