//! Sending a write and making sure that it took effect: an answer of success is a word, the list is the fact
//! (`workato/api.md 3.3`). Used by every write of this room.

use std::time::Duration;

use crate::baton::change::Change;
use crate::baton::code as http;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::client::{WorkatoClient, Write};
use crate::workato::code;

/// How long a list may lag behind a write: it is read again after each of these.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// How a write ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It made the change.
    Made,
    /// The change was there when the write came: somebody was faster.
    Before,
}

/// Why a write did not end well.
#[derive(Debug)]
pub struct Failed {
    /// The error.
    error: Error,
    /// Whether it was refused, and so changed nothing: whatever is different since, somebody else did.
    is_refused: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed {
            error,
            is_refused: false,
        }
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// Whether what is different after a write may be its doing.
pub fn may_have_effect(ended: &std::result::Result<Ended, Failed>) -> bool {
    match ended {
        Ok(Ended::Made) => true,
        Ok(Ended::Before) => false,
        Err(failed) => !failed.is_refused,
    }
}

/// What is known of a write before anything is read back.
enum Sent {
    /// It was answered with success; perhaps with words that say otherwise.
    Accepted(Option<Error>),
    /// It was refused, perhaps because things are so already.
    Refused(Error),
    /// It was not answered, or by somebody with a problem of their own: it may have been carried out.
    Lost(Error),
}

/// Proposes `change`, sends `write`, and reads back whether it took effect. `read_back` answers `None` when it did, or
/// what there is instead: that decides, whatever the answer was. A refusal of one of the kinds in `maybe_so` may mean
/// that things are so already: then they are looked at, too.
///
/// # Errors
/// Those of the consent and of the API; `Internal` for a write that was accepted without effect; an error that says so
/// where it is not known whether the write took effect.
pub async fn send<Read>(
    cx: &SyncContext,
    client: &WorkatoClient,
    change: &Change,
    write: Write<'_>,
    maybe_so: &[Kind],
    read_back: impl Fn() -> Read,
) -> std::result::Result<Ended, Failed>
where
    Read: Future<Output = Result<Option<String>>> + Send,
{
    cx.changes.propose(change, &write.request())?;
    let sent = match write.send().await {
        Ok(accepted) => Sent::Accepted(accepted.complaint),
        Err(error) if maybe_so.contains(&error.kind()) => Sent::Refused(error),
        Err(error) if may_be_done(&error) => Sent::Lost(error),
        Err(error) => return Err(error.into()),
    };
    let mut found = String::new();
    for pause in PAUSES.into_iter().map(Some).chain([None]) {
        match (read_back().await, &sent) {
            (Ok(None), Sent::Refused(_)) => return Ok(Ended::Before),
            (Ok(None), Sent::Accepted(_) | Sent::Lost(_)) => {
                cx.changes.tell(change.clone());
                return Ok(Ended::Made);
            }
            (Ok(Some(instead)), _) => found = instead,
            // What was refused says more than what could not be read.
            (Err(_), Sent::Refused(_)) => break,
            (Err(error), Sent::Accepted(_) | Sent::Lost(_)) => return Err(unknown(change, sent, error).into()),
        }
        if let Some(pause) = pause {
            client.pause(pause).await;
        }
    }
    // An attempt before the one that was refused may have been carried out.
    let is_refused = matches!(&sent, Sent::Refused(refusal) if !may_be_done(refusal));
    let error = match sent {
        Sent::Refused(refusal) | Sent::Accepted(Some(refusal)) => refusal,
        Sent::Accepted(None) => no_effect(change, &found),
        Sent::Lost(error) => error.also_hint(format!("when it was read back there was {found}")),
    };
    Err(Failed { error, is_refused })
}

/// Whether a write that failed may have been carried out: it reached somebody, or an attempt before the last one did.
pub fn may_be_done(error: &Error) -> bool {
    if error.fact_value("status") == Some("429") {
        return false;
    }
    let is_first = error.fact_value("attempts").is_none_or(|attempts| attempts == "1");
    let never_sent = [http::UNREACHABLE, http::HOST_NAME, http::PROXY, http::CERTIFICATE];
    let is_lost = matches!(error.kind(), Kind::Unavailable | Kind::DeadlineExceeded);
    !is_first || (is_lost && !never_sent.contains(&error.code_id()))
}

/// The error of a write that may or may not have taken effect, since it could not be read back.
fn unknown(change: &Change, sent: Sent, error: Error) -> Error {
    let how = match &sent {
        Sent::Accepted(Some(complaint)) => format!("Workato answered with success and yet says: {complaint}"),
        Sent::Accepted(None) | Sent::Refused(_) => "it was sent and accepted".to_owned(),
        Sent::Lost(lost) => format!("it was sent ({lost})"),
    };
    let mut unknown = Error::new(
        error.kind(),
        format!("it is not known whether the change took effect ({change}): {how}, and reading it back failed"),
    )
    .code(code::OUTCOME_UNKNOWN)
    .hint("before you repeat it, sync and look, or look in Workato, whether it is there");
    for (name, value) in error.facts() {
        unknown = unknown.fact(name, value.clone());
    }
    unknown.source(error)
}

fn no_effect(change: &Change, found: &str) -> Error {
    let message =
        format!("Workato accepted the change but it did not take effect: wanted {change}, and there is {found}");
    Error::new(Kind::Internal, message).code(code::NO_EFFECT).hint(
        "look at it in Workato: a directory that assigns roles (SCIM, SAML) may have changed it back, or it takes a \
         while; then try again",
    )
}
