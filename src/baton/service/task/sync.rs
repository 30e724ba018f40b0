//! A full sync: heartbeat, sync into a file of its own, upload, remove the file (`baton/service/protocol.md 6`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::baton::c1z::steps::Disk;
use crate::baton::c1z::{Claim, Engine, timestamp};
use crate::baton::code;
use crate::baton::connector::Provisioner;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::memory::{Kept, PreviousSync};
use crate::baton::proto::c1::connectorapi::baton::v1::task::SyncFullTask;
use crate::baton::service::Service;
use crate::baton::service::files;
use crate::baton::service::finish::{Failure, Outcome, Success};
use crate::baton::service::heartbeat::Pulse;
use crate::baton::service::upload::upload;
use crate::baton::sync::ingest::INVARIANT;
use crate::baton::sync::summary::Summary;
use crate::baton::sync::{self, Audience, Scope, Scoped, SyncEnvironment, SyncOptions};

/// Seconds that a stopped sync gets to close its file.
const CLOSING: u32 = 10;

/// Syncs and uploads. `cancel` fires when the process is to end.
pub async fn run<C: Provisioner>(
    service: &Service<C>,
    task_id: &str,
    task: SyncFullTask,
    cancel: &CancellationToken,
) -> Outcome {
    let pulse = Pulse::start(&service.c1, &service.clock, &service.metrics, task_id, cancel)
        .await
        .map_err(Failure::retryable)?;
    let done = sync_and_upload(service, task_id, &task, &pulse.cancel).await;
    match done {
        Ok(()) => Ok(Success::default()),
        Err(error) => {
            service.metrics.sync_failed();
            // A sync that was stopped says only that: whoever stopped it knows why.
            let stopped = pulse.cancel.is_cancelled() && error.kind() == Kind::Cancelled;
            let reason = pulse.reason().unwrap_or_else(super::shutting_down);
            // Rows that break a rule break it again; everything else may pass (`baton/service/protocol.md 4.1`).
            let lasting = error.fact_value(INVARIANT).is_some();
            let error = if stopped { reason } else { error };
            Err(if lasting {
                Failure::lasting(error)
            } else {
                Failure::retryable(error)
            })
        }
    }
}

async fn sync_and_upload<C: Provisioner>(
    service: &Service<C>,
    task_id: &str,
    task: &SyncFullTask,
    cancel: &CancellationToken,
) -> Result<()> {
    let mut plan = Plan::of(service, task)?;
    // Two tasks that want the same would write the same file; the second one waits, and heartbeats meanwhile.
    let turn = tokio::select! {
        turn = service.sync_turn.lock() => turn,
        () = cancel.cancelled() => return Err(stopped()),
    };
    let seat = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(stopped()),
        seat = service.seats.for_sync() => seat,
    };
    let connector = Arc::new(Scoped::new(Arc::clone(&service.connector), plan.scope));
    let environment = SyncEnvironment {
        observer: Arc::clone(&service.observer),
        cancel: cancel.clone(),
        requests: Arc::clone(&service.requests),
        steps: Arc::new(Disk),
    };
    tokio::select! {
        () = until_free(service, &plan.options.file) => {}
        () = cancel.cancelled() => return Err(stopped()),
    }
    // A file that an earlier task could not remove would keep its form.
    if Engine::of(&plan.options.file).is_some_and(|left| Some(left) != plan.options.engine) {
        files::remove(&plan.options.file)?;
    }
    let place = service.connector.fingerprint().place();
    plan.options.previous = service.memory.recall(&place);
    let file = Leftover(plan.options.file.clone());
    let summary = sync::run(connector, &plan.options, &environment).await?;
    // What answered did so, whatever becomes of the upload.
    service.memory.keep(&place, left(&summary, service.clock.wall()));
    service.metrics.sync_succeeded(&summary, service.clock.wall());
    tracing::info!(
        task = task_id,
        sync_id = summary.sync_id,
        bytes = summary.file_bytes,
        warnings = summary.warnings.len(),
        resumed = summary.resumed.is_some(),
        "The sync is uploaded."
    );
    for warning in &summary.warnings {
        tracing::warn!(
            task = task_id,
            cause = warning.cause,
            code = warning.code,
            count = warning.count,
            examples = ?warning.examples,
            "{}", warning.message
        );
    }
    // Another process of the same client must not clean the file away meanwhile.
    let claim = Claim::take(&file.0, Some(service.files.folder()))?;
    let bytes = tokio::select! {
        sent = upload(&service.c1, service.clock.as_ref(), task_id, &file.0) => sent?,
        () = cancel.cancelled() => return Err(stopped()),
    };
    service.metrics.uploaded(bytes);
    drop(file);
    drop(claim);
    drop(seat);
    drop(turn);
    Ok(())
}

