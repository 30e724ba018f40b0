//! Roles of API clients.

use super::api_client::ApiClient;
use super::client::ApiClientRole as Listed;
use super::directory::Directory;
use super::kind::{PAGE, ResourceKind, first_of, id_value};
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "has this role".
const ASSIGNED: &str = "assigned";

/// The API client role resource type.
pub struct ApiClientRole;

impl ResourceKind for ApiClientRole {
    const TYPE: &'static str = "api_client_role";

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "API Client Role",
            &[v2::resource_type::Trait::Role],
            Vec::new(),
        )
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let roles = d.api_client_roles(cx).await?;
        Page::of_table(&roles, page, PAGE, build)
    }

    async fn entitlements(_: &Directory, _: &SyncContext, role: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let text = format!("{} of API clients", role.display_name);
        Ok(vec![
            EntitlementBuilder::new(role, ASSIGNED, Purpose::Assignment, &[&ApiClient::resource_type()])
                .named(text.clone(), text)
                .immutable()
                .build(),
        ])
    }

    async fn grants(d: &Directory, cx: &SyncContext, role: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let id = resource::key(role).1;
        let clients = d.api_clients(cx).await?;
        let holders: Vec<_> = clients
            .iter()
            .filter(|c| {
                c.api_privilege_group_id
                    .as_ref()
                    .is_some_and(|role| role.to_string() == id)
            })
            .collect();
        Page::of_table(&holders, page, PAGE, |client| {
            let principal = resource::id(ApiClient::TYPE, client.id.to_string());
            GrantBuilder::new(role, ASSIGNED, principal).immutable().build()
        })
    }
}

fn build(role: &Listed) -> v2::Resource {
    let id = role.id.to_string();
    let name = first_of([role.name.as_deref(), Some(&id)]).unwrap_or_default();
    let profile = Profile::new().with("id", id_value(&role.id)).with("name", name);
    ResourceBuilder::new(ApiClientRole::TYPE, id.as_str(), name)
        .profile(profile)
        .role()
        .build()
}
