//! The services that change the workspace. What they check and answer is [`Provisioning`]'s.
//!
//! [`Provisioning`]: crate::baton::provision::Provisioning

use tonic::{Request, Response, Status};

use super::{Services, checked};
use crate::baton::connector::Provisioner;
use crate::baton::error::Result as BatonResult;
use crate::baton::proto::v2;
use crate::baton::proto::v2::account_manager_service_server::AccountManagerService;
use crate::baton::proto::v2::credential_manager_service_server::CredentialManagerService;
use crate::baton::proto::v2::grant_manager_service_server::GrantManagerService;
use crate::baton::proto::v2::resource_deleter_service_server::ResourceDeleterService;
use crate::baton::proto::v2::resource_manager_service_server::ResourceManagerService;

fn answer<R>(done: BatonResult<R>) -> Result<Response<R>, Status> {
    done.map(Response::new).map_err(|error| {
        tracing::warn!(code = error.code_id().number(), %error, "Write failed.");
        Status::from(error)
    })
}

#[tonic::async_trait]
impl<C: Provisioner> GrantManagerService for Services<C> {
    async fn grant(
        &self,
        request: Request<v2::GrantManagerServiceGrantRequest>,
    ) -> Result<Response<v2::GrantManagerServiceGrantResponse>, Status> {
        answer(self.0.provisioning.grant(&checked(request)?).await)
    }

    async fn revoke(
        &self,
        request: Request<v2::GrantManagerServiceRevokeRequest>,
    ) -> Result<Response<v2::GrantManagerServiceRevokeResponse>, Status> {
        answer(self.0.provisioning.revoke(&checked(request)?).await)
    }
}

#[tonic::async_trait]
impl<C: Provisioner> ResourceManagerService for Services<C> {
    async fn create_resource(
        &self,
        request: Request<v2::CreateResourceRequest>,
    ) -> Result<Response<v2::CreateResourceResponse>, Status> {
        answer(self.0.provisioning.create_resource(&checked(request)?))
    }

    async fn delete_resource(
        &self,
        request: Request<v2::DeleteResourceRequest>,
    ) -> Result<Response<v2::DeleteResourceResponse>, Status> {
        answer(self.0.provisioning.delete_resource(&checked(request)?).await)
    }
}

#[tonic::async_trait]
impl<C: Provisioner> ResourceDeleterService for Services<C> {
    /// The same deletion under its newer name.
    async fn delete_resource_v2(
        &self,
        request: Request<v2::DeleteResourceV2Request>,
    ) -> Result<Response<v2::DeleteResourceV2Response>, Status> {
        let asked = checked(request)?;
        let asked = v2::DeleteResourceRequest {
            resource_id: asked.resource_id,
            parent_resource_id: asked.parent_resource_id,
        };
        let done = self.0.provisioning.delete_resource(&asked).await;
        answer(done.map(|v2::DeleteResourceResponse { annotations }| v2::DeleteResourceV2Response { annotations }))
    }
}

#[tonic::async_trait]
impl<C: Provisioner> AccountManagerService for Services<C> {
    async fn create_account(
        &self,
        request: Request<v2::CreateAccountRequest>,
    ) -> Result<Response<v2::CreateAccountResponse>, Status> {
        answer(self.0.provisioning.create_account(&checked(request)?).await)
    }
}

#[tonic::async_trait]
impl<C: Provisioner> CredentialManagerService for Services<C> {
    async fn rotate_credential(
        &self,
        request: Request<v2::RotateCredentialRequest>,
    ) -> Result<Response<v2::RotateCredentialResponse>, Status> {
        answer(self.0.provisioning.rotate_credential(&checked(request)?).await)
    }

    async fn issue_credential(
        &self,
        request: Request<v2::IssueCredentialRequest>,
    ) -> Result<Response<v2::IssueCredentialResponse>, Status> {
        answer(self.0.provisioning.issue_credential(&checked(request)?))
    }
}
