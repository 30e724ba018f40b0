//! Pacing to the millisecond: workers, a server that counts, and a time that only moves when nobody can go on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use tokio::sync::Notify;

use super::*;
use crate::baton::progress::Silent;

/// A clock of its own.
#[derive(Clone)]
struct Time(Arc<(Mutex<Inner>, Notify)>);

struct Inner {
    start: Instant,
    now: Instant,
    sleepers: BTreeSet<(Instant, u64)>,
    sleeps: u64,
}

impl Time {
    fn new() -> Self {
        let start = Instant::now();
        let inner = Inner {
            start,
            now: start,
            sleepers: BTreeSet::new(),
            sleeps: 0,
        };
        Time(Arc::new((Mutex::new(inner), Notify::new())))
    }

    fn ms(&self) -> u128 {
        let inner = self.0.0.lock().unwrap();
        (inner.now - inner.start).as_millis()
    }

    /// Runs `work`; whenever it cannot go on, the time jumps to the next moment somebody sleeps for.
    async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let idle = async {
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = idle => {
                    let mut inner = self.0.0.lock().unwrap();
                    inner.now = inner.sleepers.first().expect("nobody will ever go on").0;
                    drop(inner);
                    self.0.1.notify_waiters();
                }
            }
        }
    }
}

struct Asleep<'t>(&'t Time, (Instant, u64));

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.0.0.lock().unwrap().sleepers.remove(&self.1);
    }
}

impl Clock for Time {
    fn now(&self) -> Instant {
        self.0.0.lock().unwrap().now
    }

    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let asleep = {
                let mut inner = self.0.0.lock().unwrap();
                inner.sleeps += 1;
                let key = (inner.now + wait, inner.sleeps);
                inner.sleepers.insert(key);
                Asleep(self, key)
            };
            loop {
                let mut moved = pin!(self.0.1.notified());
                moved.as_mut().enable();
                if self.now() >= asleep.1.0 {
                    return;
                }
                moved.await;
            }
        })
    }

    fn random(&self) -> f64 {
        0.0
    }
}

/// How the server counts.
#[derive(Clone, Copy)]
struct Rules {
    limit: usize,
    sliding: bool,
    together: bool,
    remaining: Option<fn(usize) -> u64>,
}

const FIXED: Rules = Rules {
    limit: 60,
    sliding: false,
    together: false,
    remaining: None,
};

const HONEST: Option<fn(usize) -> u64> = Some(|left| left as u64);

const MINUTE: Duration = Duration::from_secs(60);

struct World {
    time: Time,
    quotas: Arc<Quotas>,
    rules: Rules,
    latency: Duration,
    fails: fn(usize) -> bool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    counted: BTreeMap<&'static str, VecDeque<Instant>>,
    /// When requests were accepted, in milliseconds from the start.
    accepted: Vec<u128>,
    refused: usize,
    arrived: usize,
    in_flight: usize,
    widest: usize,
}

impl World {
    fn new(pace: u32, rules: Rules, latency_ms: u64) -> Self {
        let time = Time::new();
        let pace = NonZeroU32::new(pace).map(Pace::per_minute);
        World {
            quotas: Arc::new(Quotas::new(pace, Arc::new(time.clone()), Arc::new(Silent))),
            time,
            rules,
            latency: Duration::from_millis(latency_ms),
            fails: |_| false,
            seen: Mutex::default(),
        }
    }

    /// Calls that somebody else made so long before the start.
    fn used_before(self, family: &'static str, calls: usize, ago: Duration) -> Self {
        let at = self.time.now() - ago;
        self.seen.lock().unwrap().counted.insert(family, vec![at; calls].into());
        self
    }

    fn serve(&self, family: &'static str) -> End {
        let now = self.time.now();
        let mut seen = self.seen.lock().unwrap();
        seen.arrived += 1;
        let Rules {
            limit,
            sliding,
            together,
            remaining,
        } = self.rules;
        let counted = seen.counted.entry(if together { "all" } else { family }).or_default();
        if sliding {
            while counted.front().is_some_and(|at| *at + MINUTE <= now) {
                counted.pop_front();
            }
        } else if counted.front().is_some_and(|at| *at + MINUTE <= now) {
            counted.clear();
        }
        if counted.len() >= limit {
            let wait = *counted.front().unwrap() + MINUTE - now;
            seen.refused += 1;
            return End::Refused(remaining.map(|f| f(0)), wait);
        }
        counted.push_back(now);
        let left = remaining.map(|f| f(limit - counted.len()));
        if (self.fails)(seen.arrived) {
            return End::Failing(left);
        }
        let ms = self.time.ms();
        seen.accepted.push(ms);
        End::Answered(left)
    }

