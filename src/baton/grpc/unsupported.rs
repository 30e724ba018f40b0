//! Services no connector of this kit offers, answered as published (`baton/service/protocol.md 4.2, 7.4`):
//! lists are empty, named things do not exist, tickets are off.

use futures_util::stream;
use prost::{Message, Name};
use tonic::{Code, Request, Response, Status};

use super::{Services, checked};
use crate::baton::connector::Provisioner;
use crate::baton::proto::v2;
use crate::baton::proto::v2::asset_service_server::AssetService;
use crate::baton::proto::v2::tickets_service_server::TicketsService;

#[tonic::async_trait]
impl<C: Provisioner> AssetService for Services<C> {
    type GetAssetStream = stream::Empty<Result<v2::AssetServiceGetAssetResponse, Status>>;

    /// Icons and logos: there are none, and a stream without messages says so.
    async fn get_asset(
        &self,
        request: Request<v2::AssetServiceGetAssetRequest>,
    ) -> Result<Response<Self::GetAssetStream>, Status> {
        checked(request)?;
        Ok(Response::new(stream::empty()))
    }
}

impl<C: Provisioner> Services<C> {
    fn no_tickets<Q: Message + Name, R>(&self, request: Request<Q>) -> Result<Response<R>, Status> {
        checked(request)?;
        Err(if self.0.ticketing {
            Status::unimplemented("this connector has no tickets")
        } else {
            Status::new(Code::Unknown, "ticketing is not enabled")
        })
    }
}

#[tonic::async_trait]
impl<C: Provisioner> TicketsService for Services<C> {
    async fn create_ticket(
        &self,
        request: Request<v2::TicketsServiceCreateTicketRequest>,
    ) -> Result<Response<v2::TicketsServiceCreateTicketResponse>, Status> {
        self.no_tickets(request)
    }

    async fn get_ticket(
        &self,
        request: Request<v2::TicketsServiceGetTicketRequest>,
    ) -> Result<Response<v2::TicketsServiceGetTicketResponse>, Status> {
        self.no_tickets(request)
    }

    async fn list_ticket_schemas(
        &self,
        request: Request<v2::TicketsServiceListTicketSchemasRequest>,
    ) -> Result<Response<v2::TicketsServiceListTicketSchemasResponse>, Status> {
        self.no_tickets(request)
    }

    async fn get_ticket_schema(
        &self,
        request: Request<v2::TicketsServiceGetTicketSchemaRequest>,
    ) -> Result<Response<v2::TicketsServiceGetTicketSchemaResponse>, Status> {
        self.no_tickets(request)
    }

    async fn bulk_create_tickets(
        &self,
        request: Request<v2::TicketsServiceBulkCreateTicketsRequest>,
    ) -> Result<Response<v2::TicketsServiceBulkCreateTicketsResponse>, Status> {
        self.no_tickets(request)
    }

    async fn bulk_get_tickets(
        &self,
        request: Request<v2::TicketsServiceBulkGetTicketsRequest>,
    ) -> Result<Response<v2::TicketsServiceBulkGetTicketsResponse>, Status> {
        self.no_tickets(request)
    }
}
