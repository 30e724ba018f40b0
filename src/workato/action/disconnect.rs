//! Disconnecting a connection: its credentials are gone until somebody authorises it again.

use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::client::{WorkatoClient, endpoint};
use crate::workato::connection::ConnectionRow;
use crate::workato::kind::first_of;
use crate::workato::listing::List;
use crate::workato::tables::Tables;
use crate::workato::writing::effect::{Ended, send};
use crate::workato::writing::found::{Found, Wanted};

const DISCONNECTED: &str = "disconnected";
/// How a connection that works is marked (`workato/api.md 2.15`).
const SUCCESS: &str = "success";

/// Whether it holds credentials, in words. A row without a status is mostly a disconnected one, but it can lack it for any
/// other reason: asking once more to disconnect it harms nothing, and to call it disconnected could be false.
fn state(row: &ConnectionRow) -> String {
    match row.authorization_status.as_deref() {
        None | Some("") => "no status".to_owned(),
        Some(SUCCESS) => "connected".to_owned(),
        Some(other) => format!("connected ({other})"),
    }
}

async fn now(client: &WorkatoClient, id: &str) -> Result<Option<ConnectionRow>> {
    let all: Vec<ConnectionRow> = List::now(client, &endpoint::CONNECTIONS).read().await?;
    Ok(all.into_iter().find(|row| row.id.as_str() == id))
}

/// Disconnects it.
///
/// # Errors
/// `NotFound` for one that is gone; those of the API; `Internal` when it stays connected.
pub async fn run(t: &Tables, cx: &SyncContext, id: &str) -> Result<()> {
    let wanted = Wanted {
        what: "a connection",
        list: &endpoint::CONNECTIONS,
        itself: None,
        id,
        environment: None,
    };
    let Found {
        environment,
        client,
        row,
    } = wanted.find::<ConnectionRow>(t, cx).await?;
    let name = first_of([row.name.as_deref(), Some(id)]).unwrap_or_default();
    let title = format!("{name} ({environment})");
    let change = Change::made(&title, "", state(&row), DISCONNECTED);
    let write = client.write(endpoint::DISCONNECT.of(id), None)?;
    let maybe_so = [Kind::AlreadyExists, Kind::InvalidArgument];
    let ended = send(cx, client, &change, write, &maybe_so, || async {
        match now(client, id).await? {
            // What was broken before may stay marked so: only that it works says that it is connected.
            Some(row) if row.authorization_status.as_deref() == Some(SUCCESS) => Ok(Some(state(&row))),
            Some(_) => Ok(None),
            None => Err(Error::new(Kind::NotFound, format!("the connection {id} is gone"))),
        }
    });
    if ended.await? == Ended::Before {
        cx.changes.tell(Change::already(&title, "", DISCONNECTED));
    }
    Ok(())
}
