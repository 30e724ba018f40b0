//! Runs a sync as the command line does, with everything set by the test.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use baton_workato::ABOUT;
use baton_workato::baton::connector::Connector;
use baton_workato::baton::error::Result;
use baton_workato::baton::http::{Clock, HttpClient, HttpOptions};
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::baton::sync::{self, Audience, SyncEnvironment, SyncOptions};
use baton_workato::workato::WorkatoConnector;
use baton_workato::workato::settings::{Environment, EnvironmentChoice, FolderDepth, PrivilegesMode, Settings};
use futures_util::future::BoxFuture;

/// Settings for a server on this machine: DEV only, everything else as by default.
pub fn settings(base_url: &str) -> Settings {
    Settings {
        base_url: base_url.parse().unwrap(),
        dev_token: Secret::new("test-token"),
        test_token: None,
        prod_token: None,
        environment: EnvironmentChoice::One(Environment::dev()),
        disable_custom_roles_sync: false,
        privileges: PrivilegesMode::Sampled,
        folder_depth: FolderDepth::Auto,
        customer: None,
        sync_connections: false,
        sync_leaked_tokens: false,
        own: Default::default(),
    }
}

/// The client of a run whose pauses take no time: its clock moves when somebody sleeps, and only then.
pub fn impatient() -> HttpOptions {
    HttpOptions {
        clock: Arc::new(LeapingClock(Mutex::new(Instant::now()))),
        ..HttpOptions::of(&ABOUT)
    }
}

struct LeapingClock(Mutex<Instant>);

impl Clock for LeapingClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }

    fn wall(&self) -> jiff::Timestamp {
        "2026-11-08T08:49:07Z".parse().unwrap()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        *self.0.lock().unwrap() += wait;
        Box::pin(tokio::task::yield_now())
    }

    fn random(&self) -> f64 {
        0.5
    }
}

/// Options that write to `file` with four workers.
pub fn options(file: &Path) -> SyncOptions {
    SyncOptions {
        // Everything that the connector says.
        audience: Audience::ConductorOne,
        ..SyncOptions::of(file)
    }
}

/// A run that nobody watches or cancels.
pub fn environment() -> SyncEnvironment {
    SyncEnvironment::quiet()
}

/// Syncs a Workato workspace into `file`.
pub async fn workato(settings: Settings, file: &Path) -> Result<Summary> {
    workato_with(settings, &options(file)).await
}

/// Syncs a Workato workspace.
pub async fn workato_with(settings: Settings, options: &SyncOptions) -> Result<Summary> {
    workato_over(settings, options, HttpOptions::of(&ABOUT)).await
}

/// Syncs a Workato workspace over a client with these options.
pub async fn workato_over(settings: Settings, options: &SyncOptions, http: HttpOptions) -> Result<Summary> {
    let http = Arc::new(HttpClient::new(http).unwrap());
    let connector = Arc::new(WorkatoConnector::connect(settings, &http));
    let environment = SyncEnvironment {
        requests: Arc::new(move || http.counts()),
        ..environment()
    };
    sync::run(connector, options, &environment).await
}

/// Syncs any connector.
pub async fn connector<C: Connector>(connector: C, options: &SyncOptions) -> Result<Summary> {
    sync::run(Arc::new(connector), options, &environment()).await
}
