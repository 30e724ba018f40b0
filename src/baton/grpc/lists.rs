//! The lists: resource types, resources, entitlements and grants, and one resource by its id.

use prost_types::Any;
use tonic::{Request, Response, Status};

use super::paging::{Asked, page};
use super::{Services, checked, refusal};
use crate::baton::code;
use crate::baton::connector::Provisioner;
use crate::baton::error::{Error, Kind, Result as BatonResult};
use crate::baton::page::Page;
use crate::baton::proto::v2;
use crate::baton::proto::v2::entitlements_service_server::EntitlementsService;
use crate::baton::proto::v2::grants_service_server::GrantsService;
use crate::baton::proto::v2::resource_getter_service_server::ResourceGetterService;
use crate::baton::proto::v2::resource_types_service_server::ResourceTypesService;
use crate::baton::proto::v2::resources_service_server::ResourcesService;

/// Nothing more to say about a page.
const NONE: Vec<Any> = Vec::new();

#[tonic::async_trait]
impl<C: Provisioner> ResourceTypesService for Services<C> {
    async fn list_resource_types(
        &self,
        request: Request<v2::ResourceTypesServiceListResourceTypesRequest>,
    ) -> Result<Response<v2::ResourceTypesServiceListResourceTypesResponse>, Status> {
        let asked = checked(request)?;
        let types = self.0.connector.resource_types();
        if types.is_empty() {
            return Err(Status::failed_precondition("this connector has no resource types"));
        }
        let read = |_| async { Ok(Page::last(types.clone())) };
        let (list, next_page_token) = page(self.asked("", &asked.page_token, asked.page_size), read)
            .await
            .map_err(|error| refusal::status("error: listing resource types failed", error))?;
        Ok(Response::new(v2::ResourceTypesServiceListResourceTypesResponse {
            list,
            next_page_token,
            annotations: NONE,
        }))
    }
}

#[tonic::async_trait]
impl<C: Provisioner> ResourcesService for Services<C> {
    async fn list_resources(
        &self,
        request: Request<v2::ResourcesServiceListResourcesRequest>,
    ) -> Result<Response<v2::ResourcesServiceListResourcesResponse>, Status> {
        let asked = checked(request)?;
        let cx = &self.0.syncs.of(&asked.active_sync_id);
        let parent = asked.parent_resource_id.as_ref();
        let resource_type = asked.resource_type_id.as_str();
        let connector = &self.0.connector;
        let read = |token| async move { connector.list_resources(cx, resource_type, parent, &token).await };
        let (list, next_page_token) = page(self.asked(&cx.sync_id, &asked.page_token, asked.page_size), read)
            .await
            .map_err(|error| refusal::status("error: listing resources failed", error))?;
        Ok(Response::new(v2::ResourcesServiceListResourcesResponse {
            list,
            next_page_token,
            annotations: NONE,
        }))
    }
}

#[tonic::async_trait]
impl<C: Provisioner> ResourceGetterService for Services<C> {
    async fn get_resource(
        &self,
        request: Request<v2::ResourceGetterServiceGetResourceRequest>,
    ) -> Result<Response<v2::ResourceGetterServiceGetResourceResponse>, Status> {
        let asked = checked(request)?;
        let cx = self.0.syncs.of(&asked.active_sync_id);
        let got = async {
            let id = asked.resource_id.as_ref().ok_or_else(no_resource)?;
            let parent = asked.parent_resource_id.as_ref();
            self.0.connector.get_resource(&cx, id, parent).await
        };
        let resource = got
            .await
            .map_err(|error| refusal::status("error: getting a resource failed", error))?;
        Ok(Response::new(v2::ResourceGetterServiceGetResourceResponse {
            resource: Some(resource),
            annotations: NONE,
        }))
    }
}

#[tonic::async_trait]
impl<C: Provisioner> EntitlementsService for Services<C> {
    async fn list_entitlements(
        &self,
        request: Request<v2::EntitlementsServiceListEntitlementsRequest>,
    ) -> Result<Response<v2::EntitlementsServiceListEntitlementsResponse>, Status> {
        let asked = checked(request)?;
        let cx = &self.0.syncs.of(&asked.active_sync_id);
        let connector = &self.0.connector;
        let resource = &asked.resource;
        let read = |token| async move { connector.list_entitlements(cx, named(resource.as_ref())?, &token).await };
        let (list, next_page_token) = page(self.asked(&cx.sync_id, &asked.page_token, asked.page_size), read)
            .await
            .map_err(|error| refusal::status("error: listing entitlements failed", error))?;
        Ok(Response::new(v2::EntitlementsServiceListEntitlementsResponse {
            list,
            next_page_token,
            annotations: NONE,
        }))
    }

    /// Connectors of this kit have none: entitlements are listed with their resources.
    async fn list_static_entitlements(
        &self,
        request: Request<v2::EntitlementsServiceListStaticEntitlementsRequest>,
    ) -> Result<Response<v2::EntitlementsServiceListStaticEntitlementsResponse>, Status> {
        let wanted = checked(request)?.resource_type_id;
        if !self.0.connector.resource_types().iter().any(|t| t.id == wanted) {
            return Err(Status::not_found(format!("there is no resource type {wanted:?}")));
        }
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl<C: Provisioner> GrantsService for Services<C> {
    async fn list_grants(
        &self,
        request: Request<v2::GrantsServiceListGrantsRequest>,
    ) -> Result<Response<v2::GrantsServiceListGrantsResponse>, Status> {
        let asked = checked(request)?;
        let cx = &self.0.syncs.of(&asked.active_sync_id);
        let connector = &self.0.connector;
        let resource = &asked.resource;
        let read = |token| async move { connector.list_grants(cx, named(resource.as_ref())?, &token).await };
        let (list, next_page_token) = page(self.asked(&cx.sync_id, &asked.page_token, asked.page_size), read)
            .await
            .map_err(|error| refusal::status("error: listing grants failed", error))?;
        Ok(Response::new(v2::GrantsServiceListGrantsResponse {
            list,
            next_page_token,
            annotations: NONE,
        }))
    }
}

impl<C> Services<C> {
    fn asked<'a>(&self, tables: &'a str, token: &'a str, size: u32) -> Asked<'a> {
        Asked {
            token,
            size,
            tables,
            bytes: self.0.page_bytes,
        }
    }
}

/// The resource a list is about. The rules demand it of grants only, and its id nowhere.
fn named(resource: Option<&v2::Resource>) -> BatonResult<&v2::Resource> {
    resource.filter(|r| r.id.is_some()).ok_or_else(no_resource)
}

fn no_resource() -> Error {
    Error::new(Kind::InvalidArgument, "the request names no resource").code(code::BAD_CALL)
}
