//! Many workspaces in one run: what is broken in one is that one's own.

mod many;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use baton_workato::simulator::{Behavior, Endpoint, Env, Fault, Hits, Shape, Simulator, Workspace};
use serde_json::Value;

use crate::support::program::{output, program};
use crate::support::rows::Rows;

struct Fleet {
    folder: tempfile::TempDir,
    simulators: Vec<Simulator>,
}

impl Fleet {
    /// One workspace per behavior, and one that nobody answers for.
    async fn of(behaviors: Vec<Behavior>) -> Fleet {
        let all = behaviors.into_iter().enumerate().map(|(seed, behavior)| {
            let shape = Shape {
                people: 12,
                projects: 3,
                seed: seed as u64,
                ..Shape::default()
            };
            (Workspace::generate(&shape), behavior)
        });
        Fleet::with(all, "- name: lost\n  token: {env: TOKEN_LOST}\n").await
    }

    /// These workspaces, and what else the file names.
    async fn with(all: impl IntoIterator<Item = (Workspace, Behavior)>, more: &str) -> Fleet {
        let mut simulators = Vec::new();
        for (workspace, behavior) in all {
            simulators.push(Simulator::start(workspace, behavior).await.unwrap());
        }
        let folder = tempfile::tempdir().unwrap();
        let mut text = "folder: files\nat-once: 3\nsettings: {keep: 3}\nworkspaces:\n".to_owned();
        for (n, simulator) in simulators.iter().enumerate() {
            text.push_str(&format!(
                "- name: w{n}\n  token: {{env: TOKEN_{n}}}\n  settings: {{workato-base-url: '{}'}}\n",
                simulator.base_url()
            ));
        }
        text.push_str(more);
        std::fs::write(folder.path().join("fleet.yaml"), text).unwrap();
        Fleet { folder, simulators }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("files").join(name).with_extension("c1z")
    }

    fn command(&self, arguments: &[&str], wrong: Option<usize>) -> Command {
        let mut command = program();
        command
            .current_dir(self.folder.path())
            .arg("fleet")
            .args(arguments)
            .args(["-o", "json"]);
        for (n, simulator) in self.simulators.iter().enumerate() {
            // A token of another workspace is as wrong as any.
            let token = simulator.token(Env::Dev);
            let token = if wrong == Some(n) { format!("{token}x") } else { token };
            command.env(format!("TOKEN_{n}"), token);
        }
        command
    }

