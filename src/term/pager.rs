//! Long answers on a terminal go through the reader's pager, as people know it from git.
//!
//! Only when stdout is a terminal and the answer is longer than the screen. `PAGER` names the program; without it
//! that is `less`. An empty `PAGER`, `cat` and `--no-pager` mean none. `LESS` is set to `FRX` unless it is set: quit if
//! it fits, show colours, leave the screen as it is.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Terminal;
use crate::baton::shell;

/// What is known about the pager before there is anything to show.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    command: Option<String>,
}

impl Paging {
    /// Never.
    pub const NEVER: Paging = Paging { command: None };

    /// As the environment says. A program that is not there is as good as none.
    pub fn from_env(env: &dyn Fn(&str) -> Option<String>) -> Paging {
        let command = env("PAGER").unwrap_or_else(|| "less".to_owned());
        let command = command.trim();
        let wanted = !command.is_empty() && command != "cat" && is_there(command, &env("PATH").unwrap_or_default());
        Paging {
            command: wanted.then(|| command.to_owned()),
        }
    }

    /// A pager that waits for more than the screen holds, where there may be one.
    pub(super) fn pager(&self, terminal: &Terminal) -> Option<Pager> {
        let command = self.command.as_ref()?;
        let (columns, lines) = terminal.screen()?;
        Some(Pager {
            command: command.clone(),
            columns,
            // The last line is for the prompt.
            lines: lines.saturating_sub(1),
            state: State::Waiting(Vec::new()),
            is_running: Arc::clone(&terminal.paging),
        })
    }
}

/// Whether the first word of a command is a program. What only a shell understands is left to it.
fn is_there(command: &str, path: &str) -> bool {
    let word = command.split_whitespace().next().unwrap_or_default();
    if cfg!(windows) || word.contains(['=', '\'', '"', '$', '~', '\\']) {
        return true;
    }
    if word.contains('/') {
        return Path::new(word).exists();
    }
    std::env::split_paths(path).any(|folder| folder.join(word).exists())
}

/// Holds the first screenful back, and starts the program when more comes.
pub(super) struct Pager {
    command: String,
    columns: usize,
    lines: usize,
    state: State,
    /// Set while the program runs: Ctrl-C is for it then.
    is_running: Arc<AtomicBool>,
}

enum State {
    Waiting(Vec<u8>),
    Running(Running),
    /// There is no such program.
    Without,
}

struct Running {
    child: Child,
    input: Option<ChildStdin>,
}

impl Pager {
    fn fits(&self, text: &[u8]) -> bool {
        let width = self.columns.max(1);
        let text = String::from_utf8_lossy(text);
        let lines = text.lines().map(|line| line.chars().count().max(1).div_ceil(width));
        lines.sum::<usize>() <= self.lines
    }

    fn start(&mut self) -> io::Result<()> {
        let State::Waiting(held) = &mut self.state else {
            return Ok(());
        };
        let held = std::mem::take(held);
        self.is_running.store(true, Ordering::Relaxed);
        self.state = match run(&self.command) {
            Ok(running) => State::Running(running),
            Err(_) => State::Without,
        };
        self.pass(&held)
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.state {
            State::Waiting(held) => held.extend_from_slice(bytes),
            State::Running(running) => match &mut running.input {
                Some(input) => input.write_all(bytes)?,
                None => return Err(io::ErrorKind::BrokenPipe.into()),
            },
            State::Without => io::stdout().lock().write_all(bytes)?,
        }
        Ok(())
    }

    /// Shows what was held back, or waits until the reader has read.
    pub(super) fn end(self) {
        if let State::Running(mut running) = self.state {
            drop(running.input.take());
            // Whatever the pager ends with, the data was written.
            let _ = running.child.wait();
        }
        self.is_running.store(false, Ordering::Relaxed);
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pass(bytes)?;
        if matches!(&self.state, State::Waiting(held) if !self.fits(held)) {
            self.start()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let State::Waiting(held) = &mut self.state {
            let held = std::mem::take(held);
            let mut stdout = io::stdout().lock();
            stdout.write_all(&held)?;
            return stdout.flush();
        }
        Ok(())
    }
}

/// Starts the program by the shell: `PAGER` may have arguments. One the shell does not find ends at once.
fn run(command: &str) -> io::Result<Running> {
    let mut shell = shell::command(command);
    if std::env::var_os("LESS").is_none() {
        shell.env("LESS", "FRX");
    }
    if std::env::var_os("LV").is_none() {
        shell.env("LV", "-c");
    }
    let mut child = shell.stdin(Stdio::piped()).spawn()?;
    let input = child.stdin.take();
    Ok(Running { child, input })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(pager: Option<&str>) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for program in ["less", "more", "cat"] {
            std::fs::write(folder.path().join(program), "").unwrap();
        }
        let path = folder.path().display().to_string();
        let env = |name: &str| match name {
            "PAGER" => pager.map(str::to_owned),
            "PATH" => Some(path.clone()),
            _ => None,
        };
        Paging::from_env(&env).command
    }

    #[test]
    fn the_environment_names_the_pager_or_none() {
        assert_eq!(command(None).as_deref(), Some("less"));
        assert_eq!(command(Some("more -d")).as_deref(), Some("more -d"));
        assert_eq!(command(Some("")), None);
        assert_eq!(command(Some("cat")), None);
        assert_eq!(command(Some("most")), None, "not installed");
        assert_eq!(
            command(Some("LESS=S most")).as_deref(),
            Some("LESS=S most"),
            "the shell's to say"
        );
    }

    #[test]
    fn lines_count_as_the_screen_breaks_them() {
        let pager = Pager {
            command: String::new(),
            columns: 10,
            lines: 3,
            state: State::Without,
            is_running: Arc::default(),
        };
        assert!(pager.fits(b"1\n2\n3\n"));
        assert!(!pager.fits(b"1\n2\n3\n4\n"));
        assert!(!pager.fits(b"1\n2\n0123456789012345\n"));
        assert!(pager.fits(b"\n\n\n"));
    }
}
