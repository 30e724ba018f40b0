//! How many repeats a whole sync may spend, on top of what each request may. Pure.
//!
//! Every request has limits of its own (`retry.rs`), but thousands of requests that all need a repeat would keep a
//! failing service busy for hours. So repeats also cost tokens of one bucket, which successes fill again: a service
//! that fails now and then never empties it, one that mostly fails does within a few hundred requests.

/// What a repeat after a transient failure costs.
pub(super) const TRANSIENT: u32 = 5;
/// What a repeat after 429 costs: no more than its success brings, since the wait was asked for.
pub(super) const REFUSED: u32 = 3;
/// What a success brings.
const SUCCESS: u32 = 3;

/// The bucket.
#[derive(Debug, Clone)]
pub(super) struct RetryBudget {
    capacity: u32,
    tokens: u32,
}

impl RetryBudget {
    /// A full bucket.
    pub(super) fn new(capacity: u32) -> Self {
        RetryBudget {
            capacity,
            tokens: capacity,
        }
    }

    /// Pays for one repeat; false if there is not enough left.
    pub(super) fn spend(&mut self, cost: u32) -> bool {
        let left = self.tokens.checked_sub(cost);
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    /// Counts one success.
    pub(super) fn succeeded(&mut self) {
        self.tokens = self.capacity.min(self.tokens.saturating_add(SUCCESS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_empties_it_and_successes_fill_it() {
        let mut budget = RetryBudget::new(500);
        assert_eq!((0..).take_while(|_| budget.spend(TRANSIENT)).count(), 100);
        budget.succeeded();
        assert!(!budget.spend(TRANSIENT));
        budget.succeeded();
        assert!(budget.spend(TRANSIENT));
        (0..1_000).for_each(|_| budget.succeeded());
        assert_eq!(
            (0..).take_while(|_| budget.spend(TRANSIENT)).count(),
            100,
            "never more than full"
        );
    }

    #[test]
    fn a_failure_in_three_and_any_number_of_waits_are_endured() {
        let mut budget = RetryBudget::new(500);
        for _ in 0..10_000 {
            assert!(budget.spend(TRANSIENT));
            budget.succeeded();
            budget.succeeded();
        }
        for _ in 0..10_000 {
            assert!(budget.spend(REFUSED));
            budget.succeeded();
        }
    }
}
