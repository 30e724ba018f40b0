//! Time and chance behind a trait, so that a test can say what they do. Used by the send loop only.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

/// What the send loop asks of the world besides the network.
pub trait Clock: Send + Sync {
    /// A monotonic instant.
    fn now(&self) -> Instant;
    /// The calendar time, for `Retry-After` dates.
    fn wall(&self) -> jiff::Timestamp;
    /// Ends after `wait`.
    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()>;
    /// A number from 0 (inclusive) to 1 (exclusive), for jitter.
    fn random(&self) -> f64;
}

/// The real world: tokio's timer and the thread's random generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(wait))
    }

    fn random(&self) -> f64 {
        rand::random()
    }
}
