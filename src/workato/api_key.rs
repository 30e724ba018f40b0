//! API keys as secrets: those of API-platform clients, and the token of each Developer API client. When they were made
//! and whose they are, never what they are: there is no field for a value.

mod write;

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use prost_types::Any;

pub use self::write::switch;
use super::api_client::{self, ApiClientRow, ApiClients};
use super::api_platform_client::{self, ApiPlatformClientRow, ApiPlatformClients};
use super::cause;
use super::client::{endpoint, ids, odd, rows};
use super::family::single::Losses;
use super::feature::{Each, Questions};
use super::kind::{PAGE, ResourceKind, first_of, stamp, utc};
use super::probe::Probe;
use super::settings::Environment;
use super::tables::{FAN_OUT, Table, Tables};
use super::tokens::{self, Placed};
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::proto::v2::secret_trait::CredentialType;
use crate::baton::resource::{self, Profile, ResourceBuilder, Secret};
use crate::baton::seal::NewSecret;

ids! {
    /// A key of an API-platform client.
    ApiKeyId,
}

rows! {
    /// A key of an API-platform client (`workato/agents.md 3.4`). There is no field for its value.
    ApiKeyRow {
        id: ApiKeyId = id,
        name: Option<String> = text,
        auth_type: Option<String> = text,
        active: Option<bool> = flag,
        active_since: Option<String> = time,
        ip_allow_list: Option<Vec<String>> = addresses,
        ip_deny_list: Option<Vec<String>> = addresses,
    }
}

/// What the ids of tokens of Developer API clients begin with.
const OF_DEVELOPER: &str = "developer-";

/// What syncs record when they read the keys of a client.
const FAMILY: &str = "api_keys";

const QUESTIONS: Questions = Questions {
    what: "keys of API-platform clients",
    family: FAMILY,
    at: &endpoint::API_KEYS,
    list: &endpoint::API_PLATFORM_CLIENTS,
    losses: Losses {
        refused: cause::API_KEYS_REFUSED,
        missing: "API-platform clients, whose keys are missing",
        gone: cause::API_KEYS_GONE,
        gone_message: "API-platform clients disappeared while they were read; their keys are missing",
    },
};

/// Keys of API-platform clients, each with its client.
struct ApiKeys;

impl Table for ApiKeys {
    type Value = Vec<(Placed<ApiPlatformClientRow>, ApiKeyRow)>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<(Placed<ApiPlatformClientRow>, ApiKeyRow)>> {
        let clients = t.get::<ApiPlatformClients>(cx).await?;
        // A client that counts no key is not asked.
        let with_keys: Vec<Placed<ApiPlatformClientRow>> = (clients.iter())
            .filter(|client| client.row.total_api_keys_count != Some(0))
            .cloned()
            .collect();
        // One that lost its last key is there all the same.
        let ids = tokens::ids(&clients);
        let asked = |here: &Environment| with_keys.iter().any(|client| client.environment == *here);
        t.all_vanished::<Vec<ApiKeyRow>, ApiPlatformClientRow>(
            cx,
            &api_platform_client::FEATURE,
            &QUESTIONS,
            asked,
            &ids,
        )
        .await?;
        let keys = |client: Placed<ApiPlatformClientRow>| keys_of(t, cx, (&with_keys, &ids), client);
        let all: Vec<Vec<_>> = stream::iter(with_keys.clone())
            .map(keys)
            .buffered(FAN_OUT)
            .try_collect()
            .await?;
        Ok(all.into_iter().flatten().collect())
    }
}

async fn keys_of(
    t: &Tables,
    cx: &SyncContext,
    (clients, ids): (&[Placed<ApiPlatformClientRow>], &BTreeSet<String>),
    of: Placed<ApiPlatformClientRow>,
) -> Result<Vec<(Placed<ApiPlatformClientRow>, ApiKeyRow)>> {
    let Some(client) = t.clients.of(&of.environment) else {
        return Ok(Vec::new());
    };
    let here = clients.iter().filter(|other| other.environment == of.environment);
    let each: Each<'_, ApiPlatformClientRow> = Each::of(
        (cx, client, &of.environment),
        &QUESTIONS,
        here.map(|other| (other.row.id.to_string(), api_platform_client::called(&other.row))),
    );
    let each = each.knowing(ids.iter().cloned());
    let family = t.family(cx, &each.family);
    let keys: Option<Vec<ApiKeyRow>> = each.answer(&family, of.row.id.as_str()).await?;
    odd::count(cx, "keys of API-platform clients", keys.iter().flatten());
    Ok(keys.into_iter().flatten().map(|key| (of.clone(), key)).collect())
}

