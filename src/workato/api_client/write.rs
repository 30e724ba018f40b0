//! Changing API clients (`workato/agents.md 5`): a new token, less to see, deletion. The client that this program itself
//! runs on is touched by none of them by mistake.

use prost_types::Any;
use serde_json::json;

use super::{ApiClientRow, called, environment};
use crate::baton::annotation::pack;
use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::seal::NewSecret;
use crate::workato::client::endpoint;
use crate::workato::code;
use crate::workato::kind::id_value;
use crate::workato::settings::{Environment, OwnToken};
use crate::workato::tables::Tables;
use crate::workato::writing::effect::{Ended, send};
use crate::workato::writing::rotation::{IN_USE, MADE_ANEW, renew};
use crate::workato::writing::whole::never_empty;

const THERE: &str = "API client";
const GONE: &str = "deleted";

/// The clients as they are at this moment.
async fn now(t: &Tables) -> Result<Vec<ApiClientRow>> {
    // This program runs on one of them.
    never_empty(&t.clients.dev, &endpoint::API_CLIENTS).await
}

async fn find(t: &Tables, id: &str) -> Result<ApiClientRow> {
    let found = now(t).await?.into_iter().find(|client| client.id.as_str() == id);
    found.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no API client {id}"))
            .code(code::NOT_IN_WORKSPACE)
            .hint("sync again")
    })
}

/// Makes sure that a client is not the one whose token this run sends, as far as that can be told. No answer says which
/// client a token is of: one of an environment without a token here is another one, and so is one that the settings do not
/// name where they name some.
fn check_not_own(t: &Tables, client: &ApiClientRow) -> Result<()> {
    let id = client.id.as_str();
    let own: &OwnToken = &t.settings.own;
    let may_be_own = match own.clients.as_slice() {
        [] => {
            let lies_in = client.environment_name.as_deref().map(environment);
            lies_in.is_none_or(|name| {
                t.clients.of(&Environment::new(&name)).is_some() || !Environment::new(&name).is_known()
            })
        }
        named => named.iter().any(|own| own.trim() == id),
    };
    if !may_be_own || own.may_go {
        return Ok(());
    }
    let is_named = !own.clients.is_empty();
    let message = match is_named {
        true => format!(
            "the API client {:?} ({id}) is the one that this program runs on",
            called(client)
        ),
        false => format!(
            "the API client {:?} ({id}) may be the one that this program runs on",
            called(client)
        ),
    };
    let hint = match is_named {
        true => "to do it all the same, add --touch-own-token, and give this program the new token afterwards",
        false => {
            "name the ids of the API clients that this program runs on with --workato-own-api-clients, then all others \
             can be changed; or, if it is meant, add --touch-own-token and give this program the new token afterwards"
        }
    };
    Err(Error::new(Kind::FailedPrecondition, message)
        .code(code::OWN_TOKEN)
        .hint(hint))
}

/// Makes the token anew.
///
/// # Errors
/// `NotFound` for a client that is gone; `FailedPrecondition` for the one that this program may run on; those of
/// `renew`.
pub async fn rotate(t: &Tables, cx: &SyncContext, id: &str) -> Result<NewSecret> {
    let client = find(t, id).await?;
    check_not_own(t, &client)?;
    let change = Change::made(called(&client), "token", IN_USE, MADE_ANEW);
    let write = t.clients.dev.write(endpoint::REGENERATE_TOKEN.of(id), None)?;
    let value = renew(
        cx,
        &change,
        write,
        &["/result/token/value", "/data/token/value", "/token/value"],
    )
    .await?;
    Ok(NewSecret {
        name: "token".to_owned(),
        description: format!("Token of the API client {}", called(&client)),
        value,
    })
}

/// Deletes it. One that is not there is gone already.
///
/// # Errors
/// `FailedPrecondition` for the one that this program may run on; those of the API; `Internal` when it has no effect.
pub async fn delete(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<Any>> {
    let gone = |who: String| {
        cx.changes.tell(Change::gone(who, "", THERE, None::<&str>));
        Ok(vec![pack(&v2::ResourceDoesNotExist::default())])
    };
    let client = match find(t, id).await {
        Ok(client) => client,
        Err(error) if error.kind() == Kind::NotFound => return gone(id.to_owned()),
        Err(error) => return Err(error),
    };
    check_not_own(t, &client)?;
    let change = Change::made(called(&client), "", THERE, GONE);
    let dev = &t.clients.dev;
    let write = dev.write(endpoint::DELETE_API_CLIENT.of(id), None)?;
    let ended = send(cx, dev, &change, write, &[Kind::NotFound], || async {
        let there = now(t).await?.iter().any(|client| client.id.as_str() == id);
        Ok(there.then(|| format!("the {THERE}")))
    });
    match ended.await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => gone(called(&client)),
    }
}

