//! The hook of events in service mode: the real program is killed at any moment, and every event that it answered with
//! starts its command, which does not run again once it has succeeded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use baton_workato::baton::annotation;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::baton_service_finish_task_request::FinalState;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::{ListEventsTask, TaskType};
use baton_workato::baton::proto::v2;
use baton_workato::simulator::{AccessModel, Behavior, Env, Happened, Shape, Simulator, Workspace};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::kill::{setting, terminate};
use super::secure::Secure;
use super::stand_in::TenantBehavior;

struct Place {
    folder: tempfile::TempDir,
    secure: Secure,
    simulator: Simulator,
}

impl Place {
    async fn new() -> Place {
        let shape = Shape::small(AccessModel::RbacV2);
        Place {
            folder: tempfile::tempdir().unwrap(),
            secure: Secure::start(TenantBehavior::default()).await,
            simulator: Simulator::start(Workspace::generate(&shape), Behavior::default())
                .await
                .unwrap(),
        }
    }

    fn command(&self, hook: &str) -> Command {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let mut command = setting(self.folder.path(), &self.secure.host(), &self.secure, &self.simulator);
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("BATON_EVENT_HOOK", hook)
            .stdout(Stdio::null())
            .stderr(log);
        command
    }

    fn start(&self, hook: &str) -> Child {
        self.command(hook).spawn().unwrap()
    }

    /// Something that happened; the id of its event.
    fn happened(&self, minutes: i64) -> String {
        let at = Timestamp::now() - SignedDuration::from_mins(minutes);
        let row = Happened::new(Env::Dev, at, "developer_api_client_updated", "ApiClient", "903");
        format!("dev-{}", self.simulator.happened(row))
    }

    fn ask(&self, cursor: &str) -> String {
        self.secure.stand_in.task(TaskType::ListEvents(ListEventsTask {
            event_feed_id: "workato_changes".to_owned(),
            cursor: cursor.to_owned(),
            ..Default::default()
        }))
    }

    /// What a task was answered with, which must be a success.
    async fn answer(&self, task: &str) -> v2::ListEventsResponse {
        let done = |seen: &super::stand_in::Seen| seen.ended.contains_key(task);
        self.secure.stand_in.until("the task is done", done).await;
        self.answered(task).unwrap()
    }

    /// All that tasks answer with from a cursor on, until there is no more, and where to go on.
    async fn read(&self, cursor: &str) -> (BTreeSet<String>, String) {
        let (mut told, mut cursor) = (BTreeSet::new(), cursor.to_owned());
        loop {
            let answer = self.answer(&self.ask(&cursor)).await;
            told.extend(answer.events.into_iter().map(|event| event.id));
            cursor = answer.cursor;
            if !answer.has_more {
                return (told, cursor);
            }
        }
    }

