//! The read side, over files that the real program wrote and over files that others wrote.

mod explore;
mod overview;
mod paths;
mod web;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;
use baton_workato::report::{Snapshot, Which};

/// A file of the simulated workspace, synced once per shape and shared by all tests of this process.
pub fn demo(shape: &'static [&'static str]) -> &'static Path {
    static FILES: OnceLock<std::sync::Mutex<Vec<(&[&str], PathBuf)>>> = OnceLock::new();
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
