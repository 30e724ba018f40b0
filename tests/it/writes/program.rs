//! The program itself, beside a simulated workspace and the file of a sync of it.

use std::path::PathBuf;
use std::process::Output;
use std::time::SystemTime;

use baton_workato::simulator::{AgentsShape, Behavior, Env, Shape, Simulator, Workspace};

use crate::support::program::{output, program};

pub struct Program {
    pub folder: tempfile::TempDir,
    pub simulator: Simulator,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    /// Without the lines of the log.
    pub err: String,
}

impl Program {
    /// With `sync.c1z` of all environments.
    pub async fn synced() -> Program {
        let program = Program::new().await;
        let synced = program.sync().await;
        assert_eq!(synced.code, 0, "{synced:?}");
        program
    }

    /// With agents and what belongs to them, and a file.
    pub async fn with_agents() -> Program {
        let program = Program::of(Shape {
            people: 12,
            projects: 4,
            agents: Some(AgentsShape::demo()),
            ..Shape::default()
        });
        let program = program.await;
        let synced = program.sync().await;
        assert_eq!(synced.code, 0, "{synced:?}");
        program
    }

    /// Without a file.
    pub async fn new() -> Program {
        Program::of(Shape {
            people: 20,
            projects: 4,
            ..Shape::default()
        })
        .await
    }

    async fn of(shape: Shape) -> Program {
        Program {
            folder: tempfile::tempdir().unwrap(),
            simulator: Simulator::start(Workspace::generate(&shape), Behavior::default())
                .await
                .unwrap(),
        }
    }

    /// Syncs all environments into `sync.c1z` and forgets the requests.
    pub async fn sync(&self) -> Ended {
        let synced = self.run(&["--workato-env", "all"]).await;
        self.simulator.forget_requests();
        synced
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("sync.c1z")
    }

    /// What must not change when something is written.
    pub fn file_state(&self) -> (Vec<u8>, SystemTime) {
        let modified = std::fs::metadata(self.file()).unwrap().modified().unwrap();
        (std::fs::read(self.file()).unwrap(), modified)
    }

    /// Runs in the folder, with all tokens in the environment and no terminal.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let ended = self.run_raw(arguments).await;
        let said: Vec<&str> = ended.err.lines().filter(|line| !line.starts_with('{')).collect();
        let err = said.join("\n");
        Ended { err, ..ended }
    }

    /// As [`Program::run`], with the lines of the log.
    pub async fn run_raw(&self, arguments: &[&str]) -> Ended {
        let mut command = program();
        command
            .current_dir(self.folder.path())
            .env("BATON_WORKATO_API_KEY", self.simulator.token(Env::Dev))
            .env("BATON_WORKATO_TEST_API_KEY", self.simulator.token(Env::Test))
            .env("BATON_WORKATO_PROD_API_KEY", self.simulator.token(Env::Prod))
            .env("BATON_WORKATO_BASE_URL", self.simulator.base_url())
            .env("BATON_TMPDIR", self.folder.path())
            .args(arguments);
        let output: Output = output(command).await;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// How many requests changed something, or tried to.
    pub fn changes(&self) -> usize {
        self.simulator.requests().0.iter().filter(|r| r.method != "GET").count()
    }
}
