//! When a request is repeated and how long it pauses before. Pure: no clock, no network.

use std::time::Duration;

use reqwest::StatusCode;

/// The limits of repeating one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most attempts of one request, the first included.
    pub max_attempts: u32,
    /// Shortest pause after a transient failure.
    pub base: Duration,
    /// Longest pause after a transient failure.
    pub cap: Duration,
    /// No new attempt starts once attempts and pauses after transient failures took this long.
    pub budget: Duration,
    /// The same while nobody answers at all (refused, unknown host): a person waits for the message.
    pub connect_budget: Duration,
    /// Shortest wait after 429, whatever `Retry-After` says.
    pub throttle_floor: Duration,
    /// Longest wait after one 429. Quotas are per minute, so a longer one would be a mistake of the other side.
    pub throttle_cap: Duration,
    /// First wait after a 429 that does not say how long; each further one is three times as long.
    pub throttle_base: Duration,
    /// Repeats of all requests of a sync together cost tokens; this is how many there are, see `retry_budget.rs`.
    pub tokens: u32,
    /// Waits after 429 count apart from `budget`, since they were asked for; their sum is bounded by this.
    pub throttle_budget: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            max_attempts: 5,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(15),
            budget: Duration::from_secs(90),
            connect_budget: Duration::from_secs(45),
            throttle_floor: Duration::from_secs(1),
            throttle_cap: Duration::from_secs(65),
            throttle_base: Duration::from_secs(5),
            tokens: 500,
            throttle_budget: Duration::from_secs(300),
        }
    }
}

impl RetryPolicy {
    /// Sends everything once.
    pub fn never() -> Self {
        RetryPolicy {
            max_attempts: 1,
            ..RetryPolicy::default()
        }
    }
}

/// Statuses that may pass by themselves, 429 apart.
pub(super) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 500 | 502 | 503 | 504)
}

/// The repeats of one request: what was used up and what comes next.
pub(super) struct Budget<'a> {
    policy: &'a RetryPolicy,
    attempts: u32,
    spent: Duration,
    throttled: Duration,
    throttles: u32,
    previous: Duration,
}

impl<'a> Budget<'a> {
    pub(super) fn new(policy: &'a RetryPolicy) -> Self {
        Budget {
            policy,
            attempts: 0,
            spent: Duration::ZERO,
            throttled: Duration::ZERO,
            throttles: 0,
            previous: policy.base,
        }
    }

    /// Attempts so far.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Counts one attempt that took `took`.
    pub(super) fn attempted(&mut self, took: Duration) {
        self.attempts += 1;
        self.spent += took;
    }

    /// The pause before the next attempt after a transient failure, or `None` to give up. Decorrelated jitter:
    /// between the base and three times the previous pause, so that clients that failed together drift apart.
    pub(super) fn pause(&mut self, asked: Option<Duration>, connecting: bool, random: f64) -> Option<Duration> {
        let policy = self.policy;
        let highest = (self.previous * 3).clamp(policy.base, policy.cap.max(policy.base));
        let drawn = policy.base + (highest - policy.base).mul_f64(random.clamp(0.0, 1.0));
        self.previous = drawn;
        let pause = drawn.max(asked.unwrap_or_default().min(policy.throttle_cap));
        let budget = if connecting {
            policy.connect_budget
        } else {
            policy.budget
        };
        if self.attempts >= policy.max_attempts || self.spent + pause > budget {
            return None;
        }
        self.spent += pause;
        Some(pause)
    }

    /// The wait of the whole quota family after a 429, and whether this request may be repeated after it.
    pub(super) fn throttle(&mut self, asked: Option<Duration>) -> (Duration, bool) {
        let policy = self.policy;
        let unasked = policy.throttle_base * 3_u32.saturating_pow(self.throttles.min(8));
        let wait = asked
            .unwrap_or(unasked)
            .clamp(policy.throttle_floor, policy.throttle_cap.max(policy.throttle_floor));
        self.throttles += 1;
        let again = self.attempts < policy.max_attempts && self.throttled + wait <= policy.throttle_budget;
        if again {
            self.throttled += wait;
        }
        (wait, again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_within_base_and_cap() {
        let policy = RetryPolicy {
            max_attempts: 50,
            budget: Duration::from_secs(10_000),
            ..RetryPolicy::default()
        };
        let mut low = Budget::new(&policy);
        let mut high = Budget::new(&policy);
        for _ in 0..20 {
            assert_eq!(low.pause(None, false, 0.0), Some(policy.base));
            let pause = high.pause(None, false, 0.999).unwrap();
            assert!(pause >= policy.base && pause <= policy.cap);
        }
        assert!(high.pause(None, false, 0.999).unwrap() > Duration::from_secs(14));
    }

    #[test]
    fn budget_ends_retries_before_attempts_do() {
        let policy = RetryPolicy::default();
        let mut budget = Budget::new(&policy);
        budget.attempted(Duration::from_secs(60));
        assert!(budget.pause(None, false, 0.5).is_some());
        budget.attempted(Duration::from_secs(60));
        assert_eq!(budget.pause(None, false, 0.5), None);
    }

    #[test]
    fn throttle_waits_between_floor_and_cap() {
        let policy = RetryPolicy::default();
        let mut budget = Budget::new(&policy);
        assert_eq!(budget.throttle(Some(Duration::ZERO)), (Duration::from_secs(1), true));
        assert_eq!(
            budget.throttle(Some(Duration::from_secs(3600))).0,
            Duration::from_secs(65)
        );
        let mut unasked = Budget::new(&policy);
        let waits: Vec<u64> = (0..4).map(|_| unasked.throttle(None).0.as_secs()).collect();
        assert_eq!(waits, [5, 15, 45, 65]);
    }
}
