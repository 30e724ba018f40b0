//! `fleet doctor`: whether syncs would be complete.

use tokio_util::sync::CancellationToken;

use super::customers;
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
pub fn run(terminal: &Terminal, mut plan: Plan, form: Form) -> Result<()> {
    let mut failures = Vec::new();
    let mut outcomes = Vec::new();
    in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        let stopped = || Error::new(Kind::Cancelled, "stopped").hint("nothing was changed");
        tokio::select! {
            asked = customers::ask(&mut plan, &|name| std::env::var_os(name)) => asked?,
            () = cancel.cancelled() => return Err(interrupts.explain(stopped())),
        }
        for workspace in &plan.workspaces {
            let looked = match workspace.settings() {
                Err(error) => Err(error),
                Ok(values) => tokio::select! {
                    looked = doctor::verdict_of(terminal, values, workspace.allowance.as_ref()) => looked,
                    () = cancel.cancelled() => return Err(interrupts.explain(stopped())),
                },
            };
            let mut outcome = Outcome::of(workspace, "complete");
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
    for left in plan.left {
        outcomes.push(Outcome::left(&left));
        failures.push(left.error);
    }
    table::show(terminal, &outcomes, form)?;
    table::gravest(&failures, outcomes.len())
}
