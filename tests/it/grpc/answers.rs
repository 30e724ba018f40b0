//! What the services say when they cannot do what is asked (`baton/service/protocol.md 4.2, 7.4, 9`).

use std::sync::Arc;

use baton_workato::baton::annotation;
use baton_workato::baton::grpc::Switches;
use baton_workato::baton::proto::c1::ratelimit::v1 as limits;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::account_manager_service_client::AccountManagerServiceClient;
use baton_workato::baton::proto::v2::action_service_client::ActionServiceClient;
use baton_workato::baton::proto::v2::asset_service_client::AssetServiceClient;
use baton_workato::baton::proto::v2::credential_manager_service_client::CredentialManagerServiceClient;
use baton_workato::baton::proto::v2::entitlements_service_client::EntitlementsServiceClient;
use baton_workato::baton::proto::v2::event_service_client::EventServiceClient;
use baton_workato::baton::proto::v2::grant_manager_service_client::GrantManagerServiceClient;
use baton_workato::baton::proto::v2::grants_service_client::GrantsServiceClient;
use baton_workato::baton::proto::v2::resource_deleter_service_client::ResourceDeleterServiceClient;
use baton_workato::baton::proto::v2::resource_getter_service_client::ResourceGetterServiceClient;
use baton_workato::baton::proto::v2::resource_manager_service_client::ResourceManagerServiceClient;
use baton_workato::baton::proto::v2::resource_types_service_client::ResourceTypesServiceClient;
use baton_workato::baton::proto::v2::resources_service_client::ResourcesServiceClient;
use baton_workato::baton::proto::v2::tickets_service_client::TicketsServiceClient;
use baton_workato::baton::resource::id;
use baton_workato::simulator::AccessModel;
use limits::rate_limit_description::Status as Limit;
use limits::rate_limiter_service_client::RateLimiterServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use super::Served;
use super::data::Data;
use super::syncs::{connector, workspace};

const DATA: Data = Data { things: 3, bytes: 10 };
const ON: Switches = Switches {
    provisioning: true,
    ticketing: true,
};

async fn served(switches: Switches) -> (Served, Channel) {
    let served = Served::plain(Arc::new(DATA), switches).await;
    let channel = served.channel().await;
    (served, channel)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>, code: Code, text: &str) {
    let status = answer.expect_err("this is refused");
    assert_eq!(status.code(), code, "{status}");
    assert!(
        status.message().contains(text),
        "{:?} has no {text:?}",
        status.message()
    );
}

fn entitlement() -> v2::Entitlement {
    v2::Entitlement {
        id: "thing:0000:has".to_owned(),
        resource: Some(DATA.thing(0)),
        ..Default::default()
    }
}

fn grant() -> v2::Grant {
    v2::Grant {
        id: "thing:0000:has:thing:0001".to_owned(),
        entitlement: Some(entitlement()),
        principal: Some(DATA.thing(1)),
        ..Default::default()
    }
}

/// Asks for every write; each must be refused so.
async fn writes(channel: &Channel, code: Code, text: &str) {
    let mut grants = GrantManagerServiceClient::new(channel.clone());
    let request = v2::GrantManagerServiceGrantRequest {
        entitlement: Some(entitlement()),
        principal: Some(DATA.thing(1)),
        ..Default::default()
    };
    refused(grants.grant(request).await, code, text);
    let request = v2::GrantManagerServiceRevokeRequest {
        grant: Some(grant()),
        ..Default::default()
    };
    refused(grants.revoke(request).await, code, text);

    let mut manager = ResourceManagerServiceClient::new(channel.clone());
    let request = v2::CreateResourceRequest {
        resource: Some(DATA.thing(9)),
    };
    refused(manager.create_resource(request).await, code, text);
    let request = v2::DeleteResourceRequest {
        resource_id: Some(id("thing", "0001")),
        ..Default::default()
    };
    refused(manager.delete_resource(request).await, code, text);
    let mut deleter = ResourceDeleterServiceClient::new(channel.clone());
    let request = v2::DeleteResourceV2Request {
        resource_id: Some(id("thing", "0001")),
        ..Default::default()
    };
    refused(deleter.delete_resource_v2(request).await, code, text);

    let mut accounts = AccountManagerServiceClient::new(channel.clone());
    let request = v2::CreateAccountRequest {
        account_info: Some(v2::AccountInfo::default()),
        ..Default::default()
    };
    refused(accounts.create_account(request).await, code, text);

    let mut credentials = CredentialManagerServiceClient::new(channel.clone());
    let request = v2::RotateCredentialRequest {
        resource_id: Some(id("thing", "0001")),
        ..Default::default()
    };
    refused(credentials.rotate_credential(request).await, code, text);
    let request = v2::IssueCredentialRequest {
        identity_id: Some(id("thing", "0001")),
        request_id: "request-1".to_owned(),
        ..Default::default()
    };
    refused(credentials.issue_credential(request).await, code, text);
}

