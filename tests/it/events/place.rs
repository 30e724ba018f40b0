//! A simulated workspace with tokens of DEV and PROD, a folder, and the program between them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use baton_workato::simulator::{AccessModel, Behavior, Env, Happened, Shape, Simulator, Workspace};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::program::{output, program};

pub struct Place {
    pub folder: tempfile::TempDir,
    pub simulator: Simulator,
}

#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// What was printed, a document a line.
    pub fn events(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The ids of what was printed, in order.
    pub fn ids(&self) -> Vec<String> {
        ids(&self.out)
    }
}

/// The ids in whole lines of JSON.
pub fn ids(out: &str) -> Vec<String> {
    let whole = out.rfind('\n').map_or("", |end| &out[..end]);
    let events = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

impl Place {
    pub async fn new(behavior: Behavior) -> Place {
        let shape = Shape {
            environments: Env::ALL.to_vec(),
            ..Shape::small(AccessModel::RbacV2)
        };
        Place {
            folder: tempfile::tempdir().unwrap(),
            simulator: Simulator::start(Workspace::generate(&shape), behavior).await.unwrap(),
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Something that happened to an API client so many minutes ago; the id of its event.
    pub fn happened(&self, env: Env, minutes: i64) -> String {
        self.tell(Happened::new(
            env,
            ago(minutes),
            "developer_api_client_updated",
            "ApiClient",
            "903",
        ))
    }

    /// The id of an event.
    pub fn tell(&self, row: Happened) -> String {
        let env = row.env;
        format!("{}-{}", env.as_str(), self.simulator.happened(row))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .current_dir(self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("BATON_WORKATO_API_KEY", self.simulator.token(Env::Dev))
            .env("BATON_WORKATO_PROD_API_KEY", self.simulator.token(Env::Prod))
            .env("BATON_WORKATO_BASE_URL", self.simulator.base_url())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let output = output(self.command(arguments)).await;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Starts it with stdout and stderr in files, which a kill does not lose.
    pub fn start(&self, arguments: &[&str], out: &Path) -> Child {
        let file = |path: &Path| std::fs::File::options().create(true).append(true).open(path).unwrap();
        let mut command = self.command(arguments);
        command.stdout(file(out)).stderr(file(&out.with_extension("err")));
        command.spawn().unwrap()
    }
}

pub fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

/// Waits until something holds; long enough for a machine that has much to do.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it never came to this: {what}");
}

/// What lies in a file; nothing where there is none.
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

/// How a child ended.
pub async fn ended(mut child: Child) -> Option<i32> {
    tokio::task::spawn_blocking(move || child.wait().unwrap().code())
        .await
        .unwrap()
}
