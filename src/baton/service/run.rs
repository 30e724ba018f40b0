//! The life of the service: hello, then tasks until somebody says stop (`baton/service/protocol.md 3`).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tracing::Instrument as _;

use super::c1::C1;
use super::credentials::{ClientId, ClientSecret};
use super::files::SyncFiles;
use super::finish::{Failure, finish};
use super::health::{self, Health, Standing};
use super::hooks::EventHooks;
use super::poll::{Polled, Poller};
use super::remember::Memory;
use super::seats::Seats;
use super::task;
use super::token::{TokenEndpoint, Tokens};
use super::{Service, hello};
use crate::baton::c1z::Engine;
use crate::baton::connector::Provisioner;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::hook::Rules;
use crate::baton::http::Clock;
use crate::baton::lock::locked;
use crate::baton::progress::Observer;
use crate::baton::proto::c1::connectorapi::baton::v1::Task;
use crate::baton::provision::Provisioning;
use crate::baton::span;
use crate::baton::sync::RequestCounts;
use crate::baton::whose;

/// How long running tasks get after the word to stop. With what follows it stays below the five seconds after which
/// supervisors may kill.
const GRACE: Duration = Duration::from_millis(1_500);
/// How long they get after that to stop by themselves and to be answered.
const GOODBYE: Duration = Duration::from_millis(1_500);
/// How long a poll that is under way gets: what it brings would be lost otherwise.
const LAST_POLL: Duration = Duration::from_millis(500);

/// What the operator chose.
#[derive(Debug, Clone)]
pub struct ServiceOptions {
    /// What ConductorOne knows this host as.
    pub host_id: String,
    /// Tasks done at the same time, at least 1 (`--task-concurrency`).
    pub concurrency: usize,
    /// Ask for tasks in batches (`BATON_GET_TASKS`).
    pub batched: bool,
    /// Let ConductorOne change the workspace (`--provisioning`).
    pub provisioning: bool,
    /// Answer ticket tasks as a connector with ticketing does (`--ticketing`).
    pub ticketing: bool,
    /// Answer full-sync tasks with an empty sync (`--skip-full-sync`).
    pub skip_full_sync: bool,
    /// Resource types to sync where the task names none; empty means all.
    pub resource_types: Vec<String>,
    /// Lists read at the same time.
    pub workers: usize,
    /// What the rows of uploaded files lie in, whatever a task says (`--storage-engine`).
    pub engine: Option<Engine>,
    /// Where files lie while they are made and uploaded.
    pub temp_dir: PathBuf,
    /// What is run for every event that a task answers with, if anything (`--event-hook`).
    pub event_hook: Option<Rules>,
    /// Where probes are answered, if at all.
    pub health: Option<SocketAddr>,
}

/// The way to ConductorOne.
pub struct Link {
    /// The client.
    pub id: ClientId,
    /// Its key.
    pub secret: ClientSecret,
    /// Where calls go.
    pub channel: Channel,
    /// Where tokens come from.
    pub tokens: Arc<dyn TokenEndpoint>,
}

/// What surrounds the service.
pub struct ServiceEnvironment {
    /// Gets the progress of syncs.
    pub observer: Arc<dyn Observer>,
    /// Requests to the workspace since the start.
    pub requests: RequestCounts,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Fires when the process is to end.
    pub stop: CancellationToken,
}

/// What a service has of the process that it is in, besides itself.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where it shows how it is. Answering probes is for whoever made it.
    pub health: Arc<Health>,
    /// What it shares with the services of other workspaces.
    pub seats: Seats,
}

/// Works for ConductorOne until `environment.stop` fires, which is a good end, as the only service of its process.
///
/// # Errors
/// A port for probes that cannot be opened; as [`run_at`].
pub async fn run<C: Provisioner>(
    connector: Arc<C>,
    options: ServiceOptions,
    link: Link,
    environment: ServiceEnvironment,
) -> Result<()> {
    let clock = &environment.clock;
    let (requests, connected) = (Arc::clone(&environment.requests), Arc::clone(&connector));
    let health = Arc::new(Health::of(None, connected, requests, Arc::clone(clock)));
    let probes = environment.stop.child_token();
    let _probes_end = probes.clone().drop_guard();
    if let Some(address) = options.health {
        health::serve(address, vec![Arc::clone(&health)], Arc::clone(clock), probes).await?;
    }
    let seats = Seats::default();
    run_at(Place { health, seats }, connector, options, link, environment).await
}

/// The same beside others, at a place of its own in their process. It may be begun there again after it failed.
///
/// # Errors
/// A refusal of the hello; a journal of hooks that cannot be gone on from.
pub async fn run_at<C: Provisioner>(
    place: Place,
    connector: Arc<C>,
    options: ServiceOptions,
    link: Link,
    environment: ServiceEnvironment,
) -> Result<()> {
    let Place { health, seats } = place;
    let ServiceEnvironment {
        observer,
        requests,
        clock,
        stop,
    } = environment;
    let files = SyncFiles::new(&options.temp_dir, link.id.as_str());
    files.clean();
    let memory = Memory::new(&options.temp_dir, link.id.as_str());
    let hooks = options.event_hook.clone();
    let hooks = hooks.map(|rules| EventHooks::start(rules, &options.temp_dir, link.id.as_str()));
    let hooks = hooks.transpose()?;
    let tokens = Tokens::new(link.id, link.secret, link.tokens, Arc::clone(&clock));
    let c1 = C1::new(link.channel, tokens, &options.host_id, Arc::clone(&clock));
    let (about, metadata) = (connector.about(), hello::metadata(connector.as_ref()));
    tokio::select! {
        heard = hello::until_heard(&c1, clock.as_ref(), &about, &metadata) => heard?,
        () = stop.cancelled() => return Ok(()),
    }
    health.stand(Standing::Ready);
    let service = Arc::new(Service {
        provisioning: Provisioning::new(Arc::clone(&connector), options.provisioning),
        connector,
        c1,
        options,
        files,
        memory,
        hooks,
        metrics: Arc::clone(&health.metrics),
        observer,
        requests,
        clock,
        seats,
        sync_turn: tokio::sync::Mutex::new(()),
    });
    work(&service, &stop).await;
    Ok(())
}

