//! The file beside the file: who may read it, who holds it, what happens to it at the end.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baton_workato::baton::error::Kind;
use baton_workato::baton::progress::{Event, Observer, Step};
use baton_workato::baton::sync::SyncEnvironment;
use serde_json::json;
use tokio::sync::Notify;

use super::workspace::{Stop, Workspace};
use super::{Place, content};
use crate::support::run::environment;

/// Does something when a step begins.
struct At<F>(Step, F);

impl<F: Fn() + Send + Sync> Observer for At<F> {
    fn event(&self, event: &Event<'_>) {
        if matches!(event, Event::StepStarted { step, .. } if *step == self.0) {
            (self.1)();
        }
    }
}

fn watched(step: Step, then: impl Fn() + Send + Sync + 'static) -> SyncEnvironment {
    SyncEnvironment {
        observer: Arc::new(At(step, then)),
        ..environment()
    }
}

/// Runs until nothing is answered any more; the partial file remains.
async fn stopped_at(place: &Place, workspace: &Arc<Workspace>, call: usize) {
    workspace.stop_at(call, Stop::Fail(Kind::Unavailable));
    place.sync(workspace).await.unwrap_err();
    workspace.go_on();
}

#[tokio::test]
async fn only_its_owner_reads_it() {
    let place = Place::new();
    let workspace = Workspace::new(3);
    workspace.stop_at(12, Stop::Hang);
    let environment = environment();
    tokio::select! {
        outcome = place.sync_in(&workspace, &environment) => panic!("it should hang: {outcome:?}"),
        () = workspace.stopped.notified() => {}
    }
    for name in place.names() {
        let mode = std::fs::metadata(place.folder.path().join(&name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    place.released().await;
    assert_eq!(place.names(), ["sync.c1z.partial"]);
}

#[tokio::test]
async fn the_second_run_on_a_file_says_who_holds_it() {
    let place = Place::new();
    let workspace = Workspace::new(3);
    workspace.stop_at(9, Stop::Hang);
    let environment = environment();
    let first = place.sync_in(&workspace, &environment);
    let second = async {
        workspace.stopped.notified().await;
        // A link to the same file is the same file, too.
        let mut linked = place.options.clone();
        linked.file = place.folder.path().join("missing/../sync.c1z");
        std::fs::create_dir(place.folder.path().join("missing")).unwrap();
        for options in [&place.options, &linked] {
            let connector = Arc::new(workspace.connector());
            let error = baton_workato::baton::sync::run(connector, options, &environment)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), Kind::Unavailable);
            let text = error.to_string();
            let holder = format!("is being written by process {} on host ", std::process::id());
            assert!(text.contains(&holder) && text.contains(" since 20"), "{text}");
            assert!(error.hint_text().unwrap().contains("another --file"));
        }
        environment.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(first, second);
    assert_eq!(outcome.unwrap_err().kind(), Kind::Cancelled);
    workspace.go_on();
    place.sync(&workspace).await.unwrap();
}

#[tokio::test]
async fn a_crash_while_sealing_costs_no_request() {
    for step in [Step::Expansion, Step::Save] {
        let place = Place::new();
        let workspace = Workspace::new(4);
        let there = Arc::new(Notify::new());
        let told = Arc::clone(&there);
        let environment = watched(step, move || told.notify_one());
        tokio::select! {
            biased;
            () = there.notified() => {}
            outcome = place.sync_in(&workspace, &environment) => panic!("{outcome:?}"),
        }
        place.released().await;
        assert!(
            !place.file().exists() && place.partial().exists(),
            "{:?}",
            place.names()
        );
        let calls = workspace.answers();
        let summary = place.sync(&workspace).await.unwrap();
        assert!(summary.resumed.is_some());
        assert_eq!(workspace.answers(), calls, "{step:?}");
        assert_eq!(place.names(), ["sync.c1z"]);
        let other = Place::new();
        other.sync(&Workspace::new(4)).await.unwrap();
        assert_eq!(content(place.file()), content(other.file()));
    }
}

/// The machine stopped between the rename and the removal: the sync is in its file already.
#[tokio::test]
async fn a_finished_sync_is_not_finished_twice() {
    let place = Place::new();
    let workspace = Workspace::new(3);
    let copies = Arc::new(Mutex::new(Vec::<(String, Vec<u8>)>::new()));
    let folder = place.folder.path().to_owned();
    let kept = Arc::clone(&copies);
    let environment = watched(Step::Save, move || {
        for suffix in ["", "-wal"] {
            let name = format!("sync.c1z.partial{suffix}");
            if let Ok(bytes) = std::fs::read(folder.join(&name)) {
                kept.lock().unwrap().push((name, bytes));
            }
        }
    });
    let first = place.sync_in(&workspace, &environment).await.unwrap();
    for (name, bytes) in copies.lock().unwrap().iter() {
        std::fs::write(place.folder.path().join(name), bytes).unwrap();
    }
    assert!(place.partial().exists());
    let second = place.sync(&workspace).await.unwrap();
    assert_ne!(first.sync_id, second.sync_id);
    assert_eq!((second.resumed, second.started_fresh_because), (None, None));
    assert_eq!(place.names(), ["sync.c1z"]);
}

/// Everything is read: the rest is quick and worth waiting for.
#[tokio::test]
async fn a_cancellation_while_sealing_lets_it_finish() {
    let place = Place::new();
    let workspace = Workspace::new(3);
    let mut environment = environment();
    let cancel = environment.cancel.clone();
    environment.observer = Arc::new(At(Step::Expansion, move || cancel.cancel()));
    // The step is told of before the sealing begins or after; either way nothing is lost.
    match place.sync_in(&workspace, &environment).await {
        Ok(_) => assert_eq!(place.names(), ["sync.c1z"]),
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_run_that_read_nothing() {
    let place = Place::new();
    let workspace = Workspace::new(3);
    for kind in [Kind::Unauthenticated, Kind::Unavailable] {
        workspace.stop_at(1, Stop::Fail(kind));
        let error = place.sync(&workspace).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(place.names().is_empty(), "{:?}", place.names());
        assert_eq!(error.hint_text(), None);
    }
}

#[tokio::test]
async fn a_run_that_is_not_to_be_resumed_leaves_nothing() {
    let mut place = Place::new();
    let workspace = Workspace::new(3);
    stopped_at(&place, &workspace, 9).await;
    assert!(place.partial().exists());
    place.options.resumable = false;
    stopped_at(&place, &workspace, 9).await;
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[tokio::test]
async fn a_time_budget_leaves_the_rest_to_the_next_run() {
    let mut place = Place::new();
    let workspace = Workspace::new(3);
    workspace.stop_at(9, Stop::Hang);
    place.options.time_budget = Some(Duration::from_millis(200));
    let error = place.sync(&workspace).await.unwrap_err();
    assert_eq!(error.kind(), Kind::DeadlineExceeded);
    assert_eq!(error.to_string(), "the time budget is used up");
    assert_eq!(
        error.hint_text(),
        Some("what was read so far is kept in sync.c1z.partial: run the same command again to resume")
    );
    workspace.go_on();
    place.options.time_budget = Some(Duration::from_secs(600));
    let summary = place.sync(&workspace).await.unwrap();
    assert!(summary.resumed.unwrap().lists > 0);
}

#[tokio::test]
async fn the_next_sync_finds_what_this_one_recorded() {
    let place = Place::new();
    let workspace = Workspace::new(3);
    place.sync(&workspace).await.unwrap();
    assert_eq!(*workspace.previous.lock().unwrap(), None, "there was none before");
    stopped_at(&place, &workspace, 15).await;
    let expected = json!({
        "records": {"parts": ["first", "second"]},
        "warnings": [
            {
                "cause": "derived", "code": "BW-0901", "message": "tables had gaps", "count": 2,
                "examples": ["gap in first", "gap in second"],
            },
            {
                "cause": "odd", "code": "BW-0901", "message": "teams are odd", "count": 3,
                "examples": ["t0", "t1", "t2"],
            },
        ],
    });
    assert_eq!(*workspace.previous.lock().unwrap(), Some(expected.clone()));
    // A resumed sync records what it recorded before it was stopped.
    place.sync(&workspace).await.unwrap();
    stopped_at(&place, &workspace, 2).await;
    assert_eq!(*workspace.previous.lock().unwrap(), Some(expected));
}

/// Contents of a checkpoint as other programs of the family know them (`baton/c1z/format.md 2.12`).
#[tokio::test]
async fn the_checkpoint_is_a_v1_token() {
    let place = Place::new();
    let workspace = Workspace::new(3);
    stopped_at(&place, &workspace, 13).await;
    let db = rusqlite::Connection::open(place.partial()).unwrap();
    let (token, ended): (String, Option<String>) = db
        .query_row("select sync_token, ended_at from v1_sync_runs", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(ended, None);
    let token: serde_json::Value = serde_json::from_str(&token).unwrap();
    assert_eq!(token["version"], 1);
    assert_eq!(token["action_order"], json!(["0000000002", "0000000003", "0000000004"]));
    let next = &token["actions_map"]["0000000004"];
    assert_eq!(*next, json!({"id": "0000000004", "operation": "list-entitlements"}));
    assert_eq!(
        token["completed_actions_count"], 5,
        "users, teams, and what is below three teams"
    );
}
