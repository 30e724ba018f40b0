//! The program as people run it: another process, with an environment of the test's own.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use baton_workato::simulator::{Env, Simulator};

/// Where it lies.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_baton-workato");

/// A run of it that knows nothing of the environment of the tests.
pub fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear();
    command
}

/// Runs it to its end without blocking whoever answers it in this process.
pub async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// A run that syncs a simulated workspace into `sync.c1z` of a folder, with so many lists at a time, not yet started.
pub fn syncing(folder: &Path, simulator: &Simulator, workers: usize) -> Command {
    let mut command = program();
    command
        .current_dir(folder)
        .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
        .args(["--workato-base-url", &simulator.base_url(), "--log-level", "error"])
        .arg(format!("--workers={workers}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
