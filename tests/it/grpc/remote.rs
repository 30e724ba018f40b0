//! A connector that asks another one over gRPC: with it the syncer of this program is an outside syncer.

use baton_workato::ABOUT;
use baton_workato::baton::about::About;
use baton_workato::baton::connector::{Connector, SyncContext};
use baton_workato::baton::error::{Error, Kind, Result};
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::connector_service_client::ConnectorServiceClient;
use baton_workato::baton::proto::v2::entitlements_service_client::EntitlementsServiceClient;
use baton_workato::baton::proto::v2::grants_service_client::GrantsServiceClient;
use baton_workato::baton::proto::v2::resource_types_service_client::ResourceTypesServiceClient;
use baton_workato::baton::proto::v2::resources_service_client::ResourcesServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// The connector at the other end of a channel.
pub struct Remote {
    channel: Channel,
    metadata: v2::ConnectorMetadata,
    types: Vec<v2::ResourceType>,
    /// `page_size` of every request.
    pub page_size: u32,
    /// Whether requests say which sync they belong to, as newer syncers do.
    pub names_syncs: bool,
}

impl Remote {
    /// Asks what there is.
    pub async fn connect(channel: Channel) -> Self {
        let mut about = ConnectorServiceClient::new(channel.clone());
        let metadata = about
            .get_metadata(v2::ConnectorServiceGetMetadataRequest {})
            .await
            .unwrap();
        let mut types = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v2::ResourceTypesServiceListResourceTypesRequest {
                page_token,
                ..Default::default()
            };
            let mut client = ResourceTypesServiceClient::new(channel.clone());
            let page = client.list_resource_types(request).await.unwrap().into_inner();
            types.extend(page.list);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        Remote {
            channel,
            metadata: metadata.into_inner().metadata.unwrap(),
            types,
            page_size: 0,
            names_syncs: true,
        }
    }

    /// The end of a sync, as syncers tell it.
    pub async fn cleanup(&self, active_sync_id: &str) {
        let request = v2::ConnectorServiceCleanupRequest {
            active_sync_id: active_sync_id.to_owned(),
            ..Default::default()
        };
        ConnectorServiceClient::new(self.channel.clone())
            .cleanup(request)
            .await
            .unwrap();
    }

    fn sync(&self, cx: &SyncContext) -> String {
        if self.names_syncs {
            cx.sync_id.to_string()
        } else {
            String::new()
        }
    }
}

fn page<T>(rows: Vec<T>, next: String) -> Page<T> {
    let next = (!next.is_empty()).then(|| PageToken::from(next));
    Page { rows, next }
}

fn failed(status: Status) -> Error {
    let kind = match status.code() {
        Code::NotFound => Kind::NotFound,
        Code::InvalidArgument => Kind::InvalidArgument,
        Code::ResourceExhausted => Kind::ResourceExhausted,
        Code::Unavailable => Kind::Unavailable,
        Code::Internal => Kind::Internal,
        _ => Kind::Unknown,
    };
    Error::new(kind, status.message().to_owned())
}

impl Connector for Remote {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        self.metadata.clone()
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        self.types.clone()
    }

    async fn validate(&self, _: &SyncContext) -> Result<()> {
        let mut client = ConnectorServiceClient::new(self.channel.clone());
        let answer = client
            .validate(v2::ConnectorServiceValidateRequest {})
            .await
            .map_err(failed)?;
        assert_eq!(answer.into_inner().sdk_version, "v0.25.0");
        Ok(())
    }

    async fn list_resources(
        &self,
        cx: &SyncContext,
        resource_type: &str,
        parent: Option<&v2::ResourceId>,
        token: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        let request = v2::ResourcesServiceListResourcesRequest {
            resource_type_id: resource_type.to_owned(),
            parent_resource_id: parent.cloned(),
            page_size: self.page_size,
            page_token: token.as_str().to_owned(),
            active_sync_id: self.sync(cx),
            ..Default::default()
        };
        let mut client = ResourcesServiceClient::new(self.channel.clone());
        let answer = client.list_resources(request).await.map_err(failed)?.into_inner();
        Ok(page(answer.list, answer.next_page_token))
    }

    async fn list_entitlements(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        token: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        let request = v2::EntitlementsServiceListEntitlementsRequest {
            resource: Some(resource.clone()),
            page_size: self.page_size,
            page_token: token.as_str().to_owned(),
            active_sync_id: self.sync(cx),
            ..Default::default()
        };
        let mut client = EntitlementsServiceClient::new(self.channel.clone());
        let answer = client.list_entitlements(request).await.map_err(failed)?.into_inner();
        Ok(page(answer.list, answer.next_page_token))
    }

    async fn list_grants(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        token: &PageToken,
    ) -> Result<Page<v2::Grant>> {
        let request = v2::GrantsServiceListGrantsRequest {
            resource: Some(resource.clone()),
            page_size: self.page_size,
            page_token: token.as_str().to_owned(),
            active_sync_id: self.sync(cx),
            ..Default::default()
        };
        let mut client = GrantsServiceClient::new(self.channel.clone());
        let answer = client.list_grants(request).await.map_err(failed)?.into_inner();
        Ok(page(answer.list, answer.next_page_token))
    }
}
