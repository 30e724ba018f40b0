//! FinishTask: every task ends with exactly one, on its own deadline, whatever became of the task
//! (`baton/service/protocol.md 3.5`).

use std::time::Duration;

use prost_types::Any;

use super::c1::{C1, is_permanent};
use crate::baton::error::{Error, Kind};
use crate::baton::http::Clock;
use crate::baton::proto::c1::connectorapi::baton::v1 as api;
use crate::baton::proto::c1::connectorapi::baton::v1::baton_service_finish_task_request as finish;

/// Annotations a FinishTask may carry (`baton/service/protocol.md 9.2`).
const MOST_ANNOTATIONS: usize = 16;
/// How often it is sent before other tasks may take this one's slot. The task id makes repeats harmless.
const TRIES: u32 = 6;
/// The first pause between two of them; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After this ConductorOne has long given the task to somebody else: nobody heard of it.
const GIVEN_UP: Duration = Duration::from_secs(60 * 60);

/// A task that was done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Success {
    /// Those of the response again.
    pub annotations: Vec<Any>,
    /// The connector's response, if the kind of task has one.
    pub response: Option<Any>,
}

/// A task that failed.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub error: Error,
    /// Whether the same task would fail again.
    pub non_retryable: bool,
}

impl Failure {
    /// A failure that another try may not have.
    pub fn retryable(error: Error) -> Self {
        Failure {
            error,
            non_retryable: false,
        }
    }

    /// A failure that stands.
    pub fn lasting(error: Error) -> Self {
        Failure {
            error,
            non_retryable: true,
        }
    }
}

/// How a task ended.
pub type Outcome = Result<Success, Failure>;

/// Tells ConductorOne how a task ended: until it is heard, the task is known to be gone, or an hour has passed. While it
/// is not heard the task stays ours, so that a second copy of it is not done again; `slot`, what keeps other tasks
/// waiting, is given back after the first few tries.
pub async fn finish<S>(c1: &C1, clock: &dyn Clock, task_id: &str, outcome: &Outcome, slot: S) {
    let message = message(c1.host_id(), task_id, outcome);
    let began = clock.now();
    let mut slot = Some(slot);
    let mut pause = FIRST_PAUSE;
    for tries in 1_u32.. {
        let error = match c1.finish_task(message.clone()).await {
            Ok(()) => return,
            Err(error) => error,
        };
        if error.kind() == Kind::NotFound {
            tracing::warn!(task = task_id, code = error.code_id().number(), %error, "The task is gone at ConductorOne.");
            return;
        }
        let too_late = clock.now().saturating_duration_since(began) >= GIVEN_UP;
        if too_late || is_verdict(&error) {
            tracing::error!(
                task = task_id, code = error.code_id().number(), %error, tries,
                "ConductorOne was not told how the task ended."
            );
            return;
        }
        tracing::warn!(task = task_id, code = error.code_id().number(), %error, tries, "FinishTask failed and is repeated.");
        if tries == TRIES {
            drop(slot.take());
        }
        clock.sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Whether the same message is refused again. What is refused for want of rights may pass when somebody has given them.
fn is_verdict(error: &Error) -> bool {
    is_permanent(error) && !matches!(error.kind(), Kind::Unauthenticated | Kind::PermissionDenied)
}

fn message(host_id: &str, task_id: &str, outcome: &Outcome) -> api::BatonServiceFinishTaskRequest {
    let (status, state) = match outcome {
        Ok(success) => {
            let mut annotations = success.annotations.clone();
            if annotations.len() > MOST_ANNOTATIONS {
                tracing::warn!(
                    task = task_id,
                    count = annotations.len(),
                    "Annotations were left out of FinishTask."
                );
                annotations.truncate(MOST_ANNOTATIONS);
            }
            let success = finish::Success {
                annotations,
                response: success.response.clone(),
            };
            (None, finish::FinalState::Success(success))
        }
        Err(failure) => {
            let error = finish::Error {
                non_retryable: failure.non_retryable,
                annotations: Vec::new(),
                response: None,
            };
            (Some(failure.error.to_wire()), finish::FinalState::Error(error))
        }
    };
    api::BatonServiceFinishTaskRequest {
        host_id: host_id.to_owned(),
        task_id: task_id.to_owned(),
        status,
        final_state: Some(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_has_no_status_and_at_most_sixteen_annotations() {
        let outcome = Ok(Success {
            annotations: vec![Any::default(); 17],
            response: Some(Any::default()),
        });
        let message = message("h", "t", &outcome);
        assert_eq!(message.status, None);
        let Some(finish::FinalState::Success(success)) = message.final_state else {
            panic!("not a success");
        };
        assert_eq!((success.annotations.len(), success.response.is_some()), (16, true));
    }

    #[test]
    fn failure_has_a_status_and_says_whether_it_stands() {
        let refused = Error::refused_grant("the group is managed elsewhere").context("grant");
        let message = message("h", "t", &Err(Failure::lasting(refused)));
        let status = message.status.unwrap();
        assert_eq!(
            (status.code, status.message.as_str()),
            (9, "failed to grant: the group is managed elsewhere")
        );
        assert_eq!(status.details[0].type_url, "type.googleapis.com/google.rpc.ErrorInfo");
        let Some(finish::FinalState::Error(error)) = message.final_state else {
            panic!("not an error");
        };
        assert!(error.non_retryable && error.response.is_none() && error.annotations.is_empty());
        let other = Err(Failure::retryable(Error::new(Kind::Unknown, "unsupported task type")));
        let message = super::message("h", "t", &other);
        assert_eq!(message.status.unwrap().code, 2);
    }
}
