//! The read side, over files that the real program wrote and over files that others wrote.

mod access;
mod apart;
pub mod changed;
mod cleared;
mod compare;
mod conditions;
mod direct;
mod explore;
mod export;
mod findings;
mod gained;
mod gates;
mod hostile;
mod judged;
mod lists;
mod made;
mod mistaken;
mod named;
#[cfg(unix)]
mod next;
mod overview;
#[cfg(unix)]
pub mod pager;
mod paths;
mod reach;
mod readers;
#[cfg(target_os = "linux")]
mod reads;
mod redirected;
mod review;
mod slim;
mod spelled;
mod stays;
mod underived;
mod unfollowed;
pub mod v3;
pub mod walks;
mod ways;
mod web;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use assert_cmd::Command;
use baton_workato::report::{Snapshot, Which};

/// A file of the simulated workspace, synced once per shape and shared by all tests of this process.
pub fn demo(shape: &'static [&'static str]) -> &'static Path {
    type Made = Mutex<Vec<(&'static [&'static str], PathBuf)>>;
    static FILES: OnceLock<Made> = OnceLock::new();
    let mut files = FILES.get_or_init(Default::default).lock().unwrap();
    if let Some((_, file)) = files.iter().find(|(known, _)| *known == shape) {
        return Box::leak(file.clone().into_boxed_path());
    }
    let file = folder().join(format!("demo-{}.c1z", files.len()));
    Command::cargo_bin("baton-workato")
        .unwrap()
        .env_clear()
        .args(["demo", "--log-level", "error", "-f"])
        .arg(&file)
        .args(shape)
        .assert()
        .success();
    files.push((shape, file.clone()));
    Box::leak(file.into_boxed_path())
}

/// The program, with nothing of whoever runs the tests.
pub fn program() -> Command {
    let mut command = Command::cargo_bin("baton-workato").unwrap();
    command.env_clear();
    command
}

/// What a reading command prints for a file; it must succeed, and say nothing else but what the file does not tell.
pub fn printed(args: &[&str], file: &Path) -> String {
    let output = program().args(args).arg("-f").arg(file).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    let mut others = stderr.lines().filter(|line| !line.starts_with("Not known: "));
    assert_eq!(others.next(), None, "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Exit code and stderr of a reading command.
pub fn refused(args: &[&str], file: &Path) -> (i32, String) {
    let output = program().args(args).arg("-f").arg(file).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), stderr)
}

/// A file of the published connector.
pub fn golden(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(name).join("published-connector.c1z")
}

/// A folder of this process that is removed with the build folder, not before: statics are never dropped.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    })
}

/// The newest sync of a file.
pub fn open(file: &Path) -> Snapshot {
    Which::latest(file).open().unwrap()
}
