//! The published flags: `--event-feed=true` and what goes with it.

use baton_workato::simulator::{Behavior, Env, Happened};
use serde_json::Value;

use super::place::{Place, ago};

const CHANGES: &str = "--event-feed-id=workato_changes";

/// The cursor that the log says to go on with.
fn cursor(err: &str) -> String {
    let lines = err.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut cursors = lines.filter_map(|line| Some(line.get("cursor")?.as_str()?.to_owned()));
    cursors.next_back().unwrap_or_else(|| panic!("no cursor: {err}"))
}

#[tokio::test]
async fn events_go_out_a_line_each_until_there_are_no_more() {
    let place = Place::new(Behavior::default()).await;
    // More than a page in one log, some in another, and one that is too old.
    let mut wanted: Vec<String> = (0..130).map(|n| place.happened(Env::Dev, n)).collect();
    wanted.push(place.happened(Env::Prod, 3));
    let old = place.happened(Env::Dev, 25 * 60);
    wanted.sort();

    let ended = place.run(&["--event-feed=true", CHANGES, "--workato-env", "all"]).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    let mut ids = ended.ids();
    ids.sort();
    assert_eq!(ids, wanted, "each once");
    let event = &ended.events()[0];
    assert_eq!(event["resourceChangeEvent"]["resourceId"]["resourceType"], "api_client");
    assert!(
        event["occurredAt"].as_str().is_some_and(|at| at.ends_with('Z')),
        "{event}"
    );
    assert!(!place.file("sync.c1z").exists(), "it is no sync");

    let more = place.happened(Env::Prod, 0);
    let cursor = format!("--event-feed-cursor={}", cursor(&ended.err));
    let ended = place
        .run(&["--event-feed=t", CHANGES, "--workato-env", "all", &cursor])
        .await;
    assert_eq!((ended.code, ended.ids()), (0, vec![more]), "{}", ended.err);

    let start = format!("--event-feed-start-at={}", ago(26 * 60));
    let ended = place.run(&["--event-feed=1", CHANGES, &start]).await;
    assert!(ended.ids().contains(&old) && !ended.ids().iter().any(|id| id.starts_with("prod")));
}

#[tokio::test]
async fn what_is_not_asked_for_well_is_refused() {
    let place = Place::new(Behavior::default()).await;
    place.tell(Happened::new(Env::Dev, ago(1), "user_login", "User", "5"));
    for (arguments, code, words) in [
        (&["--event-feed=true"][..], 5, "event feed"),
        (&["--event-feed=true", "--event-feed-id=nothing"], 5, "event feed"),
        (&["--event-feed=true", CHANGES, "--event-feed-cursor={}"], 3, "cursor"),
        (
            &["--event-feed=true", CHANGES, "--event-feed-start-at=soon"],
            2,
            "not a time",
        ),
        (
            &["--event-feed=true", "--revoke-grant=g"],
            2,
            "none of the others can be",
        ),
        (&["--event-feed=true", "--dry-run", CHANGES], 2, "dry-run"),
        (&["sync", "--event-feed=true", CHANGES], 2, "leave out the word sync"),
    ] {
        let ended = place.run(arguments).await;
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(
            ended.err.contains(words) && ended.out.is_empty(),
            "{arguments:?}: {}",
            ended.err
        );
    }
}

#[tokio::test]
async fn a_word_that_does_not_mean_yes_is_no_and_is_told() {
    let place = Place::new(Behavior::default()).await;
    for (word, is_told) in [("--event-feed=workato_changes", true), ("--event-feed=false", false)] {
        let ended = place.run(&[word, CHANGES]).await;
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(
            place.file("sync.c1z").exists() && ended.out.is_empty(),
            "a sync, as published"
        );
        assert_eq!(ended.err.contains("neither true nor false"), is_told, "{}", ended.err);
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_believed_ends_it() {
    let place = Place::new(Behavior::default()).await;
    let ended = place.run(&["--event-feed=true", CHANGES]).await;
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("BW-1110") && ended.out.is_empty(), "{}", ended.err);
}
