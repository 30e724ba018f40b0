//! Many workspaces in one process that stays connected: each does its own tasks, and what is broken in one is that one's own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use baton_workato::baton::http::probe;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;
use baton_workato::simulator::{Behavior, Customer, Endpoint, Env, MembersForm, Shape, Simulator, Workspace};
use serde_json::Value;

use super::kill::terminate;
use super::secure::{Secure, free_port};
use super::stand_in::{Fault, Seen, TenantBehavior};
use crate::support::program::{output, program};
use crate::support::rows::Rows;

/// A workspace, and the ConductorOne that has tasks for it.
struct One {
    name: String,
    secure: Secure,
    simulator: Simulator,
}

impl One {
    /// As it stands in a fleet.
    fn text(&self) -> String {
        format!(
            "- name: {0}\n  token: {{env: TOKEN_{0}}}\n  conductorone: {{client-id: '{1}', client-secret: {{env: SECRET_{0}}}}}\n  \
             settings: {{workato-base-url: '{2}', c1-ca-cert: {0}.pem}}\n",
            self.name,
            self.secure.stand_in.client_id,
            self.simulator.base_url()
        )
    }

    /// Has a whole sync done, and says its task.
    fn sync(&self) -> String {
        self.secure.stand_in.task(TaskType::SyncFull(Default::default()))
    }

    async fn until(&self, what: &str, enough: impl Fn(&Seen) -> bool) {
        self.secure
            .stand_in
            .until(&format!("{}: {what}", self.name), enough)
            .await;
    }

    async fn ended(&self, task: &str) -> bool {
        self.until("its task is done", |seen| seen.ended.contains_key(task))
            .await;
        self.secure.stand_in.seen().ended[task][0].succeeded()
    }

    /// The rows of what was uploaded for a task.
    fn rows(&self, folder: &Path, task: &str) -> Rows {
        let file = folder.join(format!("{}-uploaded.c1z", self.name));
        std::fs::write(&file, &self.secure.stand_in.seen().uploads[task]).unwrap();
        plain(&file)
    }
}

/// The rows of a file without their annotations and types: ConductorOne gets some that other readers do not know.
fn plain(file: &Path) -> Rows {
    let mut rows = Rows::of_file(file);
    rows.resource_types.clear();
    rows.resources.values_mut().for_each(|row| row.annotations.clear());
    rows.entitlements.values_mut().for_each(|row| row.annotations.clear());
    rows.grants.values_mut().for_each(|row| row.annotations.clear());
    assert!(!rows.resources.is_empty() && !rows.grants.is_empty());
    rows
}

struct Fleet {
    folder: tempfile::TempDir,
    all: Vec<One>,
}

impl Fleet {
    async fn of(names: &[&str]) -> Fleet {
        let folder = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for (seed, name) in names.iter().enumerate() {
            let shape = Shape {
                people: 9 + seed,
                projects: 3,
                seed: seed as u64,
                ..Shape::default()
            };
            let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
                .await
                .unwrap();
            let secure = Secure::start_named(&format!("client-{seed}"), TenantBehavior::default()).await;
            std::fs::write(folder.path().join(format!("{name}.pem")), &secure.ca_pem).unwrap();
            let name = (*name).to_owned();
            all.push(One {
                name,
                secure,
                simulator,
            });
        }
        std::fs::create_dir(folder.path().join("work")).unwrap();
        let fleet = Fleet { folder, all };
        fleet.write("");
        fleet
    }

    /// Writes the file, with something more at its end.
    fn write(&self, more: &str) {
        let each: String = self.all.iter().map(One::text).collect();
        let text = format!("settings: {{workato-requests-per-minute: 100000}}\nworkspaces:\n{each}{more}");
        std::fs::write(self.folder.path().join("fleet.yaml"), text).unwrap();
    }