/// What a client is to have from now on; nothing said stays.
#[derive(Debug, Clone, Default)]
pub struct Narrower {
    /// The id of its role.
    pub role: Option<String>,
    /// The folders it sees.
    pub folders: Option<Vec<String>>,
    /// From where it may come.
    pub addresses: Option<Vec<String>>,
}

/// What a client may do, in words.
fn scope(client: &ApiClientRow) -> String {
    let role = client.api_privilege_group_id.as_ref();
    let role = role.map_or_else(|| "no role".to_owned(), |role| format!("role {role}"));
    let mut folders: Vec<&str> = client.folder_ids.iter().map(|id| id.as_str()).collect();
    folders.sort_unstable();
    let folders = match client.all_folders {
        Some(true) => "all folders".to_owned(),
        _ => format!("folders {}", folders.join(", ")),
    };
    let addresses = match client.ip_allow_list.as_deref() {
        None | Some([]) => "every address".to_owned(),
        Some(some) => {
            let mut all = some.to_vec();
            all.sort_unstable();
            all.join(", ")
        }
    };
    format!("{role}, {folders}, {addresses}")
}

/// Gives a client another role, and less to see: never more folders, never more addresses. What the API replaces as a whole
/// is sent as a whole, with all that was there and stays.
///
/// # Errors
/// `InvalidArgument` for what would widen it, or names nothing; `FailedPrecondition` for the client that this program may
/// run on, and for one whose addresses cannot be read; those of the API; `Internal` when it has another effect.
pub async fn narrow(t: &Tables, cx: &SyncContext, id: &str, wanted: &Narrower) -> Result<()> {
    let client = find(t, id).await?;
    check_not_own(t, &client)?;
    if client.odd.iter().any(|odd| odd.path.contains("ip_allow_list")) {
        let message = format!("the addresses of the API client {:?} cannot be read", called(&client));
        return Err(Error::new(Kind::FailedPrecondition, message)
            .code(code::OUT_OF_SIGHT)
            .hint("what is not known cannot be sent back: change it in Workato"));
    }
    let target = narrowed(&client, wanted)?;
    if scope(&target) == scope(&client) {
        cx.changes.tell(Change::already(called(&client), "", scope(&client)));
        return Ok(());
    }
    let mut body = json!({
        "name": client.name,
        "all_folders": target.all_folders == Some(true),
    });
    if let Some(fields) = body.as_object_mut() {
        if let Some(role) = &target.api_privilege_group_id {
            fields.insert("api_privilege_group_id".to_owned(), id_value(role));
        }
        if target.all_folders != Some(true) {
            let folders: Vec<_> = target.folder_ids.iter().map(id_value).collect();
            fields.insert("folder_ids".to_owned(), folders.into());
        }
        if let Some(addresses) = &target.ip_allow_list {
            fields.insert("ip_allow_list".to_owned(), json!(addresses));
        }
    }
    let change = Change::made(called(&client), "", scope(&client), scope(&target));
    let dev = &t.clients.dev;
    let write = dev.write(endpoint::UPDATE_API_CLIENT.of(id), Some(&body))?;
    send(cx, dev, &change, write, &[], || async {
        let now = find(t, id).await?;
        let done = scope(&now) == scope(&target);
        Ok((!done).then(|| scope(&now)))
    })
    .await?;
    Ok(())
}

fn narrowed(client: &ApiClientRow, wanted: &Narrower) -> Result<ApiClientRow> {
    let wider = |message: String| {
        Err(Error::new(Kind::InvalidArgument, message)
            .code(code::NOT_NARROWER)
            .hint("an API client is only narrowed here; give it more in Workato"))
    };
    let mut target = client.clone();
    if wanted.role.is_none() && wanted.folders.is_none() && wanted.addresses.is_none() {
        return wider("nothing is named that the API client is to have".to_owned());
    }
    if let Some(role) = &wanted.role {
        target.api_privilege_group_id = Some(role.as_str().into());
    }
    if let Some(folders) = &wanted.folders {
        let held = |id: &&String| client.folder_ids.iter().any(|known| known.as_str() == id.as_str());
        if client.all_folders != Some(true)
            && let Some(more) = folders.iter().find(|id| !held(id))
        {
            return wider(format!(
                "the API client {:?} does not see folder {more}",
                called(client)
            ));
        }
        target.all_folders = Some(false);
        target.folder_ids = folders.iter().map(|id| id.as_str().into()).collect();
    }
    if let Some(addresses) = &wanted.addresses {
        let held = client.ip_allow_list.as_deref().unwrap_or_default();
        let more = addresses
            .iter()
            .find(|address| !held.is_empty() && !held.contains(address));
        match more {
            Some(more) => return wider(format!("{more} is not among the addresses of {:?}", called(client))),
            None if addresses.is_empty() => return wider("no address at all means every address".to_owned()),
            None => target.ip_allow_list = Some(addresses.clone()),
        }
    }
    Ok(target)
}
