//! The service of actions. What they check and answer is [`Provisioning`]'s.
//!
//! [`Provisioning`]: crate::baton::provision::Provisioning

use tonic::{Request, Response, Status};

use super::{Services, checked};
use crate::baton::connector::Provisioner;
use crate::baton::error::Result as BatonResult;
use crate::baton::proto::v2;
use crate::baton::proto::v2::action_service_server::ActionService;

fn answer<R>(done: BatonResult<R>) -> Result<Response<R>, Status> {
    done.map(Response::new).map_err(Status::from)
}

#[tonic::async_trait]
impl<C: Provisioner> ActionService for Services<C> {
    async fn invoke_action(
        &self,
        request: Request<v2::InvokeActionRequest>,
    ) -> Result<Response<v2::InvokeActionResponse>, Status> {
        let done = self.0.provisioning.invoke_action(&checked(request)?).await;
        answer(done.map(|invoked| invoked.response))
    }

    async fn get_action_status(
        &self,
        request: Request<v2::GetActionStatusRequest>,
    ) -> Result<Response<v2::GetActionStatusResponse>, Status> {
        answer(self.0.provisioning.action_status(&checked(request)?))
    }

    async fn get_action_schema(
        &self,
        request: Request<v2::GetActionSchemaRequest>,
    ) -> Result<Response<v2::GetActionSchemaResponse>, Status> {
        answer(self.0.provisioning.action_schema(&checked(request)?))
    }

    async fn list_action_schemas(
        &self,
        request: Request<v2::ListActionSchemasRequest>,
    ) -> Result<Response<v2::ListActionSchemasResponse>, Status> {
        Ok(Response::new(self.0.provisioning.action_schemas(&checked(request)?)))
    }
}