    fn one(&self, name: &str) -> &One {
        self.all.iter().find(|one| one.name == name).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .current_dir(self.folder.path())
            .env("BATON_TMPDIR", self.folder.path().join("work"))
            .args(["fleet", "serve", "--log-level", "debug"])
            .args(arguments);
        for one in &self.all {
            command.env(format!("TOKEN_{}", one.name), one.simulator.token(Env::Dev));
            command.env(format!("SECRET_{}", one.name), &one.secure.stand_in.secret);
        }
        command
    }

    fn start(&self, mut command: Command) -> Child {
        command
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.folder.path().join("log")).unwrap())
            .spawn()
            .unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The lines of the log, all of them JSON.
    fn lines(&self) -> Vec<Value> {
        self.log()
            .lines()
            // The last one may be half written while the process runs.
            .filter(|line| line.starts_with('{') && line.ends_with('}'))
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }

    /// Nothing of what nobody may see is in the log.
    fn assert_silence(&self) {
        let log = self.log();
        for one in &self.all {
            let secret = &one.secure.stand_in.secret;
            let payload = secret.rsplit(':').next().unwrap();
            assert!(
                !log.contains(payload) && !log.contains(&one.simulator.token(Env::Dev)),
                "{log}"
            );
            for token in one.secure.stand_in.seen().tokens.keys() {
                assert!(!log.contains(token.as_str()), "{log}");
            }
        }
    }

    /// What a sync of its own makes of a workspace.
    async fn alone(&self, one: &One) -> Rows {
        let file = self.folder.path().join(format!("{}-alone.c1z", one.name));
        let mut command = program();
        command
            .env("BATON_WORKATO_API_KEY", one.simulator.token(Env::Dev))
            .env("BATON_WORKATO_BASE_URL", one.simulator.base_url())
            .args(["--log-level", "error", "--workato-requests-per-minute", "100000", "-f"])
            .arg(&file);
        assert!(output(command).await.status.success());
        plain(&file)
    }
}

