//! The summary of a demo names commands to go on with, and they work as they are printed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::program;

/// The commands that a demo names, and the folder it ran in.
fn demo_names(args: &[&str]) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let output = program()
        .current_dir(folder.path())
        .args(["demo", "--log-level", "error"])
        .args(args)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let summary = stderr.lines().find(|line| line.contains("\"sync summary\"")).unwrap();
    let summary: Value = serde_json::from_str(summary).unwrap();
    let commands = summary["next"].as_array().unwrap().iter();
    (folder, commands.map(|c| c.as_str().unwrap().to_owned()).collect())
}

/// The shell as a person has it, with the program on the path.
fn shell(command: &str, folder: &Path) -> Command {
    let program = assert_cmd::cargo::cargo_bin("baton-workato");
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path);
    shell
}

#[test]
fn a_demo_names_a_person_a_resource_and_the_explorer() {
    for (args, on) in [
        (&[] as &[&str], "project"),
        (&["--legacy"], ""),
        (&["-f", "my file's.c1z", "--people", "12"], "project"),
    ] {
        let (folder, commands) = demo_names(args);
        let [person, resource, explore] = commands.as_slice() else {
            panic!("{commands:?}")
        };
        assert!(person.starts_with("baton-workato access \""), "{person}");
        assert!(resource.starts_with("baton-workato access --on \""), "{resource}");
        assert!(explore.starts_with("baton-workato explore -f "), "{explore}");
        // What they name is in the file, under that name.
        let named = person.split('"').nth(1).unwrap();
        let file = person.split(" -f ").nth(1).unwrap();
        let grants = format!("baton-workato grants --principal \"{named}\" -f {file} -o csv");
        let output = shell(&grants, folder.path()).output().unwrap();
        assert!(
            output.status.success(),
            "{grants}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().count() > 5, "{text}");
        let named = resource.split('"').nth(1).unwrap();
        assert!(text.contains(named), "{named} is not what {person} reaches");
        if !on.is_empty() {
            let reached = text.lines().find(|line| line.contains(named)).unwrap();
            assert!(reached.contains(&format!(",{on},")), "{reached}");
        }
    }
}

#[test]
fn what_is_printed_works() {
    for args in [&[] as &[&str], &["--legacy"]] {
        let (folder, commands) = demo_names(args);
        for command in commands {
            let name = command.split_whitespace().nth(1).unwrap();
            if name == "explore" {
                explores(&command, folder.path());
                continue;
            }
            let output = shell(&command, folder.path()).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command}: {stderr}");
            assert!(!output.stdout.is_empty(), "{command}");
        }
    }
}

/// The explorer serves until it is stopped; it prints where.
fn explores(command: &str, folder: &Path) {
    let mut child = shell(&format!("exec {command} --no-open 2>&1"), folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines
        .map(Result::unwrap)
        .find(|line| line.contains("http://127.0.0.1:"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(url.is_some(), "{command} prints no address");
}
