//! Tasks about events. Their failures may pass (`baton/service/protocol.md 4.1`).

use crate::baton::annotation::{Named, pack};
use crate::baton::connector::{Provisioner, SyncContext};
use crate::baton::error::Result;
use crate::baton::proto::c1::connectorapi::baton::v1::task;
use crate::baton::proto::v2;
use crate::baton::service::Service;
use crate::baton::service::finish::{Failure, Outcome, Success};

/// The feeds that there are.
pub fn feeds<C: Provisioner>(service: &Service<C>) -> Outcome {
    outcome(Ok(v2::ListEventFeedsResponse {
        list: service.connector.event_feeds(),
        annotations: Vec::new(),
    }))
}

/// The next events of one.
pub async fn list<C: Provisioner>(service: &Service<C>, task: task::ListEventsTask) -> Outcome {
    let asked = v2::ListEventsRequest {
        cursor: task.cursor,
        start_at: task.start_at,
        page_size: task.page_size,
        annotations: task.annotations,
        event_feed_id: task.event_feed_id,
    };
    let answer = service.connector.list_events(&SyncContext::detached(), &asked).await;
    // Before the cursor moves on: an event whose answer is lost is asked for again, and its hook runs once.
    if let (Ok(answer), Some(hooks)) = (&answer, &service.hooks) {
        hooks.take(&answer.events).await;
    }
    outcome(answer)
}

fn outcome<R: prost::Message + Named>(done: Result<R>) -> Outcome {
    let response = done.map_err(Failure::retryable)?;
    Ok(Success {
        annotations: Vec::new(),
        response: Some(pack(&response)),
    })
}
