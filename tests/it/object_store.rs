//! Files in object storage, on an S3 server that is not ours, with trouble on the way there.

mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use baton_workato::baton::object::{Address, Object, Sizes};
use baton_workato::simulator::{Behavior, Env, Shape, Simulator, Workspace};

use self::server::{Fault, Storage};
use crate::support::program::{output, program};
use crate::support::rows::Rows;

struct Setting {
    storage: Storage,
    simulator: Simulator,
    folder: tempfile::TempDir,
}

impl Setting {
    async fn new() -> Setting {
        let shape = Shape {
            people: 12,
            projects: 3,
            ..Shape::default()
        };
        let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default());
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Setting {
            storage: Storage::start().await,
            simulator: simulator.await.unwrap(),
            folder,
        }
    }

    fn program(&self) -> Command {
        let mut command = program();
        command
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path().join("tmp"))
            .envs(self.storage.variables());
        command
    }

    async fn sync(&self, to: &str, more: &[&str]) -> Output {
        let mut command = self.program();
        command
            .env("BATON_WORKATO_API_KEY", self.simulator.token(Env::Dev))
            .args(["--workato-base-url", &self.simulator.base_url(), "--log-level", "error"])
            .args(["-f", to, "--no-progress"])
            .args(more);
        output(command).await
    }

    async fn ask(&self, words: &[&str], file: &str) -> String {
        let mut command = self.program();
        command.args(words).args(["-f", file]);
        let output = output(command).await;
        assert!(output.status.success(), "{words:?} {file}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What lies in the folder for temporary files, folders aside.
    fn left(&self) -> Vec<PathBuf> {
        files(&self.folder.path().join("tmp"))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn failed(output: &Output, exit: i32, code: &str) {
    assert_eq!(output.status.code(), Some(exit), "{}", said(output));
    assert!(said(output).contains(code), "{}", said(output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_goes_there_and_whatever_reads_reads_it_there() {
    let setting = Setting::new().await;
    let (there, here) = ("s3://lake/nightly/acme.c1z", "here.c1z");
    for _ in 0..2 {
        let done = setting.sync(there, &[]).await;
        assert!(done.status.success(), "{}", said(&done));
        assert!(said(&done).contains(there), "{}", said(&done));
        // Nothing but the lock of the address stays.
        let left = setting.left();
        assert!(left.iter().all(|path| path.ends_with("lock")), "{left:?}");
    }
    // The first was put where nothing lay, the second in place of that.
    let puts: Vec<(Option<String>, Option<String>)> = setting
        .storage
        .seen("PUT")
        .into_iter()
        .map(|request| (request.header("if-none-match"), request.header("if-match")))
        .collect();
    assert_eq!(puts.len(), 2);
    assert_eq!(puts[0], (Some("*".to_owned()), None));
    assert!(puts[1].0.is_none() && puts[1].1.is_some(), "{puts:?}");
    let local = setting.folder.path().join(here);
    std::fs::write(&local, setting.storage.object("nightly/acme.c1z").await.unwrap()).unwrap();
    for words in [
        &["syncs", "-o", "json"][..],
        &["verify"],
        &["stats", "-o", "json"],
        &["resources", "-o", "csv"],
        &["grants", "-o", "csv"],
        &["access", "--on", "1", "-o", "csv", "-t", "role"],
    ] {
        let mut all = [here, there].map(|file| {
            let mut command = setting.program();
            command.args(words).args(["-f", file]);
            let output = command.output().unwrap();
            (
                output.status.code(),
                String::from_utf8(output.stdout).unwrap().replace(there, here),
            )
        });
        all.sort();
        assert_eq!(all[0], all[1], "{words:?}");
    }
    assert_eq!(
        setting.ask(&["syncs", "-o", "csv"], there).await.lines().count(),
        3,
        "two syncs"
    );
    // It is what a sync to the disk makes.
    let done = setting.sync("single.c1z", &[]).await;
    assert!(done.status.success());
    assert_eq!(
        Rows::of_file(&local),
        Rows::of_file(&setting.folder.path().join("single.c1z"))
    );
    let left = setting.left();
    assert!(left.iter().all(|path| path.ends_with("lock")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_v3_file_only_what_a_question_needs_is_fetched() {
    let setting = Setting::new().await;
    let mut command = setting.program();
    command.args([
        "demo",
        "--people",
        "2500",
        "--projects",
        "80",
        "--env",
        "all",
        "--log-level",
        "error",
    ]);
    command.args(["--no-progress", "-f", "v1.c1z"]);
    assert!(output(command).await.status.success());
    let mut command = setting.program();
    command.args(["convert", "--to", "v3", "v1.c1z", "v3.c1z"]);
    let converted = output(command).await;
    assert!(converted.status.success(), "{}", said(&converted));
    let bytes = std::fs::read(setting.folder.path().join("v3.c1z")).unwrap();
    let size = bytes.len();
    setting.storage.put("big.c1z", bytes).await;
    for words in [&["syncs", "-o", "json"][..], &["resource-types", "-o", "json"]] {
        setting.storage.forget();
        let local = setting.ask(words, "v3.c1z").await;
        let remote = setting.ask(words, "s3://lake/big.c1z").await;
        assert_eq!(remote.replace("s3://lake/big.c1z", "v3.c1z"), local);
        let gets = setting.storage.seen("GET");
        assert!(!gets.is_empty());
        // Each is a range, and of the one version.
        assert!(
            gets.iter()
                .all(|get| get.header("range").is_some() && get.header("if-match").is_some())
        );
        let fetched: usize = gets.iter().map(|get| get.sent).sum();
        assert!(fetched * 2 < size, "{words:?}: {fetched} bytes of {size}");
    }
    // Another one in its place is an error, and no mixture.
    setting.storage.next("GET", 1, Fault::Overtake(vec![7; size]));
    let mut command = setting.program();
    command.args(["grants", "-o", "csv", "-f", "s3://lake/big.c1z"]);
    failed(&output(command).await, 14, "BW-0424");
    assert!(setting.left().is_empty(), "{:?}", setting.left());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_one_fails_and_nothing_is_replaced_unseen() {
    let setting = Setting::new().await;
    let (name, there) = ("two.c1z", "s3://lake/two.c1z");
    // Where nothing lay, and in place of what lay there.
    setting
        .storage
        .next("PUT", 0, Fault::Overtake(b"first of another".to_vec()));
    failed(&setting.sync(there, &[]).await, 14, "BW-0423");
    assert_eq!(setting.storage.object(name).await.unwrap(), b"first of another");
    setting.storage.remove(name).await;
    assert!(setting.sync(there, &[]).await.status.success());
    setting
        .storage
        .next("PUT", 0, Fault::Overtake(b"second of another".to_vec()));
    let lost = setting.sync(there, &[]).await;
    failed(&lost, 14, "BW-0423");
    assert_eq!(setting.storage.object(name).await.unwrap(), b"second of another");
    // What was read is not lost with it.
    let left: Vec<PathBuf> = setting
        .left()
        .into_iter()
        .filter(|path| path.ends_with("sync.c1z"))
        .collect();
    assert_eq!(left.len(), 1);
    assert!(said(&lost).contains(left[0].to_str().unwrap()), "{}", said(&lost));
    assert_eq!(
        setting
            .ask(&["syncs", "-o", "csv"], left[0].to_str().unwrap())
            .await
            .lines()
            .count(),
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_is_busy_or_loses_answers_is_asked_again() {
    let setting = Setting::new().await;
    let there = "s3://lake/busy.c1z";
    for _ in 0..2 {
        setting.storage.next("HEAD", 0, Fault::Busy);
        setting.storage.next("PUT", 0, Fault::Busy);
        setting.storage.next("PUT", 0, Fault::Busy);
        let done = setting.sync(there, &[]).await;
        assert!(done.status.success(), "{}", said(&done));
    }
    // It arrived, and the answer did not: that is not somebody else's.
    for _ in 0..2 {
        setting.storage.next("PUT", 0, Fault::LoseAnswer);
        let done = setting.sync(there, &[]).await;
        assert!(done.status.success(), "{}", said(&done));
    }
    assert_eq!(setting.storage.pending(), 0);
    assert_eq!(
        setting.ask(&["syncs", "-o", "csv"], there).await.lines().count(),
        3,
        "two are kept"
    );
    setting.storage.next("GET", 0, Fault::Busy);
    setting.ask(&["stats"], there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_said_with_what_to_do() {
    let setting = Setting::new().await;
    let mut command = setting.program();
    command.args(["stats", "-f", "s3://lake/none.c1z"]);
    failed(&output(command).await, 5, "BW-0401");
    failed(&setting.sync("s3://lake/", &[]).await, 2, "BW-0420");
    setting.storage.next("HEAD", 0, Fault::Deny);
    failed(&setting.sync("s3://lake/denied.c1z", &[]).await, 7, "BW-0421");
    // Whatever else writes, writes on disk.
    let mut command = setting.program();
    command.args(["demo", "-f", "s3://lake/demo.c1z"]);
    failed(&output(command).await, 2, "BW-0420");
    let mut command = setting.program();
    command.args([
        "export",
        "--format",
        "csv",
        "-f",
        "s3://lake/none.c1z",
        "--out",
        "s3://lake/out",
    ]);
    failed(&output(command).await, 2, "BW-0420");
    // A bucket that is not there is told before the workspace is read.
    let before = setting.simulator.requests().len();
    failed(&setting.sync("s3://nobody/x.c1z", &[]).await, 5, "BW-0401");
    assert!(before <= setting.simulator.requests().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_in_parts_and_takes_its_place_at_once_or_not_at_all() {
    let storage = Storage::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let content: Vec<u8> = (0..12_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    std::fs::write(&path, &content).unwrap();
    let sizes = Sizes {
        whole: 1 << 20,
        part: 5 << 20,
    };
    let address = Address::of(Path::new("s3://lake/large.c1z")).unwrap();
    let object = Object::around(&address, Arc::new(storage.variables())).unwrap();
    let put = |seen| {
        let (object, path) = (object.clone(), path.clone());
        tokio::task::spawn_blocking(move || {
            let seen = if seen { object.look().unwrap() } else { None };
            object.put(&path, seen.as_ref(), sizes)
        })
    };
    // A part that finds the storage busy, an upload that is forgotten, and an answer that is lost.
    storage.next("PUT", 1, Fault::Busy);
    storage.next("POST", 1, Fault::ForgetUpload);
    put(false).await.unwrap().unwrap();
    assert!(storage.object("large.c1z").await.unwrap() == content);
    storage.next("POST", 1, Fault::LoseAnswer);
    put(true).await.unwrap().unwrap();
    assert_eq!(storage.pending(), 0);
    let completed: Vec<_> = storage
        .seen("POST")
        .into_iter()
        .filter(|post| post.uri.contains("uploadId="))
        .collect();
    let conditions = completed.iter().map(|post| {
        (
            post.header("if-none-match").is_some(),
            post.header("if-match").is_some(),
        )
    });
    assert!(
        conditions.clone().all(|(new, replacing)| new != replacing),
        "every last request has one"
    );

    // A second writer, for either condition.
    for seen in [true, false] {
        storage.next("POST", 1, Fault::Overtake(b"of another".to_vec()));
        let error = put(seen).await.unwrap().unwrap_err();
        assert_eq!(error.code_id(), baton_workato::baton::code::OBJECT_TAKEN, "{error}");
        assert_eq!(storage.object("large.c1z").await.unwrap(), b"of another");
    }
    // Nothing is left that somebody pays for.
    assert_eq!(storage.uploads().await, 0);
    // Nobody answers at all: the object is as it was.
    for _ in 0..64 {
        storage.next("POST", 0, Fault::Deny);
    }
    let error = put(true).await.unwrap().unwrap_err();
    assert_eq!(error.kind().exit_code(), 7, "{error}");
    assert_eq!(storage.object("large.c1z").await.unwrap(), b"of another");
}