async fn ask(port: u16, path: &str) -> (u16, String) {
    let url = format!("http://127.0.0.1:{port}/{path}");
    let (status, body) = probe(&url, Duration::from_secs(20)).await.unwrap();
    (status.as_u16(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_workspace_uploads_its_own_rows_and_a_broken_one_fails_alone() {
    let fleet = Fleet::of(&["acme", "globex", "broken", "wrong"]).await;
    fleet.write("- name: plain\n  token: {env: TOKEN_plain}\n");
    let broken = fleet.one("broken");
    broken
        .simulator
        .behave(Behavior::default().deny(Endpoint::Members, 403));
    let port = free_port().await;
    let mut command = fleet.command(&["--health-check", "--health-check-port", &port.to_string()]);
    // The secret of another client is as wrong as any.
    command.env("SECRET_wrong", &fleet.one("acme").secure.stand_in.secret);
    let tasks: Vec<(&One, String)> = fleet.all.iter().map(|one| (one, one.sync())).collect();
    let child = fleet.start(command);
    for (one, task) in &tasks {
        match one.name.as_str() {
            "wrong" => {}
            "broken" => assert!(!one.ended(task).await, "{}", fleet.log()),
            _ => assert!(one.ended(task).await, "{}", fleet.log()),
        }
    }
    // It is broken no longer, and gets on.
    broken.simulator.behave(Behavior::default());
    let again = broken.sync();
    assert!(broken.ended(&again).await, "{}", fleet.log());
    let mut rows = Vec::new();
    for (one, task) in [
        (fleet.one("acme"), &tasks[0].1),
        (fleet.one("globex"), &tasks[1].1),
        (broken, &again),
    ] {
        let uploaded = one.rows(fleet.folder.path(), task);
        assert_eq!(uploaded, fleet.alone(one).await, "{}", one.name);
        rows.push(uploaded);
        one.secure.stand_in.assert_no_breach();
    }
    assert!(rows[0] != rows[1] && rows[1] != rows[2] && rows[0] != rows[2]);
    fleet
        .one("wrong")
        .until("its secret is refused", |seen| seen.token_requests > 0)
        .await;

    let (status, ready) = loop {
        let told = ask(port, "ready").await;
        if !told.1.contains("waiting") {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status, 200, "{ready}");
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(
        (&ready["workspaces"]["acme"], &ready["workspaces"]["broken"]),
        (&"ready".into(), &"ready".into())
    );
    assert!(
        ready["workspaces"]["wrong"].as_str().unwrap().contains("401"),
        "{ready}"
    );
    let (status, health) = ask(port, "health").await;
    assert_eq!(status, 503, "one is not served: {health}");
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(
        (&health["status"], &health["workspaces"]["acme"]),
        (&"unhealthy".into(), &"healthy".into())
    );
    assert_eq!(ask(port, "live").await.0, 200);
    let (_, metrics) = ask(port, "metrics").await;
    for line in [
        "baton_tasks_total{workspace=\"acme\",kind=\"sync_full\",result=\"success\"} 1\n",
        "baton_tasks_total{workspace=\"broken\",kind=\"sync_full\",result=\"failure\"} 1\n",
        "baton_tasks_total{workspace=\"broken\",kind=\"sync_full\",result=\"success\"} 1\n",
        "baton_ready{workspace=\"globex\"} 1\n",
        "baton_ready{workspace=\"wrong\"} 0\n",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    let requests = |name: &str| metrics.contains(&format!("baton_requests_total{{workspace=\"{name}\",family="));
    assert!(requests("acme") && requests("globex"), "{metrics}");

    assert_eq!(terminate(child).await, Some(16), "one was refused: {}", fleet.log());
    fleet.assert_silence();
    let lines = fleet.lines();
    let by = |message: &str| -> Vec<&Value> {
        lines
            .iter()
            .filter(|line| line["msg"].as_str().unwrap().starts_with(message))
            .collect()
    };
    let refused = by("The workspace is not served");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["workspace"], "wrong");
    let left_out = by("These have no credentials");
    assert_eq!(left_out[0]["names"], "plain", "{left_out:?}");
    // Whatever is said of the work says whose it is: of the connection, of tasks, of syncs and of the thread of the file.
    let of_the_process = ["Workspaces are served", "Health probes", "These have no credentials"];
    for line in &lines {
        let message = line["msg"].as_str().unwrap();
        let is_of_all = of_the_process.iter().any(|known| message.starts_with(known));
        let is_another = !line["caller"].as_str().unwrap().starts_with("src/");
        assert!(is_of_all || is_another || line["workspace"].is_string(), "{line}");
    }
    for name in ["acme", "globex", "broken"] {
        let of_it = |message: &str| by(message).into_iter().filter(|line| line["workspace"] == name).count();
        assert!(
            of_it("ConductorOne knows this connector") == 1 && of_it("Sync started") > 0,
            "{name}"
        );
    }
    for (one, task) in &tasks {
        let whose = lines
            .iter()
            .filter(|line| line["task"] == task.as_str() && line["msg"] == "Task started.");
        let names: Vec<&str> = whose.map(|line| line["workspace"].as_str().unwrap()).collect();
        let expected = if one.name == "wrong" {
            None
        } else {
            Some(one.name.as_str())
        };
        assert!(expected.is_none_or(|expected| names.contains(&expected)), "{names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_is_made_good_for_every_workspace() {
    let fleet = Fleet::of(&["acme", "globex"]).await;
    let (acme, globex) = (fleet.one("acme"), fleet.one("globex"));
    acme.secure.stand_in.fail("upload", [Fault::Stuck]);
    let stall = baton_workato::simulator::Fault::Stall(Duration::from_secs(60));
    globex.simulator.behave(Behavior::default().script(
        Endpoint::Projects.path(),
        baton_workato::simulator::Hits::Every,
        stall,
    ));
    let lost: Vec<String> = fleet.all.iter().map(One::sync).collect();
    let mut child = fleet.start(fleet.command(&[]));
    acme.until("its upload is under way", |seen| seen.beats.contains_key("stuck"))
        .await;
    // What is read is on the disk after some seconds.
    globex
        .until("it has read a while", |seen| {
            seen.beats.get(&lost[1]).is_some_and(|beats| *beats > 8)
        })
        .await;
    child.kill().unwrap();
    child.wait().unwrap();
    globex.simulator.behave(Behavior::default());
    let next: Vec<String> = fleet.all.iter().map(One::sync).collect();
    let child = fleet.start(fleet.command(&[]));
    for (one, (lost, next)) in fleet.all.iter().zip(lost.iter().zip(&next)) {
        assert!(one.ended(next).await, "{}", fleet.log());
        assert!(!one.secure.stand_in.seen().ended.contains_key(lost));
        assert_eq!(
            one.rows(fleet.folder.path(), next),
            fleet.alone(one).await,
            "{}",
            one.name
        );
    }
    assert_eq!(
        terminate(child).await,
        Some(0),
        "a signal is a good end: {}",
        fleet.log()
    );
    let resumed = fleet.lines().into_iter().filter(|line| line["msg"] == "Sync resumed.");
    assert!(
        resumed
            .map(|line| line["workspace"].clone())
            .any(|name| name == "globex"),
        "{}",
        fleet.log()
    );
    // What answered before, and the locks; no file of rows.
    let left = std::fs::read_dir(fleet.folder.path().join("work")).unwrap();
    let names: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.contains(".c1z")), "{names:?}");
    assert_eq!(
        names
            .iter()
            .filter(|name| name.starts_with("baton-sync-memory-"))
            .count(),
        2,
        "{names:?}"
    );
    fleet.assert_silence();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_all_and_tells_what_was_left_undone() {
    let fleet = Fleet::of(&["acme", "globex", "initech"]).await;
    let stall = baton_workato::simulator::Fault::Stall(Duration::from_secs(60));
    for one in &fleet.all {
        one.simulator.behave(Behavior::default().script(
            Endpoint::Projects.path(),
            baton_workato::simulator::Hits::Every,
            stall.clone(),
        ));
    }
    let tasks: Vec<String> = fleet.all.iter().map(One::sync).collect();
    // Two at work and one that waits.
    let child = fleet.start(fleet.command(&["--at-once", "2"]));
    for (one, task) in fleet.all.iter().zip(&tasks) {
        one.until("it beats", |seen| seen.beats.contains_key(task)).await;
    }
    let begun = || {
        let lines = fleet.lines().into_iter();
        lines.filter(|line| line["msg"] == "Sync started.").count()
    };
    while begun() < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // 143 would say that it had to be ended.
    assert_eq!(terminate(child).await, Some(0), "{}", fleet.log());
    assert_eq!(begun(), 2, "no more than two at a time");
    for (one, task) in fleet.all.iter().zip(&tasks) {
        let seen = one.secure.stand_in.seen();
        assert!(!seen.ended[task][0].succeeded() && seen.uploads.is_empty());
        assert_eq!(seen.breaches, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_held_and_a_conductorone_that_is_away_are_waited_for() {
    let fleet = Fleet::of(&["acme", "globex"]).await;
    let (acme, globex) = (fleet.one("acme"), fleet.one("globex"));
    globex
        .secure
        .stand_in
        .fail("hello", vec![Fault::Status(tonic::Code::Unavailable); 2]);
    let first = fleet.start(fleet.command(&[]));
    let done = acme.sync();
    assert!(acme.ended(&done).await, "{}", fleet.log());
    // Another process of the same workspaces waits until the first one is gone.
    let hellos = |one: &One| one.secure.stand_in.seen().hellos.len();
    globex
        .until("it is heard after all", |seen| seen.hellos.len() == 1)
        .await;
    let log = fleet.folder.path().join("second");
    let second = fleet
        .command(&[])
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let waits = || {
        std::fs::read_to_string(&log)
            .unwrap()
            .matches("is not served for now")
            .count()
    };
    while waits() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!((hellos(acme), hellos(globex)), (1, 1));
    assert_eq!(terminate(first).await, Some(0), "{}", fleet.log());
    for one in &fleet.all {
        one.until("the second one is heard", |seen| seen.hellos.len() == 2)
            .await;
        let task = one.sync();
        assert!(one.ended(&task).await);
    }
    assert_eq!(terminate(second).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_of_a_partner_are_served_by_their_ids() {
    let customer = |id: u64| Customer {
        id,
        external_id: None,
        workspace: Workspace::generate(&Shape {
            seed: id,
            people: 7,
            projects: 2,
            ..Shape::default()
        }),
        members: MembersForm::Array,
    };
    let partner = Simulator::start_partner((1..=3).map(customer).collect(), Behavior::default())
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut text = format!(
        "settings: {{workato-base-url: '{}', workato-requests-per-minute: 100000, c1-ca-cert: all.pem}}\nmanaged-users:\n  \
         token: {{env: PARTNER}}\n  customers: all\n  conductorone:\n",
        partner.base_url()
    );
    let (mut roots, mut served) = (String::new(), Vec::new());
    for id in [1, 3] {
        let secure = Secure::start_named(&format!("customer-{id}"), TenantBehavior::default()).await;
        std::fs::write(folder.path().join(format!("secret-{id}")), &secure.stand_in.secret).unwrap();
        text.push_str(&format!(
            "    {id}: {{client-id: '{}', client-secret: {{file: secret-{id}}}}}\n",
            secure.stand_in.client_id
        ));
        roots.push_str(&secure.ca_pem);
        served.push((id, secure));
    }
    std::fs::write(folder.path().join("all.pem"), roots).unwrap();
    std::fs::write(folder.path().join("fleet.yaml"), text).unwrap();
    let tasks: Vec<String> = served
        .iter()
        .map(|(_, secure)| secure.stand_in.task(TaskType::SyncFull(Default::default())))
        .collect();
    let log = folder.path().join("log");
    let mut command = program();
    command
        .current_dir(folder.path())
        .env("PARTNER", partner.token(Env::Dev))
        .env("BATON_TMPDIR", folder.path())
        .args(["fleet", "serve"])
        .stderr(std::fs::File::create(&log).unwrap());
    let child = command.spawn().unwrap();
    for ((id, secure), task) in served.iter().zip(&tasks) {
        secure
            .stand_in
            .until("it is done", |seen| seen.ended.contains_key(task))
            .await;
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(secure.stand_in.seen().ended[task][0].succeeded(), "{text}");
        let [uploaded, alone] = ["uploaded", "alone"].map(|name| folder.path().join(format!("{name}-{id}.c1z")));
        std::fs::write(&uploaded, &secure.stand_in.seen().uploads[task]).unwrap();
        let mut command = program();
        command
            .env("BATON_WORKATO_API_KEY", partner.token(Env::Dev))
            .env("BATON_WORKATO_BASE_URL", partner.base_url())
            .args(["--workato-managed-user", &id.to_string(), "--log-level", "error", "-f"])
            .arg(&alone);
        assert!(output(command).await.status.success());
        assert_eq!(plain(&uploaded), plain(&alone), "{id}");
    }
    assert_eq!(
        partner.requests().count("/api/managed_users?"),
        0,
        "the list is not asked for"
    );
    assert_eq!(partner.requests().count("/api/managed_users/2/"), 0);
    assert_eq!(terminate(child).await, Some(0));
    assert!(
        std::fs::read_to_string(&log)
            .unwrap()
            .contains("Customers of the partner")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let run = async |text: &str, arguments: &[&str]| {
        std::fs::write(folder.path().join("fleet.yaml"), text).unwrap();
        let mut command = program();
        command
            .current_dir(folder.path())
            .env("A", "token-a")
            .env("B", "token-b")
            .env("S", "hush:hush:v1:hush")
            .args(["fleet", "serve"])
            .args(arguments);
        let output = output(command).await;
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let one = |name: &str, token: &str, id: &str| {
        format!(
            "- name: {name}\n  token: {{env: {token}}}\n  conductorone: {{client-id: '{id}', client-secret: {{env: S}}}}\n"
        )
    };
    let nobody = "workspaces:\n- name: a\n  token: {env: A}\n";
    let (code, talk) = run(nobody, &[]).await;
    assert!(
        code == 2 && talk.contains("no workspace of the fleet has credentials"),
        "{talk}"
    );
    let twice = format!(
        "workspaces:\n{}{}",
        one("a", "A", "x@t.example/v"),
        one("b", "B", " X@t.example/v")
    );
    let (code, talk) = run(&twice, &[]).await;
    assert!(code == 2 && talk.contains("a and b have one client id"), "{talk}");
    // All are refused: nobody is left to wait for.
    let wrong = format!(
        "workspaces:\n{}{}",
        one("a", "A", "x@t.example/v"),
        one("b", "NONE", "y@t.example/v")
    );
    let (code, talk) = run(&wrong, &[]).await;
    assert_eq!(code, 2, "{talk}");
    assert!(
        talk.contains("2 of 2 workspaces failed") && talk.contains("invalid client secret"),
        "{talk}"
    );
    assert!(
        talk.contains("the variable NONE is not set") && !talk.contains("hush"),
        "{talk}"
    );
    for (place, fault) in [("[1]", "conductorone has 2"), ("all", "BW-")] {
        let id = if place == "all" { "x" } else { "2" };
        let text = format!(
            "managed-users:\n  token: {{env: A}}\n  customers: {place}\n  conductorone:\n    {id}: {{client-id: a@b/c, client-secret: {{env: S}}}}\n"
        );
        let (code, talk) = run(&text, &[]).await;
        assert!(code == 2 && talk.contains(fault), "{talk}");
    }
    let inline = "workspaces:\n- name: a\n  token: {env: A}\n  conductorone: {client-id: a@b/c, client-secret: 'x:y:v1:hushhush'}\n";
    let (_, talk) = run(inline, &[]).await;
    assert!(
        talk.contains("stand in fleet.yaml itself (a)") && !talk.contains("hushhush"),
        "{talk}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_share_the_workspaces_out_and_one_without_any_is_well() {
    let fleet = Fleet::of(&["acme", "globex", "initech", "umbrella"]).await;
    let begin = |shards: &str, shard: &str, more: &[&str]| {
        let arguments = [&["--shards", shards, "--shard", shard], more].concat();
        let log = fleet.folder.path().join(format!("log-{shard}-of-{shards}"));
        let mut command = fleet.command(&arguments);
        command
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(log).unwrap());
        command.spawn().unwrap()
    };
    let both = ["0", "1"].map(|shard| begin("2", shard, &[]));
    for one in &fleet.all {
        let task = one.sync();
        assert!(one.ended(&task).await);
        assert_eq!(
            one.secure.stand_in.seen().hellos.len(),
            1,
            "{} is in one shard",
            one.name
        );
    }
    for child in both {
        assert_eq!(terminate(child).await, Some(0));
    }
    let port = free_port().await;
    let child = begin("64", "0", &["--health-check", "--health-check-port", &port.to_string()]);
    let (status, body) = loop {
        let url = format!("http://127.0.0.1:{port}/ready");
        match probe(&url, Duration::from_secs(20)).await {
            Ok((status, body)) => break (status.as_u16(), body),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(status, 200, "{body}");
    assert_eq!(terminate(child).await, Some(0));
    let log = std::fs::read_to_string(fleet.folder.path().join("log-0-of-64")).unwrap();
    assert!(log.contains("\"workspaces\":0"), "{log}");
}
