//! One command: started by the shell in a process group of its own, fed, waited for, and ended with all that it started
//! when its time is over.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::baton::shell;

/// How soon an end is seen.
const LOOK: Duration = Duration::from_millis(15);

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// With exit code 0.
    Well,
    /// In another way, or not at all.
    Badly(String),
    /// It was ended because this program ends.
    Stopped,
}

/// Runs a command with a text on its stdin, in this program's environment but for the variables that are hidden. What it prints on stderr goes to that of this program, where talk belongs;
/// stdout is for events alone.
pub fn run(command: &str, hidden: &[String], text: &str, limit: Duration, stop: &AtomicBool) -> End {
    let mut child = match prepared(command, hidden).spawn() {
        Ok(child) => child,
        Err(error) => return End::Badly(format!("it cannot be started: {error}")),
    };
    if let Some(mut stdin) = child.stdin.take() {
        let text = text.to_owned();
        // A command need not read it: whoever writes waits alone, until the pipe is closed.
        let _ = std::thread::Builder::new().spawn(move || {
            let _ = stdin.write_all(text.as_bytes());
        });
    }
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return End::Well,
            Ok(Some(status)) => return End::Badly(status.to_string()),
            Ok(None) => {}
            Err(error) => {
                end(&mut child);
                return End::Badly(format!("it cannot be waited for: {error}"));
            }
        }
        if stop.load(Ordering::Relaxed) {
            end(&mut child);
            return End::Stopped;
        }
        if begun.elapsed() >= limit {
            end(&mut child);
            return End::Badly(format!("it took more than {} s", limit.as_secs()));
        }
        std::thread::sleep(LOOK);
    }
}

fn prepared(command: &str, hidden: &[String]) -> Command {
    let mut shell = shell::command(command);
    // Tokens are for this program alone.
    for variable in hidden {
        shell.env_remove(variable);
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        shell.process_group(0);
    }
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    shell
}

/// Ends a command with all that it started. It may have ended by itself.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(group) = i32::try_from(child.id()).map(rustix::process::Pid::from_raw)
        && let Some(group) = group
    {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_command_reads_the_event_and_its_end_is_what_counts() {
        let go = AtomicBool::new(false);
        assert_eq!(
            run("read line; test \"$line\" = '{\"a\":1}'", &[], "{\"a\":1}\n", LONG, &go),
            End::Well
        );
        // One that reads nothing is no failure, however much there is to read.
        assert_eq!(run("true", &[], &"x".repeat(1 << 20), LONG, &go), End::Well);
        assert!(matches!(run("exit 3", &[], "", LONG, &go), End::Badly(why) if why.contains('3')));
        assert!(matches!(run("no-such-command", &[], "", LONG, &go), End::Badly(_)));
    }

    #[test]
    fn what_takes_too_long_ends_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let late = folder.path().join("late");
        let command = format!("(sleep 1; touch {}) & sleep 60", late.display());
        let end = run(&command, &[], "", Duration::from_millis(100), &AtomicBool::new(false));
        assert!(matches!(end, End::Badly(why) if why.contains("took more")));
        assert_eq!(run(&command, &[], "", LONG, &AtomicBool::new(true)), End::Stopped);
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(!late.exists());
    }
}
