//! Probes over plain HTTP: `/health`, `/ready`, `/live` as published (`baton/config/published.md 9`), and `/metrics`.
//!
//! `/health` asks the workspace, but not once per probe: an answer counts for a minute. A process that serves many answers
//! for all of them, with a word for each: it is healthy if nothing is known to be wrong with any, and
//! ready once ConductorOne heard or refused each of them, and heard at least one. A probe asks the few of them whose answers
//! are oldest.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures_util::future::{BoxFuture, Either, join_all, select};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::metrics::{self, Metrics};
use crate::baton::code;
use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::Clock;
use crate::baton::lock::locked;
use crate::baton::sync::RequestCounts;
use crate::baton::whose;

/// How long an answer of the workspace counts, where a probe can ask all there are.
const FRESH: Duration = Duration::from_secs(60);
/// The longest the workspace may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Workspaces that one probe asks at most. Those of many may share what their token is allowed.
const AT_ONCE: usize = 8;

/// Asks a workspace whether it lets us in.
type Ask = Box<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;
/// What it answered, and when.
type Answer = (Instant, Result<(), String>);

/// How a workspace stands with ConductorOne.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It did not hear us yet, or is tried again.
    Waiting,
    /// It heard us.
    Ready,
    /// It is not served any more, and why.
    GivenUp(String),
}

/// What the probes look at of one workspace.
pub struct Health {
    /// What it is called, where the process serves several.
    name: Option<String>,
    ask: Option<Ask>,
    /// Printed by `/metrics`.
    pub(super) metrics: Arc<Metrics>,
    requests: RequestCounts,
    clock: Arc<dyn Clock>,
    standing: Mutex<Standing>,
    last: Mutex<Option<Answer>>,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Health")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Health {
    /// Of a workspace that `connector` reaches; its name, where the process serves several.
    pub fn of<C: Connector>(
        name: Option<String>,
        connector: Arc<C>,
        requests: RequestCounts,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let ask: Ask = Box::new(move || {
            let connector = Arc::clone(&connector);
            Box::pin(async move { connector.validate(&SyncContext::detached()).await })
        });
        Health::new(name, Some(ask), requests, clock)
    }

    /// Of one that cannot be served, and why.
    pub fn of_none(name: String, why: String, clock: Arc<dyn Clock>) -> Self {
        let health = Health::new(Some(name), None, Arc::new(BTreeMap::new), clock);
        health.stand(Standing::GivenUp(why));
        health
    }

    fn new(name: Option<String>, ask: Option<Ask>, requests: RequestCounts, clock: Arc<dyn Clock>) -> Self {
        let metrics = Arc::new(Metrics::default());
        metrics.ready(false);
        Health {
            name,
            ask,
            metrics,
            requests,
            clock,
            standing: Mutex::new(Standing::Waiting),
            last: Mutex::new(None),
        }
    }

    /// How it stands from now on.
    pub fn stand(&self, standing: Standing) {
        self.metrics.ready(standing == Standing::Ready);
        *locked(&self.standing) = standing;
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        locked(&self.standing).clone()
    }

    /// How long ago it answered; none if it never did.
    fn age(&self) -> Option<Duration> {
        let last = locked(&self.last);
        last.as_ref()
            .map(|(at, _)| self.clock.now().saturating_duration_since(*at))
    }

    /// Whether it would be asked at all.
    fn is_asked(&self) -> bool {
        self.ask.is_some() && !matches!(self.standing(), Standing::GivenUp(_))
    }

