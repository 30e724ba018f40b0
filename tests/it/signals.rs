//! Ctrl-C, SIGTERM, SIGQUIT and SIGHUP: every command ends within five seconds, whatever it is doing, says so, and leaves
//! nothing half done lying around.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use baton_workato::baton::c1z::Reader;
use baton_workato::simulator::{AgentsShape, Behavior, Env, Fault, Hits, Shape, Simulator, Workspace};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::support::program::{PROGRAM, program};

/// After this supervisors kill.
const LONGEST: Duration = Duration::from_secs(5);

/// A file that takes every command a while, in a debug build some seconds.
fn big() -> &'static Path {
    static BIG: OnceLock<PathBuf> = OnceLock::new();
    BIG.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("signals-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("big.c1z");
        let made = program()
            .args([
                "demo",
                "--people",
                "700",
                "--projects",
                "60",
                "--log-level",
                "error",
                "-f",
            ])
            .arg(&file)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        file
    })
}

struct Place(tempfile::TempDir);

impl Place {
    /// A folder with the big file.
    fn with_file() -> Self {
        let place = Place(tempfile::tempdir().unwrap());
        std::fs::copy(big(), place.0.path().join("big.c1z")).unwrap();
        place
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .env("TMPDIR", self.0.path())
            .current_dir(self.0.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What lies there, in folders too. A finished copy of a file for the next reader counts as none.
    fn names(&self) -> Vec<String> {
        fn look(folder: &Path, names: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, names);
                } else {
                    names.push(path.file_name().unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let mut names = Vec::new();
        look(self.0.path(), &mut names);
        names.retain(|name| !name.starts_with(".big.c1z.unpacked-"));
        names.sort();
        names
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

/// Waits for the end, which must come soon. How it ended, and what it said.
fn ended(mut child: Child, case: &str) -> (Option<i32>, String) {
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > LONGEST {
            let _ = child.kill();
            panic!("{case}: still there after {LONGEST:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let mut said = Vec::new();
    std::io::Read::read_to_end(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    (status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// Commands that have nothing to keep end at once, at whatever they are. Nobody reads their stdout, so those that print
/// much wait for ever.
#[test]
fn commands_that_read_a_file_end_at_once() {
    let export = |format| vec!["export", "--out", "out", "--format", format, "-f", "big.c1z"];
    let mut commands = vec![
        vec!["grants", "-o", "json", "-f", "big.c1z"],
        vec!["grants", "-o", "csv", "--no-cache", "-f", "big.c1z"],
        vec!["resources", "-f", "big.c1z"],
        vec!["stats", "--no-cache", "-f", "big.c1z"],
        vec!["verify", "--all", "-f", "big.c1z"],
        vec!["access", "--fail-if", "account = human", "-f", "big.c1z"],
        vec!["diff", "big.c1z", "big.c1z"],
        vec!["diff", "big.c1z", "big.c1z", "-o", "json"],
        vec!["explore", "--no-open", "-f", "big.c1z"],
        vec!["syncs", "prune", "--keep", "1", "-f", "big.c1z"],
        vec!["serve", "--listen", "127.0.0.1:0", "--workato-api-key", "key"],
        vec!["simulate", "--people", "20000"],
        vec!["demo", "--people", "20000", "-f", "new.c1z"],
    ];
    commands.extend(["csv", "xlsx", "json", "jsonl", "dot", "html", "sqlite"].map(export));
    let mut met = 0;
    for (number, arguments) in commands.iter().enumerate() {
        for (name, code, after) in [("-TERM", 143, 100), ("-INT", 130, 700)] {
            let case = format!("{arguments:?} {name} after {after} ms");
            let place = Place::with_file();
            let child = place.command(arguments).spawn().unwrap();
            // Different moments for different commands.
            std::thread::sleep(Duration::from_millis(after + 13 * number as u64));
            signal(&child, name);
            let (ended_with, said) = ended(child, &case);
            // Serving is meant to end so; a command may have ended by itself before.
            let good_end = ["explore", "serve", "simulate"].contains(&arguments[0]);
            let expected = if good_end { Some(0) } else { Some(code) };
            if ended_with == expected || ended_with == Some(code) {
                met += 1;
            } else {
                assert!(
                    ended_with == Some(0) || ended_with == Some(9),
                    "{case}: {ended_with:?} {said}"
                );
            }
            if ended_with == Some(code) {
                assert!(said.contains(&format!("error[BW-0{code}]")), "{case}: {said}");
            }
            let mut names = place.names();
            names.retain(|name| !name.starts_with('.') || name.starts_with(".big"));
            let hidden: Vec<_> = place.names().into_iter().filter(|name| !names.contains(name)).collect();
            assert_eq!(hidden, [""; 0], "{case}: left lying around");
            assert!(
                !place
                    .names()
                    .iter()
                    .any(|n| n.starts_with("c1z-") || n.ends_with(".lock")),
                "{case}: {names:?}"
            );
            assert_eq!(
                std::fs::read(place.0.path().join("big.c1z")).unwrap(),
                std::fs::read(big()).unwrap(),
                "{case}"
            );
        }
    }
    assert!(met > commands.len(), "most ended by the signal: {met}");
}

/// What is left of a reader or an exporter that was killed goes with the next one, and nothing of one that lives.
#[cfg(unix)]
#[test]
fn the_next_run_removes_what_killed_ones_left() {
    let place = Place::with_file();
    let temporary = place.0.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("TMPDIR", &temporary);
        command
    };
    let copies = || place.names().iter().filter(|name| name.starts_with("c1z-")).count();
    // Nobody reads what they print, so they wait.
    let reading = ["grants", "-o", "json", "--no-cache", "-f", "big.c1z"];
    let mut killed = command(&reading).spawn().unwrap();
    let mut living = command(&reading).spawn().unwrap();
    wait_until("both have a copy", || copies() == 2);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(copies(), 2, "nobody was there to remove it");
    let status = command(&["stats", "--no-cache", "-f", "big.c1z"]).output().unwrap();
    assert!(status.status.success(), "{status:?}");
    assert_eq!(copies(), 1, "{:?}", place.names());
    assert!(living.try_wait().unwrap().is_none());
    living.kill().unwrap();
    living.wait().unwrap();

    let export = ["export", "--out", "out", "--format", "csv,sqlite", "-f", "big.c1z"];
    let half = || place.names().iter().filter(|name| name.contains(".baton-")).count();
    let left = (0..20).any(|_| {
        let mut child = command(&export).spawn().unwrap();
        wait_until("it writes, or is done", || {
            half() > 0 || child.try_wait().unwrap().is_some()
        });
        let _ = child.kill();
        child.wait().unwrap();
        half() > 0
    });
    assert!(left, "it was never met");
    let mine = place.0.path().join("out/.access-review.csv.baton-backup.tmp");
    std::fs::write(&mine, "mine").unwrap();
    let done = command(&export).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    std::fs::remove_file(mine).unwrap();
    assert_eq!((half(), copies()), (0, 0), "{:?}", place.names());
}

#[cfg(unix)]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The bits of a mask of signals that the system shows of a process, such as those it catches: bit 0 for number 1.
fn mask(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix(name));
    mask.and_then(|mask| u64::from_str_radix(mask.trim_start_matches(':').trim(), 16).ok())
        .unwrap_or_default()
}

/// Signals with their numbers, and how a command that they stop ends.
const SIGNALS: [(&str, u32, i32); 4] = [
    ("-TERM", 15, 143),
    ("-INT", 2, 130),
    ("-HUP", 1, 143),
    ("-QUIT", 3, 143),
];

/// Those that whoever runs the tests does not have ignored, as `nohup` does.
fn signals() -> Vec<(&'static str, u32, i32)> {
    let ignored = mask(std::process::id(), "SigIgn");
    let all = SIGNALS.into_iter();
    all.filter(|(_, number, _)| ignored >> (number - 1) & 1 == 0).collect()
}

/// Signals that are tried at any moment, and how many where every case is, beside somebody who keeps the disk busy.
const TRIALS: [usize; 2] = [12, 200];

/// Whichever signal comes, at whatever moment from the first one at which anything is caught: it ends the command in
/// time, with nothing left but what was there, what is complete, and what the next run goes on with.
#[tokio::test(flavor = "multi_thread")]
async fn any_signal_at_any_moment_leaves_nothing_of_its_own() {
    let exhaustive = std::env::var_os("BATON_TEST_EXHAUSTIVE").is_some();
    let shape = Shape {
        people: 400,
        projects: 40,
        // The file that lies there is of a workspace with agents.
        agents: Some(AgentsShape::demo()),
        ..Shape::default()
    };
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    let (base_url, token) = (simulator.base_url(), simulator.token(Env::Dev));
    let trials = TRIALS[usize::from(exhaustive)];
    tokio::task::spawn_blocking(move || {
        let load = exhaustive.then(Load::start);
        let sync = ["--workato-base-url", &base_url, "-f", "new.c1z"];
        let export = [
            "export",
            "--out",
            "out",
            "--format",
            "csv,jsonl,sqlite,xlsx,html",
            "-f",
            "big.c1z",
        ];
        let commands: [&[&str]; 6] = [
            &sync,
            &export,
            &["grants", "-o", "json", "--no-cache", "-f", "big.c1z"],
            &sync,
            &["diff", "big.c1z", "new.c1z"],
            &["syncs", "prune", "--keep", "1", "-f", "new.c1z"],
        ];
        let mut random = StdRng::seed_from_u64(0x13_09);
        let signals = signals();
        let mut stopped = 0;
        for trial in 0..trials {
            let arguments = commands[trial % commands.len()];
            // Each command meets each signal.
            let (name, number, code) = signals[(trial + trial / commands.len()) % signals.len()];
            let after = Duration::from_millis(random.random_range(0..if exhaustive { 3_000 } else { 900 }));
            let case = format!("{trial}: {arguments:?} {name} after {after:?}");
            let place = Place::with_file();
            std::fs::copy(big(), place.0.path().join("new.c1z")).unwrap();
            let mut child = place
                .command(arguments)
                .env("BATON_WORKATO_API_KEY", &token)
                .env("BATON_WORKATO_REQUESTS_PER_MINUTE", "100000")
                // Nobody who reads it is in the way.
                .stdout(Stdio::null())
                .stderr(std::fs::File::create(place.0.path().join("log")).unwrap())
                .spawn()
                .unwrap();
            wait_until("it catches signals", || {
                mask(child.id(), "SigCgt") >> (number - 1) & 1 == 1 || child.try_wait().unwrap().is_some()
            });
            std::thread::sleep(after);
            if child.try_wait().unwrap().is_none() {
                signal(&child, name);
            }
            let begun = Instant::now();
            let status = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status;
                }
                assert!(begun.elapsed() < LONGEST, "{case}: still there after {LONGEST:?}");
                std::thread::sleep(Duration::from_millis(5));
            };
            let said = std::fs::read_to_string(place.0.path().join("log")).unwrap();
            assert!(
                [Some(0), Some(code)].contains(&status.code()),
                "{case}: {status} {said}"
            );
            stopped += usize::from(status.code() == Some(code));
            let finished = |name: &str| name.starts_with("access-review") || name.starts_with("report");
            let goes_on = ["new.c1z.partial", "new.c1z.partial-wal", "new.c1z.partial-shm"];
            let known = ["big.c1z", "new.c1z", "log"];
            let mut left = place.names();
            left.retain(|name| !(finished(name) || known.contains(&name.as_str())));
            left.retain(|name| !(goes_on.contains(&name.as_str()) || name.starts_with(".new.c1z.unpacked-")));
            assert_eq!(left, [""; 0], "{case}: {said}");
            let bytes = |name: &str| std::fs::read(place.0.path().join(name)).unwrap();
            assert_eq!(bytes("big.c1z"), std::fs::read(big()).unwrap(), "{case}");
            let reader = Reader::open(&place.0.path().join("new.c1z"), None).unwrap();
            assert!(reader.latest_full().unwrap().is_some(), "{case}");
        }
        if let Some(load) = load {
            eprintln!(
                "{stopped} of {trials} were stopped by the signal; {} MiB were written beside",
                load.stop() >> 20
            );
        }
        assert!(
            stopped >= trials / 4,
            "{stopped} of {trials} were stopped by the signal"
        );
    })
    .await
    .unwrap();
    drop(simulator);
}

/// Keeps the disk busy: writes and flushes without a pause.
struct Load {
    over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<u64>,
}

impl Load {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            let block = vec![7; 4 << 20];
            let mut written = 0;
            while !told.load(Ordering::Relaxed) {
                let mut file = std::fs::File::create(folder.path().join("load")).unwrap();
                for _ in 0..4 {
                    std::io::Write::write_all(&mut file, &block).unwrap();
                    file.sync_all().unwrap();
                    written += block.len() as u64;
                }
            }
            written
        });
        Load { over, thread }
    }

    /// How many bytes were written.
    fn stop(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Under `nohup` a run outlives its terminal.
#[test]
fn what_is_to_be_ignored_is_ignored() {
    let place = Place::with_file();
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("trap '' HUP; exec {PROGRAM} simulate --people 5")])
        .env_clear()
        .env("HOME", place.0.path())
        .env("TMPDIR", place.0.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("base_url"), "{line}");
    assert_eq!(mask(child.id(), "SigCgt") & 1, 0, "a handler would undo it");
    assert_eq!(mask(child.id(), "SigIgn") & 1, 1);
    signal(&child, "-HUP");
    signal(&child, "-TERM");
    let (code, said) = ended(child, "nohup");
    assert_eq!(code, Some(0), "serving is meant to end so: {said}");
}

/// The first process of a container is ended by no signal that it does not catch: every command catches all four, also
/// before it has read its arguments' file.
#[test]
fn every_command_catches_every_signal() {
    let place = Place::with_file();
    for arguments in [
        &["grants", "-o", "json", "-f", "big.c1z"][..],
        &["export", "--format", "jsonl", "-f", "big.c1z"],
        &["explore", "--no-open", "-f", "big.c1z"],
        &["verify", "--all", "-f", "big.c1z"],
    ] {
        let mut child = place.command(arguments).spawn().unwrap();
        let begun = Instant::now();
        let caught = loop {
            let mask = mask(child.id(), "SigCgt");
            let all = signals().iter().all(|(_, number, _)| mask & (1 << (number - 1)) != 0);
            if all || begun.elapsed() > LONGEST {
                break all;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(caught, "{arguments:?}");
    }
}

/// Ctrl-C is for the pager while there is one; SIGTERM ends the command.
#[test]
fn a_pager_keeps_ctrl_c_to_itself() {
    let program = PROGRAM;
    let place = Place::with_file();
    // The pager reads all, then takes its time; what it prints shows that it was let be.
    let pager = "cat >/dev/null; kill -INT $PPID; sleep 1; echo read on";
    let mut script = Command::new("script");
    script
        .args(["-qec", &format!("{program} grants -f big.c1z"), "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("SHELL", "/bin/sh")
        .env("PAGER", pager)
        .current_dir(place.0.path())
        .stdin(Stdio::null());
    let output = script.output().unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{screen}");
    assert!(
        screen.contains("read on") && !screen.contains("interrupted"),
        "{screen}"
    );
}

/// A sync child, and the lines of its log.
struct Sync {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
}

fn sync(place: &Place, simulator: &Simulator, more: &[&str]) -> Sync {
    let mut command = place.command(&["--workato-base-url", &simulator.base_url(), "-f", "new.c1z"]);
    command
        .args(more)
        .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev));
    command.env("BATON_WORKATO_REQUESTS_PER_MINUTE", "100000");
    let mut child = command.spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    Sync { child, log }
}

impl Sync {
    /// Reads the log up to a line with these words.
    fn until(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert_ne!(
                self.log.read_line(&mut line).unwrap(),
                0,
                "the log ends before {words:?}"
            );
        }
    }

    fn ended(mut self, case: &str) -> (Option<i32>, String) {
        // Whoever reads the log goes on doing so.
        let reading = std::thread::spawn(move || {
            let mut rest = String::new();
            std::io::Read::read_to_string(&mut self.log, &mut rest).unwrap();
            rest
        });
        let begun = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            if begun.elapsed() > LONGEST {
                let _ = self.child.kill();
                panic!("{case}: still there after {LONGEST:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        (code, reading.join().unwrap())
    }
}

/// A sync is stopped while it opens a large file, waits for its quota, waits for an answer, expands and seals. The file
/// is as it was or complete, and the next run makes it complete.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_ends_in_every_phase() {
    let shape = Shape {
        people: 400,
        projects: 40,
        // The file that lies there is of a workspace with agents.
        agents: Some(AgentsShape::demo()),
        ..Shape::default()
    };
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    let never = Duration::from_secs(3_600);
    let refused = vec![("Retry-After".to_owned(), "60".to_owned())];
    let busy = Fault::Status(429, "{}".to_owned(), refused);
    let phases: [(&str, Behavior, &[&str], &str); 5] = [
        (
            "an answer that does not come",
            Behavior::default().script("/**", Hits::From(8), Fault::Stall(never)),
            &["--log-level", "info"],
            "Sync started.",
        ),
        (
            "a quota",
            Behavior::default().script("/**", Hits::From(8), busy),
            &["--log-level", "debug"],
            "\"status\":429",
        ),
        ("expansion", Behavior::default(), &["--log-level", "info"], "Expansion"),
        ("the first moment", Behavior::default(), &["--log-level", "debug"], "{"),
        (
            "reading",
            Behavior::default(),
            &["--log-level", "debug"],
            "\"Answered.\"",
        ),
    ];
    for (phase, behavior, more, words) in phases {
        for (name, code) in [("-TERM", 143), ("-INT", 130)] {
            let case = format!("{phase}, {name}");
            simulator.behave(behavior.clone());
            let place = Place::with_file();
            std::fs::rename(place.0.path().join("big.c1z"), place.0.path().join("new.c1z")).unwrap();
            let mut running = sync(&place, &simulator, more);
            let told = case.clone();
            let (ended_with, said) = tokio::task::spawn_blocking(move || {
                running.until(words);
                signal(&running.child, name);
                running.ended(&told)
            })
            .await
            .unwrap();
            let syncs = Reader::open(&place.0.path().join("new.c1z"), None)
                .unwrap()
                .runs()
                .unwrap();
            if ended_with == Some(0) {
                assert_eq!(syncs.len(), 2, "{case}: sealed already: {said}");
            } else {
                assert_eq!(ended_with, Some(code), "{case}: {said}");
                assert!(said.contains(&format!("error[BW-0{code}]")), "{case}: {said}");
                // On a busy machine sealing may end between the signal and the process, which says so.
                let sealed = said.contains("was sealed before it could be stopped");
                let open = said.contains("was being sealed");
                let expected = if sealed { 2 } else { 1 };
                assert!(open || syncs.len() == expected, "{case}: {} syncs, {said}", syncs.len());
            }
            let left: Vec<_> = place.names().into_iter().filter(|name| name != "new.c1z").collect();
            assert!(left.iter().all(|name| name == "new.c1z.partial"), "{case}: {left:?}");

            simulator.behave(Behavior::default());
            let running = sync(&place, &simulator, &["--log-level", "error"]);
            let mut running = running;
            let (done, said) = tokio::task::spawn_blocking(move || {
                let mut rest = String::new();
                std::io::Read::read_to_string(&mut running.log, &mut rest).unwrap();
                (running.child.wait().unwrap().code(), rest)
            })
            .await
            .unwrap();
            assert_eq!(done, Some(0), "{case}: {said}");
            let left: Vec<_> = place.names().into_iter().filter(|name| name != "new.c1z").collect();
            assert_eq!(left, [""; 0], "{case}");
        }
    }
}

/// Reading, asking and waiting for a workspace that has fallen silent.
#[tokio::test(flavor = "multi_thread")]
async fn commands_that_ask_a_silent_workspace_end() {
    let simulator = Simulator::start(Workspace::generate(&Shape::default()), Behavior::default())
        .await
        .unwrap();
    simulator.behave(Behavior::default().script("/**", Hits::From(1), Fault::Stall(Duration::from_secs(3_600))));
    for arguments in [
        &["doctor"][..],
        &[
            "grant",
            "Member",
            "in",
            "dev",
            "to",
            "nobody@example.org",
            "--yes",
            "-f",
            "big.c1z",
        ],
        &[
            "revoke",
            "Member",
            "in",
            "dev",
            "from",
            "nobody@example.org",
            "--dry-run",
        ],
        &["serve", "--listen", "127.0.0.1:0"],
        &["--delete-resource", "1", "--delete-resource-type", "collaborator"],
        &["--client-id", "a@127.0.0.1:1/x"],
    ] {
        for (name, code) in [("-TERM", 143), ("-INT", 130)] {
            let case = format!("{arguments:?} {name}");
            let place = Place::with_file();
            let mut command = place.command(arguments);
            command
                .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
                .env("BATON_WORKATO_BASE_URL", simulator.base_url());
            if arguments[0] == "--client-id" {
                command.env("BATON_CLIENT_SECRET", SECRET);
            }
            let mut child = command.spawn().unwrap();
            let told = case.clone();
            let (ended_with, said) = tokio::task::spawn_blocking(move || {
                std::thread::sleep(Duration::from_millis(900));
                if child.try_wait().unwrap().is_none() {
                    signal(&child, name);
                }
                ended(child, &told)
            })
            .await
            .unwrap();
            let serves = ["serve", "--client-id"].contains(&arguments[0]);
            // A name that the file does not hold is answered before the workspace is asked.
            let allowed = if serves {
                [Some(0), Some(0)]
            } else {
                [Some(code), Some(5)]
            };
            assert!(allowed.contains(&ended_with), "{case}: {ended_with:?} {said}");
            let left: Vec<_> = place.names().into_iter().filter(|name| name != "big.c1z").collect();
            assert_eq!(left, [""; 0], "{case}");
        }
    }
}

/// In the form of ConductorOne (the key pair of RFC 8037, appendix A).
const SECRET: &str = "secret-token:conductorone.com:v1:eyJrdHkiOiJPS1AiLCJjcnYiOiJFZDI1NTE5IiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8iLCJkIjoibldHeG5lXzlXbUM2aEVyMGt1d3N4RVJKeFdsN01ta1pjRHVzQXh5dWYyQSJ9";

/// `timeout` sends a signal to its child and to the group of both: a good end stays one.
#[test]
fn a_signal_that_arrives_twice_is_one() {
    for name in ["-TERM", "-INT"] {
        for _ in 0..5 {
            let place = Place::with_file();
            let mut child = place.command(&["simulate", "--people", "5"]).spawn().unwrap();
            let mut line = String::new();
            let stdout = child.stdout.as_mut().unwrap();
            std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
            assert!(line.contains("base_url"), "{line}");
            let id = child.id().to_string();
            let twice = Command::new("kill").args([name, &id, &id]).status().unwrap();
            assert!(twice.success());
            let (code, said) = ended(child, name);
            assert_eq!(code, Some(0), "{name}: {said}");
        }
    }
}

/// Twice: at once, whatever the first one waits for.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_does_not_wait() {
    let shape = Shape {
        people: 600,
        projects: 40,
        // The file that lies there is of a workspace with agents.
        agents: Some(AgentsShape::demo()),
        ..Shape::default()
    };
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    let place = Place::with_file();
    let mut running = sync(&place, &simulator, &["--log-level", "info"]);
    let (code, said) = tokio::task::spawn_blocking(move || {
        running.until("Expansion");
        signal(&running.child, "-INT");
        running.until("Stopping; once more to stop at once.");
        signal(&running.child, "-TERM");
        running.ended("twice")
    })
    .await
    .unwrap();
    // Sealed before the second one came, or ended by it.
    assert!([Some(0), Some(130), Some(143)].contains(&code), "{code:?} {said}");
}
