//! Outgoing HTTP: one way to send a request, where timeouts, retries, rate limits, size caps and redaction happen.
//!
//! Every request waits for a turn of its quota family (`quota`, `pacer`) before it leaves, and repeats are paid from
//! the limits of the request (`retry`) and of the whole sync (`retry_budget`).
//!
//! The only owner of reqwest. Knows no vendor: a vendor's client builds the URL, names the quota family and reads
//! the body; this module brings the answer or a final error. A status the other side chose (a 4xx, or a 5xx that
//! stayed after all retries) is an answer, not an error: only the vendor's client can read its text. [`kind_of`]
//! says which [`Kind`](crate::baton::error::Kind) such a status is.

pub mod authorities;
mod client;
mod clock;
mod concurrency;
mod failure;
mod form;
mod options;
mod pace;
mod pacer;
mod probe;
mod quota;
mod redact;
mod response;
mod retry;
mod retry_after;
mod retry_budget;
mod window;

pub use client::{HttpClient, Request};
pub use clock::{Clock, SystemClock};
pub use form::FormClient;
pub use options::HttpOptions;
pub use pace::Pace;
pub use probe::probe;
pub use quota::{Allowance, FamilyCounts};
pub use redact::is_loopback;
pub use reqwest::header::HeaderMap;
pub use reqwest::{Method, StatusCode};
pub use response::{RateLimit, Response, kind_of};
pub use retry::RetryPolicy;
pub use retry_after::{date as parse_date, parse_retry_after};
