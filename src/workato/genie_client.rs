//! Genie clients: keys by which programs talk to agents. Whoever holds one names the identity user for whom they speak.
//! The key is never in a list, and there is no field for it.

use super::client::{endpoint, ids, parts, rows};
use super::feature::Feature;
use super::kind::{PAGE, ResourceKind, first_of};
use super::probe::{Probe, Refused};
use super::tables::{Table, Tables};
use super::tokens::Placed;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder, User};

ids! {
    /// A genie client.
    GenieClientId,
}

rows! {
    /// A genie client (`workato/agents.md 3.2`). Which genie it serves, no list says.
    GenieClientRow {
        id: GenieClientId = id as "client_id",
        client_name: Option<String> = text,
        #[serde(default)]
        auth: Option<ClientAuth> = loose_part,
    }
}

parts! {
    /// How a genie client proves who it is.
    ClientAuth {
        kind: Option<String> = text as "type",
    }
}

const FEATURE: Feature = Feature {
    family: "genie_clients",
    endpoint: &endpoint::GENIE_CLIENTS,
};

/// The genie clients.
struct GenieClients;

impl Table for GenieClients {
    type Value = Vec<Placed<GenieClientRow>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<Placed<GenieClientRow>>> {
        t.feature(cx, &FEATURE).await
    }
}

/// The genie client resource type.
pub struct GenieClient;

impl ResourceKind for GenieClient {
    const TYPE: &'static str = "genie_client";

    const PROBES: &'static [Probe] = &[Probe::list::<GenieClientRow>(&endpoint::GENIE_CLIENTS)
        .recorded(FEATURE.family)
        .per_environment()
        .refused(Refused::NotInPlan)];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Genie Client",
            &[v2::resource_type::Trait::User],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&t.get::<GenieClients>(cx).await?, page, PAGE, build)
    }
}

fn build(placed: &Placed<GenieClientRow>) -> v2::Resource {
    let client = &placed.row;
    let id = client.id.to_string();
    let name = first_of([client.client_name.as_deref(), Some(&id)]).unwrap_or_default();
    let profile = Profile::new()
        .with("id", id.as_str())
        .with("name", name)
        .with("environment", placed.environment.as_str())
        .with("auth_type", client.auth.as_ref().and_then(|auth| auth.kind.as_deref()))
        // The caller names any user in a header (`workato/agents.md 3.2`).
        .with("speaks_for", "any identity user who may use its genie");
    ResourceBuilder::new(GenieClient::TYPE, id.as_str(), name)
        .profile(profile)
        .known_status(None)
        .user(User {
            email: None,
            login: None,
            account_type: v2::user_trait::AccountType::Service,
            last_login: None,
        })
        .non_human("genie client")
        .build()
}
