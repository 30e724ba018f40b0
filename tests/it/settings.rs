//! Settings as people write them: in any case, with something around them, under a misspelt name.

mod authorities;
mod credentials;
mod variables;
mod whose;
mod words;

use std::ffi::OsStr;
use std::process::Output;

use crate::support::program::program;

/// The program in a folder of its own with this environment and no other.
fn run<N: AsRef<OsStr>, V: AsRef<OsStr>>(env: &[(N, V)], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command.current_dir(folder.path()).args(arguments);
    for (name, value) in env {
        command.env(name, value);
    }
    command.output().unwrap()
}

/// The same without blocking a simulator.
async fn run_beside(env: Vec<(&'static str, String)>, arguments: Vec<String>) -> Output {
    let run = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(&env, &arguments)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
