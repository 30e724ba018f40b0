//! The real program against the stand-in: killed in the middle of an upload and started again, and told to stop.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use baton_workato::baton::c1z::Reader;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;
use baton_workato::simulator::{Behavior, Env, Shape, Simulator, Workspace};

use super::secure::Secure;
use super::stand_in::{Fault, TenantBehavior};
use crate::support::program;

pub fn program(folder: &Path, secure: &Secure, simulator: &Simulator) -> Child {
    program_to(folder, &secure.host(), secure, simulator)
}

/// As [`program`], which finds ConductorOne at `host`.
pub fn program_to(folder: &Path, host: &str, secure: &Secure, simulator: &Simulator) -> Child {
    setting(folder, host, secure, simulator)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap()
}

/// The program with what it needs to serve, not yet started.
pub fn setting(folder: &Path, host: &str, secure: &Secure, simulator: &Simulator) -> Command {
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, &secure.ca_pem).unwrap();
    let temp = folder.join("tmp");
    std::fs::create_dir_all(&temp).unwrap();
    let mut command = program::program();
    command
        .current_dir(folder)
        .env("BATON_CLIENT_ID", &secure.stand_in.client_id)
        .env("BATON_CLIENT_SECRET", &secure.stand_in.secret)
        .env("BATON_C1_API_HOST", host)
        .env("BATON_C1_CA_CERT", &ca)
        .env("BATON_C1Z_TEMP_DIR", &temp)
        .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
        .env("BATON_WORKATO_BASE_URL", simulator.base_url())
        .env("BATON_WORKATO_REQUESTS_PER_MINUTE", "100000");
    command
}

pub async fn terminate(child: Child) -> Option<i32> {
    let id = child.id().to_string();
    let mut child = child;
    tokio::task::spawn_blocking(move || {
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        child.wait().unwrap().code()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_an_upload_is_made_good_by_the_next_task() {
    let folder = tempfile::tempdir().unwrap();
    let secure = Secure::start(TenantBehavior::default()).await;
    let shape = Shape {
        people: 30,
        projects: 4,
        ..Shape::default()
    };
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    secure.stand_in.fail("upload", [Fault::Stuck]);
    let lost = secure.stand_in.task(TaskType::SyncFull(Default::default()));
    let mut child = program(folder.path(), &secure, &simulator);
    secure
        .stand_in
        .until("the upload is under way", |seen| seen.beats.contains_key("stuck"))
        .await;
    child.kill().unwrap();
    child.wait().unwrap();
    let left = || std::fs::read_dir(folder.path().join("tmp")).unwrap().count();
    assert!(left() > 0, "the kill came too late");

    let next = secure.stand_in.task(TaskType::SyncFull(Default::default()));
    let child = program(folder.path(), &secure, &simulator);
    secure
        .stand_in
        .until("the next task is done", |seen| seen.ended.contains_key(&next))
        .await;
    assert_eq!(terminate(child).await, Some(0), "a signal is a good end");
    let seen = secure.stand_in.seen();
    assert_eq!(seen.breaches, Vec::<String>::new());
    assert!(!seen.ended.contains_key(&lost));
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(seen.ended[&next][0].succeeded(), "{log}");
    let file = folder.path().join("uploaded.c1z");
    std::fs::write(&file, &seen.uploads[&next]).unwrap();
    let reader = Reader::open(&file, None).unwrap();
    let run = reader.latest_full().unwrap().unwrap();
    assert_eq!(reader.verify(&run.sync_id).unwrap(), Vec::new());
    assert_eq!(left(), 1, "nothing is left but what answered");
    assert!(
        !log.contains(&secure.stand_in.secret) && !log.contains("token-"),
        "no secret is logged"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_pair_of_credentials_and_bad_ones_end_at_once() {
    let run = async |env: &[(&str, &str)]| {
        let mut command = program::program();
        command.env("BATON_WORKATO_API_KEY", "k").envs(env.iter().copied());
        let output = program::output(command).await;
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run(&[("BATON_CLIENT_ID", "a@b/c")]).await;
    assert_eq!(code, Some(2));
    assert!(text.contains("missing [client-secret]"), "{text}");
    let (code, text) = run(&[("BATON_CLIENT_ID", "a"), ("BATON_CLIENT_SECRET", "b")]).await;
    assert_eq!(code, Some(2));
    assert!(text.contains("invalid client id"), "{text}");
    let (code, text) = run(&[
        ("BATON_CLIENT_ID", "a@b/c"),
        ("BATON_CLIENT_SECRET", "hush:hush:v1:hush"),
    ])
    .await;
    assert_eq!(code, Some(2));
    assert!(
        text.contains("invalid client secret") && !text.contains("hush"),
        "{text}"
    );
}
