//! A final answer: status, headers, body, and what its headers say about quotas.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::retry::is_transient;
use super::retry_after::parse_retry_after;
use crate::baton::error::{Kind, Retry};

/// What an answer says about the quota of its family.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests left, in whatever unit the other side counts.
    pub remaining: Option<u64>,
}

/// The final answer to a request.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status. Never 3xx: that is an error of [`HttpClient::send`](super::HttpClient::send).
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    /// Quota headers, both spellings.
    pub rate_limit: RateLimit,
    /// How long `Retry-After` asks to wait.
    pub retry_after: Option<Duration>,
    /// Attempts it took.
    pub attempts: u32,
}

impl Response {
    /// An answer as it arrived at `now`, its quota headers read.
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes, now: jiff::Timestamp) -> Self {
        Response {
            rate_limit: RateLimit {
                remaining: leading_number(&headers, "x-rate-limit-remaining")
                    .or_else(|| leading_number(&headers, "x-ratelimit-remaining")),
            },
            retry_after: text(&headers, RETRY_AFTER.as_str()).and_then(|value| parse_retry_after(value, now)),
            status,
            headers,
            body,
            attempts: 1,
        }
    }

    /// One header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// Whether a caller may send the request again, for an answer that is not a success.
    pub fn may_retry(&self) -> Retry {
        match self.retry_after {
            Some(wait) if self.status == StatusCode::TOO_MANY_REQUESTS || is_transient(self.status) => {
                Retry::After(wait)
            }
            _ if self.status == StatusCode::TOO_MANY_REQUESTS => Retry::After(Duration::from_secs(60)),
            _ if is_transient(self.status) => Retry::Later,
            _ => Retry::Never,
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Such headers may read `12` or `12, 60;w=60`: the leading integer counts (`baton/config/published.md 7`).
fn leading_number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let value = text(headers, name)?.trim();
    value.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Which kind of failure a status is (`baton/config/published.md 7`).
pub fn kind_of(status: StatusCode) -> Kind {
    match status.as_u16() {
        401 => Kind::Unauthenticated,
        403 => Kind::PermissionDenied,
        404 => Kind::NotFound,
        408 => Kind::DeadlineExceeded,
        409 => Kind::AlreadyExists,
        429 => Kind::Unavailable,
        501 => Kind::Unimplemented,
        400..=499 => Kind::InvalidArgument,
        500..=599 => Kind::Unavailable,
        _ => Kind::Unknown,
    }
}
