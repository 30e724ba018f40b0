//! How a function begins, and what keeps it from beginning.

use std::process::Command;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use baton_workato::baton::proto::c1::connectorapi::baton::v1::{EgressMode, EgressSection};
use baton_workato::baton::proto::v2;
use baton_workato::simulator::AccessModel;
use serde_json::json;

use super::cloud::Cloud;
use super::function::{Framing, Function, command, configuration, ended};
use super::runtime_api::RuntimeApi;
use crate::grpc::syncs::workspace;

async fn cloud() -> (baton_workato::simulator::Simulator, Cloud) {
    let (simulator, _) = workspace(AccessModel::Legacy).await;
    let cloud = Cloud::start(configuration(&simulator)).await;
    (simulator, cloud)
}

/// A function that does not begin, changed by a test.
async fn refused(cloud: &Cloud, change: impl FnOnce(&mut Command)) -> (Option<i32>, String) {
    let (api, folder) = (RuntimeApi::start().await, tempfile::tempdir().unwrap());
    let mut command = command(cloud, &api, folder.path());
    change(&mut command);
    let (code, said) = ended(command).await;
    let secret = cloud.secret.rsplit(':').next().unwrap().to_owned();
    assert!(!said.contains(&secret) && !said.contains("eyJ"), "{said}");
    (code, said)
}

