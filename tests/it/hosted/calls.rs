//! What a function answers, in both framings, and to whom.

use std::sync::Arc;

use baton_workato::baton::grpc::local::Local;
use baton_workato::baton::grpc::{Services, Switches};
use baton_workato::baton::proto::c1::ratelimit::v1 as limits;
use baton_workato::baton::proto::google::rpc;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::id;
use baton_workato::simulator::{AccessModel, Simulator};
use baton_workato::workato::{GROUPS, PEOPLE};
use prost::{Message as _, Name as _};
use serde_json::{Value, json};
use tonic::Code;

use super::cloud::Cloud;
use super::function::{Framing, Function, configuration};
use crate::grpc::data::Data;
use crate::grpc::syncs::workspace;

const LIST_TYPES: &str = "/c1.connector.v2.ResourceTypesService/ListResourceTypes";
pub const LIST_RESOURCES: &str = "/c1.connector.v2.ResourcesService/ListResources";
const LIST_ENTITLEMENTS: &str = "/c1.connector.v2.EntitlementsService/ListEntitlements";
const GRANT: &str = "/c1.connector.v2.GrantManagerService/Grant";

async fn hosted() -> (Simulator, Cloud, Function) {
    let (simulator, _) = workspace(AccessModel::RbacV2).await;
    let cloud = Cloud::start(configuration(&simulator)).await;
    let function = Function::start(&cloud).await;
    (simulator, cloud, function)
}

