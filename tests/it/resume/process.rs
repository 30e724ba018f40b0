//! The real program against a simulated workspace: killed, interrupted, terminated, and started again.

use std::process::{Child, Command, Output};
use std::time::Duration;

use baton_workato::baton::c1z::Engine;
use baton_workato::simulator::Workspace as Simulated;
use baton_workato::simulator::{AccessModel, Behavior, Fault, Hits, Shape, Simulator};
use serde_json::Value;

use super::{content, exhaustive};
use crate::support::place::names;
use crate::support::program::syncing;
use crate::support::rows::Rows;

/// The answer to the request at which the workspace falls silent.
const NEVER: Duration = Duration::from_secs(3_600);
/// Lists read at the same time.
const WORKERS: usize = 4;

fn shape() -> Shape {
    Shape {
        model: AccessModel::RbacV2,
        people: 14,
        projects: 5,
        ..Shape::default()
    }
}

async fn simulator() -> Simulator {
    Simulator::start(Simulated::generate(&shape()), Behavior::default())
        .await
        .unwrap()
}

/// From its `k`th request on the workspace does not answer.
fn silent_from(k: u32) -> Behavior {
    Behavior::default().script("/**", Hits::From(k), Fault::Stall(NEVER))
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Place {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("sync.c1z")
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    fn program(&self, simulator: &Simulator) -> Command {
        syncing(self.folder.path(), simulator, WORKERS)
    }

    fn start(&self, simulator: &Simulator) -> Child {
        self.program(simulator).spawn().unwrap()
    }

    /// One with a sync in a file of the v3 form.
    async fn of_v3(simulator: &Simulator) -> Self {
        let place = Place::new();
        summary(&place.run(simulator, &["--storage-engine", "pebble"]).await);
        assert_eq!(Engine::of(&place.file()), Some(Engine::Pebble));
        place
    }

    async fn run(&self, simulator: &Simulator, more: &[&str]) -> Output {
        let mut command = self.program(simulator);
        command.args(more);
        finished(command.spawn().unwrap()).await
    }
}

/// Waits without blocking the simulator, which runs on this thread.
async fn finished(child: Child) -> Output {
    tokio::task::spawn_blocking(|| child.wait_with_output().unwrap())
        .await
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Waits until so many requests were answered, and the next one hangs.
async fn answered(simulator: &Simulator, count: usize) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while simulator.requests().len() < count {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{} answered",
            simulator.requests().len()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn summary(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let both = [text(&output.stdout), text(&output.stderr)].concat();
    let line = both
        .lines()
        .find(|line| line.contains("\"sync summary\""))
        .expect(&both);
    serde_json::from_str(line).unwrap()
}

struct Undisturbed {
    content: Vec<String>,
    requests: usize,
    warnings: Value,
}

async fn undisturbed(simulator: &Simulator) -> Undisturbed {
    let place = Place::new();
    let output = place.run(simulator, &[]).await;
    let warnings = summary(&output)["warnings"].clone();
    let requests = simulator.requests().len();
    simulator.forget_requests();
    Undisturbed {
        content: content(&place.file()),
        requests,
        warnings,
    }
}

/// Requests that were answered more than once.
fn repeats(simulator: &Simulator) -> usize {
    let requests = simulator.requests();
    let distinct: std::collections::BTreeSet<&str> = requests.iter().map(|r| r.path.as_str()).collect();
    requests.len() - distinct.len()
}

/// Lists of agents and machine identities that were refused.
const ABSENT_LISTS: u32 = 7;

/// Kill -9 at a sample of all requests: the file before stays whole, the rows are equal, nothing is asked twice but
/// what was in flight, and nothing is left lying around.
#[tokio::test]
async fn killed_at_any_request() {
    let simulator = simulator().await;
    let expected = undisturbed(&simulator).await;
    assert!((20..200).contains(&expected.requests), "{}", expected.requests);
    let last = u32::try_from(expected.requests).unwrap();
    let sample = vec![1, 2, 4, 5, last / 4, last / 2, last * 3 / 4, last - 1, last];
    let all = (1..=last).collect();
    for k in if exhaustive() { all } else { sample } {
        let place = Place::new();
        // A sync after another one does not ask again for the lists that this workspace does not have.
        if k % 2 == 0 && k + ABSENT_LISTS <= last {
            summary(&place.run(&simulator, &[]).await);
        }
        simulator.behave(silent_from(k));
        simulator.forget_requests();
        let before = std::fs::read(place.file()).ok();
        let mut child = place.start(&simulator);
        answered(&simulator, k as usize - 1).await;
        child.kill().unwrap();
        finished(child).await;
        assert_eq!(std::fs::read(place.file()).ok(), before, "killed at {k}");
        simulator.behave(Behavior::default());
        let output = place.run(&simulator, &[]).await;
        let summary = summary(&output);
        assert_eq!(content(&place.file()), expected.content, "killed at {k}");
        assert_eq!(summary["warnings"], expected.warnings, "killed at {k}");
        assert!(
            repeats(&simulator) <= WORKERS,
            "killed at {k}: {} repeats",
            repeats(&simulator)
        );
        assert_eq!(place.names(), ["sync.c1z"], "killed at {k}");
    }
}

/// As [`killed_at_any_request`], where the file is of the v3 form. What was read is of no form yet: it is taken up again
/// whatever the file is to be.
#[tokio::test]
async fn killed_on_the_way_to_a_v3_file() {
    let simulator = simulator().await;
    let expected = Rows::of_file(&Place::of_v3(&simulator).await.file());
    for (k, stays) in [(9, true), (16, true), (12, false)] {
        let place = Place::of_v3(&simulator).await;
        let before = std::fs::read(place.file()).unwrap();
        simulator.behave(silent_from(k));
        simulator.forget_requests();
        let mut child = place.start(&simulator);
        answered(&simulator, k as usize - 1).await;
        child.kill().unwrap();
        finished(child).await;
        assert!(std::fs::read(place.file()).unwrap() == before, "killed at {k}");
        simulator.behave(Behavior::default());
        if !stays {
            std::fs::remove_file(place.file()).unwrap();
        }
        let summary = summary(&place.run(&simulator, &[]).await);
        assert!(summary["resumed"]["lists"].is_u64(), "{summary}");
        assert!(
            repeats(&simulator) <= WORKERS,
            "killed at {k}: {} repeats",
            repeats(&simulator)
        );
        let form = if stays { Engine::Pebble } else { Engine::Sqlite };
        assert_eq!(Engine::of(&place.file()), Some(form));
        assert!(Rows::of_file(&place.file()) == expected, "killed at {k}");
        assert_eq!(place.names(), ["sync.c1z"], "killed at {k}");
    }
}

#[tokio::test]
async fn signals_keep_what_was_read_and_say_how_to_go_on() {
    let simulator = simulator().await;
    let expected = undisturbed(&simulator).await;
    for (name, code, word) in [("-INT", 130, "interrupted"), ("-TERM", 143, "terminated")] {
        let place = Place::new();
        simulator.behave(silent_from(12));
        simulator.forget_requests();
        let child = place.start(&simulator);
        answered(&simulator, 11).await;
        let sent = std::time::Instant::now();
        signal(&child, name);
        let output = finished(child).await;
        assert!(sent.elapsed() < Duration::from_secs(5), "{:?}", sent.elapsed());
        assert_eq!(output.status.code(), Some(code));
        let stderr = text(&output.stderr);
        assert!(stderr.contains(&format!("error[BW-0{code}]: {word}\n")), "{stderr}");
        assert!(
            stderr.contains("what was read so far is kept in sync.c1z.partial: run the same command again to resume"),
            "{stderr}"
        );
        assert_eq!(place.names(), ["sync.c1z.partial"]);
        simulator.behave(Behavior::default());
        let summary = summary(&place.run(&simulator, &[]).await);
        assert!(summary["resumed"]["lists"].is_u64(), "{summary}");
        assert_eq!(content(&place.file()), expected.content);
        assert!(repeats(&simulator) <= WORKERS);
    }
}

#[tokio::test]
async fn a_second_process_is_told_about_the_first() {
    let simulator = simulator().await;
    simulator.behave(silent_from(6));
    let place = Place::new();
    let mut first = place.start(&simulator);
    answered(&simulator, 5).await;
    let second = place.run(&simulator, &[]).await;
    assert_eq!(second.status.code(), Some(14));
    let stderr = text(&second.stderr);
    let holder = format!("sync.c1z is being written by process {} on host ", first.id());
    assert!(stderr.contains(&holder), "{stderr}");
    first.kill().unwrap();
    finished(first).await;
    simulator.behave(Behavior::default());
    summary(&place.run(&simulator, &[]).await);
}

#[tokio::test]
async fn flags_that_shape_the_sync_begin_it_anew() {
    let simulator = simulator().await;
    let place = Place::new();
    simulator.behave(silent_from(12));
    // Long enough for eleven answers on a busy machine; the twelfth never comes.
    let output = place.run(&simulator, &["--time-budget", "3s"]).await;
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("error[BW-0501]: the time budget is used up"),
        "{}",
        text(&output.stderr)
    );
    simulator.behave(Behavior::default());
    let other = summary(&place.run(&simulator, &["--privileges", "off"]).await);
    assert_eq!(other["started_fresh_because"], "the settings changed (privileges)");

    simulator.behave(silent_from(12));
    simulator.forget_requests();
    let child = place.start(&simulator);
    answered(&simulator, 11).await;
    signal(&child, "-INT");
    assert_eq!(finished(child).await.status.code(), Some(130));
    simulator.behave(Behavior::default());
    let fresh = summary(&place.run(&simulator, &["--fresh"]).await);
    assert_eq!(fresh["started_fresh_because"], "--fresh was given");
    assert_eq!(fresh.get("resumed"), None);
}

/// Kill -9 at moments nobody chose, while reading, sealing and saving, again and again until a run gets through. The
/// file before is whole after every kill.
#[tokio::test]
async fn killed_at_any_moment() {
    let simulator = simulator().await;
    let started = std::time::Instant::now();
    let expected = undisturbed(&simulator).await;
    let whole_run = started.elapsed();
    let rounds = if exhaustive() { 200 } else { 6 };
    for round in 0..rounds {
        let place = Place::new();
        let first = place.run(&simulator, &[]).await;
        summary(&first);
        let before = std::fs::read(place.file()).unwrap();
        simulator.forget_requests();
        let mut kills = 0;
        loop {
            let mut child = place.start(&simulator);
            // A golden-ratio sequence meets all parts of a run evenly. The last part is where files are replaced.
            let part = (f64::from(round) * 0.618_034 + f64::from(kills) * 0.23).fract();
            tokio::time::sleep(whole_run.mul_f64(0.05 + part)).await;
            let ended = child.try_wait().unwrap();
            if ended.is_some() || kills == 8 {
                summary(&finished(child).await);
                break;
            }
            child.kill().unwrap();
            finished(child).await;
            kills += 1;
            let now = std::fs::read(place.file()).unwrap();
            if now != before {
                // It was killed after the new file had taken its place.
                assert_eq!(content(&place.file()), expected.content, "round {round}");
            }
        }
        assert_eq!(content(&place.file()), expected.content, "round {round}");
        let repeats = repeats(&simulator);
        // A run that was killed after it had saved is followed by a whole one.
        let needed = expected.requests - ABSENT_LISTS as usize;
        let whole = simulator.requests().len() / needed;
        let allowed = WORKERS * kills as usize + whole.saturating_sub(1) * expected.requests;
        assert!(
            repeats <= allowed,
            "round {round}: {repeats} repeats after {kills} kills"
        );
        assert_eq!(place.names(), ["sync.c1z"], "round {round}");
    }
}
