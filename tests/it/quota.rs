//! Whole syncs under quotas: how many refusals, and how long against the least that the quota allows. The time of
//! client and server is one that jumps to the next moment somebody sleeps for, whenever nothing else happens.

mod partner;

use std::collections::BTreeSet;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use baton_workato::ABOUT;
use baton_workato::baton::http::{Clock, HttpClient, HttpOptions, Pace, RetryPolicy};
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::baton::sync::{self, SyncEnvironment};
use baton_workato::simulator::{self, Behavior, Env, Fault, Hits, Quota, QuotaClock, Shape, Simulator};
use baton_workato::workato::WorkatoConnector;
use baton_workato::workato::client::{WorkatoClient, endpoint};
use baton_workato::workato::collaborator::Member;
use baton_workato::workato::folder::FolderRow;
use baton_workato::workato::group::UserGroup;
use baton_workato::workato::project::{ProjectGrant, ProjectId, ProjectRow};
use baton_workato::workato::settings::{PrivilegesMode, Settings};
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::Notify;

use crate::support::run::{environment, options, settings};

/// The time of client and server.
#[derive(Clone)]
struct Time(Arc<Inner>);

struct Inner {
    start: Instant,
    state: Mutex<(Instant, BTreeSet<(Instant, u64)>)>,
    moved: Notify,
    sleeps: AtomicU64,
    /// How often somebody looked at the clock: as long as that grows, something happens.
    looks: AtomicU64,
}

impl Time {
    fn new() -> Self {
        let start = Instant::now();
        Time(Arc::new(Inner {
            start,
            state: Mutex::new((start, BTreeSet::new())),
            moved: Notify::new(),
            sleeps: AtomicU64::new(0),
            looks: AtomicU64::new(0),
        }))
    }

    fn elapsed(&self) -> Duration {
        self.0.state.lock().unwrap().0 - self.0.start
    }

    fn for_quota(&self) -> QuotaClock {
        let time = self.clone();
        QuotaClock(Arc::new(move || time.now()))
    }

    async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut quiet = (0, 0);
        loop {
            let pause = tokio::time::sleep(Duration::from_millis(5));
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = pause => {}
            }
            let looks = self.0.looks.load(Ordering::Relaxed);
            quiet = if looks == quiet.0 {
                (looks, quiet.1 + 1)
            } else {
                (looks, 0)
            };
            let mut state = self.0.state.lock().unwrap();
            if quiet.1 >= 6
                && let Some((next, _)) = state.1.first()
            {
                state.0 = *next;
                drop(state);
                self.0.moved.notify_waiters();
                quiet.1 = 0;
            }
        }
    }
}

struct Asleep<'t>(&'t Time, (Instant, u64));

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.0.state.lock().unwrap().1.remove(&self.1);
    }
}

impl Clock for Time {
    fn now(&self) -> Instant {
        self.0.looks.fetch_add(1, Ordering::Relaxed);
        self.0.state.lock().unwrap().0
    }

    fn wall(&self) -> jiff::Timestamp {
        "2026-11-08T08:49:07Z".parse().unwrap()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let number = self.0.sleeps.fetch_add(1, Ordering::Relaxed);
            let asleep = {
                let mut state = self.0.state.lock().unwrap();
                let key = (state.0 + wait, number);
                state.1.insert(key);
                Asleep(self, key)
            };
            loop {
                let mut moved = pin!(self.0.moved.notified());
                moved.as_mut().enable();
                if self.0.state.lock().unwrap().0 >= asleep.1.0 {
                    return;
                }
                moved.await;
            }
        })
    }

    fn random(&self) -> f64 {
        0.5
    }
}

fn http(time: &Time, per_minute: u32) -> Arc<HttpClient> {
    let options = HttpOptions {
        clock: Arc::new(time.clone()),
        pace: NonZeroU32::new(per_minute).map(Pace::per_minute),
        ..HttpOptions::of(&ABOUT)
    };
    Arc::new(HttpClient::new(options).unwrap())
}

fn behavior(time: &Time, quota: Quota) -> Behavior {
    Behavior::default().quota(Quota {
        clock: time.for_quota(),
        ..quota
    })
}