async fn answers(function: &Function) {
    let asked = v2::ResourceTypesServiceListResourceTypesRequest::default();
    let method = "/c1.connector.v2.ResourceTypesService/ListResourceTypes";
    let answer: v2::ResourceTypesServiceListResourceTypesResponse =
        function.ask(Framing::Frame, method, &asked).await.unwrap();
    assert!(!answer.list.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_a_refused_token_and_keys_at_an_address_are_no_obstacles() {
    let (_simulator, cloud) = cloud().await;
    {
        let mut seen = cloud.seen();
        seen.wants_nonce = true;
        seen.refuse = 1;
    }
    let keys = format!("https://{}/keys", cloud.host());
    let function = Function::start_with(&cloud, |command, folder| {
        command
            .env_remove("BATON_LAMBDA_AUTH_JWT_SIGNER")
            .env("BATON_LAMBDA_AUTH_JWT_JWKS_URL", keys)
            .env("SSL_CERT_FILE", folder.join("ca.pem"));
    })
    .await;
    answers(&function).await;
    answers(&function).await;
    let seen = cloud.seen();
    // Without a nonce, with it, and once more for the token that was refused.
    assert_eq!((seen.token_requests, seen.asked.len(), seen.key_requests), (3, 1, 1));
    drop(seen);
    cloud.assert_no_breach();
    function.assert_discreet();
}

#[tokio::test(flavor = "multi_thread")]
async fn other_hosts_are_asked_where_variables_say_so() {
    let (_simulator, mut cloud) = cloud().await;
    cloud.client_id = "bold-otter@nowhere.invalid/lambda".to_owned();
    let (code, said) = refused(&cloud, |_| {}).await;
    assert!(matches!(code, Some(13 | 14)), "{said}");
    let host = cloud.host();
    let (code, said) = refused(&cloud, |command| {
        command.env("BATON_LAMBDA_TOKEN_HOST", "");
    })
    .await;
    assert_eq!(code, Some(2), "{said}");
    // The assertion names another client than the stand-in knows; that is all it finds wrong.
    let function = Function::start_with(&cloud, |command, _| {
        command.env("BATON_LAMBDA_TOKEN_HOST", host);
    })
    .await;
    answers(&function).await;
    assert!(
        cloud
            .seen()
            .breaches
            .iter()
            .all(|breach| breach.contains("nowhere.invalid") || breach.contains("form"))
    );
    function.assert_discreet();
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_refused_end_it() {
    let (_simulator, cloud) = cloud().await;
    for (status, expected) in [(401, 16), (403, 16), (400, 16), (503, 14)] {
        cloud.seen().token_status = Some(status);
        let (code, said) = refused(&cloud, |_| {}).await;
        assert_eq!(code, Some(expected), "{said}");
        assert!(said.contains(&format!("HTTP {status}")), "{said}");
    }
    assert!(cloud.seen().asked.is_empty());
    cloud.assert_no_breach();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_for_another_key_ends_it() {
    let (simulator, _) = workspace(AccessModel::Legacy).await;
    let cloud = Cloud::start(configuration(&simulator)).await;
    let key = simulator.token(baton_workato::simulator::Env::Dev);
    let nobodys = Ed25519KeyPair::generate().unwrap();
    cloud.seen().sealed_to = Some(nobodys.public_key().as_ref().to_vec());
    let (code, said) = refused(&cloud, |_| {}).await;
    assert_eq!(code, Some(16), "{said}");
    assert!(said.contains("BW-0731") && !said.contains(&key), "{said}");
    cloud.assert_no_breach();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_fits_no_connector_ends_it() {
    let (simulator, _) = workspace(AccessModel::Legacy).await;
    let good = configuration(&simulator);
    let without = |name: &str| {
        let mut changed = good.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    let with = |name: &str, value: serde_json::Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed
    };
    for (bad, word) in [
        (json!([]), "JSON object"),
        (without("workato-api-key"), "workato-api-key"),
        (with("workato-env", json!("elsewhere")), "workato-env"),
        (
            with("workato-requests-per-minute", json!(0.5)),
            "workato-requests-per-minute",
        ),
        (with("sync-connections", json!({ "x": 1 })), "sync-connections"),
        (with("log-level", json!("loud")), "log-level"),
    ] {
        let cloud = Cloud::start(bad).await;
        let (code, said) = refused(&cloud, |_| {}).await;
        assert!(matches!(code, Some(2 | 3)), "{code:?} {said}");
        assert!(said.contains(word), "{word}: {said}");
        assert!(!said.contains(good["workato-api-key"].as_str().unwrap()), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_the_tenant_does_not_allow_is_not_read() {
    let (simulator, cloud) = cloud().await;
    simulator.forget_requests();
    let section = |mode: EgressMode, hosts: &[&str]| EgressSection {
        schema_version: 1,
        mode: mode.into(),
        allowed_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..Default::default()
    };
    cloud.seen().policy = Some(section(EgressMode::Enforce, &["www.workato.com"]));
    let (code, said) = refused(&cloud, |_| {}).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("BW-0734") && said.contains("127.0.0.1"), "{said}");
    assert_eq!(simulator.requests().iter().count(), 0);
    cloud.seen().policy = Some(section(EgressMode::Report, &["www.workato.com"]));
    let function = Function::start(&cloud).await;
    answers(&function).await;
    assert!(function.log().contains("does not name"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_function_are_needed() {
    let (_simulator, cloud) = cloud().await;
    for name in [
        "BATON_LAMBDA_CLIENT_ID",
        "BATON_LAMBDA_CLIENT_SECRET",
        "BATON_LAMBDA_AUTH_JWT_SIGNER",
        "BATON_LAMBDA_AUTH_JWT_EXPECTED_ISSUER",
        "BATON_LAMBDA_AUTH_JWT_EXPECTED_SUBJECT",
        "BATON_LAMBDA_AUTH_JWT_EXPECTED_AUDIENCE",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_ACCESS_KEY_ID",
        "AWS_REGION",
    ] {
        let (code, said) = refused(&cloud, |command| {
            command.env_remove(name);
        })
        .await;
        assert_eq!(code, Some(2), "{name}: {said}");
        let flag = name.trim_start_matches("BATON_").to_lowercase().replace('_', "-");
        assert!(said.contains(name) || said.contains(&flag), "{name}: {said}");
    }
    for (name, value) in [
        ("BATON_LAMBDA_AUTH_JWT_EXPECTED_SUBJECT", " "),
        ("BATON_LAMBDA_AUTH_JWT_JWKS_URL", "https://localhost/keys"),
        ("BATON_LAMBDA_AUTH_JWT_SIGNER", "{}"),
        ("BATON_LAMBDA_CLIENT_SECRET", "secret-token:conductorone.com:v1:AAAA"),
    ] {
        let (code, said) = refused(&cloud, |command| {
            command.env(name, value);
        })
        .await;
        assert_eq!(code, Some(2), "{name}: {said}");
    }
    assert_eq!(cloud.seen().token_requests, 0);
}
