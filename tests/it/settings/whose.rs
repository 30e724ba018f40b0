//! A config file says which host the token is sent to: one that another user can write is refused.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use super::stderr;

/// What the file sets is refused for another reason, which shows that it was read.
const SETS: &str = "workato-data-center: nowhere-at-all\n";

fn sync(folder: &Path, named: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton-workato"));
    command
        .env_clear()
        .env("BATON_WORKATO_API_KEY", "key")
        .current_dir(folder);
    if let Some(named) = named {
        command.env("BATON_CONFIG_PATH", named);
    }
    command.output().unwrap()
}

fn with_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Refused for whose it is, and told what that means and what to do.
fn is_refused(output: &Output, case: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{case}: {said}");
    for words in ["error[BW-0205]", "can send the token to any host", "hint:"] {
        assert!(said.contains(words), "{case}: {said}");
    }
}

fn is_read(output: &Output, case: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{case}: {said}");
    assert!(said.contains("nowhere-at-all"), "{case}: {said}");
}

#[test]
fn what_others_can_write_is_not_read() {
    for (name, named) in [
        (".baton.yaml", None),
        (".baton.yml", None),
        ("mine.yaml", Some("mine.yaml")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, SETS).unwrap();
        for mode in [0o600, 0o400, 0o644, 0o640] {
            with_mode(&file, mode);
            is_read(&sync(folder.path(), named), &format!("{name} {mode:o}"));
        }
        for mode in [0o666, 0o602, 0o646] {
            with_mode(&file, mode);
            is_refused(&sync(folder.path(), named), &format!("{name} {mode:o}"));
        }
        // Of another group.
        with_mode(&file, 0o600);
        if std::os::unix::fs::chown(&file, None, Some(12_345)).is_ok() {
            with_mode(&file, 0o660);
            is_refused(&sync(folder.path(), named), &format!("{name}, and a group"));
        }
    }
}

#[test]
fn what_another_user_owns_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let (file, real) = (folder.path().join(".baton.yaml"), folder.path().join("real.yaml"));
    std::fs::write(&real, SETS).unwrap();
    with_mode(&real, 0o600);
    symlink("real.yaml", &file).unwrap();
    is_read(&sync(folder.path(), None), "a link");
    // Only an administrator can give files away.
    if std::os::unix::fs::lchown(&file, Some(12_345), None).is_ok() {
        is_refused(&sync(folder.path(), None), "a link of another user");
        std::os::unix::fs::lchown(&file, Some(0), None).unwrap();
        std::os::unix::fs::chown(&real, Some(12_345), None).unwrap();
        is_refused(&sync(folder.path(), None), "a link to a file of another user");
    }
}
