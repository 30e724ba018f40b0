//! The service and the stand-in in one process, joined by pipes in memory: with a paused clock, waiting takes no time.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_workato::baton::connector::Provisioner;
use baton_workato::baton::error::Result;
use baton_workato::baton::http::{Clock, HeaderMap, Response, StatusCode};
use baton_workato::baton::progress::Silent;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::baton_service_server::BatonServiceServer;
use baton_workato::baton::secret::Secret;
use baton_workato::baton::service::credentials::{ClientId, ClientSecret};
use baton_workato::baton::service::token::TokenEndpoint;
use baton_workato::baton::service::{self, Link, ServiceEnvironment, ServiceOptions};
use futures_util::future::BoxFuture;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint, Server};

use super::stand_in::StandIn;

/// Tokio's clock, whose calendar moves with it: paused time has one too.
pub struct TokioClock;

/// The calendar of paused time: the process' first look at it is this moment.
pub fn wall() -> jiff::Timestamp {
    let begun: jiff::Timestamp = "2026-11-08T08:49:07Z".parse().unwrap();
    thread_local!(static FIRST: Instant = tokio::time::Instant::now().into_std());
    let since = FIRST.with(|first| tokio::time::Instant::now().into_std().saturating_duration_since(*first));
    begun + jiff::SignedDuration::try_from(since).unwrap()
}

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> jiff::Timestamp {
        wall()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(wait))
    }

    fn random(&self) -> f64 {
        0.5
    }
}

/// Dials the stand-in: every connection is a new pipe.
#[derive(Clone)]
struct Dial(mpsc::UnboundedSender<io::Result<DuplexStream>>);

impl Service<http::Uri> for Dial {
    type Response = TokioIo<DuplexStream>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<TokioIo<DuplexStream>>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        let (ours, theirs) = tokio::io::duplex(256 * 1024);
        let dialled = self
            .0
            .send(Ok(theirs))
            .map_err(|_| io::ErrorKind::ConnectionRefused.into());
        std::future::ready(dialled.map(|()| TokioIo::new(ours)))
    }
}

pub struct Endpoints(pub StandIn);

impl TokenEndpoint for Endpoints {
    fn post<'a>(&'a self, fields: &'a [(&'a str, &'a Secret)]) -> BoxFuture<'a, Result<Response>> {
        let form: BTreeMap<String, String> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.expose().to_owned()))
            .collect();
        let (status, body) = self.0.token(&form);
        let status = StatusCode::from_u16(status).unwrap();
        let response = Response::new(status, HeaderMap::new(), body.to_string().into(), wall());
        Box::pin(async move { Ok(response) })
    }
}

/// Serves the stand-in in memory and says how to reach it.
pub fn serve(stand_in: &StandIn) -> Channel {
    let (sender, receiver) = mpsc::unbounded_channel();
    let incoming = futures_util::stream::unfold(receiver, |mut receiver| async {
        let stream = receiver.recv().await?;
        Some((stream, receiver))
    });
    let server = Server::builder().add_service(BatonServiceServer::new(stand_in.clone()));
    tokio::spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
    Endpoint::from_static("http://in-memory")
        .user_agent("spicy-wyvern baton-sdk/v0.25.0")
        .unwrap()
        .connect_with_connector_lazy(Dial(sender))
}

pub fn options(folder: &Path) -> ServiceOptions {
    ServiceOptions {
        host_id: "host".to_owned(),
        concurrency: 3,
        batched: false,
        provisioning: true,
        ticketing: false,
        skip_full_sync: false,
        resource_types: Vec::new(),
        workers: 2,
        engine: None,
        temp_dir: folder.to_owned(),
        event_hook: None,
        health: None,
    }
}

/// A running service.
pub struct Running {
    pub stop: CancellationToken,
    pub ended: JoinHandle<Result<()>>,
}

impl Running {
    pub async fn stop(self) {
        self.stop.cancel();
        self.ended.await.unwrap().unwrap();
    }
}

/// Starts the service against the stand-in.
pub fn start<C: Provisioner>(
    stand_in: &StandIn,
    channel: Channel,
    connector: Arc<C>,
    options: ServiceOptions,
) -> Running {
    let stop = CancellationToken::new();
    let link = Link {
        id: ClientId::parse(&stand_in.client_id).unwrap(),
        secret: ClientSecret::parse(&Secret::new(stand_in.secret.as_str())).unwrap(),
        channel,
        tokens: Arc::new(Endpoints(stand_in.clone())),
    };
    let environment = ServiceEnvironment {
        observer: Arc::new(Silent),
        requests: Arc::new(BTreeMap::new),
        clock: Arc::new(TokioClock),
        stop: stop.clone(),
    };
    let ended = tokio::spawn(service::run(connector, options, link, environment));
    Running { stop, ended }
}
