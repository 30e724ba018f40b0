//! Carrying out writes for somebody who looks on: rehearsed where they want to see first, asked for where they must
//! agree, told when done. The flags that write once and the commands `grant` and `revoke` end here.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::sync::in_runtime;
use super::{actions, connect, interrupt};
use crate::baton::change::{Change, Consent};
use crate::baton::code;
use crate::baton::config::Values;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::private::PrivateFile;
use crate::baton::provision::{Provisioning, Write, WriteOutcome};
use crate::report::wording;
use crate::term::Terminal;
use crate::term::progress::{Display, Progress};
use crate::term::sanitize;
use crate::workato::settings::Settings;
use crate::workato::{self, WorkatoConnector};

/// How writes are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// At once.
    Now,
    /// After somebody at the terminal has seen what changes and agreed.
    Asked,
    /// Not at all: the requests are printed.
    Rehearsed,
}

/// What somebody wants done, and how.
#[derive(Debug)]
pub struct WriteRequest<'w> {
    /// One after the other.
    pub writes: &'w [Write],
    /// What completes "failed to ...".
    pub doing: &'static str,
    /// In which way.
    pub how: Approval,
    /// Whether a workspace that is out of reach is waited for, as jobs do (`baton/config/published.md 3`). A person is
    /// told.
    pub patient: bool,
    /// Where a secret goes that is made anew.
    pub secret_file: Option<PathBuf>,
    /// Where the commands go that undo an action.
    pub undo_file: Option<PathBuf>,
}

/// Carries writes out. With several, all are rehearsed before
/// the first one is sent, so that a mistake in one of them changes nothing.
///
/// # Errors
/// Those of the connector; `Cancelled` when nobody agrees.
pub fn run(terminal: &Terminal, values: &Values, settings: Settings, order: &WriteRequest<'_>) -> Result<()> {
    let limits = workato::config::limits(values);
    in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        let progress = Progress::start(terminal, Display::Log);
        let (connector, _) = connect::connect(settings, limits, progress.observer())?;
        let writes = Provisioning::new(connector, true);
        let desk = WriteSession {
            terminal,
            writes: if order.patient { writes } else { writes.impatient() },
            cancel,
            doing: order.doing,
            secret_file: order.secret_file.as_deref(),
            undo_file: order.undo_file.as_deref(),
        };
        let done = desk.run(order.writes, order.how).await;
        done.map_err(|error| interrupts.explain(error))
    })
}

struct WriteSession<'t> {
    terminal: &'t Terminal,
    writes: Provisioning<WorkatoConnector>,
    cancel: CancellationToken,
    doing: &'static str,
    secret_file: Option<&'t Path>,
    undo_file: Option<&'t Path>,
}

