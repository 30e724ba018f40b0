//! The requests of one pacer that still count against its quota. Pure: time comes in as an argument.
//!
//! Nobody knows when a request was counted on the other side, only that it was between sending and answer. So a
//! request counts from the moment it leaves until one span after its answer: whatever a server counts, in fixed or
//! sliding windows, is never more than what is counted here.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A sliding window.
#[derive(Debug, Clone)]
pub(super) struct Window {
    span: Duration,
    /// When the requests that count were answered, oldest first.
    answered: VecDeque<Instant>,
    in_flight: usize,
}

impl Window {
    pub(super) fn new(span: Duration) -> Self {
        Window {
            span,
            answered: VecDeque::new(),
            in_flight: 0,
        }
    }

    /// How long an answered request counts.
    pub(super) fn span(&self) -> Duration {
        self.span
    }

    /// Requests that count now.
    pub(super) fn used(&self) -> usize {
        self.answered.len() + self.in_flight
    }

    /// Requests that were answered within the last `time`, which is not longer than the span.
    pub(super) fn answered_within(&self, time: Duration, now: Instant) -> usize {
        self.answered.iter().rev().take_while(|at| **at + time > now).count()
    }

    /// Requests without an answer yet.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// One leaves.
    pub(super) fn send(&mut self) {
        self.in_flight += 1;
    }

    /// One that left counts from `now` on for one span.
    pub(super) fn answer(&mut self, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.answered.push_back(now);
    }

    /// One that left was not counted: it never arrived, or it was refused.
    pub(super) fn take_back(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Forgets what no longer counts, and says how many that were.
    pub(super) fn expire(&mut self, now: Instant) -> usize {
        let before = self.answered.len();
        while self.answered.front().is_some_and(|at| *at + self.span <= now) {
            self.answered.pop_front();
        }
        before - self.answered.len()
    }

    /// When there is room for one below `limit`: `None` if that takes an answer.
    pub(super) fn room_at(&self, limit: usize) -> Option<Instant> {
        let over = self.used().saturating_sub(limit);
        self.answered.get(over).map(|at| *at + self.span)
    }

    /// Takes over what another window counts.
    pub(super) fn absorb(&mut self, other: &Window) {
        self.in_flight += other.in_flight;
        self.answered.extend(&other.answered);
        self.answered.make_contiguous().sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(61);

    #[test]
    fn a_request_counts_from_leaving_until_one_span_after_its_answer() {
        let mut window = Window::new(SPAN);
        let start = Instant::now();
        window.send();
        assert_eq!(
            (window.used(), window.room_at(1)),
            (1, None),
            "only its answer starts the clock"
        );
        window.answer(start);
        let end = start + SPAN;
        assert_eq!((window.used(), window.room_at(1)), (1, Some(end)));
        assert_eq!(window.expire(end - Duration::from_nanos(1)), 0);
        assert_eq!((window.expire(end), window.used()), (1, 0));
        window.send();
        window.take_back();
        assert_eq!(window.used(), 0, "refused or never sent");
    }

    #[test]
    fn room_under_a_lower_limit_takes_several_to_expire() {
        let mut window = Window::new(SPAN);
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        for ms in 0..5 {
            window.send();
            window.answer(at(ms));
        }
        assert_eq!(window.room_at(5), Some(at(0) + SPAN));
        assert_eq!(window.room_at(2), Some(at(3) + SPAN));
        let mut other = Window::new(SPAN);
        other.send();
        other.answer(at(1));
        other.send();
        window.absorb(&other);
        assert_eq!((window.used(), window.in_flight()), (7, 1));
        assert_eq!(window.answered_within(SPAN, at(3) + SPAN), 1);
        assert_eq!(window.expire(at(1) + SPAN), 3, "kept in order");
    }
}
