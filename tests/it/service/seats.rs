//! Services that share a process: so many at work at a time, each in its turn.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use baton_workato::baton::http::Clock;
use baton_workato::baton::progress::Silent;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::{self, TaskType};
use baton_workato::baton::secret::Secret;
use baton_workato::baton::service::credentials::{ClientId, ClientSecret};
use baton_workato::baton::service::health::{Health, Standing};
use baton_workato::baton::service::seats::Seats;
use baton_workato::baton::service::{self, Link, Place, ServiceEnvironment};
use tokio_util::sync::CancellationToken;

use super::fake::{self, Fake};
use super::memory::{Endpoints, Running, TokioClock, options, serve};
use super::stand_in::{StandIn, TenantBehavior};

/// A workspace among others.
struct One {
    folder: tempfile::TempDir,
    stand_in: StandIn,
    fake: Arc<Fake>,
}

impl One {
    fn new() -> One {
        One {
            folder: tempfile::tempdir().unwrap(),
            stand_in: StandIn::new(TenantBehavior {
                now: super::memory::wall,
                ..TenantBehavior::default()
            }),
            fake: Arc::default(),
        }
    }

    fn sync(&self) -> String {
        self.stand_in.task(TaskType::SyncFull(Default::default()))
    }

    fn start(&self, seats: &Seats) -> Running {
        let stop = CancellationToken::new();
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        let requests: baton_workato::baton::sync::RequestCounts = Arc::new(Default::default);
        let health = Health::of(None, Arc::clone(&self.fake), Arc::clone(&requests), Arc::clone(&clock));
        assert_eq!(health.standing(), Standing::Waiting);
        let place = Place {
            health: Arc::new(health),
            seats: seats.clone(),
        };
        let link = Link {
            id: ClientId::parse(&self.stand_in.client_id).unwrap(),
            secret: ClientSecret::parse(&Secret::new(self.stand_in.secret.as_str())).unwrap(),
            channel: serve(&self.stand_in),
            tokens: Arc::new(Endpoints(self.stand_in.clone())),
        };
        let environment = ServiceEnvironment {
            observer: Arc::new(Silent),
            requests,
            clock,
            stop: stop.clone(),
        };
        let options = options(self.folder.path());
        let ended = tokio::spawn(service::run_at(
            place,
            Arc::clone(&self.fake),
            options,
            link,
            environment,
        ));
        Running { stop, ended }
    }

    fn is_at_work(&self) -> bool {
        self.fake.waiting.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_syncs_than_seats_are_at_work_and_other_tasks_wait_for_none_of_them() {
    let seats = Seats::of(2);
    let all: Vec<One> = (0..6).map(|_| One::new()).collect();
    let tasks: Vec<String> = all.iter().map(One::sync).collect();
    for one in &all {
        one.fake.stuck.store(true, Ordering::Relaxed);
    }
    let running: Vec<Running> = all.iter().map(|one| one.start(&seats)).collect();
    // Those that wait are heard of all the same.
    for (one, task) in all.iter().zip(&tasks) {
        one.stand_in
            .until("it beats", |seen| seen.beats.get(task).is_some_and(|beats| *beats > 20))
            .await;
    }
    let at_work: Vec<&One> = all.iter().filter(|one| one.is_at_work()).collect();
    assert_eq!(at_work.len(), 2);
    assert!(
        all.iter()
            .filter(|one| !one.is_at_work())
            .all(|one| one.fake.lists.lock().unwrap().is_empty())
    );
    for one in &all {
        let revoked = one.stand_in.task(TaskType::Revoke(task::RevokeTask {
            grant: Some(fake::grant("admin", "cyd")),
            ..Default::default()
        }));
        one.stand_in
            .until("it is revoked", |seen| seen.ended.contains_key(&revoked))
            .await;
    }
    assert_eq!(all.iter().filter(|one| one.is_at_work()).count(), 2);
    for one in &all {
        one.fake.stuck.store(false, Ordering::Relaxed);
    }
    for one in &all {
        one.stand_in.until_done().await;
        one.stand_in.assert_no_breach();
    }
    for running in running {
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_workspace_with_tasks_without_end_starves_no_other() {
    const MANY: usize = 40;
    let seats = Seats::of(1);
    let [greedy, modest, third] = [(); 3].map(|()| One::new());
    for _ in 0..MANY {
        greedy.sync();
        greedy.stand_in.task(TaskType::Revoke(task::RevokeTask {
            grant: Some(fake::grant("admin", "cyd")),
            ..Default::default()
        }));
    }
    let done = |one: &One| {
        let seen = one.stand_in.seen();
        seen.ended
            .values()
            .flatten()
            .filter(|ended| ended.kind == "sync_full")
            .count()
    };
    let running: Vec<Running> = [&greedy, &modest, &third].map(|one| one.start(&seats)).into();
    greedy
        .stand_in
        .until("it is at it", |seen| !seen.uploads.is_empty())
        .await;
    for one in [&modest, &third, &modest] {
        let before = done(&greedy);
        let task = one.sync();
        let change = one.stand_in.task(TaskType::Revoke(task::RevokeTask {
            grant: Some(fake::grant("admin", "dee")),
            ..Default::default()
        }));
        one.stand_in
            .until("both are done", |seen| {
                [&task, &change].iter().all(|id| seen.ended.contains_key(*id))
            })
            .await;
        let meanwhile = done(&greedy) - before;
        assert!(meanwhile < 8, "{meanwhile} of the other came first");
    }
    assert!(done(&greedy) < MANY, "it was at it until now");
    greedy.stand_in.until_done().await;
    for running in running {
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_is_given_back_when_the_process_ends() {
    let seats = Seats::of(1);
    let [first, second] = [(); 2].map(|()| One::new());
    first.fake.stuck.store(true, Ordering::Relaxed);
    first.sync();
    let running = first.start(&seats);
    while !first.is_at_work() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waits = second.sync();
    let other = second.start(&seats);
    second
        .stand_in
        .until("it beats", |seen| seen.beats.contains_key(&waits))
        .await;
    other.stop().await;
    {
        let seen = second.stand_in.seen();
        assert!(!seen.ended[&waits][0].succeeded() && seen.uploads.is_empty());
    }
    first.fake.stuck.store(false, Ordering::Relaxed);
    first.stand_in.until_done().await;
    running.stop().await;
}
