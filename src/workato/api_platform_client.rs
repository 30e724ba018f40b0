//! API-platform clients: programs that call published recipes. How they prove who they are is never read.

use prost_types::Any;

use super::client::{endpoint, ids, parts, rows};
use super::feature::Feature;
use super::kind::{PAGE, ResourceKind, first_of, id_value, stamp, utc};
use super::listing::List;
use super::probe::{Probe, Refused};
use super::tables::{Table, Tables};
use super::tokens::Placed;
use super::writing::effect::{Ended, send};
use super::writing::found::{Found, Wanted};
use crate::baton::annotation::pack;
use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Kind, Result};
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder, User};

ids! {
    /// An API-platform client.
    ApiPlatformClientId,
    /// A collection of published recipes.
    ApiCollectionId,
}

rows! {
    /// An API-platform client (`workato/agents.md 3.4`). There is no field for its token.
    ApiPlatformClientRow {
        id: ApiPlatformClientId = id,
        name: Option<String> = text,
        description: Option<String> = text,
        email: Option<String> = text,
        /// `token`, `jwt`, `oauth2` or `oidc`.
        auth_type: Option<String> = text,
        /// An access profile of the time before: a dead credential.
        is_legacy: Option<bool> = flag,
        mtls_enabled: Option<bool> = flag,
        active_api_keys_count: Option<i64> = number,
        total_api_keys_count: Option<i64> = number,
        /// What it may call.
        api_collections: Option<Vec<NamedCollection>> = loose_parts,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
    }
}

parts! {
    /// A collection where a client names it.
    NamedCollection {
        id: ApiCollectionId = id,
        name: Option<String> = text,
    }
}

/// The list of them.
pub const FEATURE: Feature = Feature {
    family: "api_platform_clients",
    endpoint: &endpoint::API_PLATFORM_CLIENTS,
};

/// The API-platform clients.
pub struct ApiPlatformClients;

impl Table for ApiPlatformClients {
    type Value = Vec<Placed<ApiPlatformClientRow>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<Placed<ApiPlatformClientRow>>> {
        let clients: Vec<Placed<ApiPlatformClientRow>> = t.feature(cx, &FEATURE).await?;
        for silent in clients.iter().filter(|placed| placed.row.api_collections.is_none()) {
            cx.warnings.add(
                super::cause::AUDIENCE_UNKNOWN,
                "API-platform clients do not say which collections they may call; those grants are missing",
                called(&silent.row),
            );
        }
        Ok(clients)
    }
}

/// What a client is called.
pub fn called(client: &ApiPlatformClientRow) -> String {
    let id = client.id.to_string();
    first_of([client.name.as_deref(), Some(&id)])
        .unwrap_or_default()
        .to_owned()
}

/// A client as a principal, or as the owner of a key.
pub fn resource_id(client: &ApiPlatformClientId) -> v2::ResourceId {
    resource::id(ApiPlatformClient::TYPE, client.to_string())
}

/// The API-platform client resource type.
pub struct ApiPlatformClient;

impl ResourceKind for ApiPlatformClient {
    const TYPE: &'static str = "api_platform_client";

    const CAPABILITIES: &'static [v2::Capability] = &[v2::Capability::Sync, v2::Capability::ResourceDelete];

    const PROBES: &'static [Probe] = &[Probe::list::<ApiPlatformClientRow>(&endpoint::API_PLATFORM_CLIENTS)
        .recorded(FEATURE.family)
        .per_environment()
        .refused(Refused::NotInPlan)];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "API Platform Client",
            &[v2::resource_type::Trait::User],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&t.get::<ApiPlatformClients>(cx).await?, page, PAGE, build)
    }

    async fn delete(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<Any>> {
        delete(t, cx, id).await
    }
}

fn build(placed: &Placed<ApiPlatformClientRow>) -> v2::Resource {
    let client = &placed.row;
    let id = client.id.to_string();
    let profile = Profile::new()
        .with("id", id_value(&client.id))
        .with("name", called(client))
        .with("description", client.description.as_deref())
        .with("contact", client.email.as_deref().filter(|email| !email.is_empty()))
        .with("environment", placed.environment.as_str())
        .with("auth_type", client.auth_type.as_deref())
        .with("is_legacy", client.is_legacy)
        .with("mtls_enabled", client.mtls_enabled)
        .with("active_api_keys_count", client.active_api_keys_count)
        .with("total_api_keys_count", client.total_api_keys_count)
        .with("updated_at", utc(client.updated_at.as_deref()));
    ResourceBuilder::new(ApiPlatformClient::TYPE, id.as_str(), called(client))
        .profile(profile)
        .created_at(stamp(client.created_at.as_deref()))
        // A credential of the time before is dead; of others no field says whether they work.
        .known_status(client.is_legacy.filter(|is_legacy| *is_legacy).map(|_| false))
        .user(User {
            email: None,
            login: None,
            account_type: v2::user_trait::AccountType::Service,
            last_login: None,
        })
        .non_human("API-platform client")
        .build()
}

/// Deletes a client with its keys. One that is not there is gone already.
async fn delete(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<Any>> {
    const THERE: &str = "API-platform client";
    let gone = |who: String| {
        cx.changes.tell(Change::gone(who, "", THERE, None::<&str>));
        Ok(vec![pack(&v2::ResourceDoesNotExist::default())])
    };
    let wanted = Wanted {
        what: "an API-platform client",
        list: &endpoint::API_PLATFORM_CLIENTS,
        itself: Some(&endpoint::API_KEYS),
        id,
        environment: None,
    };
    let found: Found<'_, ApiPlatformClientRow> = match wanted.find(t, cx).await {
        Ok(found) => found,
        Err(error) if error.kind() == Kind::NotFound => return gone(id.to_owned()),
        Err(error) => return Err(error),
    };
    let title = format!("{} ({})", called(&found.row), found.environment);
    let change = Change::made(&title, "", THERE, "deleted, with its keys");
    let write = found.client.write(endpoint::DELETE_API_PLATFORM_CLIENT.of(id), None)?;
    let ended = send(cx, found.client, &change, write, &[Kind::NotFound], || async {
        let now: Vec<ApiPlatformClientRow> = List::now(found.client, &endpoint::API_PLATFORM_CLIENTS).read().await?;
        let there = now.iter().any(|client| client.id == found.row.id);
        Ok(there.then(|| format!("the {THERE}")))
    });
    match ended.await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => gone(title),
    }
}
