//! What an answer says about quotas: `Retry-After` and both spellings of `X-Rate-Limit-Remaining`, as any bytes.
//!
//! Input: seconds since 1970 (8 bytes), status (1 byte), then one header value per line in the order of `NAMES`.
#![no_main]

use std::time::Duration;

use baton_workato::baton::error::Retry;
use baton_workato::baton::http::{HeaderMap, Response, StatusCode, parse_retry_after};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use reqwest::header::HeaderValue;

const NAMES: [&str; 6] = [
    "retry-after",
    "x-rate-limit-remaining",
    "x-ratelimit-remaining",
    "x-rate-limit-limit",
    "x-rate-limit-reset",
    "x-ratelimit-reset",
];

fuzz_target!(|input: &[u8]| {
    let Some((seconds, [status, lines @ ..])) = input.split_first_chunk::<8>() else {
        return;
    };
    let Ok(now) = Timestamp::from_second(i64::from_le_bytes(*seconds) % 300_000_000_000) else {
        return;
    };
    let mut headers = HeaderMap::new();
    for (name, value) in NAMES.into_iter().zip(lines.split(|b| *b == b'\n')) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let status = [429, 503, 200, 403][usize::from(*status % 4)];
    let answer = Response::new(StatusCode::from_u16(status).unwrap(), headers, Vec::new().into(), now);

    if let Some(text) = answer.header("retry-after") {
        let wait = parse_retry_after(text, now);
        assert_eq!(wait, answer.retry_after);
        assert_eq!(wait, parse_retry_after(&format!(" {text} "), now), "spaces around change nothing");
        if !text.is_empty() && text.len() < 19 && text.bytes().all(|b| b.is_ascii_digit()) {
            assert_eq!(wait, text.parse().ok().map(Duration::from_secs));
        }
        passes(text, now);
    }
    if let Some(left) = answer.rate_limit.remaining {
        let digits = left.to_string();
        let said = |name| answer.header(name).is_some_and(|text| text.contains(digits.as_str()));
        assert!(said(NAMES[1]) || said(NAMES[2]), "{left} is in no header");
    }
    match answer.may_retry() {
        Retry::After(wait) => {
            assert!(matches!(status, 429 | 503));
            assert_eq!(wait, answer.retry_after.unwrap_or(Duration::from_secs(60)));
        }
        Retry::Later => assert_eq!((status, answer.retry_after), (503, None)),
        Retry::Never => assert!(matches!(status, 200 | 403)),
    }
});

/// A minute later, a wait until a moment is a minute shorter, and a wait of so many seconds is the same.
fn passes(text: &str, now: Timestamp) {
    let minute = Duration::from_secs(60);
    let Ok(later) = now.checked_add(SignedDuration::from_secs(60)) else {
        return;
    };
    match (parse_retry_after(text, now), parse_retry_after(text, later)) {
        (Some(before), Some(after)) => {
            assert!(after == before || after == before.saturating_sub(minute), "{text:?}: {before:?}, {after:?}");
        }
        (before, after) => assert_eq!(before, after, "{text:?}"),
    }
}