/// The API key resource type.
pub struct ApiKey;

impl ResourceKind for ApiKey {
    const TYPE: &'static str = "api_key";

    const CAPABILITIES: &'static [v2::Capability] = &[
        v2::Capability::Sync,
        v2::Capability::ResourceDelete,
        v2::Capability::CredentialRotation,
        v2::Capability::SyncSecrets,
    ];

    const PROBES: &'static [Probe] = &[Probe::list_of::<ApiKeyRow>(&endpoint::API_KEYS, |_, replies| {
        let ids = |clients: &[ApiPlatformClientRow]| clients.iter().map(|client| client.id.to_string()).collect();
        replies.candidates(&endpoint::API_PLATFORM_CLIENTS, ids, "there is no client to ask about")
    })
    .recorded(FAMILY)
    .per_environment()];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "API Key", &[v2::resource_type::Trait::Secret], Vec::new())
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let clients = t.get::<ApiClients>(cx).await?;
        let tokens = clients.iter().map(token);
        let keys = t.get::<ApiKeys>(cx).await?;
        let mut all: Vec<v2::Resource> = tokens
            .chain(keys.iter().map(|(client, key)| build(client, key)))
            .collect();
        all.sort_by(|a, b| resource::key(a).cmp(&resource::key(b)));
        Page::of_table(&all, page, PAGE, Clone::clone)
    }

    async fn rotate(t: &Tables, cx: &SyncContext, id: &str) -> Result<NewSecret> {
        match write::developer_client(id) {
            Some(client) => api_client::rotate(t, cx, client).await,
            None => write::rotate(t, cx, id).await,
        }
    }

    async fn delete(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<Any>> {
        write::delete(t, cx, id).await
    }
}

/// The token of a Developer API client: each has one, whether or not its age is known.
fn token(client: &ApiClientRow) -> v2::Resource {
    let made = client.token.as_ref().and_then(|token| token.updated_at.as_deref());
    let owner = api_client::called(client);
    let profile = Profile::new()
        .with("kind", "token of a Developer API client")
        .with("client", owner.as_str())
        .with(
            "environment",
            client.environment_name.as_deref().map(api_client::environment),
        )
        .with("active", true)
        .with("last_rotated_at", utc(made))
        .with("ip_allow_list", client.ip_allow_list.clone())
        // The same token does (`workato/agents.md 3.1`).
        .with("opens_mcp_server_of_developers", true);
    let secret = Secret {
        identity: api_client::resource_id(&client.id),
        created_at: stamp(made),
        kind: CredentialType::StaticSecret,
        detail: "token of a Developer API client",
    };
    let resource = ResourceBuilder::new(
        ApiKey::TYPE,
        format!("{OF_DEVELOPER}{}", client.id),
        format!("Token of {owner}"),
    );
    resource
        .profile(profile)
        .created_at(stamp(made))
        .status(true)
        .secret(secret)
        .build()
}

/// A key of an API-platform client. Its number is one of that client's.
fn build(client: &Placed<ApiPlatformClientRow>, key: &ApiKeyRow) -> v2::Resource {
    let Placed {
        environment,
        row: owner,
    } = client;
    let id = format!("{}-{}", owner.id, key.id);
    let name = first_of([key.name.as_deref(), Some(&id)]).unwrap_or_default();
    let since = key.active_since.as_deref();
    let profile = Profile::new()
        .with("kind", "key of an API-platform client")
        .with("client", api_platform_client::called(owner))
        .with("environment", environment.as_str())
        .with("auth_type", key.auth_type.as_deref())
        .with("active", key.active)
        .with("active_since", utc(since))
        .with("ip_allow_list", key.ip_allow_list.clone())
        .with("ip_deny_list", key.ip_deny_list.clone());
    let secret = Secret {
        identity: api_platform_client::resource_id(&owner.id),
        created_at: stamp(since),
        kind: CredentialType::StaticSecret,
        detail: "key of an API-platform client",
    };
    let mut resource = ResourceBuilder::new(
        ApiKey::TYPE,
        id.as_str(),
        format!("{name} of {}", api_platform_client::called(owner)),
    )
    .profile(profile)
    .created_at(stamp(since));
    if let Some(active) = key.active {
        resource = resource.status(active);
    }
    resource.secret(secret).build()
}
