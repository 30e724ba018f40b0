//! Heartbeats of a full sync (`baton/service/protocol.md 3.4`): the first one before any work, then one per interval,
//! until ConductorOne cancels the task or does not hear us for too long.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::c1::{C1, is_permanent};
use super::metrics::Metrics;
use super::poll::clamped;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::Clock;
use crate::baton::proto::c1::connectorapi::baton::v1::BatonServiceHeartbeatResponse;
use crate::baton::whose;

/// The interval where ConductorOne names none.
const USUAL: Duration = Duration::from_secs(30);
/// The shortest interval.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest interval.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// Failures in a row that end the task.
const MISSES: u32 = 9;
/// How often the first heartbeat is tried, one second apart, whatever the answer is. Without it no work begins.
const FIRST_TRIES: u32 = 5;

/// A beating heart. It stops when dropped.
pub struct Pulse {
    /// Fires when the task is to stop.
    pub cancel: CancellationToken,
    why: Arc<OnceLock<Error>>,
    beating: JoinHandle<()>,
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

impl Pulse {
    /// The first heartbeat, then the others in the background. `parent` is whoever stops all tasks.
    ///
    /// # Errors
    /// `Cancelled` when ConductorOne cancelled the task already, otherwise those of the first heartbeat.
    pub async fn start(
        c1: &C1,
        clock: &Arc<dyn Clock>,
        metrics: &Arc<Metrics>,
        task_id: &str,
        parent: &CancellationToken,
    ) -> Result<Pulse> {
        let first = first(c1, clock.as_ref(), metrics, task_id).await?;
        if first.cancelled {
            return Err(cancelled());
        }
        let cancel = parent.child_token();
        let why = Arc::new(OnceLock::new());
        let (c1, clock, metrics) = (c1.clone(), Arc::clone(clock), Arc::clone(metrics));
        let (task_id, stop, reason) = (task_id.to_owned(), cancel.clone(), Arc::clone(&why));
        let mut interval = interval_of(&first);
        let beating = tokio::spawn(whose::carried(async move {
            let mut misses = 0;
            loop {
                clock.sleep(interval).await;
                match c1.heartbeat(&task_id).await {
                    Ok(answer) => {
                        metrics.heartbeat(true);
                        misses = 0;
                        interval = interval_of(&answer);
                        if answer.cancelled {
                            let _ = reason.set(cancelled());
                            break;
                        }
                    }
                    Err(error) if is_permanent(&error) => {
                        // We are heard, so nothing is lost yet: the work goes on, and the upload or FinishTask shows
                        // whether the task is still ours.
                        metrics.heartbeat(false);
                        tracing::warn!(task = %task_id, code = error.code_id().number(), %error, "A heartbeat was refused.");
                    }
                    Err(error) => {
                        metrics.heartbeat(false);
                        misses += 1;
                        tracing::warn!(task = %task_id, code = error.code_id().number(), %error, misses, "A heartbeat failed.");
                        if misses == MISSES {
                            let _ = reason.set(
                                Error::new(Kind::Unknown, "task failed heartbeat")
                                    .code(code::TASK_CANCELLED)
                                    .source(error),
                            );
                            break;
                        }
                    }
                }
            }
            stop.cancel();
        }));
        Ok(Pulse { cancel, why, beating })
    }

    /// Why the task is to stop, if it is.
    pub fn reason(&self) -> Option<Error> {
        let why = self.why.get()?;
        Some(why.again())
    }
}

async fn first(c1: &C1, clock: &dyn Clock, metrics: &Metrics, task_id: &str) -> Result<BatonServiceHeartbeatResponse> {
    let mut tries = 1;
    loop {
        match c1.heartbeat(task_id).await {
            Ok(answer) => {
                metrics.heartbeat(true);
                return Ok(answer);
            }
            Err(error) if tries == FIRST_TRIES => {
                metrics.heartbeat(false);
                return Err(error).context("send the first heartbeat");
            }
            Err(error) => {
                metrics.heartbeat(false);
                tracing::warn!(task = %task_id, code = error.code_id().number(), %error, tries, "The first heartbeat failed.");
            }
        }
        tries += 1;
        clock.sleep(SHORTEST).await;
    }
}

fn cancelled() -> Error {
    Error::new(Kind::Cancelled, "task was cancelled").code(code::TASK_CANCELLED)
}

fn interval_of(answer: &BatonServiceHeartbeatResponse) -> Duration {
    match clamped(answer.next_heartbeat, LONGEST) {
        Duration::ZERO => USUAL,
        wanted => wanted.max(SHORTEST),
    }
}
