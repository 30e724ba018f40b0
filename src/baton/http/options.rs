//! What a client is built from. Set once by whoever starts a run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::clock::{Clock, SystemClock};
use super::pace::Pace;
use super::quota::Allowance;
use super::retry::RetryPolicy;
use crate::baton::about::About;
use crate::baton::progress::{Observer, Silent};

/// Options of [`HttpClient`](super::HttpClient). [`HttpOptions::of`] has what a run uses.
#[derive(Clone)]
pub struct HttpOptions {
    /// `User-Agent` of every request: the program's name and version.
    pub user_agent: String,
    /// Longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// Longest time of one attempt, from the first byte sent to the last byte read.
    pub request_timeout: Duration,
    /// Largest body in bytes, counted after decompression.
    pub max_body: usize,
    /// When and how often a request is repeated.
    pub retry: RetryPolicy,
    /// The documented rate of every quota family. Without one, requests only wait after a refusal (429).
    pub pace: Option<Pace>,
    /// What it shares with other clients of the same token, in the place of a pace of its own. All must have one clock.
    pub allowance: Option<Allowance>,
    /// Hears about requests, repeats and waits.
    pub observer: Arc<dyn Observer>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
}

impl HttpOptions {
    /// The options of a run of this program.
    pub fn of(about: &About) -> Self {
        HttpOptions {
            user_agent: about.user_agent(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            max_body: 64 << 20,
            retry: RetryPolicy::default(),
            pace: None,
            allowance: None,
            observer: Arc::new(Silent),
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("user_agent", &self.user_agent)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("max_body", &self.max_body)
            .field("retry", &self.retry)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}
