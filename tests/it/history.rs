//! Which syncs a file keeps: what a run says before history goes, and what somebody takes out or marks by hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use baton_workato::baton::c1z::{Claim, Reader, SyncRun};

use crate::c1z::doctor;
use crate::support::program::program;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("x.c1z")
    }

    fn program(&self) -> Command {
        let mut command = program();
        command.current_dir(self.0.path());
        command
    }

    /// One more sync of a small workspace into the file.
    fn sync(&self, env: &[(&str, &str)], more: &[&str]) -> Output {
        let mut command = self.program();
        command.args(["demo", "--people", "3", "--projects", "1", "-f", "x.c1z"]);
        let output = command.args(more).envs(env.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        output
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.program().args(arguments).output().unwrap()
    }

    /// Runs what must end well.
    fn done(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        output
    }

    fn runs(&self) -> Vec<SyncRun> {
        Reader::open(&self.file(), None).unwrap().runs().unwrap()
    }

    fn ids(&self) -> Vec<String> {
        self.runs().into_iter().map(|run| run.sync_id).collect()
    }

    /// As if the syncs had been made a night apart, the last one just now.
    fn spread_over_nights(&self) {
        let ids = self.ids();
        let sql: Vec<String> = (ids.iter().rev().zip(0..))
            .map(|(id, nights)| {
                let ago =
                    |column: &str| format!("{column} = strftime('%Y-%m-%d %H:%M:%S', {column}, '-{nights} days')");
                let (started, ended) = (ago("started_at"), ago("ended_at"));
                format!("update v1_sync_runs set {started}, {ended} where sync_id = '{id}';")
            })
            .collect();
        doctor(&self.file(), &sql.concat());
    }
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn the_count_comes_from_the_flag_the_variable_or_the_file() {
    let variable = "BATON_KEEP_SYNC_COUNT";
    let place = Place::new();
    for expected in [1, 2, 2] {
        place.sync(&[], &[]);
        assert_eq!(place.ids().len(), expected, "by default");
    }
    place.sync(&[(variable, "3")], &[]);
    assert_eq!(place.ids().len(), 3, "the variable");
    place.sync(&[(variable, "2")], &["--keep", "4"]);
    assert_eq!(place.ids().len(), 4, "the flag wins");
    std::fs::write(place.0.path().join(".baton.yaml"), "keep: 5\n").unwrap();
    place.sync(&[], &[]);
    assert_eq!(place.ids().len(), 5, "the config file");
    place.sync(&[(variable, "1")], &[]);
    assert_eq!(place.ids().len(), 1, "the variable wins over the file");
    place.sync(&[("BATON_SKIP_CLEANUP", "true")], &["--keep", "1"]);
    assert_eq!(place.ids().len(), 2, "nothing is cleaned up");
    for wrong in ["0", "-1", "many", "1.5"] {
        let output = place.run(&["demo", "-f", "x.c1z", "--keep", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        let mut command = place.program();
        let output = command
            .args(["demo", "-f", "x.c1z"])
            .env(variable, wrong)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", stderr(&output));
        assert!(stderr(&output).contains("keep") || stderr(&output).contains(variable));
    }
    assert_eq!(place.ids().len(), 2, "a wrong count changes nothing");
}

/// One line, before anything is read: which sync, from when, and what keeps more. Nobody who chose a number is warned.
#[test]
fn what_is_about_to_go_is_said_before_it_goes() {
    let place = Place::new();
    let line = |output: &Output| {
        let lines = stderr(output)
            .lines()
            .filter(|line| line.contains("When this sync is sealed"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(line(&place.sync(&[], &[])).is_empty());
    assert!(line(&place.sync(&[], &[])).is_empty(), "two are kept");
    let oldest = place.runs().remove(0);
    let output = place.sync(&[("BATON_LOG_LEVEL", "info")], &[]);
    let said = line(&output);
    assert_eq!(said.len(), 1, "{}", stderr(&output));
    let ended = oldest.ended_at.unwrap();
    for part in [
        "\"level\":\"warn\"",
        &oldest.sync_id,
        ended.split('.').next().unwrap(),
        "from x.c1z",
        "--keep N (BATON_KEEP_SYNC_COUNT)",
    ] {
        assert!(said[0].contains(part), "{part}: {}", said[0]);
    }
    let at = |words: &str| stderr(&output).find(words).unwrap();
    assert!(
        at("When this sync is sealed") < at("Step started."),
        "before anything is read"
    );

    let ids = place.ids();
    let output = place.sync(&[("BATON_LOG_LEVEL", "info")], &["--keep", "1"]);
    let said = line(&output);
    assert!(said.len() == 1 && said[0].contains("\"level\":\"info\""), "{said:?}");
    assert!(ids.iter().all(|id| said[0].contains(id)), "all that go: {said:?}");
    assert!(line(&place.sync(&[("BATON_SKIP_CLEANUP", "1"), ("BATON_LOG_LEVEL", "info")], &[])).is_empty());
}

/// A run that fails has said what would go, and it is still there.
#[test]
fn what_was_said_to_go_stays_when_the_sync_fails() {
    let place = Place::new();
    place.sync(&[], &[]);
    place.sync(&[], &[]);
    let ids = place.ids();
    let mut command = place.program();
    command.args(["--workato-base-url", "http://127.0.0.1:1", "-f", "x.c1z"]);
    let output = command.env("BATON_WORKATO_API_KEY", "key").output().unwrap();
    assert_eq!(output.status.code(), Some(14), "{}", stderr(&output));
    assert!(stderr(&output).contains(&ids[0]), "{}", stderr(&output));
    assert_eq!(place.ids(), ids);
}

/// With the number of syncs that the crontab keeps, a week back is there every morning, and not with one less than it
/// takes.
#[test]
fn the_crontab_keeps_enough_to_look_back_a_week() {
    let place = Place::new();
    let crontab = stdout(&place.done(&["manifests", "cron"])).to_owned();
    let words: Vec<&str> = crontab.split_whitespace().collect();
    let keep = words[words.iter().position(|word| *word == "--keep").expect("a count") + 1];
    assert!(crontab.contains("diff --since 7d"), "{crontab}");
    for _ in 0..10 {
        place.sync(&[], &["--keep", keep]);
    }
    place.spread_over_nights();
    assert!(stdout(&place.done(&["diff", "--since", "7d", "-f", "x.c1z"])).contains(" → "));

    place.sync(&[], &["--keep", "7"]);
    let output = place.run(&["diff", "--since", "7d", "--fail-if-gained", "-f", "x.c1z"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    for part in ["it holds 7, from ", "--keep N (BATON_KEEP_SYNC_COUNT)", "2 by default"] {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
}

#[test]
fn older_syncs_go_once_somebody_has_seen_which() {
    let place = Place::new();
    for _ in 0..6 {
        place.sync(&[], &["--keep", "9"]);
    }
    place.spread_over_nights();
    let ids = place.ids();
    let before = std::fs::read(place.file()).unwrap();

    let output = place.done(&["syncs", "prune", "--keep", "4", "--dry-run", "-f", "x.c1z"]);
    let shown = stdout(&output);
    assert!(shown.starts_with("2 syncs go from x.c1z, 4 stay:\n"), "{shown}");
    assert!(
        ids[..2].iter().all(|id| shown.contains(id)) && !shown.contains(&ids[2]),
        "{shown}"
    );
    let output = place.run(&["syncs", "prune", "--keep", "4", "-f", "x.c1z"]);
    assert_eq!(output.status.code(), Some(2), "nobody to ask: {}", stderr(&output));
    let output = place.run(&["syncs", "prune", "--yes", "-f", "x.c1z"]);
    assert_eq!(output.status.code(), Some(2), "no rule: {}", stderr(&output));
    assert_eq!(std::fs::read(place.file()).unwrap(), before, "nothing was changed");

    let both = [
        "syncs",
        "prune",
        "--keep",
        "2",
        "--older-than",
        "4d12h",
        "--yes",
        "-f",
        "x.c1z",
    ];
    let output = place.done(&both);
    assert!(stderr(&output).contains(&ids[0]), "{}", stderr(&output));
    assert_eq!(place.ids(), ids[1..], "beyond the newest two, and older");
    place.done(&["syncs", "prune", "--keep", "4", "--yes", "-f", "x.c1z"]);
    assert_eq!(place.ids(), ids[2..]);
    assert!(std::fs::metadata(place.file()).unwrap().len() < before.len() as u64);
    place.done(&["syncs", "prune", "--older-than", "0s", "--yes", "-f", "x.c1z"]);
    assert_eq!(place.ids(), ids[5..], "the newest always stays");
    let output = place.done(&["syncs", "prune", "--keep", "1", "--yes", "-f", "x.c1z"]);
    assert!(
        stderr(&output).contains("Nothing goes: x.c1z holds 1 sync."),
        "{}",
        stderr(&output)
    );
    assert!(stdout(&place.done(&["verify", "-f", "x.c1z"])).contains("no problems"));
}

#[test]
fn a_marked_sync_stays_until_the_mark_goes() {
    let place = Place::new();
    place.sync(&[], &[]);
    let first = place.ids().remove(0);
    let token = place.runs().remove(0).token;
    place.done(&["syncs", "keep", &first, "-f", "x.c1z"]);
    for _ in 0..4 {
        place.sync(&[], &[]);
    }
    assert_eq!(place.ids().len(), 3, "two and the marked one");
    assert_eq!(place.ids()[0], first);
    let listed = stdout(&place.done(&["syncs", "-f", "x.c1z"])).to_owned();
    assert!(
        listed.contains("KEPT") && listed.lines().any(|l| l.contains(&first) && l.ends_with("kept")),
        "{listed}"
    );
    place.done(&["syncs", "prune", "--keep", "1", "--yes", "-f", "x.c1z"]);
    assert_eq!(place.ids().len(), 2, "the newest and the marked one");
    assert_eq!(place.ids()[0], first);

    place.done(&["syncs", "keep", "--undo", &first, "-f", "x.c1z"]);
    let unmarked: serde_json::Value = serde_json::from_str(&place.runs().remove(0).token).unwrap();
    assert_eq!(
        unmarked,
        serde_json::from_str::<serde_json::Value>(&token).unwrap(),
        "the rest of the token stays"
    );
    assert!(!stdout(&place.done(&["syncs", "-f", "x.c1z"])).contains("KEPT"));
    place.sync(&[], &[]);
    assert!(!place.ids().contains(&first));
}

/// Syncs that another program wrote: their tokens are empty or anything, and stay what they are for every reader.
#[test]
fn syncs_of_other_writers_can_be_marked() {
    for token in [
        "",
        "{}",
        "not JSON",
        "[1]",
        r#"{"version":1,"completed_actions_count":4}"#,
    ] {
        let place = Place::new();
        place.sync(&[], &[]);
        let first = place.ids().remove(0);
        doctor(
            &place.file(),
            &format!("update v1_sync_runs set sync_token = '{token}'"),
        );
        place.done(&["syncs", "keep", &first, "-f", "x.c1z"]);
        assert!(place.runs()[0].is_kept(), "{token}");
        for _ in 0..3 {
            place.sync(&[], &[]);
        }
        assert_eq!(place.ids()[0], first, "{token}");
        assert!(
            stdout(&place.done(&["verify", "--all", "-f", "x.c1z"])).contains("no problems"),
            "{token}"
        );
    }
}

#[test]
fn what_is_not_there_unfinished_or_held_is_left_alone() {
    let place = Place::new();
    place.sync(&[], &[]);
    place.sync(&[], &[]);
    let ids = place.ids();
    let refused = |arguments: &[&str], exit: i32, words: &str| {
        let before = std::fs::read(place.file()).unwrap();
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
        assert!(std::fs::read(place.file()).unwrap() == before, "{arguments:?}");
    };
    refused(
        &["syncs", "keep", &ids[0], "nobody", "-f", "x.c1z"],
        5,
        "there is no sync nobody",
    );
    refused(&["syncs", "keep", "-f", "x.c1z"], 2, "");
    refused(
        &[
            "syncs",
            "prune",
            "--keep",
            "1",
            "--older-than",
            "tomorrow",
            "--yes",
            "-f",
            "x.c1z",
        ],
        2,
        "is not a time",
    );
    let claim = Claim::take(&place.file(), None).unwrap();
    refused(
        &["syncs", "prune", "--keep", "1", "--yes", "-f", "x.c1z"],
        14,
        "is being written by",
    );
    refused(&["syncs", "keep", &ids[0], "-f", "x.c1z"], 14, "is being written by");
    drop(claim);
    for command in [&["syncs", "prune", "--keep", "1", "--yes"][..], &["syncs", "keep", "x"]] {
        let output = place.run(&[command, &["-f", "no.c1z"]].concat());
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    }
    assert!(!Path::new(&place.0.path().join("no.c1z")).exists(), "nothing was made");

    // The newest one as another program left it: unfinished.
    doctor(
        &place.file(),
        &format!("update v1_sync_runs set ended_at = null where sync_id = '{}'", ids[1]),
    );
    refused(&["syncs", "keep", &ids[1], "-f", "x.c1z"], 2, "is not finished");
    place.done(&["syncs", "prune", "--keep", "1", "--yes", "-f", "x.c1z"]);
    assert_eq!(
        place.ids(),
        ids,
        "the only finished one stays, and so does the unfinished one"
    );
}
