//! Changing keys of API-platform clients (`workato/agents.md 5`): off and on, a new secret, deletion.

use prost_types::Any;

use super::{ApiKeyRow, OF_DEVELOPER};
use crate::baton::annotation::pack;
use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::seal::NewSecret;
use crate::workato::api_platform_client::{self, ApiPlatformClientRow};
use crate::workato::client::endpoint::{self, Address, Endpoint};
use crate::workato::client::{WorkatoClient, Write};
use crate::workato::code;
use crate::workato::kind::first_of;
use crate::workato::listing::List;
use crate::workato::tables::Tables;
use crate::workato::writing::effect::{Ended, send};
use crate::workato::writing::found::{Found, Wanted};
use crate::workato::writing::not_clear;
use crate::workato::writing::rotation::{IN_USE, MADE_ANEW, renew};

const THERE: &str = "API key";
const GONE: &str = "deleted";

/// The id of the API client whose token this is, if it is one.
pub fn developer_client(id: &str) -> Option<&str> {
    id.strip_prefix(OF_DEVELOPER)
}

/// A key, its client, and who sees them.
struct Key<'t> {
    owner: ApiPlatformClientRow,
    client: &'t WorkatoClient,
    row: ApiKeyRow,
    environment: String,
}

impl<'t> Key<'t> {
    async fn find(t: &'t Tables, cx: &SyncContext, id: &str) -> Result<Key<'t>> {
        let none = || {
            Error::new(Kind::NotFound, format!("there is no API key {id}"))
                .code(code::NOT_IN_WORKSPACE)
                .hint("sync again; the id of a key is that of its client and its own, such as 61-77")
        };
        let (owner, key) = id.rsplit_once('-').ok_or_else(none)?;
        let wanted = Wanted {
            what: "an API-platform client",
            list: &endpoint::API_PLATFORM_CLIENTS,
            itself: Some(&endpoint::API_KEYS),
            id: owner,
            environment: None,
        };
        let Found {
            environment,
            client,
            row: owner,
        } = wanted.find::<ApiPlatformClientRow>(t, cx).await?;
        let keys = keys(client, &owner).await?;
        let listed = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        let row = match keys.into_iter().find(|known| known.id.as_str() == key) {
            Some(row) => row,
            None if owner.total_api_keys_count.is_some_and(|said| said > listed) => {
                return Err(not_clear(format!(
                    "{} says it has more API keys than its list shows, and {id} is not among those",
                    api_platform_client::called(&owner)
                )));
            }
            None => return Err(none()),
        };
        Ok(Key {
            owner,
            client,
            row,
            environment: environment.to_string(),
        })
    }

    /// `2026 key of Partner portal (prod)`.
    fn title(&self) -> String {
        let id = self.row.id.to_string();
        let name = first_of([self.row.name.as_deref(), Some(&id)]).unwrap_or_default();
        format!(
            "{name} of {} ({})",
            api_platform_client::called(&self.owner),
            self.environment
        )
    }

    fn write(&self, at: &'static Endpoint) -> Result<Write<'t>> {
        let address = Address {
            part: Some(self.row.id.as_str()),
            ..at.of(self.owner.id.as_str())
        };
        self.client.write(address, None)
    }

    /// The key at this moment; none once it is gone.
    async fn now(&self) -> Result<Option<ApiKeyRow>> {
        match keys(self.client, &self.owner).await {
            Ok(keys) => Ok(keys.into_iter().find(|key| key.id == self.row.id)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

async fn keys(client: &WorkatoClient, owner: &ApiPlatformClientRow) -> Result<Vec<ApiKeyRow>> {
    let at = endpoint::API_KEYS.of(owner.id.as_str());
    List::now(client, at).usually_empty().read().await
}

fn word(active: Option<bool>) -> &'static str {
    match active {
        Some(true) => "active",
        Some(false) => "switched off",
        None => "in a state that is not known",
    }
}

/// Switches a key on or off.
///
/// # Errors
/// `NotFound` for one that is gone; `InvalidArgument` for the token of an API client, which has no such switch; those of
/// the API; `Internal` when it has no effect.
pub async fn switch(t: &Tables, cx: &SyncContext, id: &str, on: bool) -> Result<()> {
    if developer_client(id).is_some() {
        return Err(not_alone("cannot be switched off, only made anew"));
    }
    let key = Key::find(t, cx, id).await?;
    let wanted = word(Some(on));
    if key.row.active == Some(on) {
        cx.changes.tell(Change::already(key.title(), "", wanted));
        return Ok(());
    }
    let change = Change::made(key.title(), "", word(key.row.active), wanted);
    let write = key.write(if on {
        &endpoint::ENABLE_API_KEY
    } else {
        &endpoint::DISABLE_API_KEY
    })?;
    let maybe_so = [Kind::AlreadyExists, Kind::InvalidArgument];
    let ended = send(cx, key.client, &change, write, &maybe_so, || async {
        Ok(match key.now().await? {
            Some(now) if now.active == Some(on) => None,
            Some(now) => Some(word(now.active).to_owned()),
            None => Some("no such key".to_owned()),
        })
    });
    if ended.await? == Ended::Before {
        cx.changes.tell(Change::already(key.title(), "", wanted));
    }
    Ok(())
}

/// Makes the secret of a key anew.
///
/// # Errors
/// As [`switch`]; those of [`renew`].
pub async fn rotate(t: &Tables, cx: &SyncContext, id: &str) -> Result<NewSecret> {
    let key = Key::find(t, cx, id).await?;
    let change = Change::made(key.title(), "secret", IN_USE, MADE_ANEW);
    let write = key.write(&endpoint::REFRESH_API_KEY)?;
    let places = [
        "/data/auth_token",
        "/data/api_token",
        "/result/auth_token",
        "/auth_token",
    ];
    let value = renew(cx, &change, write, &places).await?;
    Ok(NewSecret {
        name: "key".to_owned(),
        description: format!("API key {}", key.title()),
        value,
    })
}

/// Deletes a key. One that is not there is gone already.
///
/// # Errors
/// As [`switch`].
pub async fn delete(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<Any>> {
    if developer_client(id).is_some() {
        return Err(not_alone(
            "cannot be deleted alone: delete the API client, or make its token anew",
        ));
    }
    let gone = |who: String| {
        cx.changes.tell(Change::gone(who, "", THERE, None::<&str>));
        Ok(vec![pack(&v2::ResourceDoesNotExist::default())])
    };
    let key = match Key::find(t, cx, id).await {
        Ok(key) => key,
        Err(error) if error.kind() == Kind::NotFound => return gone(id.to_owned()),
        Err(error) => return Err(error),
    };
    let change = Change::made(key.title(), "", THERE, GONE);
    let write = key.write(&endpoint::DELETE_API_KEY)?;
    let ended = send(cx, key.client, &change, write, &[Kind::NotFound], || async {
        Ok(key.now().await?.map(|_| format!("the {THERE}")))
    });
    match ended.await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => gone(key.title()),
    }
}

fn not_alone(what: &str) -> Error {
    Error::new(Kind::InvalidArgument, format!("the token of an API client {what}")).code(code::NOT_ALONE)
}