async fn workspace(people: usize, projects: usize, behavior: Behavior) -> Simulator {
    let shape = Shape {
        people,
        projects,
        environments: vec![Env::Dev],
        ..Shape::default()
    };
    Simulator::start(simulator::Workspace::generate(&shape), behavior)
        .await
        .unwrap()
}

async fn sync_at(time: &Time, simulator: &Simulator, privileges: PrivilegesMode) -> Summary {
    let http = http(time, 60);
    let settings = Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        privileges,
        ..settings(&simulator.base_url())
    };
    let connector = Arc::new(WorkatoConnector::connect(settings, &http));
    let environment = SyncEnvironment {
        requests: Arc::new(move || http.counts()),
        ..environment()
    };
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder.path().join("sync.c1z"));
    time.run(sync::run(connector, &options, &environment)).await.unwrap()
}

/// The least time that `requests` take when 60 may leave per window.
fn floor(requests: u64) -> Duration {
    Duration::from_secs((requests.saturating_sub(1)) / 60 * 60)
}

fn within_15_percent(took: Duration, floor: Duration) -> bool {
    (floor..=floor * 115 / 100).contains(&took)
}

#[tokio::test]
async fn two_hundred_people_exactly_under_sixty_a_window() {
    for remaining in [true, false] {
        let time = Time::new();
        let quota = Quota {
            remaining,
            ..Quota::default()
        };
        let simulator = workspace(200, 12, behavior(&time, quota)).await;
        let summary = sync_at(&time, &simulator, PrivilegesMode::Exact).await;
        assert_eq!(simulator.requests().answered(429), 0);
        let (family, requests, rate) = summary.bound().unwrap();
        assert_eq!((family, rate), ("collaborators", 60));
        assert!((181..=201).contains(&requests), "{requests}");
        let took = time.elapsed();
        assert!(within_15_percent(took, floor(requests)), "{took:?}");
        let counts = summary.requests["collaborators"];
        assert!(
            Duration::from_millis(counts.waited_ms) <= took,
            "one clock, however many workers wait"
        );
    }
}

#[tokio::test]
async fn a_run_right_after_another_one_waits_once() {
    let time = Time::new();
    let simulator = workspace(50, 5, behavior(&time, Quota::default())).await;
    let first = sync_at(&time, &simulator, PrivilegesMode::Exact).await;
    assert_eq!(first.bound(), None);
    assert_eq!(time.elapsed(), Duration::ZERO);
    let second = sync_at(&time, &simulator, PrivilegesMode::Exact).await;
    assert!(
        simulator.requests().answered(429) <= 3,
        "{}",
        simulator.requests().answered(429)
    );
    assert!(
        (Duration::from_secs(60)..Duration::from_secs(62)).contains(&time.elapsed()),
        "{:?}",
        time.elapsed()
    );
    assert_eq!(second.rows, first.rows);
    assert!(!second.total_requests().shared);
}

#[tokio::test]
async fn an_allowance_that_all_families_share_is_noticed_and_kept() {
    let time = Time::new();
    let quota = Quota {
        together: true,
        remaining: false,
        ..Quota::default()
    };
    let simulator = workspace(8, 2, behavior(&time, quota)).await;
    let http = http(&time, 60);
    let client = WorkatoClient::new(
        simulator.base_url().parse().unwrap(),
        Secret::new(simulator.token(Env::Dev)),
        Arc::clone(&http),
    );
    let ask = async {
        let client = &client;
        stream::iter(0..120)
            .map(|n| async move {
                match n % 3 {
                    0 => client.everything::<Member>(&endpoint::MEMBERS).await.map(drop),
                    1 => client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.map(drop),
                    _ => client.page::<UserGroup>(&endpoint::USER_GROUPS, 1).await.map(drop),
                }
            })
            .buffered(12)
            .for_each(|answer| async { answer.unwrap() })
            .await;
    };
    time.run(ask).await;
    let counts = http.counts();
    assert!(counts.values().all(|family| family.shared), "{counts:?}");
    let refused = simulator.requests().answered(429);
    assert!(refused <= 12, "{refused}: no more than were under way");
    let took = time.elapsed();
    assert!(within_15_percent(took, floor(120)), "{took:?}");
}

