//! `--event-hook`: once for each event, whatever kills the program.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::simulator::{Behavior, Env};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::place::{Place, ended, ids, signal, text, until};

const ONCE: &[&str] = &[
    "events",
    "-o",
    "jsonl",
    "--log-level",
    "error",
    "--cursor-file",
    "place",
    "--event-hook",
];

/// How often the hook succeeded for each event.
fn counted(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for id in ids(text) {
        *counts.entry(id).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn a_hook_reads_the_event_and_runs_once_for_each() {
    let place = Place::new(Behavior::default()).await;
    let wanted = BTreeSet::from([place.happened(Env::Dev, 2), place.happened(Env::Prod, 1)]);
    let arguments = [
        ONCE,
        &["cat >> ran; test -z \"$BATON_WORKATO_API_KEY$BATON_WORKATO_PROD_API_KEY\""],
    ]
    .concat();
    for _ in 0..2 {
        let ended = place.run(&arguments).await;
        assert_eq!(ended.code, 0, "tokens are no business of hooks: {}", ended.err);
    }
    // The place is lost, so all is told again; hooks are not run again.
    std::fs::remove_file(place.file("place")).unwrap();
    let ended = place.run(&arguments).await;
    assert_eq!((ended.code, ended.ids().len()), (0, 2), "{}", ended.err);
    let ran = text(&place.file("ran"));
    assert_eq!(counted(&ran), wanted.into_iter().map(|id| (id, 1)).collect());
    assert!(ran.contains("\"event\":\"developer_api_client_updated\""), "{ran}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&place.file("place.hooks").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn one_that_fails_is_started_again_and_then_left_to_the_next_run() {
    let place = Place::new(Behavior::default()).await;
    let id = place.happened(Env::Dev, 2);
    // It succeeds the second time.
    let again = "cat >> ran; test -e second || { touch second; exit 1; }";
    let ended = place.run(&[ONCE, &[again]].concat()).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(counted(&text(&place.file("ran"))), BTreeMap::from([(id, 2)]));

    let id = place.happened(Env::Dev, 1);
    let never = [ONCE, &["echo broken >&2; exit 7", "--hook-tries", "2"]].concat();
    let ended = place.run(&never).await;
    assert_eq!(ended.code, 9, "{}", ended.err);
    assert!(
        ended.err.contains("BW-0517") && ended.err.contains("broken"),
        "{}",
        ended.err
    );
    let slow = [ONCE, &["sleep 60", "--hook-tries", "1", "--hook-timeout", "1s"]].concat();
    assert_eq!(place.run(&slow).await.code, 9, "what takes too long has failed");
    let well = place.run(&[ONCE, &["cat >> later"]].concat()).await;
    assert_eq!(
        (well.code, well.out.as_str()),
        (0, ""),
        "it is not printed again: {}",
        well.err
    );
    assert_eq!(ids(&text(&place.file("later"))), [id]);

    let alone = place.run(&["events", "--event-hook", "true"]).await;
    assert_eq!(alone.code, 2);
    assert!(alone.err.contains("cursor-file"), "{}", alone.err);
}

/// A hook that was under way when the program was killed is started again; one whose success is on the disk never is.
#[tokio::test]
async fn hooks_run_once_when_the_program_is_killed_at_any_moment() {
    let place = Place::new(Behavior::default()).await;
    let out = place.file("out");
    let follow = [
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
        "--hook-concurrency",
        "3",
        "--event-hook",
        "sleep 0.05; cat >> ran",
    ];
    let mut random = StdRng::seed_from_u64(4);
    let mut wanted = BTreeSet::from([place.happened(Env::Dev, 1)]);
    let mut known = BTreeMap::new();
    for _ in 0..12 {
        // What the journal calls done, and how often it ran by then.
        let ran = counted(&text(&place.file("ran")));
        for id in done(&text(&place.file("place.hooks"))) {
            let times = ran[&id];
            assert_eq!(
                *known.entry(id.clone()).or_insert(times),
                times,
                "{id} ran again after it had succeeded"
            );
        }
        let mut child = place.start(&follow, &out);
        for _ in 0..6 {
            let env = if random.random_bool(0.5) { Env::Dev } else { Env::Prod };
            wanted.insert(place.happened(env, 0));
            tokio::time::sleep(std::time::Duration::from_millis(random.random_range(0..150))).await;
        }
        child.kill().unwrap();
        ended(child).await;
        // Hooks that were under way go on by themselves, and end before the next run.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    let child = place.start(&follow, &out);
    let hooks = place.file("place.hooks");
    until("every hook has succeeded", || done(&text(&hooks)).len() == wanted.len()).await;
    signal(&child, "-INT");
    assert_eq!(ended(child).await, Some(0));
    assert_eq!(done(&text(&hooks)), wanted);
    let ran = counted(&text(&place.file("ran")));
    assert_eq!(
        ran.keys().cloned().collect::<BTreeSet<_>>(),
        wanted,
        "each at least once"
    );
    for (id, times) in known {
        assert_eq!(ran[&id], times, "{id} ran again after it had succeeded");
    }
}

/// The events that a journal says to have succeeded.
fn done(journal: &str) -> BTreeSet<String> {
    let whole = journal.rfind('\n').map_or("", |end| &journal[..end]);
    let lines = whole
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let done = lines.filter(|line| line.get("event").is_none());
    done.map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}
