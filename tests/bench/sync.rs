//! A sync from the first request to the sealed file, with the program as it ships and a simulated workspace of 500
//! people and 20 projects beside it; and the decoding of a long list.
//!
//! `cargo bench --bench sync` prints the times, then processor time, peak memory and requests of the program alone, and the
//! longest chain of requests of which each waited for the one before, with the reason.
//! `cargo bench --bench sync -- --table` prints only the latter.
//! `cargo bench --bench sync -- --serve 20` keeps the workspace there, 20 ms an answer, until it is stopped, and prints
//! the variables with which any program, such as `/usr/bin/time -v` or a profiler, syncs it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod chain;
mod measure;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use baton_workato::simulator::{Behavior, Env, Shape, Simulator, Workspace};
use baton_workato::workato::client::{endpoint, rows_of};
use baton_workato::workato::collaborator::Member;
use divan::Bencher;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PEOPLE: usize = 500;
const PROJECTS: usize = 20;
/// Milliseconds that every answer takes.
const LATENCIES: [u64; 2] = [0, 20];
/// Collaborators come in one answer, however many there are.
const MEMBERS: usize = 10_000;

fn main() {
    if let Some(milliseconds) = std::env::args().skip_while(|arg| arg != "--serve").nth(1) {
        return serve(milliseconds.parse().unwrap());
    }
    if !std::env::args().any(|arg| arg == "--table") {
        divan::main();
    }
    // `cargo test --benches` only wants to see that everything runs.
    if std::env::args().any(|arg| arg == "--bench") {
        table();
    }
}

/// The workspace for programs that somebody starts by hand.
fn serve(milliseconds: u64) {
    let place = Place::new(milliseconds);
    println!("export BATON_WORKATO_BASE_URL={}", place.simulator.base_url());
    println!("export BATON_WORKATO_API_KEY={}", place.simulator.token(Env::Dev));
    loop {
        std::thread::park();
    }
}

/// A simulated workspace on this machine, and a folder for the file.
struct Place {
    // Stops before the runtime does.
    simulator: Simulator,
    _runtime: Runtime,
    folder: TempDir,
}

impl Place {
    fn new(milliseconds: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let shape = Shape {
            people: PEOPLE,
            projects: PROJECTS,
            ..Shape::default()
        };
        let behavior = Behavior {
            latency: Duration::from_millis(milliseconds),
            ..Behavior::default()
        };
        let simulator = runtime
            .block_on(Simulator::start(Workspace::generate(&shape), behavior))
            .unwrap();
        Place {
            simulator,
            _runtime: runtime,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The program, told to sync this workspace into a new file.
    fn program(&self) -> Command {
        self.program_saying("error")
    }

    /// As [`Place::program`], saying what is of this level or above.
    fn program_saying(&self, level: &str) -> Command {
        let file = self.folder.path().join("sync.c1z");
        let _ = std::fs::remove_file(&file);
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton-workato"));
        command
            .env_clear()
            .current_dir(self.folder.path())
            .env("BATON_WORKATO_BASE_URL", self.simulator.base_url())
            .env("BATON_WORKATO_API_KEY", self.simulator.token(Env::Dev))
            .env("BATON_FILE", &file)
            .args(["--no-progress", "--log-format", "json", "--log-level", level]);
        command
    }
}

#[divan::bench(args = LATENCIES, sample_count = 5, sample_size = 1)]
fn sync_500_people_at_latency_ms(bencher: Bencher, milliseconds: u64) {
    let place = Place::new(milliseconds);
    bencher
        .with_inputs(|| place.program())
        .bench_local_values(|mut program| assert!(program.output().unwrap().status.success()));
}

#[divan::bench]
fn decode_10000_members(bencher: Bencher) {
    let row = |n: usize| {
        serde_json::json!({
            "id": n,
            "grant_type": "team",
            "roles": [
                {"environment_type": "dev", "role_name": "Environment admin", "role_type": "environment"},
                {"environment_type": "test", "role_name": "Operator", "role_type": "environment"},
                {"environment_type": "prod", "role_name": "NoAccess", "role_type": "environment"},
            ],
            "external_id": null,
            "name": format!("Person Number {n}"),
            "email": format!("person.{n}@example.com"),
            "time_zone": "Pacific Time (US & Canada)",
            "created_at": "2025-02-03T04:05:06.789-08:00",
            "last_activity_log": {"id": n * 7, "event_type": "user_login", "created_at": "2026-02-03T04:05:06.789Z"},
        })
    };
    let rows: Vec<serde_json::Value> = (1..=MEMBERS).map(row).collect();
    let body = serde_json::json!({"data": rows, "total": MEMBERS}).to_string();
    bencher
        .counter(divan::counter::BytesCount::of_str(&body))
        .bench_local(|| {
            let members: Vec<Member> = rows_of(&endpoint::MEMBERS, body.as_bytes()).unwrap();
            assert_eq!(members.len(), MEMBERS);
            members
        });
}

fn table() {
    measure::head();
    for milliseconds in LATENCIES {
        let place = Place::new(milliseconds);
        let cost = measure::median(|| {
            place.simulator.forget_requests();
            let mut cost = measure::program(place.program());
            let bytes = size(&place.folder.path().join("sync.c1z"));
            cost.note = format!("{} requests, {bytes} bytes", place.simulator.requests().len());
            cost
        });
        measure::row(&format!("sync, {milliseconds} ms an answer"), &cost);
    }
    let place = Place::new(LATENCIES[1]);
    let output = place.program_saying("debug").output().unwrap();
    assert!(output.status.success());
    chain::print(&String::from_utf8(output.stderr).unwrap());
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).unwrap().len()
}
