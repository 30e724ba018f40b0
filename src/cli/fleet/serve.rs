//! `fleet serve`: connected to ConductorOne for every workspace that has credentials there, until a signal comes.
//!
//! Each workspace has a service of its own, as service mode has one: its working files, what answered before, its place in
//! the probes. What fails in one is that one's own: it is named, and tried again where that may help.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::file::{Served, wrong};
use super::plan::{Plan, Workspace, again};
use super::table;
use crate::baton::code;
use crate::baton::config::Values;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::fingerprint::hex_digest;
use crate::baton::http::{Clock, SystemClock};
use crate::baton::progress::Silent;
use crate::baton::service::c1::is_permanent;
use crate::baton::service::health::{self, Health, Standing};
use crate::baton::service::seats::Seats;
use crate::baton::service::{self, Link, Place, ServiceEnvironment, ServiceOptions};
use crate::baton::sync::RequestCounts;
use crate::baton::{private, whose};
use crate::cli::service::{Tenant, health as probes, options};
use crate::cli::sync::in_runtime;
use crate::cli::{connect, fields, interrupt, unavailable};
use crate::workato::{self, WorkatoConnector};

/// The first pause before a service that failed is begun again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause. A service that ran for longer begins with the first one again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Ways to ConductorOne that are opened at the same time: each reads the system's certificate authorities, which keeps a
/// processor busy for a while.
const OPENING: usize = 2;
/// How the name of the lock of a client begins.
const LOCK: &str = "baton-served-";

/// Serves all until the first signal, which is a good end, or until none can be served any more.
///
/// # Errors
/// A fleet in which no workspace has credentials of ConductorOne: exit code 2; a port for probes that cannot be opened; the
/// gravest failure of a workspace that is not served at the end.
pub fn run(mut plan: Plan, process: &Values, at_once: Option<u32>) -> Result<()> {
    if plan.served == 0 {
        return Err(
            wrong("no workspace of the fleet has credentials of ConductorOne".to_owned())
                .hint("conductorone: {client-id: ..., client-secret: {env: ACME_SECRET}} at each that is to be served"),
        );
    }
    let address = probes(process)?;
    plan.expand_served(&|name| std::env::var_os(name))?;
    tell_unserved(&plan);
    let at_once = at_once.unwrap_or(plan.at_once) as usize;
    in_runtime(async {
        let stop = CancellationToken::new();
        interrupt::listen(&stop);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let seats = Seats::of(at_once);
        let opening = Arc::new(Semaphore::new(OPENING));
        let (mut posts, mut failures, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for workspace in &plan.workspaces {
            let Some(served) = &workspace.served else { continue };
            let prepared = whose::named(&workspace.name, async {
                Prepared::of(workspace, &plan.variables, &clock)
            });
            match prepared.await {
                Ok(prepared) => {
                    all.push(Arc::clone(&prepared.health));
                    let (seats, here, clock) = (seats.clone(), plan.here.clone(), Arc::clone(&clock));
                    let served = served.clone();
                    posts.push(Post {
                        prepared: Arc::new(prepared),
                        served,
                        here,
                        seats,
                        clock,
                        opening: Arc::clone(&opening),
                        stop: stop.clone(),
                    });
                }
                Err(error) => {
                    let (name, why) = (workspace.name.clone(), error.to_string());
                    whose::named(&workspace.name, async { give_up(&error) }).await;
                    all.push(Arc::new(Health::of_none(name, why, Arc::clone(&clock))));
                    failures.push(error);
                }
            }
        }
        let total = all.len();
        let _probes_end = stop.clone().drop_guard();
        if let Some(address) = address {
            health::serve(address, all, Arc::clone(&clock), stop.child_token()).await?;
        }
        tracing::info!(workspaces = posts.len(), at_once, "Workspaces are served.");
        if total == 0 {
            // Another number of shards, or another workspace, may bring it some: it is well as it is.
            stop.cancelled().await;
        }
        let mut serving: JoinSet<Result<()>> = posts.into_iter().map(Post::serve).collect();
        while let Some(ended) = serving.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failures.push(error),
                Err(broken) => failures.push(Error::new(Kind::Internal, broken.to_string())),
            }
        }
        table::gravest(&failures, total)
    })
}

/// Names those that are left out, so that nobody takes them for served.
fn tell_unserved(plan: &Plan) {
    let without = plan.workspaces.iter().filter(|workspace| workspace.served.is_none());
    let names: Vec<&str> = without.map(|workspace| workspace.name.as_str()).collect();
    if !names.is_empty() {
        tracing::warn!(
            count = names.len(),
            names = names.join(", "),
            "These have no credentials of ConductorOne in the fleet, and are not served."
        );
    }
    if plan.partner.as_ref().is_some_and(|partner| partner.named.is_none()) {
        tracing::warn!("Customers of the partner whose ids do not stand in its conductorone are not served.");
    }
}

