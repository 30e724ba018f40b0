//! `demo --keep` leaves a workspace behind on which what it prints works, in another terminal.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::support::program::program;

/// What stands on one terminal, run in another with the variables that were printed.
fn elsewhere(variables: &str, command: &str, folder: &Path) -> Output {
    let program = assert_cmd::cargo::cargo_bin("baton-workato");
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    Command::new("sh")
        .args(["-c", &format!("{variables}{command}")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .output()
        .unwrap()
}

/// Ends with the test, however that ends.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        // It has ended already when all is well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_kept_demo_has_a_yesterday_and_takes_writes() {
    let folder = tempfile::tempdir().unwrap();
    let child = program()
        .current_dir(folder.path())
        .args([
            "demo",
            "--keep",
            "--people",
            "12",
            "--projects",
            "3",
            "--log-level",
            "error",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut kept = Kept(child);
    // The last line says how to take the grant back; everything before it is there by then.
    let mut said = BufReader::new(kept.0.stderr.take().unwrap());
    let mut commands: Vec<String> = Vec::new();
    let mut line = String::new();
    while commands.last().is_none_or(|last| !last.contains(" grant ")) {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended: {commands:?}");
        if line.starts_with("baton-workato ") {
            commands.push(line.trim_end().to_owned());
        }
    }
    let mut out = BufReader::new(kept.0.stdout.take().unwrap());
    let mut variables = String::new();
    while !variables.contains("REQUESTS_PER_MINUTE") {
        assert!(out.read_line(&mut variables).unwrap() > 0, "{variables}");
    }
    assert!(
        variables.lines().all(|line| line.starts_with("export BATON_WORKATO_")),
        "{variables}"
    );
    let verbs: Vec<&str> = commands
        .iter()
        .filter_map(|command| command.split(' ').nth(1))
        .collect();
    assert_eq!(verbs, ["doctor", "diff", "findings", "revoke", "grant"]);
    for command in &commands {
        let writes = command.contains(" revoke ") || command.contains(" grant ");
        // Nobody is there to be asked.
        let command = format!("{command}{}", if writes { " --yes" } else { "" });
        let output = elsewhere(&variables, &command, folder.path());
        let (text, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{command}: {text}{stderr}");
        if command.contains(" diff ") {
            for part in ["Wilma Dreesen", "Environment admin"] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }
    let pid = i32::try_from(kept.0.id()).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(kept.0.wait().unwrap().success(), "{rest}");
}
