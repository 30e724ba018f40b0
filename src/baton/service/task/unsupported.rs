//! Tasks this kit has nothing for: events, tickets, and kinds it does not know. Each gets the published answer
//! (`baton/service/protocol.md 4.2`), and every one gets an answer.

use crate::baton::annotation::pack;
use crate::baton::code;
use crate::baton::error::{Error, Kind};
use crate::baton::proto::v2;
use crate::baton::service::finish::{Failure, Outcome, Success};

/// A kind without a handler, among them those newer than this program.
pub fn kind() -> Outcome {
    failed(Kind::Unknown, "unsupported task type")
}

/// Any task about tickets.
pub fn ticket(enabled: bool) -> Outcome {
    if enabled {
        failed(Kind::Unimplemented, "this connector has no tickets")
    } else {
        failed(Kind::Unknown, "ticketing is not enabled")
    }
}

/// There are no event feeds.
pub fn no_event_feeds() -> Outcome {
    Ok(Success {
        annotations: Vec::new(),
        response: Some(pack(&v2::ListEventFeedsResponse::default())),
    })
}

/// Events of a feed.
pub fn event_feed(id: &str) -> Outcome {
    failed(Kind::NotFound, format!("there is no event feed {id:?}"))
}

fn failed(kind: Kind, message: impl Into<std::borrow::Cow<'static, str>>) -> Outcome {
    Err(Failure::retryable(
        Error::new(kind, message).code(code::TASK_UNSUPPORTED),
    ))
}