    async fn validate(&self) {
        let Some(ask) = &self.ask else { return };
        let answer = match select(ask(), self.clock.sleep(PATIENCE)).await {
            Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
            Either::Right(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        *locked(&self.last) = Some((self.clock.now(), answer));
    }

    /// What is wrong with it, as far as it is known.
    fn problem(&self) -> Option<String> {
        match self.standing() {
            Standing::GivenUp(why) => Some(why),
            Standing::Waiting | Standing::Ready => {
                locked(&self.last).as_ref().and_then(|(_, answer)| answer.clone().err())
            }
        }
    }
}

/// All there is to probe.
struct Probes {
    all: Vec<Arc<Health>>,
    clock: Arc<dyn Clock>,
    /// One probe asks; those that come meanwhile wait for its answers.
    asking: tokio::sync::Mutex<()>,
}

/// Serves probes on `address` until `stop` fires. Returns the address that is served, whose port may have been 0.
///
/// # Errors
/// `Unknown` when the port cannot be opened.
pub async fn serve(
    address: SocketAddr,
    all: Vec<Arc<Health>>,
    clock: Arc<dyn Clock>,
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
    let asking = tokio::sync::Mutex::new(());
    let app = Router::new()
        .route("/health", any(health_probe))
        .route("/ready", any(ready_probe))
        .route("/live", any(live_probe))
        .route("/metrics", get(metrics_probe))
        .with_state(Arc::new(Probes { all, clock, asking }));
    tokio::spawn(async move {
        let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "Health probes are no longer answered.");
        }
    });
    tracing::info!(address = %bound, "Health probes are answered.");
    Ok(bound)
}

async fn health_probe(State(probes): State<Arc<Probes>>) -> Response {
    probes.validate().await;
    let problem = probes.all.iter().find_map(|one| one.problem());
    let details = problem.map(|text| json!({ "error": "connector validation failed", "validation_error": text }));
    let word = |one: &Health| match (one.problem(), one.age()) {
        (Some(problem), _) => problem,
        (None, None) => "not asked yet".to_owned(),
        (None, Some(_)) => "healthy".to_owned(),
    };
    probes.answer("healthy", "unhealthy", details, word)
}

async fn ready_probe(State(probes): State<Arc<Probes>>) -> Response {
    let count = |standing: Standing| probes.all.iter().filter(|one| one.standing() == standing).count();
    let is_ready = count(Standing::Waiting) == 0 && (count(Standing::Ready) > 0 || probes.all.is_empty());
    let details = (!is_ready).then(|| json!({ "error": "failed to get connector client" }));
    let word = |one: &Health| match one.standing() {
        Standing::Waiting => "waiting".to_owned(),
        Standing::Ready => "ready".to_owned(),
        Standing::GivenUp(why) => why,
    };
    probes.answer("ready", "not_ready", details, word)
}

async fn live_probe(State(probes): State<Arc<Probes>>) -> Response {
    probes.answer("alive", "dead", None, |_| "alive".to_owned())
}

async fn metrics_probe(State(probes): State<Arc<Probes>>) -> Response {
    let kind = (header::CONTENT_TYPE, "text/plain; version=0.0.4");
    let numbers = probes
        .all
        .iter()
        .flat_map(|one| one.metrics.numbers(one.name.as_deref(), &one.requests));
    ([kind], metrics::render(&numbers.collect())).into_response()
}

impl Probes {
    /// Asks the workspaces whether they let us in: those of the oldest answers, as far as these count no longer.
    async fn validate(&self) {
        let _turn = self.asking.lock().await;
        let rounds = self.all.len().div_ceil(AT_ONCE).max(1);
        let fresh = FRESH.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX));
        let is_stale = |one: &&Arc<Health>| one.is_asked() && one.age().is_none_or(|age| age >= fresh);
        let mut stale: Vec<&Arc<Health>> = self.all.iter().filter(is_stale).collect();
        stale.sort_by_key(|one| std::cmp::Reverse(one.age().unwrap_or(Duration::MAX)));
        let asked = stale.into_iter().take(AT_ONCE);
        join_all(asked.map(|one| async move {
            match &one.name {
                Some(name) => whose::named(name, one.validate()).await,
                None => one.validate().await,
            }
        }))
        .await;
    }

    /// 200 without details, 503 with them; and a word for each workspace, where there are several.
    fn answer(&self, good: &str, bad: &str, details: Option<Value>, word: impl Fn(&Health) -> String) -> Response {
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
        let named = self
            .all
            .iter()
            .filter_map(|one| Some((one.name.clone()?, json!(word(one)))));
        let named: Map<String, Value> = named.collect();
        if !named.is_empty() {
            body.insert("workspaces".to_owned(), named.into());
        }
        let kind = (header::CONTENT_TYPE, "application/json");
        (status, [kind], format!("{}\n", Value::Object(body))).into_response()
    }
}