    async fn run(&self, arguments: &[&str], wrong: Option<usize>) -> (i32, Vec<Value>, String) {
        let output = output(self.command(arguments, wrong)).await;
        let told = String::from_utf8(output.stdout).unwrap();
        let rows = serde_json::from_str::<Value>(&told)
            .map_or(Vec::new(), |all| all["workspaces"].as_array().unwrap().clone());
        (
            output.status.code().unwrap(),
            rows,
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    /// What a sync of its own makes of a workspace.
    async fn alone(&self, n: usize) -> Rows {
        let single = self.folder.path().join("single.c1z");
        let mut command = program();
        command
            .env("BATON_WORKATO_API_KEY", self.simulators[n].token(Env::Dev))
            .env("BATON_WORKATO_BASE_URL", self.simulators[n].base_url())
            .args(["--log-level", "error", "-f"])
            .arg(&single);
        assert!(output(command).await.status.success());
        let rows = newest(&single);
        std::fs::remove_file(&single).unwrap();
        rows
    }
}

fn statuses(rows: &[Value]) -> Vec<String> {
    let told = rows.iter().map(|row| {
        format!(
            "{} {}",
            row["workspace"].as_str().unwrap(),
            row["status"].as_str().unwrap()
        )
    });
    told.collect()
}

fn newest(file: &Path) -> Rows {
    Rows::of_file(file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_workspace_fails_alone_and_keeps_its_last_file() {
    let refusing = Behavior::default().deny(Endpoint::Members, 403);
    let fleet = Fleet::of(vec![Behavior::default(), Behavior::default(), refusing]).await;
    let (code, rows, talk) = fleet.run(&["sync"], None).await;
    assert_eq!(code, 7, "{talk}");
    assert_eq!(
        statuses(&rows),
        ["w0 complete", "w1 complete", "w2 failed", "lost failed"]
    );
    assert!(!fleet.file("w2").exists() && !fleet.file("lost").exists());
    // What it made is what a sync of its own makes.
    for n in 0..2 {
        assert_eq!(newest(&fleet.file(&format!("w{n}"))), fleet.alone(n).await);
    }
    // Those that are whole are left out, and what one of them holds does not change when its token is wrong.
    let before = std::fs::read(fleet.file("w0")).unwrap();
    let (code, rows, _) = fleet.run(&["sync", "--continue"], None).await;
    assert_eq!(code, 7);
    assert_eq!(
        statuses(&rows),
        ["w0 done_before", "w1 done_before", "w2 failed", "lost failed"]
    );
    let (code, rows, talk) = fleet.run(&["sync"], Some(0)).await;
    assert_eq!(code, 16, "{talk}");
    assert_eq!(
        statuses(&rows),
        ["w0 failed", "w1 complete", "w2 failed", "lost failed"]
    );
    assert!(
        rows[0]["synced_at"].is_string(),
        "the last sync is still there: {}",
        rows[0]
    );
    assert_eq!(std::fs::read(fleet.file("w0")).unwrap(), before);

    let (code, rows, _) = fleet.run(&["status"], None).await;
    assert_eq!(code, 5);
    assert_eq!(
        statuses(&rows),
        ["w0 current", "w1 current", "w2 missing", "lost missing"]
    );
    for n in 0..fleet.simulators.len() {
        let secret = fleet.simulators[n].token(Env::Dev);
        assert!(!talk.contains(&secret) && !format!("{rows:?}").contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_share_a_fleet_out_and_doctor_asks_for_each() {
    let fleet = Fleet::of(vec![Behavior::default(), Behavior::default()]).await;
    let mut all = Vec::new();
    for shard in ["0", "1"] {
        let (_, rows, talk) = fleet.run(&["sync", "--shards", "2", "--shard", shard], None).await;
        assert!(!talk.contains("panicked"), "{talk}");
        all.extend(rows.iter().map(|row| row["workspace"].as_str().unwrap().to_owned()));
    }
    all.sort();
    assert_eq!(all, ["lost", "w0", "w1"]);
    let (code, rows, talk) = fleet.run(&["doctor"], Some(1)).await;
    assert_eq!(code, 16, "{talk}");
    assert_eq!(rows[1]["status"], "failed");
    assert_eq!(rows[1]["error"]["exit_code"], 16);
}

/// How many workspaces a run that was stopped had done.
fn done(folder: &Path) -> usize {
    let text = std::fs::read(folder.join("files/.fleet-run.json")).unwrap_or_default();
    let run: Value = serde_json::from_slice(&text).unwrap_or_default();
    run["done"].as_object().map_or(0, serde_json::Map::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_twice_goes_on_and_leaves_every_workspace_whole_or_as_it_was() {
    let fleet = Fleet::of((0..24).map(|_| Behavior::default()).collect()).await;
    let (_, rows, talk) = fleet.run(&["sync"], None).await;
    assert_eq!(
        rows.iter().filter(|row| row["status"] == "complete").count(),
        24,
        "{talk}"
    );
    // Four are broken since yesterday, each in its own way; one never had a token. The others answer more slowly.
    let slow = || Behavior {
        latency: Duration::from_millis(15),
        ..Behavior::default()
    };
    let always = |fault: Fault| slow().script(Endpoint::Members.path(), Hits::Every, fault);
    for (n, simulator) in fleet.simulators.iter().enumerate() {
        simulator.behave(match n {
            3 => slow().deny(Endpoint::Members, 403),
            9 => always(Fault::TruncatedJson),
            14 => always(Fault::status(422)),
            _ => slow(),
        });
    }
    let broken = ["w3", "w9", "w14", "w20"];
    let yesterday = broken.map(|name| std::fs::read(fleet.file(name)).unwrap());
    let wrong = Some(20);
    let mut goes_on: &[&str] = &["sync"];
    for at_least in [4, 11] {
        let mut child = fleet
            .command(goes_on, wrong)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = std::time::Instant::now();
        // The journal of the run before is there until this one begins.
        tokio::time::sleep(Duration::from_millis(50)).await;
        while !(at_least..23).contains(&done(fleet.folder.path())) {
            assert!(child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        goes_on = &["sync", "--continue"];
    }
    let before = done(fleet.folder.path());
    let (code, rows, talk) = fleet.run(goes_on, wrong).await;
    assert_eq!(code, 16, "{talk}");
    let told = |status: &str| rows.iter().filter(|row| row["status"] == status).count();
    assert_eq!(told("failed"), 5, "{rows:?}");
    assert_eq!(told("done_before"), before, "{rows:?}");
    assert_eq!(told("complete"), 20 - before, "{rows:?}");
    for (name, bytes) in broken.iter().zip(yesterday) {
        let row = rows.iter().find(|row| row["workspace"] == *name).unwrap();
        assert_eq!(row["status"], "failed", "{row}");
        assert!(
            row["synced_at"].is_string() && row["error"]["exit_code"].as_i64() > Some(0),
            "{row}"
        );
        assert_eq!(std::fs::read(fleet.file(name)).unwrap(), bytes, "{name}");
    }
    for n in (0..24).filter(|n| !broken.contains(&format!("w{n}").as_str())) {
        assert_eq!(newest(&fleet.file(&format!("w{n}"))), fleet.alone(n).await, "w{n}");
    }
}
