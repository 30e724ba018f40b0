//! Tasks about actions. Their failures may pass (`baton/service/protocol.md 4.1`).

use crate::baton::annotation::{Named, pack};
use crate::baton::connector::Provisioner;
use crate::baton::error::Result;
use crate::baton::proto::c1::connectorapi::baton::v1::task;
use crate::baton::proto::v2;
use crate::baton::service::Service;
use crate::baton::service::finish::{Failure, Outcome, Success};

/// What there is.
pub fn list<C: Provisioner>(service: &Service<C>, task: task::ActionListSchemasTask) -> Outcome {
    let request = v2::ListActionSchemasRequest {
        annotations: task.annotations,
        resource_type_id: task.resource_type_id,
    };
    outcome(Ok(service.provisioning.action_schemas(&request)))
}

/// What one takes.
pub fn schema<C: Provisioner>(service: &Service<C>, task: task::ActionGetSchemaTask) -> Outcome {
    let request = v2::GetActionSchemaRequest {
        name: task.name,
        annotations: task.annotations,
    };
    outcome(service.provisioning.action_schema(&request))
}

/// Carries one out. One that failed is an error of the task, with its own words.
pub async fn invoke<C: Provisioner>(service: &Service<C>, task: task::ActionInvokeTask) -> Outcome {
    let request = v2::InvokeActionRequest {
        name: task.name,
        args: task.args,
        annotations: task.annotations,
        resource_type_id: task.resource_type_id,
        inline_wait: None,
    };
    let invoked = service.provisioning.invoke_action(&request).await;
    outcome(invoked.and_then(|invoked| match invoked.failure {
        Some(failure) => Err(failure),
        None => Ok(invoked.response),
    }))
}

/// How far a run is.
pub fn status<C: Provisioner>(service: &Service<C>, task: task::ActionStatusTask) -> Outcome {
    let request = v2::GetActionStatusRequest {
        name: task.name,
        id: task.id,
        annotations: task.annotations,
    };
    outcome(service.provisioning.action_status(&request))
}

fn outcome<R: prost::Message + Named>(done: Result<R>) -> Outcome {
    let response = done.map_err(Failure::retryable)?;
    Ok(Success {
        annotations: Vec::new(),
        response: Some(pack(&response)),
    })
}
