//! Ctrl-C, SIGTERM, SIGQUIT and the end of its terminal end every command within seconds, whatever it is doing.
//!
//! One thread waits for signals from the start of the process to its end. A command that has something to keep says so
//! with [`listen`]: the first signal cancels it, and the process ends at the second one or when it takes too long. Any
//! other command ends at the first. The program may be the first process of a container, where nothing ends a process
//! that does not see to it itself.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Leave, explain};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::scraps;
use crate::term::Terminal;

/// How long a command that was cancelled may take to end: supervisors kill after five seconds.
const PATIENCE: Duration = Duration::from_millis(4_700);
/// How soon after the first signal the same one is an echo of it.
const ECHO: Duration = Duration::from_millis(250);
/// How long saying so may take. Whoever should read stderr may have stopped reading.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// The signal that came, if any.
#[derive(Debug, Clone, Default)]
pub struct Interrupts(Arc<OnceLock<Kind>>);

/// The command that wants to be cancelled instead of ended.
static LISTENING: Mutex<Option<Listening>> = Mutex::new(None);

#[derive(Clone)]
struct Listening {
    came: Interrupts,
    cancel: CancellationToken,
}

impl Interrupts {
    /// The error a stopped run ends with: the signal's if one came, so that the shell sees 130 or 143.
    pub fn explain(&self, error: Error) -> Error {
        match self.0.get() {
            Some(kind) if error.kind() == Kind::Cancelled => {
                let hint = error
                    .hint_text()
                    .unwrap_or("the .c1z file is as it was before this run");
                let stopped = stopped(*kind).hint(hint.to_owned());
                // Who knows more about what was stopped keeps the word.
                match error.code_id() {
                    code::CANCELLED => stopped,
                    code => stopped.code(code),
                }
            }
            _ => error,
        }
    }
}

fn stopped(kind: Kind) -> Error {
    Error::new(
        kind,
        match kind {
            Kind::Terminated => "terminated",
            _ => "interrupted",
        },
    )
}

/// Waits for signals until the process ends. To be called once, before any command.
///
/// # Errors
/// The system refuses to tell about signals.
pub fn watch(terminal: &Terminal, leave: Leave) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("listen for Ctrl-C")?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new().context("listen for Ctrl-C")?
    };
    let terminal = terminal.clone();
    let wait = move || {
        loop {
            let kind = runtime.block_on(signals.next());
            // It is for the pager, which the person looks at; and this process waits for the pager.
            if kind == Kind::Interrupted && terminal.is_paging() {
                continue;
            }
            let Some(listening) = listening().clone() else {
                end(&terminal, kind, stopped(kind), leave);
                continue;
            };
            // Set before the cancellation, so that whoever sees the cancellation sees the signal.
            let _ = listening.came.0.set(kind);
            listening.cancel.cancel();
            let _ = say(&terminal, |terminal| {
                terminal.say("Stopping; once more to stop at once.")
            });
            let again = runtime.block_on(async {
                let mut next = async || signals.next().await;
                tokio::time::timeout(PATIENCE, another(kind, &mut next)).await
            });
            let hint = match again {
                Ok(_) => "it was stopped at once; what was committed is kept",
                Err(_) => "it did not end in time; what was committed is kept",
            };
            let kind = again.unwrap_or(kind);
            end(&terminal, kind, stopped(kind).hint(hint), leave);
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)
        .map(drop)
        .context("listen for Ctrl-C")
}

/// The next signal that somebody means. Those who stand between, such as `timeout`, send theirs twice: to the process
/// and to its group, or in addition to what the terminal sends.
async fn another(first: Kind, next: &mut impl AsyncFnMut() -> Kind) -> Kind {
    let came = Instant::now();
    loop {
        let kind = next().await;
        if kind != first || came.elapsed() >= ECHO {
            return kind;
        }
    }
}

/// Has the first signal cancel `cancel` from now on.
pub fn listen(cancel: &CancellationToken) -> Interrupts {
    let came = Interrupts::default();
    *listening() = Some(Listening {
        came: came.clone(),
        cancel: cancel.clone(),
    });
    came
}

