//! Stopping an agent. The words of its state are not published (`workato/agents.md 3.2`).

use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Kind, Result};
use crate::workato::client::endpoint;
use crate::workato::genie::{GenieRow, called};
use crate::workato::tables::Tables;
use crate::workato::writing::effect::{Ended, send};
use crate::workato::writing::found::{Found, Wanted};

const STOPPED: &str = "stopped";
const UNKNOWN: &str = "in a state that is not known";

/// Stops it.
///
/// # Errors
/// `NotFound` for one that is gone; those of the API; `Internal` when its state stays as it was.
pub async fn run(t: &Tables, cx: &SyncContext, id: &str) -> Result<()> {
    let wanted = Wanted {
        what: "a genie",
        list: &endpoint::GENIES,
        itself: Some(&endpoint::GENIE),
        id,
        environment: None,
    };
    let Found {
        environment,
        client,
        row,
    } = wanted.find::<GenieRow>(t, cx).await?;
    let state = || async {
        let genie: GenieRow = client.object(endpoint::GENIE.of(id)).await?;
        Ok::<_, crate::baton::error::Error>(genie.state.map(|state| state.trim().to_lowercase()))
    };
    let title = format!("{} ({environment})", called(&row));
    let before = state().await?;
    let already = || cx.changes.tell(Change::already(&title, "", STOPPED));
    if before.as_deref() == Some(STOPPED) {
        already();
        return Ok(());
    }
    let change = Change::made(&title, "", before.as_deref().unwrap_or(UNKNOWN), STOPPED);
    let write = client.write(endpoint::STOP_GENIE.of(id), None)?;
    let maybe_so = [Kind::AlreadyExists, Kind::InvalidArgument];
    let ended = send(cx, client, &change, write, &maybe_so, || async {
        let now = state().await?;
        // Another word than before will be that of a stop: only `running` is known to be none.
        let stopped = now.as_deref() == Some(STOPPED)
            || (now.is_some() && before.is_some() && now != before && now.as_deref() != Some("running"));
        Ok((!stopped).then(|| now.unwrap_or_else(|| UNKNOWN.to_owned())))
    });
    if ended.await? == Ended::Before {
        already();
    }
    Ok(())
}
