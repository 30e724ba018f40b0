//! Where the program writes: what is no plain file is refused at once and not touched, links lead to what is written.
#![cfg(target_os = "linux")]

use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use baton_workato::baton::c1z::Reader;
use baton_workato::simulator::{Behavior, Env, Shape, Simulator, Workspace};

use crate::support::program::{self, program};

struct Place {
    folder: tempfile::TempDir,
    // Pipes and sockets stay as long as it does.
    _socket: UnixListener,
}

impl Place {
    /// A folder with one of everything that nothing may be written to, and a synced file.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("a-folder")).unwrap();
        let made = Command::new("mkfifo").arg(at("a-pipe")).status().unwrap();
        assert!(made.success());
        let socket = UnixListener::bind(at("a-socket")).unwrap();
        symlink(DEVICE, at("to-a-device")).unwrap();
        symlink("a-pipe", at("to-a-pipe")).unwrap();
        symlink("a-folder", at("to-a-folder")).unwrap();
        symlink("circle", at("round")).unwrap();
        symlink("round", at("circle")).unwrap();
        let place = Place {
            folder,
            _socket: socket,
        };
        let made = place.run(&["demo", "--people", "3", "--projects", "1", "-f", "whole.c1z"]);
        assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What lies there and what sort each is.
    fn listed(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                format!("{} {:?}", entry.file_name().display(), entry.file_type().unwrap())
            })
            .collect();
        names.sort();
        names
    }

    /// The program refuses what it was told to write to, soon, and leaves everything as it was.
    fn refuses(&self, arguments: &[&str], code: &str) {
        let before = self.listed();
        let begun = Instant::now();
        let output = self.run(arguments);
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(&format!("error[{code}]:")), "{arguments:?}: {stderr}");
        assert!(stderr.contains("hint:"), "{arguments:?}: {stderr}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{arguments:?}");
        assert_eq!(self.listed(), before, "{arguments:?}");
    }
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A device where nobody, not even root, can put a file in its place: a test that fails must not take one away.
const DEVICE: &str = "/dev/pts/ptmx";

const NOT_PLAIN: [&str; 8] = [
    "a-folder",
    "a-pipe",
    "a-socket",
    DEVICE,
    "to-a-device",
    "to-a-pipe",
    "to-a-folder",
    "circle",
];

#[test]
fn a_file_to_sync_into_is_a_plain_one() {
    let place = Place::new();
    for name in NOT_PLAIN {
        place.refuses(&["demo", "-f", name], "BW-0411");
    }
    for name in ["no/such/x.c1z", "whole.c1z/x.c1z"] {
        place.refuses(&["demo", "-f", name], "BW-0409");
    }
    let device = std::fs::metadata(DEVICE).unwrap();
    assert!(device.file_type().is_char_device(), "the device is one still");
}

/// Names that the program gives to its own files beside another: a run on that one would take them for what it left.
#[test]
fn a_file_to_sync_into_is_not_named_like_one_beside_another() {
    let place = Place::new();
    for name in [
        "x.partial",
        "whole.c1z.partial",
        "x.partial.lock",
        "x.partial-wal",
        ".x.baton-Ab3dE9xY.tmp",
        ".x.unpacked-0123456789abcdef.db",
        "c1z-0123456789abcdef-Ab3dE9xY.db",
        "c1z-0123456789abcdef-read-Ab3dE9xY.db",
    ] {
        place.refuses(&["demo", "-f", name], "BW-0203");
    }
    for name in ["x", "x.c1z", "partial.c1z", "x.partial.c1z", "c1z-x.db", ".x.tmp"] {
        let made = place.run(&["demo", "--people", "3", "--projects", "1", "-f", name]);
        assert_eq!(made.status.code(), Some(0), "{name}: {}", stderr(&made));
    }
}

/// Runs beside each other in one folder, where the name of one file begins that of the other.
#[test]
fn a_run_leaves_the_files_of_other_targets_alone() {
    let place = Place::new();
    let rounds = if std::env::var_os("BATON_TEST_EXHAUSTIVE").is_some() {
        15
    } else {
        3
    };
    for round in 0..rounds {
        let runs = ["x", "x.c1z", "x.c1z.c1z"].map(|name| {
            let arguments = ["demo", "--people", "20", "--projects", "2", "-f", name];
            let mut command = place.command(&arguments);
            command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::piped());
            (name, command.spawn().unwrap())
        });
        for (name, run) in runs {
            let output = run.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{round} {name}: {}", stderr(&output));
        }
    }
}

/// Nothing is asked of a workspace for a sync that could not be written.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_target_costs_no_request() {
    let place = Place::new();
    let simulator = Simulator::start(Workspace::generate(&Shape::default()), Behavior::default())
        .await
        .unwrap();
    for name in NOT_PLAIN {
        let mut command = place.command(&["--workato-base-url", &simulator.base_url(), "-f", name]);
        command.env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev));
        let output = program::output(command).await;
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        assert!(
            stderr(&output).contains("error[BW-0411]"),
            "{name}: {}",
            stderr(&output)
        );
        let mut command = place.command(&["doctor", "--workato-base-url", &simulator.base_url(), "-f", name]);
        command.env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev));
        let before = simulator.requests().len();
        assert_eq!(before, 0, "{name}");
        let output = program::output(command).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("BW-0411"), "the doctor says so, too: {said}");
        simulator.forget_requests();
    }
}

