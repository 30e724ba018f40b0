//! The stand-in over TLS, with a certificate authority of its own, and what the real way there looks like.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use baton_workato::ABOUT;
use baton_workato::baton::error::Kind;
use baton_workato::baton::http::{FormClient, SystemClock, probe};
use baton_workato::baton::progress::Silent;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::baton_service_server::BatonServiceServer;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;
use baton_workato::baton::secret::Secret;
use baton_workato::baton::service::channel::{self, TOKEN_USER_AGENT};
use baton_workato::baton::service::credentials::{ClientId, ClientSecret};
use baton_workato::baton::service::token::HttpTokenEndpoint;
use baton_workato::baton::service::{self, Link, ServiceEnvironment, ServiceOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use super::fake::Fake;
use super::memory;
use super::stand_in::{StandIn, TenantBehavior};

/// A stand-in on a port of this machine.
pub struct Secure {
    pub stand_in: StandIn,
    pub address: SocketAddr,
    pub ca_pem: String,
}

impl Secure {
    pub async fn start(behavior: TenantBehavior) -> Self {
        Secure::start_for(None, behavior).await
    }

    /// One that a client of some name finds at the port, by its client id alone.
    pub async fn start_named(name: &str, behavior: TenantBehavior) -> Self {
        Secure::start_for(Some(name), behavior).await
    }

    async fn start_for(name: Option<&str>, behavior: TenantBehavior) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stand_in = match name {
            None => StandIn::new(behavior),
            Some(name) => StandIn::of(name, &format!("localhost:{}", address.port()), behavior),
        };
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let tokens = axum::Router::new()
            .route("/auth/v1/token", axum::routing::post(token))
            .with_state(stand_in.clone());
        let routes = Routes::new(BatonServiceServer::new(stand_in.clone()))
            .into_axum_router()
            .merge(tokens);
        let tls = ServerTlsConfig::new().identity(Identity::from_pem(leaf.pem(), key.serialize_pem()));
        let incoming = futures_util::stream::unfold(listener, |listener| async {
            let accepted = listener.accept().await.map(|(stream, _)| stream);
            Some((accepted, listener))
        });
        let server = Server::builder()
            .tls_config(tls)
            .unwrap()
            .add_routes(Routes::from(routes));
        tokio::spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        Secure {
            stand_in,
            address,
            ca_pem: authority.pem(),
        }
    }

    /// What stands in for the tenant's host.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    fn link(&self, roots: Option<&[u8]>) -> Link {
        let client = FormClient::new(TOKEN_USER_AGENT, Duration::from_secs(10), roots).unwrap();
        Link {
            id: ClientId::parse(&self.stand_in.client_id).unwrap(),
            secret: ClientSecret::parse(&Secret::new(self.stand_in.secret.as_str())).unwrap(),
            channel: channel::open(&ABOUT, &self.host(), "spicy-wyvern", roots).unwrap(),
            tokens: Arc::new(HttpTokenEndpoint::new(&self.host(), client).unwrap()),
        }
    }
}

async fn token(
    State(stand_in): State<StandIn>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, axum::Json<serde_json::Value>) {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if header("content-type") != "application/x-www-form-urlencoded" || header("user-agent") != TOKEN_USER_AGENT {
        stand_in.breach(format!("token: headers {headers:?}"));
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let (status, body) = stand_in.token(&form);
    (StatusCode::from_u16(status).unwrap(), axum::Json(body))
}

fn environment(stop: &CancellationToken) -> ServiceEnvironment {
    ServiceEnvironment {
        observer: Arc::new(Silent),
        requests: Arc::new(BTreeMap::new),
        clock: Arc::new(SystemClock),
        stop: stop.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let secure = Secure::start(TenantBehavior::default()).await;
    let fake = Arc::new(Fake::default());
    let id = secure.stand_in.task(TaskType::SyncFull(Default::default()));
    let port = free_port().await;
    let options = ServiceOptions {
        event_hook: None,
        health: Some(format!("127.0.0.1:{port}").parse().unwrap()),
        ..memory::options(folder.path())
    };
    let stop = CancellationToken::new();
    let link = secure.link(Some(secure.ca_pem.as_bytes()));
    let running = tokio::spawn(service::run(Arc::clone(&fake), options, link, environment(&stop)));
    secure.stand_in.until_done().await;
    secure.stand_in.assert_no_breach();
    assert!(secure.stand_in.seen().ended[&id][0].succeeded());

    let ask = async |path: &str| {
        let url = format!("http://127.0.0.1:{port}/{path}");
        let (status, body) = probe(&url, Duration::from_secs(5)).await.unwrap();
        (status.as_u16(), body)
    };
    for (path, word) in [("health", "healthy"), ("ready", "ready"), ("live", "alive")] {
        let (status, body) = ask(path).await;
        assert!(
            body.starts_with(&format!("{{\"status\":\"{word}\",\"timestamp\":\"")),
            "{body}"
        );
        assert!(body.ends_with("Z\"}\n"), "{body}");
        assert_eq!(status, 200);
    }
    // The answer is fresh, so nobody asks again.
    let gone = baton_workato::baton::error::Error::new(Kind::Unauthenticated, "bad token");
    fake.broken.lock().unwrap().push(gone);
    assert_eq!(ask("health").await.0, 200);
    assert_eq!(fake.broken.lock().unwrap().len(), 1);
    assert_eq!(ask("nothing").await.0, 404);
    let (_, metrics) = ask("metrics").await;
    for line in [
        "baton_tasks_total{kind=\"sync_full\",result=\"success\"} 1",
        "baton_sync_rows{resource_type=\"user\",kind=\"resource\"} 4",
        "baton_syncs_total{result=\"success\"} 1",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    // Numbers are read, by whatever name somebody asks.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("http://127.0.0.1:{port}/metrics");
        let answer = client.request(method.clone(), url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 405, "{method}");
        assert!(!answer.text().await.unwrap().contains("baton_"), "{method}");
    }
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_authority_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let secure = Secure::start(TenantBehavior::default()).await;
    let other = Secure::start(TenantBehavior::default()).await;
    let stop = CancellationToken::new();
    let link = secure.link(Some(other.ca_pem.as_bytes()));
    let options = memory::options(folder.path());
    let error = service::run(Arc::new(Fake::default()), options, link, environment(&stop))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert!(error.hint_text().unwrap().contains("--c1-ca-cert"));
    assert_eq!(secure.stand_in.seen().token_requests, 0);
}

pub async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}