#[tokio::test]
async fn the_largest_family_bounds_a_large_workspace() {
    let time = Time::new();
    let simulator = workspace(8, 2, behavior(&time, Quota::default())).await;
    let http = http(&time, 60);
    let client = WorkatoClient::new(
        simulator.base_url().parse().unwrap(),
        Secret::new(simulator.token(Env::Dev)),
        Arc::clone(&http),
    );
    // 300 projects with folders and grants, and 40 people to learn privileges from.
    let client = &client;
    let project: ProjectId = client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.unwrap().rows[0]
        .id
        .clone();
    let project = &project;
    let calls = |family: usize, count: usize| {
        stream::iter(0..count)
            .map(move |_| async move {
                match family {
                    0 => client.page::<FolderRow>(&endpoint::FOLDERS, 1).await.map(drop),
                    1 => client
                        .page::<ProjectGrant>(endpoint::PROJECT_GRANTS.of(project.as_str()), 1)
                        .await
                        .map(drop),
                    _ => client.everything::<Member>(&endpoint::MEMBERS).await.map(drop),
                }
            })
            .buffer_unordered(8)
            .for_each(|answer| async { answer.unwrap() })
    };
    time.run(join_all([calls(0, 302), calls(1, 300), calls(2, 40)])).await;
    assert_eq!(simulator.requests().answered(429), 0);
    let took = time.elapsed();
    assert!(within_15_percent(took, floor(303)), "{took:?}");
    assert_eq!(http.counts()["collaborators"].waited_ms, 0);
}

/// A large workspace through the whole connector: each family runs at its own rate, and the one with most requests
/// bounds the run.
async fn a_large_workspace(people: usize, projects: usize) {
    let real = Instant::now();
    let time = Time::new();
    let simulator = workspace(people, projects, behavior(&time, Quota::default())).await;
    let summary = sync_at(&time, &simulator, PrivilegesMode::Sampled).await;
    assert_eq!(summary.rows["collaborator"].resources, people as u64);
    assert_eq!(summary.rows["project"].resources, projects as u64);
    assert_eq!(summary.warnings, []);
    let refused = simulator.requests().answered(429);
    assert!(refused <= 3, "{refused}");
    let largest = summary.requests.values().map(|family| family.requests).max().unwrap();
    let (family, requests, rate) = summary.bound().unwrap();
    assert_eq!((family, requests, rate), ("project grants", largest, 60));
    assert!(
        requests >= projects as u64,
        "one request for the grants of each project"
    );
    let (took, floor) = (time.elapsed(), floor(requests));
    eprintln!(
        "{people} people, {projects} projects: {} requests, {requests} of them {family}; {took:?} against a floor of \
         {floor:?}, {refused} answers of 429, {:?} of real time",
        summary.total_requests().requests,
        real.elapsed()
    );
    assert!(within_15_percent(took, floor), "{took:?}");
}

/// The large one takes some seconds of real time and is behind `BATON_TEST_EXHAUSTIVE`; the small one is of the same
/// shape.
#[tokio::test]
async fn the_largest_family_bounds_a_whole_sync() {
    if std::env::var_os("BATON_TEST_EXHAUSTIVE").is_some() {
        a_large_workspace(2_000, 300).await;
    }
    a_large_workspace(200, 130).await;
}

#[tokio::test]
async fn a_fault_on_every_fifth_request_does_not_use_up_the_repeats() {
    let time = Time::new();
    let fifths: Vec<u32> = (1..200).map(|n| n * 5).collect();
    let faulty = Behavior::default().script("/api/**", Hits::At(fifths), Fault::status(503));
    let simulator = workspace(200, 5, faulty).await;
    let few_repeats = HttpOptions {
        clock: Arc::new(time.clone()),
        retry: RetryPolicy {
            tokens: 60,
            ..RetryPolicy::default()
        },
        ..HttpOptions::of(&ABOUT)
    };
    let http = Arc::new(HttpClient::new(few_repeats).unwrap());
    let settings = Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        privileges: PrivilegesMode::Exact,
        ..settings(&simulator.base_url())
    };
    let connector = Arc::new(WorkatoConnector::connect(settings, &http));
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder.path().join("sync.c1z"));
    let environment = environment();
    let summary = time.run(sync::run(connector, &options, &environment)).await.unwrap();
    assert_eq!(summary.rows["collaborator"].resources, 200);
    let counts = http.counts()["collaborators"];
    // Each costs 5 tokens.
    assert!(counts.retries > 40, "{counts:?}");
}