#[test]
fn folders_to_write_into_are_folders() {
    let place = Place::new();
    let not_folders = [
        "whole.c1z",
        "a-pipe",
        "a-socket",
        DEVICE,
        "to-a-device",
        "to-a-pipe",
        "circle",
    ];
    for name in not_folders {
        place.refuses(&["export", "--out", name, "-f", "whole.c1z"], "BW-0411");
        place.refuses(&["man", name], "BW-0411");
    }
    for name in ["whole.c1z", "a-pipe", DEVICE] {
        place.refuses(&["demo", "-f", "new.c1z", "--c1z-temp-dir", name], "BW-0411");
        let output = place
            .command(&["stats", "-f", "whole.c1z"])
            .env("BATON_TMPDIR", name)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}

/// Every file of every format, before any is written.
#[test]
fn files_of_an_export_are_plain_ones() {
    let formats = [
        ("csv", "access-review.csv"),
        ("csv", "entitlements.csv"),
        ("xlsx", "access-review.xlsx"),
        ("json", "people.json"),
        ("jsonl", "resources.jsonl"),
        ("dot", "access.dot"),
        ("html", "report.html"),
        ("sqlite", "access.sqlite"),
    ];
    for (format, name) in formats {
        let place = Place::new();
        for sort in ["a-pipe", "a-folder", "a-socket", DEVICE, "circle"] {
            let out = place.at("out");
            std::fs::create_dir(&out).unwrap();
            let target = if sort.starts_with('/') {
                sort.into()
            } else {
                place.at(sort)
            };
            symlink(target, out.join(name)).unwrap();
            place.refuses(
                &[
                    "export",
                    "--out",
                    "out",
                    "--format",
                    "csv,xlsx,json,jsonl,dot,html,sqlite",
                    "-f",
                    "whole.c1z",
                ],
                "BW-0411",
            );
            place.refuses(
                &["export", "--out", "out", "--format", format, "-f", "whole.c1z"],
                "BW-0411",
            );
            let left: Vec<_> = std::fs::read_dir(&out).unwrap().collect();
            assert_eq!(left.len(), 1, "{name}: nothing but the link");
            std::fs::remove_dir_all(&out).unwrap();
        }
    }
}

fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).unwrap().is_symlink()
}

#[test]
fn the_end_of_links_is_written_and_the_links_stay() {
    let place = Place::new();
    std::fs::create_dir_all(place.at("volume/deep")).unwrap();
    let syncs = |name: &str| Reader::open(&place.at(name), None).unwrap().runs().unwrap().len();
    for (link, to, end) in [
        ("dangling.c1z", "volume/real.c1z", "volume/real.c1z"),
        ("chain.c1z", "volume/second", "volume/end.c1z"),
        (
            "absolute.c1z",
            place.at("volume/far.c1z").to_str().unwrap(),
            "volume/far.c1z",
        ),
    ] {
        if link == "chain.c1z" {
            symlink("deep/third", place.at("volume/second")).unwrap();
            symlink("../end.c1z", place.at("volume/deep/third")).unwrap();
        }
        symlink(to, place.at(link)).unwrap();
        for count in 1..=2 {
            let output = place.run(&["demo", "--people", "3", "--projects", "1", "-f", link]);
            assert_eq!(output.status.code(), Some(0), "{link}: {}", stderr(&output));
            assert!(is_link(&place.at(link)), "{link}");
            assert!(std::fs::symlink_metadata(place.at(end)).unwrap().is_file(), "{link}");
            assert_eq!((syncs(link), syncs(end)), (count, count), "{link}");
        }
    }
    symlink("gone/x.c1z", place.at("nowhere.c1z")).unwrap();
    place.refuses(&["demo", "-f", "nowhere.c1z"], "BW-0409");

    // The same for a folder and its files.
    symlink("volume/reviews", place.at("reviews")).unwrap();
    for _ in 0..2 {
        let output = place.run(&["export", "--out", "reviews", "--format", "csv", "-f", "whole.c1z"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(is_link(&place.at("reviews")));
    }
    let csv = place.at("volume/reviews/people.csv");
    let whole = std::fs::read(&csv).unwrap();
    std::fs::remove_file(&csv).unwrap();
    symlink("../elsewhere.csv", &csv).unwrap();
    let output = place.run(&["export", "--out", "reviews", "--format", "csv", "-f", "whole.c1z"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(is_link(&csv));
    assert_eq!(std::fs::read(place.at("volume/elsewhere.csv")).unwrap(), whole);
}

/// A log is appended to, so a device or a pipe will do where somebody reads; nothing is waited for.
#[test]
fn a_log_goes_where_lines_can_go() {
    let place = Place::new();
    let sync = [
        "demo",
        "--people",
        "3",
        "--projects",
        "1",
        "-f",
        "whole.c1z",
        "--log-path",
    ];
    for name in ["a-folder", "a-socket", "to-a-folder"] {
        place.refuses(&[&sync[..], &[name]].concat(), "BW-0411");
    }
    let output = place.run(&[&sync[..], &["a-pipe"]].concat());
    assert_eq!(output.status.code(), Some(2), "nobody reads it: {}", stderr(&output));
    assert!(stderr(&output).contains("error[BW-0210]"), "{}", stderr(&output));
    for name in ["/dev/null", "/dev/stderr", "a.log"] {
        let output = place.run(&[&sync[..], &[name]].concat());
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
    }
    assert!(
        std::fs::read_to_string(place.at("a.log"))
            .unwrap()
            .contains("Sync complete.")
    );
}
