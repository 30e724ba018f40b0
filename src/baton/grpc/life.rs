//! `ConnectorService`: what the connector is, whether its credentials work, and the end of a sync.

use tonic::{Request, Response, Status};

use super::{Services, checked, refusal};
use crate::baton::capability;
use crate::baton::connector::Provisioner;
use crate::baton::proto::v2;
use crate::baton::proto::v2::connector_service_server::ConnectorService;

/// The published behavior these services have. Callers name the sync of a request from v0.4.3 on
/// (`baton/service/protocol.md 6.4`).
const SDK_VERSION: &str = "v0.25.0";

#[tonic::async_trait]
impl<C: Provisioner> ConnectorService for Services<C> {
    async fn get_metadata(
        &self,
        request: Request<v2::ConnectorServiceGetMetadataRequest>,
    ) -> Result<Response<v2::ConnectorServiceGetMetadataResponse>, Status> {
        checked(request)?;
        let mut metadata = self.0.connector.metadata();
        // A connector that says nothing of its own only reads.
        metadata
            .capabilities
            .get_or_insert_with(|| capability::read_only(&self.0.connector.resource_types()));
        let metadata = Some(metadata);
        Ok(Response::new(v2::ConnectorServiceGetMetadataResponse { metadata }))
    }

    async fn validate(
        &self,
        request: Request<v2::ConnectorServiceValidateRequest>,
    ) -> Result<Response<v2::ConnectorServiceValidateResponse>, Status> {
        checked(request)?;
        let cx = self.0.syncs.begin();
        let validated = self.0.connector.validate(&cx).await;
        validated.map_err(|error| refusal::status("validate failed", error))?;
        Ok(Response::new(v2::ConnectorServiceValidateResponse {
            annotations: Vec::new(),
            sdk_version: SDK_VERSION.to_owned(),
        }))
    }

    async fn cleanup(
        &self,
        request: Request<v2::ConnectorServiceCleanupRequest>,
    ) -> Result<Response<v2::ConnectorServiceCleanupResponse>, Status> {
        self.0.syncs.end(&checked(request)?.active_sync_id);
        Ok(Response::new(Default::default()))
    }
}
