//! Errors as the other side gets them: code, text, and in the details how long to wait.

use std::time::{Duration, SystemTime};

use prost::Message as _;
use tonic::Status;

use crate::baton::annotation::{self, Named};
use crate::baton::error::{Error, Retry};
use crate::baton::proto::v2;
use crate::baton::proto::v2::rate_limit_description::Status as Limit;

/// Longest text of a status. It travels in a header, percent-encoded, and peers cap their headers.
const LONGEST: usize = 2_048;

impl Named for v2::RateLimitDescription {
    const NAME: &'static str = "c1.connector.v2.RateLimitDescription";
}

/// The status of a failed call. `prefix` says which call, in the published words (`baton/config/published.md 8.2`).
pub fn status(prefix: &str, error: Error) -> Status {
    tracing::warn!(call = prefix, code = error.code_id().number(), %error, "Call failed.");
    let mut wire = error.to_wire();
    let hint = error.hint_text().map(|hint| format!("; {hint}")).unwrap_or_default();
    let mut text = format!("{prefix}: {}{hint}", wire.message);
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    wire.message.clone_from(&text);
    if let Retry::After(wait) = error.may_retry() {
        wire.details.push(annotation::pack(&over_limit(wait)));
    }
    let code = tonic::Code::from(wire.code);
    if wire.details.is_empty() {
        return Status::new(code, text);
    }
    Status::with_details(code, text, wire.encode_to_vec().into())
}

/// Tells the caller when the other side takes requests again.
fn over_limit(wait: Duration) -> v2::RateLimitDescription {
    v2::RateLimitDescription {
        status: Limit::Overlimit.into(),
        reset_at: SystemTime::now().checked_add(wait).map(Into::into),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::error::Kind;
    use crate::baton::proto::google::rpc;

    #[test]
    fn a_named_wait_is_in_the_details() {
        let error = Error::new(Kind::Unavailable, "quota used up").retry(Retry::After(Duration::from_secs(30)));
        let status = status("error: listing grants failed", error);
        assert_eq!(status.code(), tonic::Code::Unavailable);
        let details = rpc::Status::decode(status.details()).unwrap();
        assert_eq!(details.code, 14);
        let limit: v2::RateLimitDescription = annotation::find(&details.details).unwrap();
        assert_eq!(limit.status(), Limit::Overlimit);
        let reset = SystemTime::try_from(limit.reset_at.unwrap()).unwrap();
        let wait = reset.duration_since(SystemTime::now()).unwrap();
        assert!(
            wait <= Duration::from_secs(30) && wait > Duration::from_secs(20),
            "{wait:?}"
        );
    }

    #[test]
    fn texts_end_before_headers_do() {
        let status = status("validate failed", Error::new(Kind::Internal, "ä".repeat(5_000)));
        assert!(status.message().len() <= LONGEST + '…'.len_utf8());
        assert!(status.details().is_empty());
    }
}
