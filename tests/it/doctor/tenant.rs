//! ConductorOne: the token endpoint and the task service, over real TLS.

use std::sync::Arc;
use std::time::Duration;

use baton_workato::ABOUT;
use baton_workato::baton::diagnosis::{Check, Diagnosis, Status};
use baton_workato::baton::error::Kind;
use baton_workato::baton::http::{FormClient, SystemClock};
use baton_workato::baton::secret::Secret;
use baton_workato::baton::service::channel::TOKEN_USER_AGENT;
use baton_workato::baton::service::credentials::{ClientId, ClientSecret};
use baton_workato::baton::service::reach::{self, Way};
use baton_workato::baton::service::token::HttpTokenEndpoint;
use baton_workato::simulator::{AccessModel, Behavior, Env};

use crate::service::secure::Secure;
use crate::service::stand_in::TenantBehavior;

async fn look(secure: &Secure, host: &str, id: &str, roots: Option<&[u8]>) -> Vec<Check> {
    let client = FormClient::new(TOKEN_USER_AGENT, Duration::from_secs(5), roots).unwrap();
    let way = Way {
        about: &ABOUT,
        id: ClientId::parse(id).unwrap(),
        secret: ClientSecret::parse(&Secret::new(secure.stand_in.secret.as_str())).unwrap(),
        host,
        tokens: Arc::new(HttpTokenEndpoint::new(host, client).unwrap()),
        extra_roots: roots,
    };
    reach::check(way, Arc::new(SystemClock), Duration::from_secs(10)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_knows_us_is_reached_without_a_word_to_its_tasks() {
    let secure = Secure::start(TenantBehavior::default()).await;
    let roots = secure.ca_pem.clone();
    let checks = look(
        &secure,
        &secure.host(),
        &secure.stand_in.client_id,
        Some(roots.as_bytes()),
    )
    .await;
    assert!(checks.iter().all(|check| check.status == Status::Ok), "{checks:#?}");
    assert_eq!(checks.len(), 2);
    let seen = secure.stand_in.seen();
    assert_eq!((seen.token_requests, seen.hellos.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_unknown_authorities_and_nobody_are_told_apart() {
    let secure = Secure::start(TenantBehavior::default()).await;
    let roots = secure.ca_pem.clone();
    let stranger = secure.stand_in.client_id.replacen(|_: char| true, "x", 1);
    let codes =
        |checks: &[Check]| -> Vec<Option<u8>> { checks.iter().map(|check| check.kind.map(Kind::exit_code)).collect() };
    let checks = look(&secure, &secure.host(), &stranger, Some(roots.as_bytes())).await;
    assert_eq!(codes(&checks), [Some(16), None], "{checks:#?}");

    let checks = look(&secure, &secure.host(), &secure.stand_in.client_id, None).await;
    assert!(checks.iter().all(|check| check.status == Status::Failed), "{checks:#?}");
    assert!(
        checks.iter().all(|c| c.todo.as_ref().unwrap().contains("--c1-ca-cert")),
        "{checks:#?}"
    );

    let checks = look(
        &secure,
        "localhost:9",
        &secure.stand_in.client_id,
        Some(roots.as_bytes()),
    )
    .await;
    assert_eq!(
        Diagnosis(checks.clone()).gravest(),
        Some(Kind::Unavailable),
        "{checks:#?}"
    );
}

/// The settings of a service: its tenant is looked at, and the folder it works in instead of a file.
#[tokio::test(flavor = "multi_thread")]
async fn the_setup_of_a_service_is_looked_at() {
    let secure = Secure::start(TenantBehavior::default()).await;
    let simulator = super::simulator(AccessModel::RbacV2, Behavior::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, &secure.ca_pem).unwrap();
    let (host, url, key) = (secure.host(), simulator.base_url(), simulator.token(Env::Dev));
    let env = [
        ("BATON_CLIENT_ID", secure.stand_in.client_id.as_str()),
        ("BATON_CLIENT_SECRET", &secure.stand_in.secret),
        ("BATON_C1_API_HOST", &host),
        ("BATON_C1_CA_CERT", roots.to_str().unwrap()),
        ("BATON_C1Z_TEMP_DIR", folder.path().to_str().unwrap()),
        ("BATON_WORKATO_BASE_URL", &url),
        ("BATON_WORKATO_API_KEY", &key),
    ];
    let output = super::binary::run(folder.path(), &env, &["-o", "json"]).await;
    let all = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{all}");
    let document: serde_json::Value = serde_json::from_str(&all).unwrap();
    let of = |group: &str| -> Vec<&str> {
        let checks = document["checks"].as_array().unwrap().iter();
        checks
            .filter(|c| c["group"] == group)
            .map(|c| c["name"].as_str().unwrap())
            .collect()
    };
    assert_eq!(of("conductor_one"), ["access token", "task service"]);
    assert_eq!(of("output"), ["temporary folder", "temporary space"]);
    let payload = secure.stand_in.secret.rsplit(':').next().unwrap();
    assert!(!all.contains(payload), "{all}");
    assert_eq!(secure.stand_in.seen().polls, 0);
}
