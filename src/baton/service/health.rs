//! Probes over plain HTTP: `/health`, `/ready`, `/live` as published (`baton/config/published.md 9`), and `/metrics`.
//!
//! `/health` asks the workspace, but not once per probe: an answer counts for a minute.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures_util::future::{Either, select};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::metrics::Metrics;
use crate::baton::code;
use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::Clock;
use crate::baton::sync::RequestCounts;

/// How long an answer of the workspace counts.
const FRESH: Duration = Duration::from_secs(60);
/// The longest the workspace may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the probes look at.
pub struct Health<C> {
    /// Asked by `/health`.
    pub connector: Arc<C>,
    /// Printed by `/metrics`.
    pub metrics: Arc<Metrics>,
    /// Printed by `/metrics`.
    pub requests: RequestCounts,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Set once ConductorOne heard the hello.
    pub ready: Arc<AtomicBool>,
    /// The last answer of the workspace.
    pub last: Mutex<Option<(Instant, Result<(), String>)>>,
}

/// Serves probes on `address` until `stop` fires. Returns the address that is served, whose port may have been 0.
///
/// # Errors
/// `Unknown` when the port cannot be opened.
pub async fn serve<C: Connector>(
    address: SocketAddr,
    health: Arc<Health<C>>,
    stop: CancellationToken,
) -> Result<SocketAddr> {
    let failed = |error: std::io::Error| {
        Error::new(Kind::Unknown, format!("health probes cannot be served on {address}"))
            .code(code::HEALTH_PORT)
            .hint("choose another --health-check-port or --health-check-bind-address")
            .source(error)
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let app = Router::new()
        .route("/health", any(health_probe::<C>))
        .route("/ready", any(ready_probe::<C>))
        .route("/live", any(live_probe::<C>))
        .route("/metrics", get(metrics_probe::<C>))
        .with_state(health);
    tokio::spawn(async move {
        let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "Health probes are no longer answered.");
        }
    });
    tracing::info!(address = %bound, "Health probes are answered.");
    Ok(bound)
}

async fn health_probe<C: Connector>(State(health): State<Arc<Health<C>>>) -> Response {
    let problem = health.validate().await.err();
    let details = problem.map(|text| json!({ "error": "connector validation failed", "validation_error": text }));
    health.answer("healthy", "unhealthy", details)
}

async fn ready_probe<C: Connector>(State(health): State<Arc<Health<C>>>) -> Response {
    let is_ready = health.ready.load(Ordering::Relaxed);
    let details = (!is_ready).then(|| json!({ "error": "failed to get connector client" }));
    health.answer("ready", "not_ready", details)
}

async fn live_probe<C: Connector>(State(health): State<Arc<Health<C>>>) -> Response {
    health.answer("alive", "dead", None)
}

async fn metrics_probe<C: Connector>(State(health): State<Arc<Health<C>>>) -> Response {
    let kind = (header::CONTENT_TYPE, "text/plain; version=0.0.4");
    ([kind], health.metrics.render(&health.requests)).into_response()
}

impl<C: Connector> Health<C> {
    /// Whether the workspace lets us in. One probe asks; those that come meanwhile wait for its answer.
    async fn validate(&self) -> Result<(), String> {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && self.clock.now().saturating_duration_since(*at) < FRESH
        {
            return answer.clone();
        }
        let cx = SyncContext::detached();
        let asking = std::pin::pin!(self.connector.validate(&cx));
        let answer = match select(asking, self.clock.sleep(PATIENCE)).await {
            Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
            Either::Right(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        *last = Some((self.clock.now(), answer.clone()));
        answer
    }

    /// 200 without details, 503 with them.
    fn answer(&self, good: &str, bad: &str, details: Option<Value>) -> Response {
        let status = if details.is_none() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let now = self.clock.wall();
        let seconds = now.round(jiff::Unit::Second).unwrap_or(now);
        let mut body = Map::new();
        body.insert("status".to_owned(), json!(if details.is_none() { good } else { bad }));
        body.insert("timestamp".to_owned(), json!(seconds.to_string()));
        if let Some(details) = details {
            body.insert("details".to_owned(), details);
        }
        let kind = (header::CONTENT_TYPE, "application/json");
        (status, [kind], format!("{}\n", Value::Object(body))).into_response()
    }
}
