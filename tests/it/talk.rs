//! What a command says besides its answer: one summary, a log where one is asked for, nothing where somebody wants quiet.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::place::Place;
use crate::support::program::program;

/// A sync of a small simulated workspace, with variables and more arguments.
fn sync(place: &Place, variables: &[(&str, &str)], more: &[&str]) -> Output {
    let mut command = command(place.path());
    command.args(["demo", "--people", "12", "--projects", "3", "-f", "x.c1z"]);
    command.args(more).envs(variables.iter().copied()).output().unwrap()
}

fn command(folder: &Path) -> Command {
    let mut command = program();
    command.env_clear().current_dir(folder);
    command
}

fn stderr(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_sync_in_a_pipe_is_one_summary() {
    let place = Place::new();
    let output = sync(&place, &[], &[]);
    let told: Vec<&str> = stderr(&output).lines().collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let summary: serde_json::Value = serde_json::from_str(told[0]).unwrap();
    assert_eq!(summary["msg"], "sync summary");
}

#[test]
fn a_log_is_written_where_one_is_asked_for_and_in_containers() {
    let place = Place::new();
    for (variables, more) in [
        (&[][..], &["--log-level", "info"][..]),
        (&[("BATON_LOG_LEVEL", "info")], &[]),
        (&[], &["--log-format", "json"]),
        (&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &[]),
    ] {
        let output = sync(&place, variables, more);
        let log = stderr(&output);
        assert!(
            log.contains("\"msg\":\"Sync started.\""),
            "{variables:?} {more:?}: {log}"
        );
        assert_eq!(log.matches("sync summary").count(), 1, "{log}");
    }
    let output = sync(&place, &[], &["--log-path", "a.log"]);
    assert_eq!(stderr(&output).lines().count(), 1);
    assert!(
        std::fs::read_to_string(place.at("a.log"))
            .unwrap()
            .contains("Sync complete.")
    );
}

#[test]
fn quiet_leaves_nothing_but_errors() {
    let place = Place::new();
    assert_eq!(stderr(&sync(&place, &[], &["-q"])), "");
    assert_eq!(stderr(&sync(&place, &[], &["--quiet", "--log-level", "info"])), "");
    assert_eq!(stderr(&sync(&place, &[("BATON_WORKATO_APIKEY", "x")], &["-q"])), "");
    // The only file of the folder is read without a word, before the name of the command and behind it.
    for args in [
        &["-q", "stats"][..],
        &["stats", "-q"],
        &["syncs", "-q"],
        &["findings", "--quiet"],
    ] {
        let output = command(place.path()).args(args).output().unwrap();
        assert_eq!(stderr(&output), "", "{args:?}");
        assert!(!output.stdout.is_empty(), "{args:?}");
    }
    let output = command(place.path()).args(["access", "Nobody", "-q"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error[BW-0601]"));
}

#[test]
fn every_command_takes_quiet() {
    let place = Place::new();
    let help = command(place.path()).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        let output = command(place.path()).args([name, "-q", "-h"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
    }
}

#[test]
fn json_is_short_for_its_form() {
    let place = Place::new();
    sync(&place, &[], &["-q"]);
    for args in [
        &["resources"][..],
        &["grants"],
        &["stats"],
        &["syncs"],
        &["findings"],
        &["verify"],
        &["access", "--fail-if", "entitlement = nothing"],
        &["explain", "BW-0601"],
    ] {
        let run = |form: &[&str]| command(place.path()).args(args).args(form).output().unwrap();
        let (short, long) = (run(&["--json"]), run(&["-o", "json"]));
        assert_eq!(short.stdout, long.stdout, "{args:?}");
        assert_eq!(short.status, long.status, "{args:?}");
        serde_json::from_slice::<serde_json::Value>(&short.stdout).unwrap_or_else(|e| panic!("{args:?}: {e}"));
        assert_eq!(run(&["--json", "-o", "table"]).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn csv_for_spreadsheets_begins_with_a_mark() {
    let place = Place::new();
    sync(&place, &[], &["-q"]);
    let mark = "\u{feff}".as_bytes();
    for args in [&["grants"][..], &["access", "--fail-if", "account = human"]] {
        let run = |more: &[&str]| {
            command(place.path())
                .args(args)
                .args(["-o", "csv"])
                .args(more)
                .output()
                .unwrap()
        };
        let (plain, marked) = (run(&[]), run(&["--csv-bom"]));
        assert!(!plain.stdout.starts_with(mark), "{args:?}");
        assert_eq!(marked.stdout, [mark, &plain.stdout].concat(), "{args:?}");
    }
    for (more, is_marked) in [(&[][..], false), (&["--csv-bom"], true)] {
        let args = ["export", "-q", "--format", "csv", "--out", "sheets"];
        let output = command(place.path()).args(args).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        for name in ["access-review", "people", "resources", "entitlements"] {
            let bytes = std::fs::read(place.at(&format!("sheets/{name}.csv"))).unwrap();
            assert_eq!(bytes.starts_with(mark), is_marked, "{name}");
        }
    }
}
