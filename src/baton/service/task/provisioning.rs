//! Tasks that change the workspace. Their failures always stand (`baton/service/protocol.md 4.1`).

use prost::Message;
use prost_types::Any;

use crate::baton::annotation::{Named, pack};
use crate::baton::connector::Provisioner;
use crate::baton::error::Result;
use crate::baton::proto::c1::connectorapi::baton::v1::task;
use crate::baton::proto::v2;
use crate::baton::service::Service;
use crate::baton::service::finish::{Failure, Outcome, Success};

/// Gives an entitlement.
pub async fn grant<C: Provisioner>(service: &Service<C>, task: task::GrantTask) -> Outcome {
    let request = v2::GrantManagerServiceGrantRequest {
        entitlement: task.entitlement,
        principal: task.principal,
        annotations: Vec::new(),
    };
    let done = service.provisioning.grant(&request).await;
    outcome(done, |r| r.annotations.clone())
}

/// Takes a grant away.
pub async fn revoke<C: Provisioner>(service: &Service<C>, task: task::RevokeTask) -> Outcome {
    let request = v2::GrantManagerServiceRevokeRequest {
        grant: task.grant,
        annotations: Vec::new(),
    };
    let done = service.provisioning.revoke(&request).await;
    outcome(done, |r| r.annotations.clone())
}

/// Creates an account.
pub async fn create_account<C: Provisioner>(service: &Service<C>, task: task::CreateAccountTask) -> Outcome {
    let request = v2::CreateAccountRequest {
        account_info: task.account_info,
        credential_options: task.credential_options,
        encryption_configs: task.encryption_configs,
        resource_type_id: task.resource_type_id,
    };
    let done = service.provisioning.create_account(&request).await;
    outcome(done, |r| r.annotations.clone())
}

/// Deletes a resource.
pub async fn delete_resource<C: Provisioner>(service: &Service<C>, task: task::DeleteResourceTask) -> Outcome {
    let request = v2::DeleteResourceRequest {
        resource_id: task.resource_id,
        parent_resource_id: task.parent_resource_id,
    };
    let done = service.provisioning.delete_resource(&request).await;
    outcome(done, |r| r.annotations.clone())
}

/// Creates a resource.
pub fn create_resource<C: Provisioner>(service: &Service<C>, task: task::CreateResourceTask) -> Outcome {
    let request = v2::CreateResourceRequest {
        resource: task.resource,
    };
    let done = service.provisioning.create_resource(&request);
    outcome(done, |r| r.annotations.clone())
}

/// Rotates a credential.
pub async fn rotate_credentials<C: Provisioner>(service: &Service<C>, task: task::RotateCredentialsTask) -> Outcome {
    let request = v2::RotateCredentialRequest {
        resource_id: task.resource_id,
        credential_options: task.credential_options,
        encryption_configs: task.encryption_configs,
    };
    let done = service.provisioning.rotate_credential(&request).await;
    outcome(done, |r| r.annotations.clone())
}

/// Issues a credential.
pub fn issue_credential<C: Provisioner>(
    service: &Service<C>,
    task_id: &str,
    task: task::IssueCredentialTask,
) -> Outcome {
    let request = v2::IssueCredentialRequest {
        identity_id: task.identity_id,
        credential_options: task.credential_options,
        encryption_configs: task.encryption_configs,
        request_id: task_id.to_owned(),
        expires_at: task.expires_at,
    };
    let done = service.provisioning.issue_credential(&request);
    outcome(done, |r| r.annotations.clone())
}

fn outcome<R: Message + Named>(done: Result<R>, annotations: impl FnOnce(&R) -> Vec<Any>) -> Outcome {
    let response = done.map_err(Failure::lasting)?;
    Ok(Success {
        annotations: annotations(&response),
        response: Some(pack(&response)),
    })
}
