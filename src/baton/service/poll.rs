//! When to ask for work, and what comes of it (`baton/service/protocol.md 3.2, 3.3`). The caller holds a free slot when
//! it asks, so no task is taken that nobody can do.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::c1::C1;
use crate::baton::error::Result;
use crate::baton::http::Clock;
use crate::baton::proto::c1::connectorapi::baton::v1::Task;
use crate::baton::proto::c1::connectorapi::baton::v1::task::TaskType;

/// The longest pause ConductorOne may ask for.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// The longest pause after errors.
const LONGEST_BACKOFF: u32 = 60;
/// Where no task came and no pause was asked for, the pause starts here and doubles.
const FLOOR: Duration = Duration::from_millis(100);
/// As far as it doubles.
const HIGHEST_FLOOR: Duration = Duration::from_secs(5);
/// How often a full queue looks whether there is room again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Largest page (`baton/service/protocol.md 9.2`).
const LARGEST_PAGE: usize = 100;

/// What asking brought.
#[derive(Debug)]
pub enum Polled {
    /// Something to do.
    Task(Box<Task>),
    /// Nothing.
    Nothing,
    /// No answer. It was logged.
    Failed,
}

/// Asks one at a time, or in batches.
pub struct Poller {
    clock: Arc<dyn Clock>,
    concurrency: usize,
    batch: Option<Batch>,
    errors: u32,
    empty: u32,
    delay: Duration,
}

#[derive(Default)]
struct Batch {
    queue: VecDeque<Task>,
    next_fetch: Option<Instant>,
}

impl Poller {
    /// Asks for up to `concurrency` tasks at a time if `batched`, otherwise for one.
    pub fn new(clock: Arc<dyn Clock>, concurrency: usize, batched: bool) -> Self {
        Poller {
            clock,
            concurrency,
            batch: batched.then(Batch::default),
            errors: 0,
            empty: 0,
            delay: Duration::ZERO,
        }
    }

    /// How long to wait before asking.
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// Tasks that were taken and not handed out.
    pub fn into_queue(self) -> impl Iterator<Item = Task> {
        self.batch.into_iter().flat_map(|batch| batch.queue)
    }

    /// Asks once. `in_flight` are the tasks being done.
    pub async fn ask(&mut self, c1: &C1, in_flight: &BTreeSet<String>) -> Polled {
        let asked = match self.batch.take() {
            None => self.ask_for_one(c1).await,
            Some(mut batch) => {
                let asked = self.ask_batch(&mut batch, c1, in_flight).await;
                self.batch = Some(batch);
                asked
            }
        };
        match asked {
            Ok(Some(task)) => Polled::Task(Box::new(task)),
            Ok(None) => Polled::Nothing,
            Err(error) => {
                self.errors += 1;
                self.delay = backoff(self.errors);
                tracing::warn!(
                    code = error.code_id().number(), %error, failures = self.errors, pause = ?self.delay,
                    "Asking for tasks failed."
                );
                Polled::Failed
            }
        }
    }

    async fn ask_for_one(&mut self, c1: &C1) -> Result<Option<Task>> {
        let answer = c1.get_task().await?;
        let task = answer.task.filter(is_work);
        self.delay = self.pause(answer.next_poll, task.is_some());
        Ok(task)
    }

