//! API clients: the non-human identities of a workspace. Token values are never read.

use super::client::ApiClient as Listed;
use super::directory::Directory;
use super::kind::{PAGE, ResourceKind, first_of, id_value, stamp, utc};
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder, User};

/// The API client resource type.
pub struct ApiClient;

impl ResourceKind for ApiClient {
    const TYPE: &'static str = "api_client";

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "API Client", &[v2::resource_type::Trait::User], Vec::new())
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&d.api_clients(cx).await?, page, PAGE, build)
    }
}

/// The environment as member rows spell it: clients say `Development` (`workato/api.md 3.5`).
fn environment(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "development" => "dev".to_owned(),
        "testing" => "test".to_owned(),
        "production" => "prod".to_owned(),
        other => other.to_owned(),
    }
}

fn build(client: &Listed) -> v2::Resource {
    let id = client.id.to_string();
    let name = first_of([client.name.as_deref(), Some(&id)]).unwrap_or_default();
    let folders: Vec<serde_json::Value> = client.folder_ids.iter().map(id_value).collect();
    let token_updated_at = client.token.as_ref().and_then(|t| t.updated_at.as_deref());
    let profile = Profile::new()
        .with("id", id_value(&client.id))
        .with("environment", client.environment_name.as_deref().map(environment))
        .with("all_folders", client.all_folders)
        .with("folder_ids", folders)
        .with("ip_allow_list", client.ip_allow_list.clone())
        .with("token_updated_at", utc(token_updated_at));
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