/// What is known of a workspace before ConductorOne is called.
struct Prepared {
    name: String,
    values: Values,
    options: ServiceOptions,
    connector: Arc<WorkatoConnector>,
    requests: RequestCounts,
    health: Arc<Health>,
}

impl Prepared {
    /// Makes no call.
    fn of(workspace: &Workspace, variables: &[String], clock: &Arc<dyn Clock>) -> Result<Prepared> {
        let values = workspace.settings()?;
        unavailable::check_service(fields::all(), values)?;
        let settings = workato::config::settings(values)?;
        let limits = workato::config::limits(values);
        let options = options(values, &|name| std::env::var(name).ok(), variables)?;
        let shared = workspace.allowance.clone();
        let (connector, requests) = connect::connect_sharing(settings, limits, shared, Arc::new(Silent))?;
        let name = workspace.name.clone();
        let (connected, counted) = (Arc::clone(&connector), Arc::clone(&requests));
        Ok(Prepared {
            health: Arc::new(Health::of(Some(name.clone()), connected, counted, Arc::clone(clock))),
            name,
            values: values.clone(),
            options,
            connector,
            requests,
        })
    }
}

/// The service of one workspace, begun as often as it takes.
struct Post {
    prepared: Arc<Prepared>,
    served: Served,
    /// Where the file of the fleet is.
    here: std::path::PathBuf,
    seats: Seats,
    /// Whose turn it is to open a way to ConductorOne.
    opening: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
}

impl Post {
    /// Serves until the process is to end, or until it cannot be served any more.
    async fn serve(self) -> Result<()> {
        let (name, post) = (self.prepared.name.clone(), Arc::new(self));
        whose::named(&name, post.again_and_again()).await
    }

    async fn again_and_again(self: Arc<Self>) -> Result<()> {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = self.clock.now();
            // In a task of its own: what breaks down in one is that one's own.
            let once = tokio::spawn(whose::carried(Arc::clone(&self).once())).await;
            let Err(error) = once.unwrap_or_else(|broken| Err(Error::new(Kind::Internal, broken.to_string()))) else {
                return Ok(());
            };
            let health = &self.prepared.health;
            if is_permanent(&error) || error.kind() == Kind::Unknown {
                health.stand(Standing::GivenUp(error.to_string()));
                give_up(&error);
                return Err(error);
            }
            health.stand(Standing::Waiting);
            if self.clock.now().saturating_duration_since(began) > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            tracing::warn!(
                code = error.code_id().number(), %error, hint = error.hint_text(), ?pause,
                "The workspace is not served for now."
            );
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(error),
                () = self.clock.sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }

    async fn once(self: Arc<Self>) -> Result<()> {
        let _lock = lock(&self.prepared.options.temp_dir, self.served.client_id.trim())?;
        let turn = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ok(()),
            turn = self.opening.acquire() => turn,
        };
        let post = Arc::clone(&self);
        let opened = tokio::task::spawn_blocking(whose::carrying(move || post.link())).await;
        let link = opened.map_err(|broken| Error::new(Kind::Internal, broken.to_string()))??;
        drop(turn);
        let Prepared {
            options,
            connector,
            requests,
            health,
            ..
        } = self.prepared.as_ref();
        let environment = ServiceEnvironment {
            observer: Arc::new(Silent),
            requests: Arc::clone(requests),
            clock: Arc::clone(&self.clock),
            stop: self.stop.child_token(),
        };
        let (health, seats) = (Arc::clone(health), self.seats.clone());
        service::run_at(
            Place { health, seats },
            Arc::clone(connector),
            options.clone(),
            link,
            environment,
        )
        .await
    }

    /// The way to ConductorOne. The secret is read anew each time: whoever renewed it need not start the process again.
    fn link(&self) -> Result<Link> {
        let env = |name: &str| std::env::var_os(name);
        let secret = self.served.client_secret.secret(&self.here, &env, "client secret")?;
        let host = std::env::var("BATON_C1_API_HOST").ok();
        Tenant::with(&self.served.client_id, &secret, &self.prepared.values, host)?.link()
    }
}

fn give_up(error: &Error) {
    tracing::error!(
        code = error.code_id().number(), %error, hint = error.hint_text(),
        "The workspace is not served: it needs somebody, and then a new start."
    );
}

/// Keeps other processes from serving the same client out of the same folder.
fn lock(folder: &Path, client_id: &str) -> Result<File> {
    let digest = hex_digest(client_id.as_bytes());
    let place = folder.join(format!("{LOCK}{}", digest.get(..16).unwrap_or_default()));
    private::lock(&place).map_err(|error| match error.code_id() {
        code::PLACE_UNUSABLE if error.kind() == Kind::Unavailable => Error::new(
            Kind::Unavailable,
            format!("another process serves this workspace out of {}", folder.display()),
        )
        .code(code::SERVED_TWICE)
        .hint("stop it; shards have nothing in common if all are told the same --shards"),
        _ => again(&error),
    })
}
