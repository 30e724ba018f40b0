//! Tasks this kit has nothing for: tickets, and kinds it does not know. Each gets the published answer
//! (`baton/service/protocol.md 4.2`), and every one gets an answer.

use crate::baton::code;
use crate::baton::error::{Error, Kind};
use crate::baton::service::finish::{Failure, Outcome};

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

fn failed(kind: Kind, message: impl Into<std::borrow::Cow<'static, str>>) -> Outcome {
    Err(Failure::retryable(
        Error::new(kind, message).code(code::TASK_UNSUPPORTED),
    ))
}
