//! `doctor`: what it finds, compared with what was broken on purpose, and with what a real sync then does.

mod binary;
mod checkboxes;
mod counting;
mod place;
mod tenant;
mod tokens;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use baton_workato::baton::diagnosis::preflight;
use baton_workato::baton::diagnosis::{Check, Diagnosis, Status};
use baton_workato::baton::http::{HttpClient, HttpOptions, RetryPolicy};
use baton_workato::baton::progress::Silent;
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{AccessModel, Behavior, Env, Shape, Simulator, Workspace};
use baton_workato::workato::diagnosis::{Examination, Findings, examine};
use baton_workato::workato::settings::{Environment, EnvironmentChoice, Settings};

use crate::support::run;

/// A small workspace with all environments.
pub fn workspace(model: AccessModel) -> Workspace {
    Workspace::generate(&Shape {
        environments: Env::ALL.to_vec(),
        ..Shape::small(model)
    })
}

pub async fn simulator(model: AccessModel, behavior: Behavior) -> Simulator {
    Simulator::start(workspace(model), behavior).await.unwrap()
}

/// Settings with the DEV token alone.
pub fn dev(simulator: &Simulator) -> Settings {
    Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        ..run::settings(&simulator.base_url())
    }
}

/// Settings with all three tokens, each where it belongs.
pub fn all(simulator: &Simulator) -> Settings {
    let token = |env| Some(Secret::new(simulator.token(env)));
    Settings {
        test_token: token(Env::Test),
        prod_token: token(Env::Prod),
        environment: EnvironmentChoice::All,
        ..dev(simulator)
    }
}

pub fn one(name: &str) -> EnvironmentChoice {
    EnvironmentChoice::One(Environment::new(name))
}

/// Looks, as the command does, at a workspace whose file is `file`.
pub async fn examined(settings: &Settings, file: Option<&Path>) -> Findings {
    within(Duration::from_secs(30), settings, file).await
}

/// The same, where no question may take longer than `limit`.
pub async fn within(limit: Duration, settings: &Settings, file: Option<&Path>) -> Findings {
    let clock = run::impatient();
    let http = Arc::new(
        HttpClient::new(HttpOptions {
            retry: RetryPolicy {
                max_attempts: 2,
                throttle_cap: Duration::from_secs(1),
                throttle_budget: Duration::ZERO,
                ..RetryPolicy::default()
            },
            connect_timeout: Duration::from_secs(2),
            ..clock
        })
        .unwrap(),
    );
    let previous = file.and_then(|file| preflight::inspect(file, None, &|_| None).previous);
    let examination = Examination {
        settings,
        http: &http,
        previous: previous.as_ref(),
        limit,
        per_minute: 60,
        observer: &Silent,
    };
    examine(&examination).await
}

/// The diagnosis of the workspace alone.
pub async fn diagnosed(settings: &Settings) -> Diagnosis {
    Diagnosis(examined(settings, None).await.checks)
}

/// One check by its name and environment.
pub fn check<'a>(diagnosis: &'a Diagnosis, name: &str, environment: Option<&str>) -> &'a Check {
    let found = diagnosis
        .0
        .iter()
        .find(|check| check.name == name && check.environment.as_deref() == environment);
    found.unwrap_or_else(|| panic!("no check {name} {environment:?} in {diagnosis:#?}"))
}

/// The checkboxes that are said to be missing.
pub fn missing(diagnosis: &Diagnosis) -> BTreeSet<String> {
    let bad = diagnosis.0.iter().filter(|c| is_bad(c));
    bad.filter_map(|check| check.needs.clone()).collect()
}

pub fn is_bad(check: &Check) -> bool {
    matches!(check.status, Status::Failed | Status::Warning)
}

/// Everything that is wrong, for messages.
pub fn bad(diagnosis: &Diagnosis) -> Vec<&Check> {
    diagnosis.0.iter().filter(|check| is_bad(check)).collect()
}
