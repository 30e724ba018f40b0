//! `events --follow`: through faults, through kills, until a signal.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::time::Instant;

use baton_workato::simulator::{Behavior, Endpoint, Env, Fault, Hits};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::place::{Place, ended, ids, signal, text, until};

const FOLLOW: &[&str] = &[
    "events",
    "--follow",
    "--interval",
    "1s",
    "-o",
    "jsonl",
    "--log-level",
    "error",
    "--cursor-file",
    "place",
];

#[tokio::test]
async fn what_happens_is_told_through_faults_until_ctrl_c() {
    let place = Place::new(Behavior::default()).await;
    let out = place.file("out");
    let mut wanted = BTreeSet::from([place.happened(Env::Dev, 1), place.happened(Env::Prod, 1)]);
    let child = place.start(FOLLOW, &out);
    until("the first events are told", || ids(&text(&out)).len() == 2).await;

    // One log is refused, then both are.
    place
        .simulator
        .behave(Behavior::default().deny(Endpoint::ActivityLogs, 403));
    let err = out.with_extension("err");
    until("the fault is told", || text(&err).contains("2 times in a row")).await;
    place
        .simulator
        .behave(Behavior::default().script("/api/activity_logs", Hits::Every, Fault::EmptyPage));
    until("silence is not believed", || text(&err).contains("does not show row")).await;
    wanted.insert(place.happened(Env::Prod, 0));
    place.simulator.behave(Behavior::default());
    until("it goes on", || ids(&text(&out)).len() == 3).await;
    assert!(text(&err).contains("can be read again, after"), "{}", text(&err));
    assert_eq!(ids(&text(&out)).into_iter().collect::<BTreeSet<_>>(), wanted);

    let asked = Instant::now();
    signal(&child, "-INT");
    assert_eq!(ended(child).await, Some(0), "it is meant to end so: {}", text(&err));
    assert!(asked.elapsed().as_secs() < 5, "no supervisor has to kill it");
}

#[tokio::test]
async fn following_begins_with_a_log_that_can_be_read() {
    let place = Place::new(Behavior::default().deny(Endpoint::ActivityLogs, 403)).await;
    let ended = place.run(FOLLOW).await;
    assert_eq!(ended.code, 7, "{}", ended.err);
    assert!(ended.err.contains("Get audit log"), "{}", ended.err);
}

#[tokio::test]
async fn nothing_is_lost_when_the_program_is_killed_at_any_moment() {
    let place = Place::new(Behavior::default()).await;
    let out = place.file("out");
    let mut random = StdRng::seed_from_u64(17);
    let mut wanted = BTreeSet::from([place.happened(Env::Dev, 1)]);
    for round in 0..12 {
        let mut child = place.start(FOLLOW, &out);
        for n in 0..5 {
            let env = if random.random_bool(0.5) { Env::Dev } else { Env::Prod };
            // Some are late.
            wanted.insert(place.happened(env, if n == 2 { 20 } else { 0 }));
            tokio::time::sleep(std::time::Duration::from_millis(random.random_range(0..120))).await;
        }
        if round > 0 && round % 4 == 0 {
            // Now and then it gets somewhere.
            let seen = text(&out).len();
            until("it tells something", || text(&out).len() > seen).await;
        }
        child.kill().unwrap();
        ended(child).await;
    }
    let child = place.start(FOLLOW, &out);
    let all = || ids(&text(&out)).into_iter().collect::<BTreeSet<_>>();
    until("all is told", || all().is_superset(&wanted)).await;
    assert_eq!(all(), wanted, "and nothing else");
    signal(&child, "-TERM");
    assert_eq!(ended(child).await, Some(0));
}