fn listening() -> MutexGuard<'static, Option<Listening>> {
    locked(&LISTENING)
}

/// Says why, removes what is half done, and leaves.
fn end(terminal: &Terminal, kind: Kind, error: Error, leave: Leave) {
    let said = say(terminal, move |terminal| {
        terminal.error(&error, &explain::invocation(error.code_id()));
    });
    scraps::remove_all_for_good();
    let _ = said.recv_timeout(LAST_WORDS);
    leave(kind.exit_code());
}

/// Says something on a thread of its own. The answer comes when it is said.
fn say(terminal: &Terminal, words: impl FnOnce(&Terminal) + Send + 'static) -> Receiver<()> {
    let (said, answer) = mpsc::channel();
    let terminal = terminal.clone();
    // Without a thread nothing is said.
    let _ = std::thread::Builder::new().spawn(move || {
        words(&terminal);
        let _ = said.send(());
    });
    answer
}

#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Where somebody wants it to be ignored, as `nohup` does, it is left alone.
    hang_up: Option<Signal>,
    quit: Option<Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        let ignored = std::fs::read_to_string("/proc/self/status").map_or(u64::MAX, |status| ignored(&status));
        let unless_ignored = |kind: SignalKind| match ignored >> (kind.as_raw_value() - 1) & 1 {
            0 => signal(kind).map(Some),
            _ => Ok(None),
        };
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: unless_ignored(SignalKind::hangup())?,
            quit: unless_ignored(SignalKind::quit())?,
        })
    }

    async fn next(&mut self) -> Kind {
        tokio::select! {
            _ = self.interrupt.recv() => Kind::Interrupted,
            _ = self.terminate.recv() => Kind::Terminated,
            () = come(&mut self.hang_up) => Kind::Terminated,
            () = come(&mut self.quit) => Kind::Terminated,
        }
    }
}

#[cfg(unix)]
async fn come(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// The signals that whoever started this process had it ignore: bit 0 for number 1. Where the system does not say, all
/// may be, and they do what they do without a handler.
#[cfg(unix)]
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals)
    }

    async fn next(&mut self) -> Kind {
        // Without a handler there is no Ctrl-C to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Kind::Interrupted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_comes_twice_at_once_is_one_signal() {
        const TERM: Kind = Kind::Terminated;
        for (first, rest, expected, after) in [
            (TERM, &[(0, TERM), (5, TERM), (300, TERM)][..], TERM, 305),
            (TERM, &[(0, TERM), (249, TERM), (1, TERM)], TERM, 250),
            (TERM, &[(2, Kind::Interrupted)], Kind::Interrupted, 2),
            (Kind::Interrupted, &[(900, Kind::Interrupted)], Kind::Interrupted, 900),
        ] {
            let mut coming = rest.iter();
            let began = Instant::now();
            let mut next = async || {
                let (wait, kind) = coming.next().copied().unwrap();
                tokio::time::sleep(Duration::from_millis(wait)).await;
                kind
            };
            assert_eq!(another(first, &mut next).await, expected, "{rest:?}");
            assert_eq!(began.elapsed(), Duration::from_millis(after), "{rest:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_to_be_ignored_is_read_from_the_system() {
        assert_eq!(
            ignored("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000005\nSigCgt:\t1\n"),
            5
        );
        assert_eq!(ignored("Name:\tx\n"), u64::MAX);
        assert_eq!(ignored("SigIgn:\tz\n"), u64::MAX);
    }

    #[test]
    fn a_cancelled_run_ends_with_the_signal_that_came() {
        let cancelled = || Error::new(Kind::Cancelled, "cancelled");
        for (signal, code) in [(Kind::Interrupted, 130), (Kind::Terminated, 143)] {
            let interrupts = Interrupts::default();
            assert_eq!(interrupts.explain(cancelled()).kind().exit_code(), 1, "no signal came");
            interrupts.0.set(signal).unwrap();
            assert_eq!(interrupts.explain(cancelled()).kind().exit_code(), code);
            let other = Error::new(Kind::Unauthenticated, "refused");
            assert_eq!(
                interrupts.explain(other).kind().exit_code(),
                16,
                "the failure came first"
            );
        }
    }
}
