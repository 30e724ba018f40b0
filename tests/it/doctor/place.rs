//! Where the file goes: what a sync would meet there.

use std::path::Path;

use baton_workato::baton::c1z::Claim;
use baton_workato::baton::diagnosis::preflight::{self, Preflight};
use baton_workato::baton::diagnosis::{Check, Diagnosis, Status};
use baton_workato::baton::error::Kind;
use baton_workato::simulator::{AccessModel, Behavior};

use super::{dev, simulator};
use crate::support::run;

const PLENTY: u64 = 1 << 40;

fn look(file: &Path) -> Preflight {
    preflight::inspect(file, None, &|_| Some(PLENTY))
}

fn named<'a>(preflight: &'a Preflight, name: &str) -> &'a Check {
    preflight.checks.iter().find(|check| check.name == name).unwrap()
}

fn code(preflight: Preflight) -> Option<u8> {
    Diagnosis(preflight.checks).gravest().map(Kind::exit_code)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_empty_folder_is_fine_and_stays_empty() {
    let folder = tempfile::tempdir().unwrap();
    let preflight = look(&folder.path().join("x.c1z"));
    assert!(
        preflight.checks.iter().all(|check| check.status == Status::Ok),
        "{preflight:#?}"
    );
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_folder_that_is_not_there_or_cannot_be_written_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let missing = look(&folder.path().join("no/x.c1z"));
    assert_eq!(named(&missing, "folder").status, Status::Failed);
    assert!(named(&missing, "folder").seen.contains("does not exist"));
    let taken = look(folder.path());
    assert!(named(&taken, "folder").seen.contains("is a folder, not a plain file"));
    if cfg!(target_os = "linux") {
        // Nobody can write here, not even a superuser.
        let preflight = look(Path::new("/proc/x.c1z"));
        assert_eq!(named(&preflight, "folder").status, Status::Failed, "{preflight:#?}");
        assert_eq!(named(&preflight, "file").status, Status::Skipped);
        assert!(named(&preflight, "folder").todo.as_ref().unwrap().contains("--file"));
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_write_permission_is_found() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    let preflight = look(&closed.join("x.c1z"));
    // Permissions do not bind a superuser: for one the folder is writable, and so it should say.
    let free_to_write = std::fs::write(closed.join("probe"), "").is_ok();
    let expected = if free_to_write { Status::Ok } else { Status::Failed };
    assert_eq!(named(&preflight, "folder").status, expected);
}

#[test]
fn another_run_is_found_and_not_disturbed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    let claim = Claim::take(&file, None).unwrap();
    let before = names(folder.path());
    let preflight = look(&file);
    let lock = named(&preflight, "other runs");
    assert_eq!(lock.status, Status::Failed);
    assert!(
        lock.seen.contains(&format!("process {}", std::process::id())),
        "{}",
        lock.seen
    );
    assert_eq!(names(folder.path()), before);
    assert_eq!(code(preflight), Some(14));
    drop(claim);
    assert_eq!(named(&look(&file), "other runs").status, Status::Ok);
    // A lock file that nobody holds is no run, and taking a look takes nothing from the next run.
    std::fs::write(folder.path().join("x.c1z.partial.lock"), "{}").unwrap();
    assert_eq!(named(&look(&file), "other runs").status, Status::Ok);
    Claim::take(&file, None).unwrap();
}

#[test]
fn a_file_of_another_format_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    for (bytes, words, exit) in [
        (&b"C1Z3\0rest"[..], "its manifest", 15),
        (b"PK\x03\x04 a sheet", "not a c1z file", 15),
        (b"C1ZF\0cut", "", 15),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let preflight = look(&file);
        let check = named(&preflight, "file");
        assert_eq!(check.status, Status::Failed, "{check:?}");
        assert!(check.seen.contains(words), "{check:?}");
        assert!(check.todo.is_some(), "{check:?}");
        assert_eq!(code(preflight), Some(exit));
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "it is only looked at");
    }
}

#[tokio::test]
async fn the_file_of_before_and_what_was_left_unfinished_are_named() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    run::workato(dev(&simulator), &file).await.unwrap();
    let preflight = look(&file);
    let previous = preflight.previous.clone().unwrap();
    let ended = previous.ended_at.split('.').next().unwrap();
    assert_eq!(
        named(&preflight, "file").seen,
        format!("a c1z file; the last full sync ended {ended}")
    );
    assert_eq!(named(&preflight, "unfinished sync").seen, "none is waiting");
    assert_eq!(names(folder.path()), ["x.c1z"]);

    let partial = folder.path().join("x.c1z.partial");
    std::fs::write(&partial, "something").unwrap();
    let preflight = look(&file);
    let waiting = named(&preflight, "unfinished sync");
    assert_eq!(waiting.status, Status::Ok);
    assert!(waiting.seen.contains("goes on from there"), "{}", waiting.seen);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(8 * 86_400);
    std::fs::File::options()
        .write(true)
        .open(&partial)
        .unwrap()
        .set_modified(old)
        .unwrap();
    assert!(named(&look(&file), "unfinished sync").seen.contains("begins anew"));
}

#[test]
fn disks_that_are_nearly_full_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    let free = |beside: u64, temporary: u64| {
        let temp_path = temp.path().to_owned();
        preflight::inspect(&file, Some(temp.path()), &move |folder: &Path| {
            Some(if folder == temp_path { temporary } else { beside })
        })
    };
    assert_eq!(code(free(PLENTY, PLENTY)), None);
    for (beside, temporary, name, status) in [
        (1 << 20, PLENTY, "disk space", Status::Failed),
        (50 << 20, PLENTY, "disk space", Status::Warning),
        (PLENTY, 0, "temporary space", Status::Failed),
    ] {
        let preflight = free(beside, temporary);
        assert_eq!(named(&preflight, name).status, status);
        assert_eq!(code(preflight), Some(8));
    }
}
