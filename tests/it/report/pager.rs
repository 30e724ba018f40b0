//! Long tables on a terminal go through `$PAGER`. The terminal is that of `script`, which is in every Linux.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};

use super::golden;

/// Exit code and screen of a command on a terminal of 80 columns and 24 lines.
pub fn on_a_terminal(args: &str, pager: Option<&str>, file: &Path) -> (Option<i32>, String) {
    let program = assert_cmd::cargo::cargo_bin("baton-workato");
    let command = format!("{} {args} -f {}", program.display(), file.display());
    let mut script = Command::new("script");
    script
        .args(["-qec", &command, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .stdin(Stdio::null());
    if let Some(pager) = pager {
        script.env("PAGER", pager);
    }
    let output = script.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

const MARK: &str = "sed 's/^/paged: /'";

#[test]
fn only_what_is_longer_than_the_screen_is_paged() {
    let file = golden("legacy");
    let (code, screen) = on_a_terminal("grants", Some(MARK), &file);
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.lines().all(|line| line.starts_with("paged: ")), "{screen}");
    assert!(screen.lines().count() > 1_623);
    for (args, pager) in [
        ("grants --no-pager", MARK),
        ("grants", "cat"),
        ("grants", ""),
        ("grants", "no-such-program"),
        ("grants -o json", MARK),
        ("grants -o csv", MARK),
        ("stats", MARK),
    ] {
        let (code, screen) = on_a_terminal(args, Some(pager), &file);
        assert_eq!(code, Some(0), "{args} {pager}");
        assert!(!screen.contains("paged: "), "{args} {pager}");
        assert!(screen.lines().count() > 5, "{args} {pager}: {screen}");
    }
}

#[test]
fn a_pager_that_is_quit_early_is_no_failure() {
    let (code, screen) = on_a_terminal("grants", Some("head -n 3"), &golden("legacy"));
    assert_eq!(code, Some(0), "{screen}");
    assert_eq!(screen.lines().count(), 3, "{screen}");
}

#[test]
fn lines_on_a_terminal_are_no_longer_than_the_screen() {
    let file = golden("legacy");
    for list in ["resources", "entitlements", "grants", "principals", "syncs", "stats"] {
        let (_, screen) = on_a_terminal(&format!("{list} --no-pager --color never"), None, &file);
        let widest = screen.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80, "{list}: {widest}");
    }
}