#[tokio::test]
async fn writes_need_the_switch_and_a_connector_that_has_them() {
    let (_served, channel) = served(Switches::default()).await;
    writes(&channel, Code::FailedPrecondition, "provisioning is not enabled").await;
    let (_served, channel) = served(ON).await;
    writes(&channel, Code::Unimplemented, "").await;
}

#[tokio::test]
async fn tickets_are_off_or_not_there() {
    for (switches, code, text) in [
        (Switches::default(), Code::Unknown, "ticketing is not enabled"),
        (ON, Code::Unimplemented, "tickets"),
    ] {
        let (_served, channel) = served(switches).await;
        let mut tickets = TicketsServiceClient::new(channel);
        refused(
            tickets
                .create_ticket(v2::TicketsServiceCreateTicketRequest::default())
                .await,
            code,
            text,
        );
        refused(
            tickets.get_ticket(v2::TicketsServiceGetTicketRequest::default()).await,
            code,
            text,
        );
        refused(
            tickets
                .list_ticket_schemas(v2::TicketsServiceListTicketSchemasRequest::default())
                .await,
            code,
            text,
        );
        refused(
            tickets
                .get_ticket_schema(v2::TicketsServiceGetTicketSchemaRequest::default())
                .await,
            code,
            text,
        );
        refused(
            tickets
                .bulk_create_tickets(v2::TicketsServiceBulkCreateTicketsRequest::default())
                .await,
            code,
            text,
        );
        refused(
            tickets
                .bulk_get_tickets(v2::TicketsServiceBulkGetTicketsRequest::default())
                .await,
            code,
            text,
        );
    }
}