    /// The same, if it was answered by now.
    fn answered(&self, task: &str) -> Option<v2::ListEventsResponse> {
        let seen = self.secure.stand_in.seen();
        let ended = seen.ended.get(task)?.first()?;
        let Some(FinalState::Success(success)) = &ended.message.final_state else {
            panic!("{ended:?}: {}", self.text("log"));
        };
        annotation::find(success.response.as_slice())
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// How often the hook ran for each event, by what it wrote.
    fn ran(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for id in ids(&self.text("ran")) {
            *counts.entry(id).or_default() += 1;
        }
        counts
    }

    /// The events whose hook succeeded, by the journal.
    fn done(&self) -> BTreeSet<String> {
        let journal = journal(&self.folder.path().join("tmp"));
        let whole = journal.rfind('\n').map_or("", |end| &journal[..end]);
        let lines = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let done = lines.filter(|line| line.get("event").is_none());
        done.map(|line| line["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn until_done(&self, wanted: &BTreeSet<String>) {
        for _ in 0..3_000 {
            if self.done() == *wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{wanted:?} and not {:?}: {}", self.done(), self.text("log"));
    }
}

fn journal(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let found = paths.find(|path| path.extension().is_some_and(|extension| extension == "hooks"));
    found
        .map(|path| std::fs::read_to_string(path).unwrap_or_default())
        .unwrap_or_default()
}

fn ids(text: &str) -> Vec<String> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let events = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answered_event_starts_its_hook_once_whatever_kills_the_process() {
    let place = Place::new().await;
    let hook = "test -z \"$BATON_WORKATO_API_KEY$BATON_CLIENT_SECRET\" && sleep 0.05 && cat >> ran";
    let mut wanted = BTreeSet::new();
    let mut answered = BTreeSet::new();
    let mut known = BTreeMap::new();
    let mut cursor = String::new();
    for round in 0..5 {
        wanted.extend((0..4).map(|_| place.happened(1)));
        // What the journal calls done did not run again.
        let ran = place.ran();
        for id in place.done() {
            assert_eq!(*known.entry(id.clone()).or_insert(ran[&id]), ran[&id], "{id} ran again");
        }
        let task = place.ask(&cursor);
        let mut child = place.start(hook);
        if round % 2 == 0 {
            let answer = place.answer(&task).await;
            answered.extend(answer.events.iter().map(|event| event.id.clone()));
            cursor = answer.cursor;
        } else {
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Hooks that were under way go on by themselves.
        tokio::time::sleep(Duration::from_millis(300)).await;
        if let Some(answer) = place.answered(&task) {
            answered.extend(answer.events.iter().map(|event| event.id.clone()));
            cursor = answer.cursor;
        }
    }
    let child = place.start(hook);
    // The reading that was under way, and one of what came since it began.
    for _ in 0..2 {
        let (told, next) = place.read(&cursor).await;
        answered.extend(told);
        cursor = next;
    }
    assert_eq!(answered, wanted, "all were answered");
    place.until_done(&wanted).await;
    assert_eq!(terminate(child).await, Some(0), "{}", place.text("log"));
    let ran = place.ran();
    assert_eq!(ran.keys().cloned().collect::<BTreeSet<_>>(), wanted);
    for (id, times) in known {
        assert_eq!(ran[&id], times, "{id} ran again after it had succeeded");
    }
    assert!(place.text("ran").contains("\"resourceChangeEvent\""));

    // Without a cursor all are answered again, and no hook runs.
    let child = place.start(hook);
    assert_eq!(place.read("").await.0, wanted);
    assert_eq!(terminate(child).await, Some(0));
    assert_eq!(place.ran(), ran);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_fails_is_warned_of_and_fails_no_task() {
    let place = Place::new().await;
    let id = place.happened(1);
    let task = place.ask("");
    let child = place.start("cat >> tried; exit 3");
    assert_eq!(place.answer(&task).await.events[0].id, id);
    for _ in 0..3_000 {
        if ids(&place.text("tried")).len() >= 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(ids(&place.text("tried")).len() >= 2, "it is tried again");
    assert_eq!(terminate(child).await, Some(0));
    assert!(
        place.text("log").contains("The hook of an event failed"),
        "{}",
        place.text("log")
    );

    // The next process has it still, and another one beside it must not run it, too.
    let child = place.start("cat >> ran");
    place.until_done(&BTreeSet::from([id.clone()])).await;
    let second = crate::support::program::output(place.command("cat >> ran")).await;
    assert_eq!(second.status.code(), Some(14), "{}", place.text("log"));
    assert_eq!(terminate(child).await, Some(0));
    assert_eq!(place.ran(), BTreeMap::from([(id, 1)]));
}

/// A command that takes minutes holds up no answer.
#[tokio::test(flavor = "multi_thread")]
async fn answers_do_not_wait_for_hooks() {
    let place = Place::new().await;
    for _ in 0..12 {
        place.happened(1);
    }
    let child = place.start("sleep 600");
    let (first, cursor) = place.read("").await;
    let later = place.happened(0);
    let (second, _) = place.read(&cursor).await;
    assert_eq!((first.len(), second), (12, BTreeSet::from([later])));
    assert_eq!(terminate(child).await, Some(0), "a signal ends them");
}
