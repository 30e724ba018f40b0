//! Questions to a big file, with the program as it ships: the first time, when the file must be unpacked, and again,
//! when the unpacked copy lies beside it.
//!
//! `cargo bench --bench read` prints the times, then wall time, processor time and peak memory.
//! `cargo bench --bench read -- --table` prints only the latter.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod company;
mod measure;

use std::path::{Path, PathBuf};
use std::process::Command;

use baton_workato::baton::c1z::{Policy, Store};
use baton_workato::baton::sync::expand::{ExpandOptions, expand};
use divan::Bencher;

use company::Company;

const SIZES: [usize; 2] = [100_000, 1_000_000];
const STATS: &[&str] = &["stats", "-o", "json"];
/// One of ten thousand people, who holds a role and its hundred privileges.
const ONE_PERSON: &[&str] = &["grants", "--principal", "collaborator:1000500", "-o", "jsonl"];
const BY_NAME: &[&str] = &["grants", "--principal", "Person 500", "-o", "jsonl"];
const PRINCIPALS: &[&str] = &["principals", "-o", "csv"];
const EVERYTHING: &[&str] = &["grants", "-o", "json"];

fn main() {
    if !std::env::args().any(|arg| arg == "--table") {
        divan::main();
    }
    // `cargo test --benches` only wants to see that everything runs.
    if std::env::args().any(|arg| arg == "--bench") {
        table();
    }
    let _ = std::fs::remove_dir_all(folder());
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-read")
}

/// A file with so many grants that came from expansion; made once.
fn file(grants: usize) -> PathBuf {
    let file = folder().join(format!("{grants}.c1z"));
    if !file.exists() {
        std::fs::create_dir_all(folder()).unwrap();
        let company = Company::of(grants);
        let mut store = Store::open_with(&file, None, Policy::default()).unwrap();
        company.begin(&mut store);
        company.put_roles(&mut store);
        store.mark_supports_diff().unwrap();
        store.prepare_expansion().unwrap();
        expand(&mut store, &ExpandOptions::default(), &mut |_| {}).unwrap();
        store.finish_sync("").unwrap();
        store.save().unwrap();
    }
    file
}

/// Removes the unpacked copy.
fn forget(file: &Path) {
    for entry in std::fs::read_dir(folder()).unwrap().flatten() {
        if entry.path() != file && entry.file_name().to_string_lossy().starts_with('.') {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
}

fn program(file: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton-workato"));
    command.args(args).arg("-f").arg(file).env_clear();
    command
}

fn run(file: &Path, args: &[&str]) -> usize {
    let output = program(file, args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.is_empty());
    output.stdout.len()
}

fn again(bencher: Bencher<'_, '_>, grants: usize, args: &[&str]) {
    let file = file(grants);
    run(&file, STATS);
    bencher.bench_local(|| run(&file, args));
}

fn first(bencher: Bencher<'_, '_>, grants: usize, args: &[&str]) {
    let file = file(grants);
    bencher
        .with_inputs(|| forget(&file))
        .bench_local_values(|()| run(&file, args));
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn stats_the_first_time(bencher: Bencher, grants: usize) {
    first(bencher, grants, STATS);
}

#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn stats_again(bencher: Bencher, grants: usize) {
    again(bencher, grants, STATS);
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn grants_of_one_person_the_first_time(bencher: Bencher, grants: usize) {
    first(bencher, grants, ONE_PERSON);
}

#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn grants_of_one_person_again(bencher: Bencher, grants: usize) {
    again(bencher, grants, ONE_PERSON);
}

fn table() {
    measure::head();
    for grants in SIZES {
        let file = file(grants);
        let line = |name: &str, args: &[&str], is_first: bool| {
            let cost = measure::median(|| {
                if is_first {
                    forget(&file);
                }
                measure::program(program(&file, args))
            });
            measure::row(&format!("{name}, {grants} grants"), &cost);
        };
        line("stats, first time", STATS, true);
        line("stats", STATS, false);
        line("grants of one person by id", ONE_PERSON, false);
        line("grants of one person by name", BY_NAME, false);
        line("principals", PRINCIPALS, false);
        line("every grant as JSON", EVERYTHING, false);
        forget(&file);
    }
}
