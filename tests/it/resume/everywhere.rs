//! Stopped after every single call, in every way.

use std::sync::Arc;

use baton_workato::baton::error::Kind;
use baton_workato::baton::sync::summary::{Status, Summary};

use super::workspace::{Stop, Workspace};
use super::{Place, content, exhaustive};
use crate::support::run::environment;

const TEAMS: usize = 6;

/// Ways of ending a run at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Fail,
    Cancel,
    Drop,
}

struct Undisturbed {
    content: Vec<String>,
    summary: Summary,
    calls: usize,
}

async fn undisturbed() -> Undisturbed {
    let place = Place::new();
    let workspace = Workspace::new(TEAMS);
    let summary = place.sync(&workspace).await.unwrap();
    assert_eq!(workspace.repeats(), 0);
    assert_eq!(place.names(), ["sync.c1z"]);
    Undisturbed {
        content: content(place.file()),
        summary,
        calls: workspace.answers(),
    }
}

/// Runs until the workspace stops answering, and ends the run in the given way.
async fn run_into_it(place: &Place, workspace: &Arc<Workspace>, call: usize, way: Way) {
    if way == Way::Fail {
        workspace.stop_at(call, Stop::Fail(Kind::Unavailable));
        let error = place.sync(workspace).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        let hint = error.hint_text().unwrap_or_default();
        assert_eq!(hint.contains("to resume"), place.partial().exists(), "{hint}");
    } else {
        workspace.stop_at(call, Stop::Hang);
        let environment = environment();
        let cancel = environment.cancel.clone();
        let run = place.sync_in(workspace, &environment);
        if way == Way::Cancel {
            let (outcome, ()) = tokio::join!(run, async {
                workspace.stopped.notified().await;
                cancel.cancel();
            });
            assert_eq!(outcome.unwrap_err().kind(), Kind::Cancelled);
        } else {
            tokio::select! {
                outcome = run => panic!("it should hang: {outcome:?}"),
                () = workspace.stopped.notified() => {}
            }
        }
        // A run that is cancelled waits a second for its disk, and no longer.
        place.released().await;
    }
    workspace.go_on();
}

#[tokio::test]
async fn rows_are_equal_and_nothing_is_asked_twice_but_what_was_in_flight() {
    let expected = undisturbed().await;
    assert_eq!(expected.summary.status, Status::CompleteWithWarnings);
    for way in [Way::Fail, Way::Cancel, Way::Drop] {
        for workers in [1, 4] {
            // Each way meets every call with one number of workers or the other.
            let every_call = exhaustive() || (way == Way::Cancel) == (workers == 1);
            let calls = (1..=expected.calls).filter(|call| every_call || call % 5 == 0);
            for call in calls {
                let case = format!("{way:?} at call {call} of {} with {workers} workers", expected.calls);
                let mut place = Place::new();
                place.options.workers = workers;
                let workspace = Workspace::new(TEAMS);
                run_into_it(&place, &workspace, call, way).await;
                assert!(!place.file().exists(), "{case}");
                let summary = place.sync(&workspace).await.unwrap();
                assert_eq!(content(place.file()), expected.content, "{case}");
                assert_eq!(summary.warnings, expected.summary.warnings, "{case}");
                assert_eq!(summary.rows, expected.summary.rows, "{case}");
                // Answers that several workers got at once may all have been on their way to the disk.
                assert!(summary.resumed.is_some() || call <= 1 + workers, "{case}");
                assert!(
                    summary.resumed.is_none() || call > 2,
                    "{case}: the first call reads nothing"
                );
                assert_eq!(summary.started_fresh_because, None, "{case}");
                assert!(workspace.repeats() <= workers, "{case}: {:?}", workspace.answered);
                assert_eq!(place.names(), ["sync.c1z"], "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_run_may_be_stopped_again_and_again() {
    let expected = undisturbed().await;
    for (workers, pace) in [(1, 2), (1, 3), (4, 5)] {
        let mut place = Place::new();
        place.options.workers = workers;
        let workspace = Workspace::new(TEAMS);
        let mut stops = 0;
        let summary = loop {
            workspace.stop_at(pace + 1, Stop::Fail(Kind::Unavailable));
            match place.sync(&workspace).await {
                Ok(summary) => break summary,
                Err(error) => assert_eq!(error.kind(), Kind::Unavailable),
            }
            stops += 1;
            assert!(stops < 200, "it gets nowhere");
        };
        assert!(stops > 5);
        assert_eq!(content(place.file()), expected.content);
        assert_eq!(summary.warnings, expected.summary.warnings);
        assert!(
            workspace.repeats() <= workers * stops,
            "{} in {stops} stops",
            workspace.repeats()
        );
    }
}

/// The file of the sync before it stays whole and byte for byte the same until the new one takes its place.
#[tokio::test]
async fn the_file_of_the_sync_before_stays_whole() {
    let place = Place::new();
    let workspace = Workspace::new(TEAMS);
    place.sync(&workspace).await.unwrap();
    let before = std::fs::read(place.file()).unwrap();
    for call in [1, 5, 12, 20] {
        run_into_it(&place, &workspace, call, Way::Cancel).await;
        assert_eq!(std::fs::read(place.file()).unwrap(), before);
    }
    place.sync(&workspace).await.unwrap();
    let reader = baton_workato::baton::c1z::Reader::open(place.file(), None).unwrap();
    let runs = reader.runs().unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.ended_at.is_some()));
}
