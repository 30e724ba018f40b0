//! What is done for each kind of task (`baton/service/protocol.md 4.1, 4.2`). One file per family.

mod actions;
mod events;
mod provisioning;
mod sync;
mod unsupported;

use tokio_util::sync::CancellationToken;

use super::Service;
use super::c1::is_permanent;
use super::finish::{Failure, Outcome};
use super::hello;
use super::host::Host;
use crate::baton::code;
use crate::baton::connector::Provisioner;
use crate::baton::error::{Error, Kind};
use crate::baton::proto::c1::connectorapi::baton::v1::Task;
use crate::baton::proto::c1::connectorapi::baton::v1::task::TaskType;

/// How often a hello task is answered before it is given up.
const HELLO_TRIES: u32 = 3;
/// The pause between two of them.
const HELLO_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Does a task. `None` for those that are answered otherwise than with FinishTask. `cancel` fires when the process is
/// to end.
pub async fn perform<C: Provisioner>(service: &Service<C>, task: Task, cancel: &CancellationToken) -> Option<Outcome> {
    if task.debug {
        tracing::info!(task = %task.id, "The task asks for debug logs; start with --log-level debug to have them here.");
    }
    let Some(kind) = task.task_type else {
        return Some(unsupported::kind());
    };
    let working = async {
        let _seat = match &kind {
            // A sync waits for one when it has begun to beat.
            TaskType::None(_) | TaskType::Hello(_) | TaskType::SyncFull(_) => None,
            _ => tokio::select! {
                biased;
                seat = service.seats.for_other() => Some(seat),
                () = cancel.cancelled() => return Some(Err(Failure::retryable(shutting_down()))),
            },
        };
        Some(match kind {
            TaskType::None(_) => return None,
            TaskType::Hello(_) => {
                answer_hello(service, &task.id).await;
                return None;
            }
            TaskType::SyncFull(wanted) => return Some(sync::run(service, &task.id, wanted, cancel).await),
            TaskType::Grant(wanted) => provisioning::grant(service, wanted).await,
            TaskType::Revoke(wanted) => provisioning::revoke(service, wanted).await,
            TaskType::CreateAccount(wanted) => provisioning::create_account(service, wanted).await,
            TaskType::DeleteResource(wanted) => provisioning::delete_resource(service, wanted).await,
            TaskType::CreateResource(wanted) => provisioning::create_resource(service, wanted),
            TaskType::RotateCredentials(wanted) => provisioning::rotate_credentials(service, wanted).await,
            TaskType::IssueCredential(wanted) => provisioning::issue_credential(service, &task.id, wanted),
            TaskType::CreateTicketTask(_)
            | TaskType::ListTicketSchemas(_)
            | TaskType::GetTicket(_)
            | TaskType::BulkCreateTickets(_)
            | TaskType::BulkGetTickets(_) => unsupported::ticket(service.options.ticketing),
            TaskType::ActionListSchemas(wanted) => actions::list(service, wanted),
            TaskType::ActionGetSchema(wanted) => actions::schema(service, wanted),
            TaskType::ActionInvoke(wanted) => actions::invoke(service, wanted).await,
            TaskType::ActionStatus(wanted) => actions::status(service, wanted),
            TaskType::ListEventFeeds(_) => events::feeds(service),
            TaskType::ListEvents(wanted) => events::list(service, wanted).await,
            TaskType::EventFeed(_) | TaskType::CreateSyncDiff(_) | TaskType::CompactSyncs(_) => unsupported::kind(),
        })
    };
    // A sync stops by itself, and keeps what it read. Everything else is dropped.
    let mut working = std::pin::pin!(working);
    tokio::select! {
        biased;
        outcome = working.as_mut() => outcome,
        () = stopped(cancel) => Some(Err(Failure::retryable(shutting_down()))),
    }
}

/// Fires a little after `cancel`, so that what stops by itself comes first.
async fn stopped(cancel: &CancellationToken) {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(4);
    cancel.cancelled().await;
    tokio::time::sleep(PATIENCE).await;
}

/// Why a task was stopped with the process.
pub fn shutting_down() -> Error {
    Error::new(Kind::Cancelled, "the connector is shutting down").code(code::TASK_CANCELLED)
}

/// The word for a kind of task in logs and metrics.
pub fn name(task: &Task) -> &'static str {
    match &task.task_type {
        None => "unknown",
        Some(TaskType::None(_)) => "none",
        Some(TaskType::Hello(_)) => "hello",
        Some(TaskType::SyncFull(_)) => "sync_full",
        Some(TaskType::Grant(_)) => "grant",
        Some(TaskType::Revoke(_)) => "revoke",
        Some(TaskType::CreateAccount(_)) => "create_account",
        Some(TaskType::CreateResource(_)) => "create_resource",
        Some(TaskType::DeleteResource(_)) => "delete_resource",
        Some(TaskType::RotateCredentials(_)) => "rotate_credentials",
        Some(TaskType::IssueCredential(_)) => "issue_credential",
        Some(TaskType::EventFeed(_)) => "event_feed",
        Some(TaskType::CreateTicketTask(_)) => "create_ticket",
        Some(TaskType::ListTicketSchemas(_)) => "list_ticket_schemas",
        Some(TaskType::GetTicket(_)) => "get_ticket",
        Some(TaskType::BulkCreateTickets(_)) => "bulk_create_tickets",
        Some(TaskType::BulkGetTickets(_)) => "bulk_get_tickets",
        Some(TaskType::ActionListSchemas(_)) => "action_list_schemas",
        Some(TaskType::ActionGetSchema(_)) => "action_get_schema",
        Some(TaskType::ActionInvoke(_)) => "action_invoke",
        Some(TaskType::ActionStatus(_)) => "action_status",
        Some(TaskType::CreateSyncDiff(_)) => "create_sync_diff",
        Some(TaskType::CompactSyncs(_)) => "compact_syncs",
        Some(TaskType::ListEventFeeds(_)) => "list_event_feeds",
        Some(TaskType::ListEvents(_)) => "list_events",
    }
}

/// A hello task is answered with Hello. Whether that worked is for ConductorOne to see.
async fn answer_hello<C: Provisioner>(service: &Service<C>, task_id: &str) {
    for tries in 1..=HELLO_TRIES {
        let metadata = hello::metadata(service.connector.as_ref());
        let host = Host::of(&service.connector.about());
        let Err(error) = service.c1.hello(task_id, host, metadata).await else {
            return;
        };
        if tries == HELLO_TRIES || is_permanent(&error) {
            tracing::error!(task = task_id, code = error.code_id().number(), %error, "A hello task could not be answered.");
            return;
        }
        service.clock.sleep(HELLO_PAUSE).await;
    }
}