pub fn people(page_token: String) -> v2::ResourcesServiceListResourcesRequest {
    v2::ResourcesServiceListResourcesRequest {
        resource_type_id: PEOPLE.to_owned(),
        page_size: 10,
        page_token,
        active_sync_id: "sync-1".to_owned(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_framings_answer_alike() {
    let (simulator, cloud, function) = hosted().await;
    let mut types = Vec::new();
    for framing in [Framing::Json, Framing::Frame, Framing::Both] {
        let asked = v2::ResourceTypesServiceListResourceTypesRequest::default();
        let answer: v2::ResourceTypesServiceListResourceTypesResponse =
            function.ask(framing, LIST_TYPES, &asked).await.unwrap();
        assert!(answer.list.iter().any(|kind| kind.id == PEOPLE));
        types.push(answer);

        let (mut found, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page: v2::ResourcesServiceListResourcesResponse =
                function.ask(framing, LIST_RESOURCES, &people(token)).await.unwrap();
            assert!(page.list.len() <= 10);
            found.extend(page.list.into_iter().map(|person| person.id.unwrap().resource));
            pages += 1;
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let expected = simulator
            .workspace()
            .people
            .iter()
            .map(|person| person.id.to_string())
            .collect::<Vec<_>>();
        found.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!((found, pages), (expected, 3), "{framing:?}");
    }
    assert!(types.iter().all(|answer| *answer == types[0]));
    cloud.assert_no_breach();
    function.assert_discreet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_changes_the_workspace() {
    let (simulator, cloud, function) = hosted().await;
    let group = simulator
        .workspace()
        .groups
        .iter()
        .find(|group| !group.system)
        .unwrap()
        .clone();
    let outside: Vec<u64> = simulator.workspace().people.iter().map(|person| person.id).collect();
    let outside: Vec<u64> = outside
        .into_iter()
        .filter(|id| !group.members.contains(id))
        .take(2)
        .collect();
    let resource = v2::Resource {
        id: Some(id(GROUPS, group.id.clone())),
        ..Default::default()
    };
    let asked = v2::EntitlementsServiceListEntitlementsRequest {
        resource: Some(resource),
        ..Default::default()
    };
    let found: v2::EntitlementsServiceListEntitlementsResponse =
        function.ask(Framing::Frame, LIST_ENTITLEMENTS, &asked).await.unwrap();
    for (framing, person) in [(Framing::Json, outside[0]), (Framing::Frame, outside[1])] {
        let grant = v2::GrantManagerServiceGrantRequest {
            entitlement: Some(found.list[0].clone()),
            principal: Some(v2::Resource {
                id: Some(id(PEOPLE, person.to_string())),
                ..Default::default()
            }),
            ..Default::default()
        };
        let _: v2::GrantManagerServiceGrantResponse = function.ask(framing, GRANT, &grant).await.unwrap();
        let now = simulator
            .workspace()
            .groups
            .iter()
            .find(|now| now.id == group.id)
            .unwrap()
            .clone();
        assert!(now.members.contains(&person), "{framing:?}");
    }
    cloud.assert_no_breach();
    function.assert_discreet();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_called_says_so() {
    let (_simulator, _cloud, function) = hosted().await;
    let types = || {
        let asked = v2::ResourceTypesServiceListResourceTypesRequest::default();
        (
            v2::ResourceTypesServiceListResourceTypesRequest::full_name(),
            asked.encode_to_vec(),
        )
    };
    for framing in [Framing::Json, Framing::Frame] {
        let call = async |method: &str, (name, bytes): (String, Vec<u8>), more: Option<(&'static str, &str)>| {
            let mut headers = function.headers();
            headers.extend(more.map(|(name, value)| (name, value.to_owned())));
            function.call(framing, method, (&name, bytes), headers).await
        };
        let code = |answer: Result<Vec<u8>, rpc::Status>| answer.map_or_else(|status| status.code, |_| 0);
        assert_eq!(code(call(LIST_TYPES, types(), None).await), 0);
        for unknown in [
            "/c1.connector.v2.ResourceTypesService/Nothing",
            "/c1.connector.v9.ResourceTypesService/ListResourceTypes",
            "/c1.connectorapi.baton.v1.BatonService/Hello",
            "nothing",
            "",
        ] {
            let expected = if unknown.ends_with("Hello") { 13 } else { 12 };
            assert_eq!(code(call(unknown, types(), None).await), expected, "{unknown}");
        }
        let hello = (
            "c1.connectorapi.baton.v1.BatonServiceHelloRequest".to_owned(),
            Vec::new(),
        );
        assert_eq!(
            code(call("/c1.connectorapi.baton.v1.BatonService/Hello", hello, None).await),
            12
        );
        let asset = (v2::AssetServiceGetAssetRequest::full_name(), Vec::new());
        assert_eq!(
            code(call("/c1.connector.v2.AssetService/GetAsset", asset, None).await),
            12,
            "a stream"
        );
        // Another message than the method's, and one that breaks a rule.
        assert_eq!(code(call(LIST_RESOURCES, types(), None).await), 13);
        let nameless = (v2::ResourcesServiceListResourcesRequest::full_name(), Vec::new());
        assert_eq!(code(call(LIST_RESOURCES, nameless, None).await), 3);
        let nobody = v2::ResourcesServiceListResourcesRequest {
            resource_type_id: "nobody".to_owned(),
            ..Default::default()
        };
        let answer: Result<limits::DoResponse, _> = function.ask(framing, LIST_RESOURCES, &nobody).await;
        assert_eq!(answer.unwrap_err().code, 5);
        for (timeout, expected) in [("0n", 4), ("10S", 0), ("soon", 13)] {
            assert_eq!(
                code(call(LIST_TYPES, types(), Some(("grpc-timeout", timeout))).await),
                expected,
                "{timeout}"
            );
        }
    }
    function.assert_discreet();
}

/// A connector with a mistake, called as a function calls it.
#[tokio::test]
async fn a_panic_is_a_status_and_not_the_end() {
    let connector = Arc::new(Data { things: 3, bytes: 10 });
    let services = Local::new(&Services::new(connector, Switches::default()));
    for (resource_type, expected) in [("panic", Some(Code::Internal)), ("thing", None)] {
        let asked = v2::ResourcesServiceListResourcesRequest {
            resource_type_id: resource_type.to_owned(),
            ..Default::default()
        };
        let answer = services.call(LIST_RESOURCES, asked.encode_to_vec().into()).await;
        assert_eq!(answer.err().map(|status| status.code()), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_answered() {
    let (simulator, cloud, function) = hosted().await;
    let other = Cloud::start(json!({})).await;
    simulator.forget_requests();
    let asked = || {
        (
            v2::ResourcesServiceListResourcesRequest::full_name(),
            people(String::new()).encode_to_vec(),
        )
    };
    let bearer = |token: String| Some(format!("Bearer {token}"));
    for authorization in [
        None,
        Some("Bearer x".to_owned()),
        Some(cloud.caller_token(&json!({}))),
        bearer(cloud.caller_token(&json!({ "iss": "c2" }))),
        bearer(cloud.caller_token(&json!({ "sub": "another" }))),
        bearer(cloud.caller_token(&json!({ "aud": ["another"] }))),
        bearer(cloud.caller_token(&json!({ "exp": 1 }))),
        bearer(cloud.caller_token(&json!({ "exp": Value::Null }))),
        bearer(other.caller_token(&json!({}))),
    ] {
        for framing in [Framing::Json, Framing::Frame] {
            let mut headers = vec![("x-baton-connector-config-version", "cv-2".to_owned())];
            headers.extend(authorization.clone().map(|text| ("authorization", text)));
            let (name, bytes) = asked();
            let status = function
                .call(framing, LIST_RESOURCES, (&name, bytes), headers)
                .await
                .unwrap_err();
            assert_eq!(status.code, 16, "{authorization:?}: {status:?}");
        }
    }
    assert_eq!(simulator.requests().iter().count(), 0, "nothing was asked of Workato");
    assert_eq!(cloud.seen().asked, [""], "no other configuration was fetched");
    function.assert_discreet();
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_that_are_no_requests_are_errors_and_not_the_end() {
    let (_simulator, _cloud, function) = hosted().await;
    for odd in [
        "null",
        "[]",
        "7",
        "\"secret-payload\"",
        "{\"v\":3,\"frame\":\"AAAA\"}",
        "{\"v\":2,\"frame\":\"c2VjcmV0LXBheWxvYWQ=\"}",
        "{\"method\":[\"secret-payload\"]}",
        "{\"req\":{\"@type\":\"type.googleapis.com/secret-payload\"}}",
        "secret-payload",
        "",
    ] {
        let error = function.invoke_text(odd).await.unwrap_err();
        assert!(error["errorMessage"].is_string(), "{error}");
        assert!(!error.to_string().contains("secret-payload"), "{odd}: {error}");
    }
    // An empty object is a request of nobody.
    let answer = function.invoke(&json!({})).await.unwrap();
    assert_eq!(answer["status"]["code"], 16);
    assert!(!function.log().contains("secret-payload"));
    function.assert_discreet();
}
