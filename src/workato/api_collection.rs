//! API collections: published recipes, which API-platform clients call.

use std::collections::BTreeMap;

use super::api_platform_client::{self, ApiCollectionId, ApiPlatformClient, ApiPlatformClients};
use super::cause;
use super::client::{endpoint, rows};
use super::feature::Feature;
use super::kind::{PAGE, ResourceKind, first_of, id_value};
use super::probe::{Probe, Refused};
use super::project::{self, ProjectId};
use super::tables::{Table, Tables};
use super::tokens::Placed;
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "may call".
const CALL: &str = "call";

rows! {
    /// A collection (`workato/agents.md 3.4`).
    ApiCollectionRow {
        id: ApiCollectionId = id,
        name: Option<String> = text,
        project_id: Option<ProjectId> = loose_id,
        version: Option<String> = text,
    }
}

const FEATURE: Feature = Feature {
    family: "api_collections",
    endpoint: &endpoint::API_COLLECTIONS,
};

/// All collections: those of the list, and those that only clients name.
struct ApiCollections;

impl Table for ApiCollections {
    type Value = Vec<Placed<ApiCollectionRow>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<Placed<ApiCollectionRow>>> {
        let listed: Vec<Placed<ApiCollectionRow>> = t.feature(cx, &FEATURE).await?;
        let mut all: BTreeMap<ApiCollectionId, Placed<ApiCollectionRow>> = listed
            .into_iter()
            .map(|placed| (placed.row.id.clone(), placed))
            .collect();
        for client in t.get::<ApiPlatformClients>(cx).await?.iter() {
            for named in client.row.api_collections.iter().flatten() {
                all.entry(named.id.clone()).or_insert_with(|| {
                    cx.warnings.add(
                        cause::API_COLLECTION_NOT_LISTED,
                        "API-platform clients may call collections that no list returned; only their names are known",
                        format!("API collection {}", named.id),
                    );
                    Placed {
                        environment: client.environment.clone(),
                        row: ApiCollectionRow {
                            id: named.id.clone(),
                            name: named.name.clone(),
                            project_id: None,
                            version: None,
                            odd: Vec::new(),
                        },
                    }
                });
            }
        }
        Ok(all.into_values().collect())
    }
}

/// The API collection resource type.
pub struct ApiCollection;

impl ResourceKind for ApiCollection {
    const TYPE: &'static str = "api_collection";

    const PROBES: &'static [Probe] = &[Probe::list::<ApiCollectionRow>(&endpoint::API_COLLECTIONS)
        .recorded(FEATURE.family)
        .per_environment()
        .refused(Refused::NotInPlan)];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "API Collection",
            &[v2::resource_type::Trait::App],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let projects = project::ids(t, cx).await?;
        Page::of_table(&t.get::<ApiCollections>(cx).await?, page, PAGE, |placed| {
            let collection = &placed.row;
            let id = collection.id.to_string();
            let name = first_of([collection.name.as_deref(), Some(&id)]).unwrap_or_default();
            let profile = Profile::new()
                .with("id", id_value(&collection.id))
                .with("name", name)
                .with("environment", placed.environment.as_str())
                .with("project_id", collection.project_id.as_ref().map(id_value))
                .with("version", collection.version.as_deref());
            let resource = ResourceBuilder::new(ApiCollection::TYPE, id.as_str(), name).profile(profile);
            match collection.project_id.as_ref().filter(|id| projects.contains(*id)) {
                Some(project) => resource.parent(project::resource_id(project)),
                None => resource,
            }
            .app()
            .build()
        })
    }

    async fn entitlements(_: &Tables, _: &SyncContext, collection: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let text = format!("Call {}", collection.display_name);
        Ok(vec![
            EntitlementBuilder::new(
                collection,
                CALL,
                Purpose::Permission,
                &[&ApiPlatformClient::resource_type()],
            )
            .named(text.clone(), text)
            .immutable()
            .build(),
        ])
    }

    async fn grants(
        t: &Tables,
        cx: &SyncContext,
        collection: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Grant>> {
        let id = resource::key(collection).1;
        let clients = t.get::<ApiPlatformClients>(cx).await?;
        let callers: Vec<_> = clients
            .iter()
            .filter(|client| {
                let named = client.row.api_collections.iter().flatten();
                named.into_iter().any(|named| named.id.as_str() == id)
            })
            .collect();
        Page::of_table(&callers, page, PAGE, |client| {
            let principal = api_platform_client::resource_id(&client.row.id);
            GrantBuilder::new(collection, CALL, principal).immutable().build()
        })
    }
}