impl WriteSession<'_> {
    async fn run(&self, writes: &[Write], how: Approval) -> Result<()> {
        // How an action is undone must be on the disk before it begins.
        let is_plain = !writes.iter().any(|write| matches!(write, Write::Act(_)));
        if how == Approval::Now && writes.len() == 1 && is_plain {
            return self.carry_out(writes, &Consent::Given).await;
        }
        let mut open: Vec<Write> = Vec::new();
        let mut planned: Vec<WriteOutcome> = Vec::new();
        for write in writes {
            let told = self.unless_cancelled(self.writes.rehearse(write), unchanged).await?;
            if told.requests.is_empty() {
                self.tell(&told);
            } else {
                open.push(write.clone());
                planned.push(told);
            }
        }
        let changes: Vec<Change> = planned.iter().flat_map(|told| told.changes.clone()).collect();
        match how {
            Approval::Rehearsed => return show(self.terminal, &planned),
            Approval::Asked if !changes.is_empty() => self.ask(&changes).await?,
            Approval::Asked | Approval::Now => {}
        }
        let undo: Vec<String> = planned.iter().flat_map(|told| told.undo.clone()).collect();
        self.keep_undo(&undo)?;
        self.carry_out(&open, &Consent::To(changes)).await
    }

    fn keep_undo(&self, undo: &[String]) -> Result<()> {
        let Some(path) = self.undo_file.filter(|_| !undo.is_empty()) else {
            return Ok(());
        };
        let mut file = PrivateFile::create(path)?;
        file.keep(&format!(
            "#!/bin/sh\n# Each line gives one thing back.\n{}\n",
            undo.join("\n")
        ))?;
        self.terminal.say(&format!(
            "What is taken away now, {} gives back.",
            file.path().display()
        ));
        Ok(())
    }

    async fn carry_out(&self, writes: &[Write], consent: &Consent) -> Result<()> {
        for write in writes {
            let secret_file = match (write, self.secret_file) {
                (Write::Rotate(_), Some(path)) => Some(PrivateFile::create(path)?),
                _ => None,
            };
            let done = self.writes.carry_out(write, consent.clone());
            let told = self.unless_cancelled(done, unknown).await?;
            if let Some(mut file) = secret_file {
                for secret in &told.secrets {
                    file.keep(&format!("{}\n", secret.value.expose()))?;
                    let of = sanitize::line(&secret.description);
                    self.terminal
                        .say(&format!("{of}: it is in {}, for you alone.", file.path().display()));
                }
            }
            self.tell(&told);
            if let Some(response) = &told.response {
                self.terminal.data(&actions::answer(response))?;
            }
        }
        Ok(())
    }

    async fn ask(&self, changes: &[Change]) -> Result<()> {
        let question = match changes {
            [one] => format!("{}. Do it?", sanitize::line(&one.to_string())),
            several => {
                for change in several {
                    self.terminal.say(&sanitize::line(&change.to_string()));
                }
                let count = wording::count(several.len(), "change", "changes");
                format!("Make these {count}?")
            }
        };
        agree(self.terminal, &self.cancel, question).await
    }

    fn tell(&self, told: &WriteOutcome) {
        for change in &told.changes {
            self.terminal.say(&sanitize::line(&change.to_string()));
        }
        if let Some(next) = &told.next {
            self.terminal
                .say(&format!("Action required: {}.", sanitize::line(next)));
        }
    }

    async fn unless_cancelled<T>(&self, work: impl Future<Output = Result<T>>, stop: fn() -> Error) -> Result<T> {
        tokio::select! {
            done = work => done.context(self.doing),
            () = self.cancel.cancelled() => Err(stop()),
        }
    }
}

/// What a rehearsal brought: requests on stdout, words on stderr.
///
/// # Errors
/// Those of stdout.
pub fn show(terminal: &Terminal, planned: &[WriteOutcome]) -> Result<()> {
    let requests: Vec<String> = planned
        .iter()
        .flat_map(|told| &told.requests)
        .map(|request| {
            request
                .to_string()
                .lines()
                .map(sanitize::json)
                .collect::<Vec<_>>()
                .join("\n")
                + "\n"
        })
        .collect();
    terminal.data(&requests.join("\n"))?;
    for change in planned.iter().flat_map(|told| &told.changes) {
        terminal.say(&format!("Not sent: {}", sanitize::line(&change.to_string())));
    }
    Ok(())
}

/// Asks whoever is at the terminal.
///
/// # Errors
/// `Cancelled` when they do not agree, and after a signal.
pub async fn agree(terminal: &Terminal, cancel: &CancellationToken, question: String) -> Result<()> {
    let terminal = terminal.clone();
    // Its thread may wait for a line that never comes: a signal must not wait with it.
    let answer = tokio::task::spawn_blocking(move || terminal.confirm(&question));
    let agreed = tokio::select! {
        answer = answer => answer.map_err(|error| Error::new(Kind::Internal, error.to_string()))??,
        () = cancel.cancelled() => return Err(unchanged()),
    };
    match agreed {
        true => Ok(()),
        false => Err(Error::new(Kind::Cancelled, "nothing was changed: nobody agreed")),
    }
}

/// After a signal before anything was sent.
fn unchanged() -> Error {
    Error::new(Kind::Cancelled, "cancelled").hint("nothing was changed")
}

/// After a signal while something was under way.
fn unknown() -> Error {
    Error::new(Kind::Cancelled, "cancelled")
        .code(code::WRITE_CUT_SHORT)
        .hint("the change may or may not have been made; sync to see")
}
