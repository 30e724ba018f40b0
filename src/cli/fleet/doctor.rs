//! `fleet doctor`: whether syncs would be complete.

use tokio_util::sync::CancellationToken;

use super::outcome::{Failure, Outcome};
use super::plan::Plan;
use super::table::{self, Form};
use crate::baton::error::{Error, Kind, Result};
use crate::cli::doctor;
use crate::cli::interrupt;
use crate::cli::sync::in_runtime;
use crate::term::Terminal;

/// Asks for one workspace after the other: what it finds out is about tokens and checkboxes, not about haste.
///
/// # Errors
/// The gravest of what was found.
pub fn run(terminal: &Terminal, plan: &Plan, form: Form) -> Result<()> {
    let mut failures = Vec::new();
    let mut outcomes = Vec::new();
    in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        for workspace in &plan.workspaces {
            let looked = match workspace.settings() {
                Err(error) => Err(error),
                Ok(values) => tokio::select! {
                    looked = doctor::verdict_of(terminal, values) => looked,
                    () = cancel.cancelled() => {
                        let stopped = Error::new(Kind::Cancelled, "stopped").hint("nothing was changed");
                        return Err(interrupts.explain(stopped));
                    }
                },
            };
            let mut outcome = Outcome::of(&workspace.name, &workspace.file, "complete");
            if let Err(error) = looked {
                outcome.status = "failed";
                outcome.error = Some(Failure::of(&error));
                failures.push(error);
            }
            outcome.look(&workspace.file);
            outcomes.push(outcome);
        }
        Ok(())
    })?;
    table::show(terminal, &outcomes, form)?;
    table::gravest(&failures, outcomes.len())
}
