//! API clients: the non-human identities of a workspace. Token values are never read.

mod leak;
mod write;

use prost_types::Any;

use self::leak::{LeakLogs, Leaks};
pub use self::write::{Narrower, narrow, rotate};
use super::api_client_role::{ApiClientRoleRow, ApiClientRoles};
use super::client::{endpoint, ids, parts, rows};
use super::folder::FolderId;
use super::kind::{PAGE, ResourceKind, first_of, id_value, stamp, utc};
use super::probe::Probe;
use super::project::{ProjectRow, Projects};
use super::settings::Environment;
use super::tables::{Table, Tables};
use super::tokens::{EnvironmentId, Placed};
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder, User};
use crate::baton::seal::NewSecret;

ids! {
    /// A developer API client.
    ApiClientId,
    /// The role of a developer API client.
    ApiClientRoleId,
}

rows! {
    /// A developer API client: an identity that is nobody's (`workato/api.md 2.13`).
    ApiClientRow {
        id: ApiClientId = id,
        name: Option<String> = text,
        /// Its role.
        api_privilege_group_id: Option<ApiClientRoleId> = id_or_none,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        all_folders: Option<bool> = switch,
        #[serde(default)]
        folder_ids: Vec<FolderId> = ids,
        /// Spelled out: `Development`.
        environment_name: Option<String> = text,
        environment_id: Option<EnvironmentId> = loose_id,
        #[serde(default)]
        token: Option<ApiClientToken> = loose_part,
        ip_allow_list: Option<Vec<String>> = addresses,
    }
}

parts! {
    /// About the token of an API client. There is no field for its text: it is never kept (`workato/api.md 2.13`).
    ApiClientToken {
        updated_at: Option<String> = time,
    }
}

/// What syncs record when they read the list.
const FAMILY: &str = "api_clients";

/// The API clients of the workspace.
pub struct ApiClients;

impl Table for ApiClients {
    type Value = Vec<ApiClientRow>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<ApiClientRow>> {
        Ok(t.list_of_dev(cx, &endpoint::API_CLIENTS, FAMILY)
            .await?
            .unwrap_or_default())
    }
}

/// The API client resource type.
pub struct ApiClient;

impl ResourceKind for ApiClient {
    const TYPE: &'static str = "api_client";

    const CAPABILITIES: &'static [v2::Capability] = &[
        v2::Capability::Sync,
        v2::Capability::ResourceDelete,
        v2::Capability::CredentialRotation,
    ];

    const PROBES: &'static [Probe] = &[Probe::list::<ApiClientRow>(&endpoint::API_CLIENTS).recorded(FAMILY)];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "API Client", &[v2::resource_type::Trait::User], Vec::new())
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let clients = t.get::<ApiClients>(cx).await?;
        let roles = t.get::<ApiClientRoles>(cx).await?;
        let projects = t.get::<Projects>(cx).await?;
        let leaks = t.get::<Leaks>(cx).await?;
        Page::of_table(&clients, page, PAGE, |client| {
            build(client, &roles, &projects, leaks.as_ref().as_ref())
        })
    }

    async fn rotate(t: &Tables, cx: &SyncContext, id: &str) -> Result<NewSecret> {
        write::rotate(t, cx, id).await
    }

    async fn delete(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<Any>> {
        write::delete(t, cx, id).await
    }
}

/// What a client is called.
pub fn called(client: &ApiClientRow) -> String {
    let id = client.id.to_string();
    first_of([client.name.as_deref(), Some(&id)])
        .unwrap_or_default()
        .to_owned()
}

/// A client as a principal, or as the owner of its token.
pub fn resource_id(client: &ApiClientId) -> v2::ResourceId {
    resource::id(ApiClient::TYPE, client.to_string())
}

/// The environment as member rows spell it: clients say `Development` (`workato/api.md 3.5`).
pub fn environment(name: &str) -> String {
    Environment::new(name).to_string()
}

fn build(
    client: &ApiClientRow,
    roles: &[ApiClientRoleRow],
    projects: &[Placed<ProjectRow>],
    leaks: Option<&LeakLogs>,
) -> v2::Resource {
    let id = client.id.to_string();
    let name = called(client);
    let folders: Vec<serde_json::Value> = client.folder_ids.iter().map(id_value).collect();
    let token_updated_at = client.token.as_ref().and_then(|t| t.updated_at.as_deref());
    let held = client.api_privilege_group_id.as_ref();
    let role = roles.iter().find(|role| Some(&role.id) == held);
    let place = client.environment_name.as_deref().map(environment);
    let place = place.filter(|place| !place.is_empty());
    let projects: Vec<serde_json::Value> = projects
        .iter()
        .filter(|placed| {
            let root = placed.row.folder_id.as_ref();
            root.is_some_and(|root| client.folder_ids.contains(root))
        })
        .filter_map(|placed| placed.row.name.as_deref().map(Into::into))
        .collect();
    let profile = Profile::new()
        .with("id", id_value(&client.id))
        .with("role_name", role.and_then(|role| role.name.as_deref()))
        .with("environment", place.clone())
        .with("all_folders", client.all_folders)
        .with("folder_ids", folders)
        .with("project_names", (!projects.is_empty()).then_some(projects))
        .with("ip_allow_list", client.ip_allow_list.clone())
        .with("token_updated_at", utc(token_updated_at))
        // Its tools are the endpoints that the role ticks (`workato/api.md 1.2`).
        .with("opens_mcp_server_of_developers", true)
        .with("leaks_asked", leaks.map(|_| true))
        .with("token_leaked_at", leaks.and_then(|logs| logs.leaked_at(&id)))
        .with(
            "leaks_known_since",
            leaks.and_then(|logs| logs.known_since(place.as_deref())),
        );
    ResourceBuilder::new(ApiClient::TYPE, id.as_str(), name)
        .profile(profile)
        .created_at(stamp(client.created_at.as_deref()))
        .user(User {
            email: None,
            login: None,
            account_type: v2::user_trait::AccountType::Service,
            last_login: None,
        })
        .build()
}
