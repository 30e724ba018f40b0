//! Spans: what a run is traced and measured by, for whoever listens. Where nobody does, they cost a look.
//!
//! They leave the machine, so they say what is done and what comes of it in words and numbers that are known beforehand:
//! which endpoint is asked, which step is taken. No id, no query, no text of the other side and no token gets in here.

use tracing::Span;
use tracing::field::Empty;

use crate::baton::error::{Error, Kind};
use crate::baton::progress::Step;

/// What makes a request wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A quota, known or told by a refusal.
    Quota,
    /// A failure before it, which may pass.
    Retry,
}

/// A request with all its attempts. `endpoint` is a path with placeholders.
pub fn request(method: &str, endpoint: &'static str, family: &'static str) -> Span {
    tracing::info_span!(
        "request",
        otel.name = format!("{method} {endpoint}"),
        otel.kind = "client",
        http.request.method = method,
        url.template = endpoint,
        baton.family = family,
        baton.attempts = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// What came of the attempts of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How many there were.
    pub count: u32,
    /// The status of the last one, if it was answered.
    pub status: Option<u16>,
}

/// How a request ended. To be said once: whoever listens keeps every word.
pub fn answered(span: &Span, attempts: Attempts, error: Option<&Error>) {
    span.record("baton.attempts", number(attempts.count.into()));
    if let Some(status) = attempts.status {
        span.record("http.response.status_code", number(status.into()));
    }
    ended(span, error);
}

/// A count, as something to record: listeners of other makes know signed numbers, and take others for texts.
pub fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A wait, until the span is dropped.
pub fn wait(why: Wait, family: &'static str) -> Span {
    let why = match why {
        Wait::Quota => "quota",
        Wait::Retry => "retry",
    };
    tracing::info_span!("wait", baton.wait = why, baton.family = family)
}

/// A sync.
pub fn sync() -> Span {
    tracing::info_span!(
        "sync",
        baton.sync.type = Empty,
        baton.resources = Empty,
        baton.entitlements = Empty,
        baton.grants = Empty,
        baton.warnings = Empty,
        baton.outcome = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// A step of a sync.
pub fn step(step: Step) -> Span {
    tracing::info_span!("step", baton.step = ?step, error.type = Empty, otel.status_code = Empty)
}

/// A task of ConductorOne.
pub fn task(kind: &'static str) -> Span {
    tracing::info_span!(
        "task",
        baton.task = kind,
        baton.outcome = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// How it ended. Of an error its kind is told: its text may speak of what was asked for.
pub fn ended(span: &Span, error: Option<&Error>) {
    let outcome = match error.map(Error::kind) {
        None => "complete",
        Some(Kind::Cancelled | Kind::Interrupted | Kind::Terminated) => "stopped",
        Some(_) => "failed",
    };
    span.record("baton.outcome", outcome);
    if let Some(error) = error {
        span.record("error.type", tracing::field::debug(error.kind()));
        span.record("otel.status_code", "ERROR");
    }
}