    /// Sends until `count` requests were answered.
    async fn send(&self, family: &'static str, count: &Mutex<usize>) {
        while {
            let mut count = count.lock().unwrap();
            let more = *count > 0;
            *count = count.saturating_sub(1);
            more
        } {
            loop {
                let ticket = self.quotas.admit(family).await;
                {
                    let mut seen = self.seen.lock().unwrap();
                    seen.in_flight += 1;
                    seen.widest = seen.widest.max(seen.in_flight);
                }
                if !self.latency.is_zero() {
                    self.time.sleep(self.latency / 2).await;
                }
                let end = self.serve(family);
                if !self.latency.is_zero() {
                    self.time.sleep(self.latency / 2).await;
                }
                self.seen.lock().unwrap().in_flight -= 1;
                ticket.end(end);
                if matches!(end, End::Answered(_)) {
                    break;
                }
            }
        }
    }

    /// Eight workers per family; returns when the last request was answered, in milliseconds.
    async fn run(&self, requests: &[(&'static str, usize)]) -> u128 {
        let counts: Vec<(&'static str, Mutex<usize>)> = requests.iter().map(|(f, n)| (*f, Mutex::new(*n))).collect();
        let workers = counts.iter().flat_map(|(f, n)| (0..8).map(move |_| self.send(f, n)));
        self.time.run(join_all(workers)).await;
        self.time.ms()
    }

    fn refused(&self) -> usize {
        self.seen.lock().unwrap().refused
    }

    fn counts(&self, family: &str) -> FamilyCounts {
        self.quotas.counts()[family]
    }
}

#[tokio::test]
async fn a_minutes_total_leaves_in_one_burst() {
    let world = World::new(60, FIXED, 0);
    assert_eq!(world.run(&[("a", 200)]).await, 183_000);
    let accepted = world.seen.lock().unwrap().accepted.clone();
    let mut bursts = BTreeMap::new();
    for at in accepted {
        *bursts.entry(at).or_insert(0) += 1;
    }
    assert_eq!(
        bursts.into_iter().collect::<Vec<_>>(),
        [(0, 60), (61_000, 60), (122_000, 60), (183_000, 20)]
    );
    let counts = world.counts("a");
    assert_eq!(
        (counts.waited_ms, counts.per_minute),
        (183_000, Some(60)),
        "eight wait, one clock"
    );
    assert_eq!(world.refused(), 0);
}

#[tokio::test]
async fn a_request_counts_from_its_answer_and_no_server_sees_more_than_the_limit() {
    let world = World::new(1, Rules { limit: 1, ..FIXED }, 20);
    // Each takes 20 ms, and the next one leaves 61 s after the answer.
    assert_eq!(world.run(&[("a", 3)]).await, 3 * 20 + 2 * 61_000);
    for sliding in [false, true] {
        for latency in [2, 20, 900, 7_000] {
            let rules = Rules { sliding, ..FIXED };
            let world = World::new(60, rules, latency);
            let took = world.run(&[("a", 200)]).await;
            assert_eq!(world.refused(), 0);
            // Eight lanes at 7 s do not even reach the quota of 60 a minute twice.
            assert!(
                took < 180_000 * 115 / 100 + u128::from(latency) * 10,
                "{latency} ms: {took}"
            );
        }
    }
}

#[tokio::test]
async fn families_run_in_parallel_and_the_largest_bounds() {
    let world = World::new(60, FIXED, 20);
    let took = world.run(&[("a", 303), ("b", 300), ("c", 61), ("d", 1)]).await;
    let floor = 5 * 60_000;
    assert!((floor..floor * 105 / 100).contains(&took), "{took}");
    assert_eq!(world.counts("d").waited_ms, 0);
    // The first burst takes 8 rounds at growing width; then one clock for all workers.
    assert!(
        (60_800..61_300).contains(&world.counts("c").waited_ms),
        "{:?}",
        world.counts("c")
    );
    assert_eq!(world.refused(), 0);
}

#[tokio::test]
async fn concurrency_grows_to_eight_and_shrinks_on_failures() {
    let world = World::new(1_000, FIXED, 20);
    world.run(&[("a", 8)]).await;
    assert_eq!((world.seen.lock().unwrap().widest, world.time.ms()), (4, 40));
    let world = World::new(1_000, Rules { limit: 1_000, ..FIXED }, 20);
    let took = world.run(&[("a", 100)]).await;
    assert_eq!(world.seen.lock().unwrap().widest, 8);
    assert_eq!(took, 14 * 20);
    let mut world = World::new(1_000, Rules { limit: 1_000, ..FIXED }, 20);
    world.fails = |arrived| arrived > 100;
    let ask = async {
        let ended = join_all((0..8).map(|_| async {
            let ticket = world.quotas.admit("a").await;
            world.time.sleep(Duration::from_millis(20)).await;
            ticket.end(End::Broken);
        }));
        ended.await;
        let width = world.quotas.lock().track("a").pacer.width();
        assert_eq!(width, 1, "4, then 2 of the next round, then 1");
    };
    world.time.run(ask).await;
}

#[tokio::test]
async fn a_quota_used_by_an_earlier_run_is_waited_out_once() {
    // Another run used 50 calls 20 s ago: 10 are left for 40 s.
    for (remaining, most) in [(None, 6), (HONEST, 1)] {
        let world = World::new(60, Rules { remaining, ..FIXED }, 20).used_before("a", 50, Duration::from_secs(20));
        let took = world.run(&[("a", 70)]).await;
        assert!(world.refused() <= most, "{}", world.refused());
        assert!((40_000..62_000).contains(&took), "{took}");
        let counts = world.counts("a");
        assert_eq!(
            (counts.per_minute, counts.shared),
            (Some(60), false),
            "the allowance itself is not smaller"
        );
    }
}

#[tokio::test]
async fn a_smaller_allowance_is_learnt() {
    for (sliding, remaining) in [(false, None), (true, None), (false, HONEST), (true, HONEST)] {
        let rules = Rules {
            limit: 30,
            sliding,
            remaining,
            ..FIXED
        };
        let world = World::new(60, rules, 20);
        let took = world.run(&[("a", 150)]).await;
        let floor = 4 * 60_000;
        assert!(took < floor * 115 / 100, "{took}, {} refused", world.refused());
        // At worst what was under way when it was refused: eight in the first window, eight in the second.
        assert!(
            world.refused() <= 16,
            "{sliding} {} {} refused",
            remaining.is_some(),
            world.refused()
        );
        if remaining.is_none() {
            assert!(world.counts("a").per_minute.unwrap() <= 33);
        } else {
            assert!(world.refused() <= 3, "{sliding} {} refused", world.refused());
        }
    }
}

#[tokio::test]
async fn a_count_of_what_is_left_that_means_something_else_is_ignored() {
    let nothing: Option<fn(usize) -> u64> = Some(|_| 0);
    let rules = Rules {
        remaining: nothing,
        ..FIXED
    };
    let world = World::new(60, rules, 20);
    let took = world.run(&[("a", 60)]).await;
    assert!(took < 1_000, "{took}");
    assert_eq!(world.refused(), 0);
}

#[tokio::test]
async fn families_that_share_an_allowance_are_merged() {
    let rules = Rules {
        together: true,
        ..FIXED
    };
    let world = World::new(60, rules, 20);
    let took = world.run(&[("a", 60), ("b", 60), ("c", 60)]).await;
    let counts = world.counts("b");
    assert_eq!((counts.shared, counts.per_minute), (true, Some(60)));
    assert!(took < 2 * 61_000 + 5_000, "{took}");
    assert!(
        world.refused() <= 24,
        "{}: each lane of each family once",
        world.refused()
    );
    let before = world.refused();
    world.run(&[("d", 120)]).await;
    assert_eq!(
        world.refused(),
        before,
        "a new family joins, and nothing is refused any more"
    );
}

#[tokio::test]
async fn families_that_were_only_used_before_are_not_merged() {
    let world = World::new(60, FIXED, 20)
        .used_before("a", 60, Duration::from_secs(30))
        .used_before("b", 58, Duration::from_secs(30));
    let took = world.run(&[("a", 60), ("b", 60), ("c", 60)]).await;
    assert!(took < 62_000, "{took}");
    assert!(!world.counts("a").shared);
    // With more requests altogether than one allowance, but another family still accepted.
    let world = World::new(60, FIXED, 20).used_before("a", 55, Duration::from_secs(30));
    world.run(&[("a", 60), ("b", 59), ("c", 60)]).await;
    assert!(!world.counts("a").shared);
}

#[tokio::test]
async fn whoever_sleeps_for_the_others_may_go_away() {
    let world = World::new(1, FIXED, 0);
    let quotas = &world.quotas;
    let work = async {
        quotas.admit("a").await.end(End::Answered(None));
        let mut leader = Box::pin(quotas.admit("a"));
        let mut other = Box::pin(quotas.admit("a"));
        assert!(futures_util::poll!(&mut leader).is_pending());
        assert!(futures_util::poll!(&mut other).is_pending());
        drop(leader);
        drop(other.await);
    };
    world.time.run(work).await;
    assert_eq!(world.time.ms(), 61_000);
    let counts = world.counts("a");
    assert_eq!(counts.waited_ms, 61_000);
}

#[tokio::test]
async fn an_abandoned_request_counts_and_one_that_never_left_does_not() {
    let world = World::new(1, FIXED, 0);
    let work = async {
        world.quotas.admit("a").await.end(End::NeverSent);
        drop(world.quotas.admit("a").await);
        assert_eq!(world.time.ms(), 0);
        drop(world.quotas.admit("a").await);
        assert_eq!(world.time.ms(), 61_000);
    };
    world.time.run(work).await;
}

#[tokio::test]
async fn a_lowered_limit_comes_back_after_calm_windows() {
    let world = World::new(60, FIXED, 0);
    let work = async {
        let quotas = &world.quotas;
        quotas.admit("a").await.end(End::Answered(None));
        world.time.sleep(Duration::from_secs(61)).await;
        for _ in 0..2 {
            quotas.admit("a").await.end(End::Refused(None, Duration::from_secs(1)));
        }
        assert_eq!(world.counts("a").per_minute, Some(15), "by half at most, each time");
        let waits = [(1, 15), (4 * 61, 15), (60, 18), (61, 21), (13 * 61, 60), (600, 60)];
        for (seconds, limit) in waits {
            world.time.sleep(Duration::from_secs(seconds)).await;
            // Rises step by step, each time somebody asks.
            for _ in 0..20 {
                quotas.admit("a").await.end(End::NeverSent);
            }
            assert_eq!(world.counts("a").per_minute, Some(limit), "after {seconds} s");
        }
    };
    world.time.run(work).await;
}

#[tokio::test]
async fn without_a_pace_only_refusals_wait() {
    let world = World::new(0, Rules { limit: 500, ..FIXED }, 0);
    assert_eq!(world.run(&[("a", 499)]).await, 0);
    assert_eq!(world.counts("a").per_minute, None);
    assert_eq!(world.run(&[("a", 2)]).await, 60_000);
    assert_eq!(world.refused(), 1);
}

#[tokio::test]
async fn clients_of_one_allowance_keep_one_pace_and_take_turns() {
    let world = World::new(60, FIXED, 10);
    let time = &world.time;
    let pace = NonZeroU32::new(60).map(Pace::per_minute);
    let allowance = Allowance::new(pace, &[]);
    let worlds: Vec<World> = (0..3)
        .map(|_| World {
            time: time.clone(),
            quotas: Arc::new(Quotas::sharing(
                allowance.clone(),
                Arc::new(time.clone()),
                Arc::new(Silent),
            )),
            ..World::new(60, FIXED, 10)
        })
        .collect();
    // One has ten times as many requests as the others, and comes first.
    let counts = [200, 20, 20].map(Mutex::new);
    let ended = Mutex::new(Vec::new());
    let clients = worlds.iter().zip(&counts).enumerate().map(|(n, (world, count))| {
        let ended = &ended;
        async move {
            join_all((0..8).map(|_| world.send("a", count))).await;
            ended.lock().unwrap().push((n, time.ms()));
        }
    });
    time.run(join_all(clients)).await;
    let mut accepted: Vec<u128> = worlds
        .iter()
        .flat_map(|w| w.seen.lock().unwrap().accepted.clone())
        .collect();
    accepted.sort_unstable();
    assert_eq!(accepted.len(), 240);
    for window in accepted.windows(61) {
        assert!(window[60] - window[0] >= 60_000, "{window:?}");
    }
    let ended = ended.into_inner().unwrap();
    assert_eq!(ended.last().unwrap().0, 0);
    // Their forty and twenty of the other's are a minute; alone in its line, each would wait for two hundred.
    assert!(ended[..2].iter().all(|(_, ms)| *ms < 62_000), "{ended:?}");
    assert!(
        world.time.ms() < 185_000,
        "no more than 240 requests ask for: {}",
        world.time.ms()
    );
    drop(worlds);
    let state = locked(&allowance.0.state);
    assert!(state.lines.values().all(|line| !line.is_contested()));
}
