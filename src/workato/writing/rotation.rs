//! Making a secret anew (`workato/agents.md 5`). The old one is void at once and the new one is answered once: such a
//! request is sent once, and an answer without the secret is said to be what it is.

use super::effect::may_be_done;
use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::secret::Secret;
use crate::workato::client::Write;
use crate::workato::code;

/// What was there before, and what is there after.
pub const IN_USE: &str = "in use";
/// As [`IN_USE`].
pub const MADE_ANEW: &str = "made anew, the old one is void";

/// Proposes the change, sends the request, and takes the secret out of the answer: the text at the first of `places` that
/// there is, as JSON pointers.
///
/// # Errors
/// Those of the consent and of the API; `Internal` where the old secret may be void and the new one is not known.
pub async fn renew(cx: &SyncContext, change: &Change, write: Write<'_>, places: &[&str]) -> Result<Secret> {
    cx.changes.propose(change, &write.request())?;
    let lost = |why: String| {
        let message = format!("the new secret is not known ({change}): {why}");
        Error::new(Kind::Internal, message)
            .code(code::SECRET_LOST)
            .hint("the old secret may be void already: make it anew once more, in Workato or here")
    };
    match write.send_for_secret(places).await {
        Ok(Some(secret)) => {
            cx.changes.tell(change.clone());
            Ok(secret)
        }
        Ok(None) => Err(lost("Workato answered with success and without it".to_owned())),
        Err(error) if may_be_done(&error) => Err(lost(format!("it was asked for ({error})"))),
        Err(error) => Err(error),
    }
}
