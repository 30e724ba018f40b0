//! Sending a write and making sure that it took effect: an answer of success is a word, the list is the fact
//! (`contract/workato-api.md` 9 nr 25). Used by every write of this room.

use std::time::Duration;

use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::client::{WorkatoClient, Write};

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

/// Proposes `change`, sends `write`, and reads back whether it took effect. `read_back` answers `None` when it did, or
/// what there is instead. A refusal of one of the kinds in `maybe_so` may mean that things are so already: then they are
/// looked at, too.
///
/// # Errors
/// Those of the consent and of the API; `Internal` for a write that was accepted without effect.
pub async fn send<Read>(
    cx: &SyncContext,
    client: &WorkatoClient,
    change: &Change,
    write: Write<'_>,
    maybe_so: &[Kind],
    read_back: impl Fn() -> Read,
) -> Result<Ended>
where
    Read: Future<Output = Result<Option<String>>> + Send,
{
    cx.changes.propose(change, &write.request())?;
    let refused = match write.send().await {
        Ok(()) => None,
        Err(error) if maybe_so.contains(&error.kind()) => Some(error),
        Err(error) => return Err(error),
    };
    let mut found = String::new();
    for pause in PAUSES.into_iter().map(Some).chain([None]) {
        match (read_back().await, &refused) {
            (Ok(None), None) => {
                cx.changes.tell(change.clone());
                return Ok(Ended::Made);
            }
            (Ok(None), Some(_)) => return Ok(Ended::Before),
            (Ok(Some(instead)), _) => found = instead,
            (Err(error), None) => return Err(unconfirmed(error)),
            // What was refused says more than what could not be read.
            (Err(_), Some(_)) => break,
        }
        if let Some(pause) = pause {
            client.pause(pause).await;
        }
    }
    Err(refused.unwrap_or_else(|| no_effect(change, &found)))
}

fn unconfirmed(error: Error) -> Error {
    error
        .context("read back what was changed")
        .also_hint("the change was sent and accepted; sync, or look in Workato, to see whether it is there")
}

fn no_effect(change: &Change, found: &str) -> Error {
    let message =
        format!("Workato accepted the change but it did not take effect: wanted {change}, and there is {found}");
    Error::new(Kind::Internal, message).code(crate::workato::code::NO_EFFECT).hint(
        "look at it in Workato: a directory that assigns roles (SCIM, SAML) may have changed it back; then try again",
    )
}