    async fn ask_batch(&mut self, batch: &mut Batch, c1: &C1, in_flight: &BTreeSet<String>) -> Result<Option<Task>> {
        let mut known: BTreeSet<String> = batch.queue.iter().map(|task| task.id.clone()).collect();
        known.extend(in_flight.iter().cloned());
        let is_time = batch.next_fetch.is_none_or(|at| self.clock.now() >= at);
        if known.len() < self.concurrency && is_time {
            let page = (2 * self.concurrency - known.len()).clamp(1, LARGEST_PAGE);
            let page = u32::try_from(page).unwrap_or(1);
            match c1.get_tasks(page, known.iter().cloned().collect()).await {
                Ok(answer) => {
                    let before = batch.queue.len();
                    for task in answer.tasks.into_iter().filter(is_work) {
                        if known.insert(task.id.clone()) {
                            batch.queue.push_back(task);
                        }
                    }
                    let pause = self.pause(answer.next_poll, batch.queue.len() > before);
                    batch.next_fetch = Some(self.clock.now() + pause);
                }
                Err(error) if batch.queue.is_empty() => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        code = error.code_id().number(),
                        %error,
                        queued = batch.queue.len(),
                        "Asking for more tasks failed."
                    );
                }
            }
        }
        if let Some(task) = batch.queue.pop_front() {
            self.delay = Duration::ZERO;
            return Ok(Some(task));
        }
        let now = self.clock.now();
        let left = batch
            .next_fetch
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        self.delay = left.max(LOOK_AGAIN);
        Ok(None)
    }

    /// The pause after an answer.
    fn pause(&mut self, wanted: Option<prost_types::Duration>, brought_work: bool) -> Duration {
        self.errors = 0;
        let wanted = clamped(wanted, LONGEST);
        if brought_work {
            self.empty = 0;
            return wanted;
        }
        let floor = HIGHEST_FLOOR.min(FLOOR * 2_u32.saturating_pow(self.empty.min(16)));
        self.empty = self.empty.saturating_add(1);
        if wanted >= FLOOR { wanted } else { floor }
    }
}

/// A wire duration: absent, negative and damaged ones are zero, long ones are cut.
pub fn clamped(wire: Option<prost_types::Duration>, longest: Duration) -> Duration {
    let wanted = wire.and_then(|d| Duration::try_from(d).ok()).unwrap_or_default();
    wanted.min(longest)
}

/// n² seconds after the n-th error in a row.
fn backoff(errors: u32) -> Duration {
    Duration::from_secs(errors.saturating_mul(errors).min(LONGEST_BACKOFF).into())
}

/// A task without a kind is work too: it must be answered.
fn is_work(task: &Task) -> bool {
    !matches!(task.task_type, Some(TaskType::None(_))) && !task.id.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::http::SystemClock;

    fn seconds(seconds: i64) -> Option<prost_types::Duration> {
        Some(prost_types::Duration { seconds, nanos: 0 })
    }

    #[test]
    fn pauses_follow_the_answer_within_bounds() {
        let mut poller = Poller::new(Arc::new(SystemClock), 3, false);
        assert_eq!(poller.pause(seconds(7), false), Duration::from_secs(7));
        assert_eq!(poller.pause(seconds(-7), true), Duration::ZERO);
        assert_eq!(poller.pause(seconds(100_000), true), LONGEST);
        assert_eq!(poller.pause(None, true), Duration::ZERO);
    }

    #[test]
    fn nothing_to_do_and_no_pause_asked_for_is_no_busy_loop() {
        let mut poller = Poller::new(Arc::new(SystemClock), 3, false);
        let pauses: Vec<u128> = (0..9).map(|_| poller.pause(None, false).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(poller.pause(None, true), Duration::ZERO, "work came");
        assert_eq!(poller.pause(None, false).as_millis(), 100);
    }

    #[test]
    fn errors_back_off_with_the_square_of_their_number() {
        let seconds: Vec<u64> = [1, 2, 3, 7, 8, 1_000_000].map(|n| backoff(n).as_secs()).into();
        assert_eq!(seconds, [1, 4, 9, 49, 60, 60]);
    }

    #[test]
    fn a_task_without_a_kind_is_work() {
        let task = |task_type| Task {
            id: "t".to_owned(),
            task_type,
            ..Default::default()
        };
        assert!(is_work(&task(None)));
        assert!(!is_work(&task(Some(TaskType::None(Default::default())))));
        assert!(!is_work(&Task::default()), "without an id it cannot be answered");
    }
}
