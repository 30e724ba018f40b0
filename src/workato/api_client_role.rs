//! Roles of API clients.

use super::api_client::{self, ApiClient, ApiClientRoleId, ApiClients};
use super::cause;
use super::client::{endpoint, rows};
use super::kind::{PAGE, ResourceKind, first_of, id_value};
use super::probe::Probe;
use super::tables::{Table, Tables};
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "has this role".
const ASSIGNED: &str = "assigned";

rows! {
    /// A role of API clients (`workato/api.md 2.13`).
    ApiClientRoleRow {
        id: ApiClientRoleId = id,
        name: Option<String> = text,
    }
}

/// What syncs record when they read the list.
const FAMILY: &str = "api_client_roles";

/// The roles of API clients.
pub struct ApiClientRoles;

impl Table for ApiClientRoles {
    type Value = Vec<ApiClientRoleRow>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<ApiClientRoleRow>> {
        let listed = t.list_of_dev(cx, &endpoint::API_CLIENT_ROLES, FAMILY).await?;
        let Some(roles): Option<Vec<ApiClientRoleRow>> = listed else {
            return Ok(Vec::new());
        };
        let clients = t.get::<ApiClients>(cx).await?;
        let named = clients
            .iter()
            .filter_map(|client| client.api_privilege_group_id.as_ref());
        for id in named.filter(|id| !roles.iter().any(|role| role.id == **id)) {
            cx.warnings.add(
                cause::API_CLIENT_ROLE_NOT_LISTED,
                "API clients have roles that no list returned; those grants were dropped",
                format!("API client role {id}"),
            );
        }
        for client in clients.iter().filter(|client| client.api_privilege_group_id.is_none()) {
            cx.warnings.add(
                cause::API_CLIENT_ROLE_NOT_SAID,
                "API clients do not say which role they have; those grants are missing",
                format!("API client {}", client.id),
            );
        }
        Ok(roles)
    }
}

/// The API client role resource type.
pub struct ApiClientRole;

impl ResourceKind for ApiClientRole {
    const TYPE: &'static str = "api_client_role";

    const PROBES: &'static [Probe] = &[Probe::list::<ApiClientRoleRow>(&endpoint::API_CLIENT_ROLES).recorded(FAMILY)];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "API Client Role",
            &[v2::resource_type::Trait::Role],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let roles = t.get::<ApiClientRoles>(cx).await?;
        Page::of_table(&roles, page, PAGE, build)
    }

    async fn entitlements(_: &Tables, _: &SyncContext, role: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let text = format!("{} of API clients", role.display_name);
        Ok(vec![
            EntitlementBuilder::new(role, ASSIGNED, Purpose::Assignment, &[&ApiClient::resource_type()])
                .named(text.clone(), text)
                .immutable()
                .build(),
        ])
    }

    async fn grants(t: &Tables, cx: &SyncContext, role: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let id = resource::key(role).1;
        let clients = t.get::<ApiClients>(cx).await?;
        let holders: Vec<_> = clients
            .iter()
            .filter(|c| {
                c.api_privilege_group_id
                    .as_ref()
                    .is_some_and(|role| role.to_string() == id)
            })
            .collect();
        Page::of_table(&holders, page, PAGE, |client| {
            let principal = api_client::resource_id(&client.id);
            GrantBuilder::new(role, ASSIGNED, principal).immutable().build()
        })
    }
}

fn build(role: &ApiClientRoleRow) -> v2::Resource {
    let id = role.id.to_string();
    let name = first_of([role.name.as_deref(), Some(&id)]).unwrap_or_default();
    let profile = Profile::new().with("id", id_value(&role.id)).with("name", name);
    ResourceBuilder::new(ApiClientRole::TYPE, id.as_str(), name)
        .profile(profile)
        .role()
        .build()
}
