//! One invocation, from its payload to the payload of its answer (`baton/hosted/facts.md 4`).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use tonic::{Code, Status};
use tracing::Level;

use super::caller::Callers;
use super::dispatch;
use super::frame::{self, Framing};
use super::generation::Generations;
use super::headers::Headers;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::Clock;
use crate::baton::proto::c1::transport::v1::{Request, Response};

/// Which version of the configuration a request wants.
const VERSION: &str = "x-baton-connector-config-version";
/// The largest payload that Lambda takes as an answer, in bytes.
const LARGEST: usize = 6 * 1024 * 1024;
/// What an answer takes from here to Lambda, at most.
const ON_THE_WAY: Duration = Duration::from_millis(500);

/// Sets the least important lines to log.
pub type Adjust = Arc<dyn Fn(Level) + Send + Sync>;

/// Answers invocations.
pub struct Handler {
    pub(super) callers: Callers,
    pub(super) generations: Generations,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) adjust: Adjust,
}

impl Handler {
    /// The answer to a payload, before `deadline`.
    ///
    /// # Errors
    /// `InvalidArgument` for a payload that is no request: whoever sent it cannot read an answer either. Whatever a call
    /// ends with is an answer.
    pub async fn answer(&self, payload: &Value, deadline: Option<Timestamp>) -> Result<Box<RawValue>> {
        let (request, framing) = frame::request(payload)?;
        // Nothing of a call that panicked is looked at again, and shared state is behind locks that bear it.
        let called = AssertUnwindSafe(self.call(&request, deadline)).catch_unwind().await;
        let called = called.unwrap_or_else(|_| {
            tracing::error!(call = %request.method, "An invocation panicked.");
            Err(Status::internal("Internal Server Error"))
        });
        let response = called.unwrap_or_else(|status| {
            tracing::debug!(call = %request.method, code = ?status.code(), "Call refused.");
            dispatch::failed(&status)
        });
        written(&response, framing)
    }

    async fn call(&self, request: &Request, deadline: Option<Timestamp>) -> Result<Response, Status> {
        let headers = Headers::of(request.headers.as_ref());
        // First of all: whoever is not known makes nobody fetch anything.
        let now = self.clock.wall();
        let checked = self
            .callers
            .check(headers.first("authorization"), now.as_second())
            .await;
        checked.map_err(|error| refusal("the caller is not known", &error))?;
        let limit = limit(&headers, deadline, now)?;
        let call = async {
            let generation = self.generations.of(headers.first(VERSION)).await;
            let generation = generation.map_err(|error| {
                let status = refusal("failed to reload connector config", &error);
                Status::new(Code::Unavailable, status.message())
            })?;
            (self.adjust)(generation.made.level(now));
            dispatch::call(&generation.made.services, request).await
        };
        match limit {
            None => call.await,
            Some(Duration::ZERO) => Err(Status::deadline_exceeded("there is no time for the call")),
            Some(limit) => tokio::time::timeout(limit, call)
                .await
                .unwrap_or_else(|_| Err(Status::deadline_exceeded("the call was not done in time"))),
        }
    }
}

/// How long the call may take: what the caller waits, and what Lambda does.
fn limit(headers: &Headers, deadline: Option<Timestamp>, now: Timestamp) -> Result<Option<Duration>, Status> {
    let asked = headers.timeout().map_err(Status::internal)?;
    let left = deadline.map(|at| {
        let left = Duration::try_from(at.duration_since(now)).unwrap_or_default();
        left.saturating_sub(ON_THE_WAY)
    });
    Ok([asked, left].into_iter().flatten().min())
}

fn written(response: &Response, framing: Framing) -> Result<Box<RawValue>> {
    let text = text(response, framing)?;
    let text = match text.len() > LARGEST {
        false => text,
        true => {
            let message = format!("the answer has {} bytes, and AWS Lambda takes {LARGEST}", text.len());
            tracing::error!(bytes = text.len(), "An answer is too large for AWS Lambda.");
            self::text(&dispatch::failed(&Status::resource_exhausted(message)), framing)?
        }
    };
    RawValue::from_string(text).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

fn text(response: &Response, framing: Framing) -> Result<String> {
    Ok(frame::answer(response, framing)?.to_string())
}

/// A status of a call that did not come to pass. The log has why; the caller gets the text, which holds no secret.
fn refusal(what: &str, error: &Error) -> Status {
    tracing::warn!(code = error.code_id().number(), %error, "Call refused: {what}.");
    Status::new(error.kind().code(), format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use prost_types::Any;

    use super::*;

    #[test]
    fn the_shorter_limit_counts() {
        let now = Timestamp::now();
        let at = |millis: i64| Some(now + jiff::SignedDuration::from_millis(millis));
        let none = Headers::default();
        assert_eq!(limit(&none, None, now).unwrap(), None);
        assert_eq!(limit(&none, at(1_500), now).unwrap(), Some(Duration::from_secs(1)));
        assert_eq!(limit(&none, at(-5), now).unwrap(), Some(Duration::ZERO));
    }

    #[test]
    fn an_answer_that_lambda_would_not_take_is_a_status() {
        let large = Response {
            resp: Some(Any {
                type_url: "type.googleapis.com/c1.connector.v2.GrantReplaced".to_owned(),
                value: [&[0x0a, 0x80, 0x80, 0x80, 0x03][..], &vec![b'x'; LARGEST]].concat(),
            }),
            ..Default::default()
        };
        for framing in [Framing::Frame, Framing::Json] {
            let text = written(&large, framing).unwrap().get().to_owned();
            assert!(text.len() < 1_000, "{}", text.len());
        }
        let text = written(&large, Framing::Json).unwrap();
        assert!(text.get().contains("\"code\":8"), "{text}");
    }
}
