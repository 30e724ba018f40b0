//! `fleet export`: the current file of every workspace as tables for query engines.

use std::path::Path;

use super::outcome::Outcome;
use super::plan::{Plan, Workspace, again};
use super::table::{self, Form};
use crate::baton::c1z::Keep;
use crate::baton::error::Result;
use crate::report::export::{Format, check_folder};
use crate::report::policy::Policy;
use crate::report::{Which, moment};
use crate::term::Terminal;
use crate::workato::conventions::CONVENTIONS;

/// Writes one after the other, so that memory is that of one. What fails is one workspace's own: what the lake has of it
/// stays, the others go on.
///
/// # Errors
/// `Unimplemented` in a build without the format; the gravest failure of a workspace.
pub fn run(terminal: &Terminal, plan: &Plan, form: Form, folder: &Path, policy: &Policy) -> Result<()> {
    Format::Parquet.check_built()?;
    check_folder(folder)?;
    let total = plan.workspaces.len() + plan.left.len();
    let mut failures = Vec::new();
    let mut outcomes = Vec::with_capacity(total);
    for workspace in &plan.workspaces {
        let outcome = match one(workspace, folder, policy) {
            Ok(outcome) => outcome,
            Err(error) => {
                let outcome = Outcome::failed(workspace, &error);
                failures.push(error);
                outcome
            }
        };
        if terminal.stderr_is_terminal() {
            terminal.say(&table::line(&outcome, outcomes.len() + 1, total));
        }
        outcomes.push(outcome);
    }
    for left in &plan.left {
        outcomes.push(Outcome::left(left));
        failures.push(again(&left.error));
    }
    table::show(terminal, &outcomes, form)?;
    table::gravest(&failures, total)
}

/// The tables of one workspace.
fn one(workspace: &Workspace, folder: &Path, policy: &Policy) -> Result<Outcome> {
    let which = Which {
        keep: Keep::Nothing,
        conventions: &CONVENTIONS,
        ..Which::latest(&workspace.file)
    };
    let snapshot = which.open()?;
    let rows = rows(&snapshot, workspace, folder, policy)?;
    let mut outcome = Outcome::of(workspace, "exported");
    [outcome.resources, outcome.grants] = rows.map(Some);
    outcome.sync_id = Some(snapshot.sync_id().to_owned());
    outcome.synced_at = moment::here(snapshot.run()).map(|at| at.to_string());
    Ok(outcome)
}

/// Rows of resources and of grants.
#[cfg(feature = "parquet")]
fn rows(snapshot: &crate::report::Snapshot, workspace: &Workspace, folder: &Path, policy: &Policy) -> Result<[u64; 2]> {
    use crate::cli::vendor;
    use crate::report::export::lake::{Lake, write};

    let lake = Lake {
        folder,
        workspace: &workspace.name,
        conventions: vendor::conventions(snapshot)?,
        policy,
        progress: &|_| {},
    };
    let written = write(snapshot, &lake)?;
    let of = |at: usize| written.get(at).map_or(0, |file| file.rows);
    Ok([of(0), of(2)])
}

#[cfg(not(feature = "parquet"))]
fn rows(_: &crate::report::Snapshot, _: &Workspace, _: &Path, _: &Policy) -> Result<[u64; 2]> {
    Format::Parquet.check_built().map(|()| [0, 0])
}