/// Tasks being done, by id.
type InFlight = Arc<Mutex<BTreeSet<String>>>;

async fn work<C: Provisioner>(service: &Arc<Service<C>>, stop: &CancellationToken) {
    let slots = Arc::new(Semaphore::new(service.options.concurrency.max(1)));
    let clock = Arc::clone(&service.clock);
    let mut poller = Poller::new(
        Arc::clone(&clock),
        service.options.concurrency.max(1),
        service.options.batched,
    );
    let in_flight = InFlight::default();
    // Ends the tasks, after the grace.
    let end = CancellationToken::new();
    let mut running = JoinSet::new();
    let mut unstarted = Vec::new();
    loop {
        while running.try_join_next().is_some() {}
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = clock.sleep(poller.delay()) => {}
        }
        let slot = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let known = locked(&in_flight).clone();
        let polled = {
            let mut asking = std::pin::pin!(poller.ask(&service.c1, &known));
            tokio::select! {
                biased;
                polled = asking.as_mut() => polled,
                () = stop.cancelled() => tokio::time::timeout(LAST_POLL, asking).await.unwrap_or(Polled::Nothing),
            }
        };
        let task = match polled {
            Polled::Task(task) => task,
            Polled::Nothing => {
                service.metrics.poll("empty");
                continue;
            }
            Polled::Failed => {
                service.metrics.poll("failure");
                continue;
            }
        };
        service.metrics.poll("task");
        if stop.is_cancelled() {
            unstarted.push(*task);
            break;
        }
        if !locked(&in_flight).insert(task.id.clone()) {
            tracing::warn!(task = %task.id, "A task that is being done was handed out again.");
            continue;
        }
        let (service, end, in_flight) = (Arc::clone(service), end.clone(), Arc::clone(&in_flight));
        running.spawn(whose::carried(async move {
            let id = task.id.clone();
            handle(service, *task, end, slot).await;
            locked(&in_flight).remove(&id);
        }));
    }
    unstarted.extend(poller.into_queue());
    say_goodbye(service, unstarted, running, &end).await;
}

/// Lets running tasks finish, then stops them, and answers for all.
async fn say_goodbye<C: Provisioner>(
    service: &Arc<Service<C>>,
    unstarted: Vec<Task>,
    mut running: JoinSet<()>,
    end: &CancellationToken,
) {
    tracing::info!(running = running.len(), unstarted = unstarted.len(), "Stopping.");
    for task in unstarted {
        let service = Arc::clone(service);
        running.spawn(whose::carried(async move {
            let outcome = Err(Failure::retryable(task::shutting_down()));
            finish(&service.c1, service.clock.as_ref(), &task.id, &outcome, ()).await;
        }));
    }
    let all = async |running: &mut JoinSet<()>| while running.join_next().await.is_some() {};
    if tokio::time::timeout(GRACE, all(&mut running)).await.is_ok() {
        return;
    }
    end.cancel();
    if tokio::time::timeout(GOODBYE, all(&mut running)).await.is_err() {
        tracing::warn!(
            tasks = running.len(),
            "Some tasks did not stop in time; ConductorOne hands them out again."
        );
    }
}

/// Does one task and says how it ended. `slot` keeps other tasks waiting.
async fn handle<C: Provisioner, S>(service: Arc<Service<C>>, task: Task, end: CancellationToken, slot: S) {
    let (id, kind) = (task.id.clone(), task::name(&task));
    tracing::info!(task = %id, kind, "Task started.");
    service.metrics.running(1);
    let started = service.clock.now();
    let span = span::task(kind);
    let doing = {
        let service = Arc::clone(&service);
        let span = span.clone();
        let performing = async move { task::perform(&service, task, &end).await };
        tokio::spawn(whose::carried(performing).instrument(span))
    };
    // A panic is a failure of this task only.
    let outcome = doing.await.unwrap_or_else(|error| {
        tracing::error!(task = %id, kind, %error, "A task broke down.");
        let broken = Error::new(Kind::Internal, "the connector broke down while it did the task");
        Some(Err(Failure::retryable(broken)))
    });
    let took = service.clock.now().saturating_duration_since(started);
    span::ended(
        &span,
        outcome
            .as_ref()
            .and_then(|o| o.as_ref().err())
            .map(|failure| &failure.error),
    );
    drop(span);
    match &outcome {
        None | Some(Ok(_)) => tracing::info!(task = %id, kind, ?took, "Task done."),
        Some(Err(failure)) => {
            let (error, lasting) = (&failure.error, failure.non_retryable);
            tracing::error!(
                task = %id, kind, ?took, code = error.code_id().number(), %error, lasting, hint = error.hint_text(),
                "Task failed."
            );
        }
    }
    service.metrics.task(kind, !matches!(outcome, Some(Err(_))));
    service.metrics.running(-1);
    if let Some(outcome) = outcome {
        finish(&service.c1, service.clock.as_ref(), &id, &outcome, slot).await;
    }
}
