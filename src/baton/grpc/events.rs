//! The service of events.

use tonic::{Request, Response, Status};

use super::{Services, checked};
use crate::baton::connector::{Provisioner, SyncContext};
use crate::baton::proto::v2;
use crate::baton::proto::v2::event_service_server::EventService;

#[tonic::async_trait]
impl<C: Provisioner> EventService for Services<C> {
    async fn list_events(
        &self,
        request: Request<v2::ListEventsRequest>,
    ) -> Result<Response<v2::ListEventsResponse>, Status> {
        let asked = checked(request)?;
        let listed = self.0.connector.list_events(&SyncContext::detached(), &asked).await;
        listed.map(Response::new).map_err(Status::from)
    }

    async fn list_event_feeds(
        &self,
        request: Request<v2::ListEventFeedsRequest>,
    ) -> Result<Response<v2::ListEventFeedsResponse>, Status> {
        checked(request)?;
        Ok(Response::new(v2::ListEventFeedsResponse {
            list: self.0.connector.event_feeds(),
            annotations: Vec::new(),
        }))
    }
}
