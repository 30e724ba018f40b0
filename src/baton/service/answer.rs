//! What ConductorOne answers: tokens of its token endpoint, and calls that fail. The service mode and a hosted connector ask
//! for different things in different ways, and are answered alike (`baton/service/protocol.md 1.5, 2.2`).

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Status};

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::baton::http::{Response, StatusCode};
use crate::baton::secret::Secret;

/// A token counts as expired this long before it is.
const EARLY: Duration = Duration::from_secs(10);
/// The longest time a token is kept, whatever the answer says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// An access token.
pub struct Given {
    /// The header `authorization`, marked so that nothing logs it.
    pub header: MetadataValue<Ascii>,
    /// The token alone.
    pub text: Secret,
    /// How long it may be kept; zero for one that is good for this call only.
    pub good_for: Duration,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    token_type: String,
    #[serde(default)]
    expires_in: i64,
}

/// Reads the answer of a token endpoint. `scheme` makes of the type of a token the first word of its header, or `None` of
/// one that is not known; `check` is what a person should look at where the endpoint refuses.
///
/// # Errors
/// `Unauthenticated` when the endpoint refuses us or answers nonsense; `Unavailable` when it is failing.
pub fn token(response: &Response, scheme: impl FnOnce(&str) -> Option<String>, check: &'static str) -> Result<Given> {
    if response.status != StatusCode::OK {
        return Err(refused(response, check));
    }
    // What serde says would quote the token.
    let answer: Answer = serde_json::from_slice(&response.body)
        .map_err(|_| nonsense("the token endpoint did not answer with a token"))?;
    if answer.access_token.is_empty() {
        return Err(nonsense("the token endpoint answered with an empty token"));
    }
    let scheme = scheme(&answer.token_type)
        .ok_or_else(|| nonsense("the token endpoint answered with a token of a kind that is not known here"))?;
    let text = Secret::new(answer.access_token);
    let mut header: MetadataValue<Ascii> = format!("{scheme} {}", text.expose())
        .parse()
        .map_err(|_| nonsense("the token endpoint answered with a token that no header can carry"))?;
    header.set_sensitive(true);
    let lifetime = Duration::from_secs(u64::try_from(answer.expires_in).unwrap_or(0));
    tracing::debug!(seconds = lifetime.as_secs(), "Access token received.");
    Ok(Given {
        header,
        text,
        good_for: lifetime.min(LONGEST).saturating_sub(EARLY),
    })
}

/// The error of a token endpoint that cannot be followed.
pub fn nonsense(what: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Unauthenticated, what).code(code::C1_REFUSED)
}

/// A failing endpoint may recover; anything else than success is a refusal.
fn refused(response: &Response, check: &'static str) -> Error {
    let status = response.status.as_u16();
    let message = format!("the token endpoint answered HTTP {status}");
    if matches!(status, 408 | 429 | 500..=599) {
        return Error::new(Kind::Unavailable, message)
            .code(code::C1_UNREACHABLE)
            .hint("ConductorOne is failing; try again later")
            .retry(Retry::Later);
    }
    nonsense(message).hint(check)
}

/// The error of a call: the status, and all that its causes say besides.
pub fn explain(name: &str, status: &Status) -> Error {
    let mut text = format!(
        "ConductorOne answered {name} with {:?}: {}",
        status.code(),
        status.message()
    );
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    let error = Error::new(kind_of(status.code()), text).fact("rpc", name);
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => error.code(code::C1_REFUSED),
        Code::DeadlineExceeded => error.code(code::C1_UNREACHABLE),
        Code::Unavailable => error.code(code::C1_UNREACHABLE).retry(Retry::Later),
        _ => error,
    }
}

fn kind_of(code: Code) -> Kind {
    match code {
        Code::Cancelled => Kind::Cancelled,
        Code::InvalidArgument => Kind::InvalidArgument,
        Code::DeadlineExceeded => Kind::DeadlineExceeded,
        Code::NotFound => Kind::NotFound,
        Code::AlreadyExists => Kind::AlreadyExists,
        Code::PermissionDenied => Kind::PermissionDenied,
        Code::ResourceExhausted => Kind::ResourceExhausted,
        Code::FailedPrecondition => Kind::FailedPrecondition,
        Code::Unimplemented => Kind::Unimplemented,
        Code::Internal => Kind::Internal,
        Code::Unavailable => Kind::Unavailable,
        Code::DataLoss => Kind::DataLoss,
        Code::Unauthenticated => Kind::Unauthenticated,
        Code::Ok | Code::Unknown | Code::Aborted | Code::OutOfRange => Kind::Unknown,
    }
}
