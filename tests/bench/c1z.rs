//! The file, in both of its forms: writing, reading and expanding ten thousand, a hundred thousand and a million grants.
//!
//! `cargo bench --bench c1z` prints the times, then the same work once more in processes of their own, with
//! processor time and peak memory. `cargo bench --bench c1z -- --table` prints only the latter, `-- --table 1000000` only for
//! so many grants.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic
)]

mod company;
mod measure;

use std::path::Path;

use baton_workato::baton::c1z::{Engine, Policy, Reader, Store};
use baton_workato::baton::sync::expand::{ExpandOptions, expand};
use divan::Bencher;

use company::Company;

const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const FORMS: [Engine; 2] = [Engine::Sqlite, Engine::Pebble];

fn main() {
    if let Some(args) = measure::once() {
        return once(&args);
    }
    if !std::env::args().any(|arg| arg == "--table") {
        divan::main();
    }
    // `cargo test --benches` only wants to see that everything runs.
    if std::env::args().any(|arg| arg == "--bench") {
        table();
    }
}

/// The whole life of a store: what is timed, from an empty folder to a sealed file.
fn open(file: &Path, form: Engine) -> Store {
    let policy = Policy {
        engine: Some(form),
        ..Policy::default()
    };
    Store::open_with(file, None, policy).unwrap()
}

fn seal(mut store: Store) {
    store.finish_sync("").unwrap();
    store.save().unwrap();
}

/// Stores a sync up to the point where expansion begins.
fn prepare_expansion(file: &Path, form: Engine, grants: usize) -> Store {
    let company = Company::of(grants);
    let mut store = open(file, form);
    company.begin(&mut store);
    company.put_roles(&mut store);
    store
}

fn expand_and_seal(mut store: Store, grants: usize) {
    store.mark_supports_diff().unwrap();
    store.prepare_expansion().unwrap();
    let stats = expand(&mut store, &ExpandOptions::default(), &mut |_| {}).unwrap();
    assert_eq!(stats.grants_added as usize, grants);
    seal(store);
}

fn write_and_seal(file: &Path, form: Engine, grants: usize) {
    let company = Company::of(grants);
    let mut store = open(file, form);
    company.begin(&mut store);
    company.put_privileges(&mut store);
    seal(store);
}

fn read_all(file: &Path) -> usize {
    let reader = Reader::open_with(file, None, &Policy::default()).unwrap();
    let sync_id = reader.latest_full().unwrap().unwrap().sync_id;
    let mut grants = 0;
    reader
        .for_each_grant(&sync_id, &mut |row| {
            divan::black_box(row);
            grants += 1;
            Ok(())
        })
        .unwrap();
    grants
}

fn count_all(file: &Path) -> u64 {
    let reader = Reader::open_with(file, None, &Policy::default()).unwrap();
    let sync_id = reader.latest_full().unwrap().unwrap().sync_id;
    reader.counts(&sync_id).unwrap().values().map(|c| c.grants).sum()
}

/// Every size in every form.
fn cases() -> impl Iterator<Item = (usize, Engine)> {
    SIZES.into_iter().flat_map(|grants| FORMS.map(|form| (grants, form)))
}

#[divan::bench(args = cases().map(Case), sample_count = 3, sample_size = 1)]
fn expand_into_a_fresh_file(bencher: Bencher, Case((grants, form)): &Case) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    bencher
        .with_inputs(|| {
            let _ = std::fs::remove_file(&file);
            prepare_expansion(&file, *form, *grants)
        })
        .bench_local_values(|store| expand_and_seal(store, *grants));
}

#[divan::bench(args = cases().map(Case), sample_count = 3, sample_size = 1)]
fn write_a_fresh_file(bencher: Bencher, Case((grants, form)): &Case) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    bencher
        .with_inputs(|| {
            let _ = std::fs::remove_file(&file);
        })
        .bench_local_values(|()| write_and_seal(&file, *form, *grants));
}

#[divan::bench(args = cases().map(Case), sample_count = 3, sample_size = 1)]
fn read_every_grant(bencher: Bencher, Case((grants, form)): &Case) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    write_and_seal(&file, *form, *grants);
    bencher.bench_local(|| assert_eq!(read_all(&file), *grants));
}

/// So many grants in such a form, as the heading of a time.
struct Case((usize, Engine));

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.0.0, self.0.1)
    }
}

/// One row of the table, in a process that does nothing else. The file named last is there or will be.
fn once(args: &[String]) {
    let [what, grants, form, file] = args else {
        panic!("--once wants what, how many, the form and a file: {args:?}")
    };
    let (grants, file) = (grants.parse().unwrap(), Path::new(file));
    let form = Engine::named(form).expect("a form");
    let bytes = || format!("{:.1} MB file", std::fs::metadata(file).unwrap().len() as f64 / 1e6);
    match what.as_str() {
        // A sync of its own in a file that may hold one already.
        "expand" => {
            let store = prepare_expansion(file, form, grants);
            measure::print(|| {
                expand_and_seal(store, grants);
                bytes()
            });
        }
        "sync" => measure::print(|| {
            expand_and_seal(prepare_expansion(file, form, grants), grants);
            bytes()
        }),
        "write" => measure::print(|| {
            write_and_seal(file, form, grants);
            bytes()
        }),
        "read" => measure::print(|| format!("{} grants", read_all(file))),
        "count" => measure::print(|| format!("{} grants", count_all(file))),
        _ => panic!("unknown work {what}"),
    }
}

fn table() {
    let only: Option<usize> = std::env::args().find_map(|arg| arg.parse().ok());
    let sizes = SIZES.into_iter().filter(|size| only.is_none_or(|only| only == *size));
    measure::head();
    for grants in sizes.clone() {
        for form in FORMS {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("sync.c1z");
            let number = grants.to_string();
            let line = |name: &str, what: &str, fresh: bool| {
                let cost = measure::median(|| {
                    if fresh {
                        let _ = std::fs::remove_file(&file);
                    }
                    measure::this_program(&[what, &number, form.as_str(), file.to_str().unwrap()])
                });
                measure::row(&format!("{name}, {grants} grants, {form}"), &cost);
            };
            line("write and seal", "write", true);
            line("expand and seal", "expand", true);
            line("read every grant", "read", false);
            line("open and count", "count", false);
        }
    }
    // Two syncs stay in a v1 file: each run below finds those of the runs before.
    for grants in sizes {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        let form = Engine::Sqlite.as_str();
        for nth in ["first", "second", "third", "fourth"] {
            let cost = measure::this_program(&["sync", &grants.to_string(), form, file.to_str().unwrap()]);
            measure::row(&format!("{nth} sync into one file, {grants} grants"), &cost);
        }
    }
}