/// What a sync leaves to the next one.
fn left(summary: &Summary, ended: jiff::Timestamp) -> PreviousSync {
    PreviousSync {
        sync_id: summary.sync_id.clone(),
        ended_at: timestamp::text(ended.to_zoned(jiff::tz::TimeZone::system()).datetime()),
        remembered: summary.remembered.clone(),
        kept: Kept::InProcess,
    }
}

/// Waits a little for a sync that was stopped just now and still closes its file. If it is somebody else who has it, the
/// sync says so.
async fn until_free<C: Provisioner>(service: &Service<C>, file: &Path) {
    for _ in 0..CLOSING {
        if Claim::take(file, Some(service.files.folder())).is_ok() {
            return;
        }
        service.clock.sleep(Duration::from_secs(1)).await;
    }
}

/// A finished file that goes when its task ends, however it ends.
struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        if let Err(error) = files::remove(&self.0) {
            tracing::warn!(code = error.code_id().number(), %error, "An uploaded file could not be removed.");
        }
    }
}

/// What a task wants, as the syncer is told.
struct Plan {
    scope: Scope,
    options: SyncOptions,
}

impl Plan {
    fn of<C: Provisioner>(service: &Service<C>, task: &SyncFullTask) -> Result<Plan> {
        let own = &service.options;
        let known = service.connector.resource_types();
        let wanted = if task.sync_resource_type_ids.is_empty() {
            &own.resource_types
        } else {
            &task.sync_resource_type_ids
        };
        if let Some(unknown) = wanted.iter().find(|id| !known.iter().any(|t| t.id == **id)) {
            let message = format!("invalid resource type '{unknown}' in filter");
            return Err(Error::new(Kind::Unknown, message));
        }
        let engine = engine(own.engine, &task.storage_engine);
        let mut targets = Scope::targets(&task.targeted_sync_resources);
        targets.retain(|t| wanted.is_empty() || wanted.contains(&t.id.resource_type));
        // A filter that leaves none of the targets must not turn the task into a sync of everything.
        let partial = !task.targeted_sync_resources.is_empty();
        let scope = Scope {
            empty: own.skip_full_sync || (partial && targets.is_empty()),
            skip_entitlements: partial && task.skip_entitlements_and_grants,
            skip_grants: task.skip_grants,
            targets,
        };
        let resumable = !partial && !scope.empty;
        let resources_only = task.skip_entitlements_and_grants && !partial;
        let settings = format!(
            "{} {resources_only} {} {}",
            scope.as_text(),
            task.skip_expand_grants,
            wanted.join(",")
        );
        let options = SyncOptions {
            file: service.files.path(resumable, &settings),
            temp_dir: Some(service.files.folder().to_owned()),
            workers: own.workers,
            resource_types: if scope.empty { Vec::new() } else { wanted.clone() },
            skip_entitlements_and_grants: resources_only,
            partial,
            skip_expansion: task.skip_expand_grants,
            audience: Audience::ConductorOne,
            fresh: false,
            resumable,
            time_budget: None,
            incremental: false,
            previous: None,
            keep: None,
            engine: Some(engine),
        };
        Ok(Plan { scope, options })
    }
}

/// What the rows of the file lie in: as the operator says, else as the task does, else SQLite, which every reader opens.
fn engine(own: Option<Engine>, of_task: &str) -> Engine {
    let asked = Engine::named(of_task);
    if asked.is_none() && !of_task.is_empty() {
        tracing::warn!(
            code = code::TASK_UNSUPPORTED.number(),
            wanted = of_task,
            "The task asks for a form of the file that is not known; it gets the one it would get without that."
        );
    }
    let chosen = own.or(asked).unwrap_or(Engine::Sqlite);
    if asked.is_some_and(|asked| asked != chosen) {
        tracing::info!(wanted = of_task, %chosen, "--storage-engine is set, and the task asks for another form of the file.");
    }
    chosen
}

fn stopped() -> Error {
    Error::new(Kind::Cancelled, "the sync was cancelled").code(code::TASK_CANCELLED)
}