#[tokio::test]
async fn there_are_no_actions_events_or_assets() {
    let (_served, channel) = served(ON).await;
    let mut actions = ActionServiceClient::new(channel.clone());
    let schemas = actions
        .list_action_schemas(v2::ListActionSchemasRequest::default())
        .await
        .unwrap();
    assert_eq!(schemas.into_inner(), v2::ListActionSchemasResponse::default());
    refused(
        actions.invoke_action(v2::InvokeActionRequest::default()).await,
        Code::NotFound,
        "action",
    );
    refused(
        actions.get_action_status(v2::GetActionStatusRequest::default()).await,
        Code::NotFound,
        "action",
    );
    refused(
        actions.get_action_schema(v2::GetActionSchemaRequest::default()).await,
        Code::NotFound,
        "action",
    );

    let mut events = EventServiceClient::new(channel.clone());
    let feeds = events
        .list_event_feeds(v2::ListEventFeedsRequest::default())
        .await
        .unwrap();
    assert_eq!(feeds.into_inner(), v2::ListEventFeedsResponse::default());
    refused(
        events.list_events(v2::ListEventsRequest::default()).await,
        Code::NotFound,
        "feed",
    );

    let request = v2::AssetServiceGetAssetRequest {
        asset: Some(v2::AssetRef { id: "icon".to_owned() }),
    };
    let mut stream = AssetServiceClient::new(channel)
        .get_asset(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(stream.message().await.unwrap(), None);
}

#[tokio::test]
async fn resources_are_not_read_one_at_a_time_and_no_entitlement_is_static() {
    let (_served, channel) = served(ON).await;
    let request = v2::ResourceGetterServiceGetResourceRequest {
        resource_id: Some(id("thing", "0001")),
        ..Default::default()
    };
    let answer = ResourceGetterServiceClient::new(channel.clone())
        .get_resource(request)
        .await;
    refused(answer, Code::Unimplemented, "thing");

    let mut entitlements = EntitlementsServiceClient::new(channel);
    let request = |resource_type: &str| v2::EntitlementsServiceListStaticEntitlementsRequest {
        resource_type_id: resource_type.to_owned(),
        ..Default::default()
    };
    let none = entitlements
        .list_static_entitlements(request("thing"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(none, v2::EntitlementsServiceListStaticEntitlementsResponse::default());
    refused(
        entitlements.list_static_entitlements(request("nothing")).await,
        Code::NotFound,
        "nothing",
    );
}

#[tokio::test]
async fn the_rate_limiter_never_limits() {
    let (_served, channel) = served(Switches::default()).await;
    let mut limiter = RateLimiterServiceClient::new(channel);
    let descriptors = limits::RateLimitDescriptors {
        entries: vec![limits::rate_limit_descriptors::Entry {
            key: "connector_method".to_owned(),
            value: "/c1.connector.v2.GrantsService/ListGrants".to_owned(),
        }],
    };
    let request = limits::DoRequest {
        request_token: "token-1".to_owned(),
        service: "connector".to_owned(),
        descriptors: Some(descriptors),
    };
    let answer = limiter.r#do(request).await.unwrap().into_inner();
    assert_eq!(answer.request_token, "token-1");
    assert_eq!(answer.description.unwrap().status(), Limit::Empty);
    limiter.report(limits::ReportRequest::default()).await.unwrap();
    let without_entries = limits::DoRequest {
        descriptors: Some(limits::RateLimitDescriptors::default()),
        ..Default::default()
    };
    refused(limiter.r#do(without_entries).await, Code::InvalidArgument, "entries");
}

#[tokio::test]
async fn requests_that_break_a_rule_are_refused_before_anything_else() {
    let (_served, channel) = served(Switches::default()).await;
    let invalid = Code::InvalidArgument;
    let mut resources = ResourcesServiceClient::new(channel.clone());
    let request = v2::ResourcesServiceListResourcesRequest::default;
    refused(resources.list_resources(request()).await, invalid, "resource_type_id");
    let thing = || v2::ResourcesServiceListResourcesRequest {
        resource_type_id: "thing".to_owned(),
        ..Default::default()
    };
    let mut large = thing();
    large.page_size = 251;
    refused(resources.list_resources(large).await, invalid, "page_size");
    let mut foreign = thing();
    foreign.page_token = "somebody else's".to_owned();
    refused(resources.list_resources(foreign).await, invalid, "page token");
    let mut nameless = thing();
    nameless.parent_resource_id = Some(v2::ResourceId::default());
    refused(
        resources.list_resources(nameless).await,
        invalid,
        "parent_resource_id.resource_type",
    );

    let mut grants = GrantsServiceClient::new(channel.clone());
    refused(
        grants.list_grants(v2::GrantsServiceListGrantsRequest::default()).await,
        invalid,
        "resource",
    );
    let without_id = v2::GrantsServiceListGrantsRequest {
        resource: Some(v2::Resource::default()),
        ..Default::default()
    };
    refused(grants.list_grants(without_id).await, invalid, "names no resource");
    let mut entitlements = EntitlementsServiceClient::new(channel.clone());
    let without = v2::EntitlementsServiceListEntitlementsRequest::default();
    refused(
        entitlements.list_entitlements(without).await,
        invalid,
        "names no resource",
    );

    // Although provisioning is off.
    let mut manager = GrantManagerServiceClient::new(channel.clone());
    refused(
        manager.grant(v2::GrantManagerServiceGrantRequest::default()).await,
        invalid,
        "entitlement",
    );
    let mut accounts = AccountManagerServiceClient::new(channel.clone());
    let request = v2::CreateAccountRequest {
        account_info: Some(v2::AccountInfo {
            emails: vec![v2::account_info::Email::default()],
            ..Default::default()
        }),
        ..Default::default()
    };
    refused(accounts.create_account(request).await, invalid, "emails[0].address");

    // What an annotation carries is not looked at.
    let annotated = v2::ResourcesServiceListResourcesRequest {
        annotations: vec![annotation::pack(&v2::GrantReplaced::default())],
        ..thing()
    };
    assert_eq!(
        resources
            .list_resources(annotated)
            .await
            .unwrap()
            .into_inner()
            .list
            .len(),
        3
    );
}

#[tokio::test]
async fn unknown_types_are_not_found() {
    let (_simulator, settings) = workspace(AccessModel::RbacV2).await;
    let served = Served::plain(connector(settings), Switches::default()).await;
    let channel = served.channel().await;
    let request = v2::ResourcesServiceListResourcesRequest {
        resource_type_id: "unicorn".to_owned(),
        ..Default::default()
    };
    let answer = ResourcesServiceClient::new(channel.clone())
        .list_resources(request)
        .await;
    refused(answer, Code::NotFound, "unicorn");
    let unicorn = || {
        Some(v2::Resource {
            id: Some(id("unicorn", "1")),
            ..Default::default()
        })
    };
    let request = v2::EntitlementsServiceListEntitlementsRequest {
        resource: unicorn(),
        ..Default::default()
    };
    let answer = EntitlementsServiceClient::new(channel.clone())
        .list_entitlements(request)
        .await;
    refused(answer, Code::NotFound, "unicorn");
    let request = v2::GrantsServiceListGrantsRequest {
        resource: unicorn(),
        ..Default::default()
    };
    refused(
        GrantsServiceClient::new(channel).list_grants(request).await,
        Code::NotFound,
        "unicorn",
    );
}

#[tokio::test]
async fn a_connector_without_types_says_so() {
    let nothing = Data { things: 0, bytes: 0 };
    let served = Served::plain(Arc::new(nothing), Switches::default()).await;
    let mut types = ResourceTypesServiceClient::new(served.channel().await);
    let request = v2::ResourceTypesServiceListResourceTypesRequest::default();
    refused(
        types.list_resource_types(request).await,
        Code::FailedPrecondition,
        "no resource types",
    );
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_server_goes_on() {
    let (_served, channel) = served(Switches::default()).await;
    let mut resources = ResourcesServiceClient::new(channel);
    let request = |resource_type: &str| v2::ResourcesServiceListResourcesRequest {
        resource_type_id: resource_type.to_owned(),
        ..Default::default()
    };
    for _ in 0..2 {
        let status = resources.list_resources(request("panic")).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Internal, "Internal Server Error")
        );
    }
    assert_eq!(
        resources
            .list_resources(request("thing"))
            .await
            .unwrap()
            .into_inner()
            .list
            .len(),
        3
    );
}
