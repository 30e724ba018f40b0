//! Things that answered in an earlier sync and are in no list now. They were deleted, or the API client was limited to
//! others: to a list both look the same. So each is asked for once. Only an answer that it is not there says that it
//! went; of all others it is counted that they are missing, in every sync until somebody begins anew.

use super::Single;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::access_model::is_refusal;
use crate::workato::cause;
use crate::workato::family::{Family, loss};

/// How many of them are asked for in one sync: each costs a request of the family's quota.
const ASKED: usize = 20;

/// Counts those that are not known to be gone, and keeps them remembered.
///
/// # Errors
/// Those of the API but refusals.
pub(super) async fn count<S: Single>(cx: &SyncContext, family: &Family, single: &S) -> Result<()> {
    let Some(previous) = &cx.previous else {
        return Ok(());
    };
    let before = previous.remembered.answered.get(&family.name);
    let vanished = before
        .into_iter()
        .flatten()
        .filter(|id| single.is_known(id) == Some(false));
    for (at, id) in vanished.enumerate() {
        let is_asked = at < ASKED;
        if is_asked && is_gone(&ask(cx, single, id).await)? {
            continue;
        }
        cx.records.begin(&family.name, [id.clone()]);
        let found = match is_asked {
            true => "Workato does not answer that they are gone",
            false => "whether they are gone was not asked, as there are many",
        };
        cx.warnings.add(
            cause::NO_LONGER_LISTED,
            format!(
                "{}, and so are they: they answered in an earlier sync and are in no list now, and {found}; see whether \
                 the API client was limited to some projects (if that is on purpose, {})",
                single.losses().missing,
                loss::begin_anew(cx)
            ),
            format!("{id} ({})", single.what()),
        );
    }
    Ok(())
}

async fn ask<S: Single>(cx: &SyncContext, single: &S, id: &str) -> Result<()> {
    // Nobody closes the semaphore.
    let _turn = cx.permits.acquire().await.ok();
    single.ask_again(id).await
}

/// Whether an answer says that the thing is not there.
///
/// # Errors
/// An answer that says nothing about it.
fn is_gone(answer: &Result<()>) -> Result<bool> {
    match answer {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == Kind::NotFound => Ok(true),
        Err(error) if is_refusal(error) => Ok(false),
        Err(error) => Err(Error::again(error)),
    }
}
