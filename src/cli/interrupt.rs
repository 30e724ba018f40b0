//! Ctrl-C and SIGTERM: the first one stops the sync and keeps what was read, the second one ends the process.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use super::Leave;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::term::Terminal;

/// The signal that came, if any.
#[derive(Debug, Clone, Default)]
pub struct Interrupts(Arc<OnceLock<Kind>>);

impl Interrupts {
    /// The error a stopped run ends with: the signal's if one came, so that the shell sees 130 or 143.
    pub fn explain(&self, error: Error) -> Error {
        match self.0.get() {
            Some(kind) if error.kind() == Kind::Cancelled => {
                let why = if *kind == Kind::Terminated {
                    "terminated"
                } else {
                    "interrupted"
                };
                let hint = error
                    .hint_text()
                    .unwrap_or("the .c1z file is as it was before this run");
                let stopped = Error::new(*kind, why).hint(hint.to_owned());
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

/// Listens for signals until the runtime ends. Call it inside of one.
///
/// # Errors
/// The system refuses to tell about signals.
pub fn listen(terminal: &Terminal, cancel: &CancellationToken, leave: Leave) -> Result<Interrupts> {
    let mut signals = Signals::new().context("listen for Ctrl-C")?;
    let interrupts = Interrupts::default();
    let (came, terminal, cancel) = (interrupts.clone(), terminal.clone(), cancel.clone());
    tokio::spawn(async move {
        let kind = signals.next().await;
        // Set before the cancellation, so that whoever sees the cancellation sees the signal.
        let _ = came.0.set(kind);
        cancel.cancel();
        terminal.say("Stopping; once more to stop at once.");
        leave(signals.next().await.exit_code());
    });
    Ok(interrupts)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Kind {
        tokio::select! {
            _ = self.interrupt.recv() => Kind::Interrupted,
            _ = self.terminate.recv() => Kind::Terminated,
        }
    }
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
