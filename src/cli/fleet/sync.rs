//! `fleet sync`: one sync per workspace, some at a time.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::customers;
use super::journal::{Before, Journal};
use super::outcome::Outcome;
use super::plan::{Plan, Workspace};
use super::table::{self, Form};
use crate::baton::c1z::steps::Disk;
use crate::baton::config::Values;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::progress::Silent;
use crate::baton::sync::summary::Summary;
use crate::baton::sync::{self, SyncEnvironment, SyncOptions};
use crate::cli::sync::{in_runtime, options};
use crate::cli::{connect, fields, interrupt, unavailable};
use crate::term::Terminal;
use crate::workato;

/// Syncs all, and says how it went with each. What fails is one workspace's own: its last file stays, the others go on.
///
/// # Errors
/// The gravest failure of a workspace; `Cancelled` when the run is stopped; those of the folder.
pub fn run(terminal: &Terminal, mut plan: Plan, form: Form, at_once: Option<u32>, before: Before) -> Result<()> {
    std::fs::create_dir_all(&plan.folder).with_context(|| format!("make the folder {}", plan.folder.display()))?;
    let mut journal = Journal::open(&plan.folder, plan.part, before)?;
    let at_once = at_once.unwrap_or(plan.at_once) as usize;
    let mut total = 0;
    let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
    let mut failures = Vec::new();
    in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        tokio::select! {
            asked = customers::ask(&mut plan, &|name| std::env::var_os(name)) => asked?,
            () = cancel.cancelled() => {}
        }
        total = plan.workspaces.len() + plan.left.len();
        tell_floor(terminal, &plan);
        let plan = &plan;
        let work = plan.workspaces.iter().enumerate().map(|(place, workspace)| {
            let is_done = journal.is_done(&workspace.name) && workspace.file.exists();
            let cancel = cancel.clone();
            async move {
                let result = match is_done {
                    true => None,
                    false => Some(one(workspace, cancel).await),
                };
                (place, workspace, result)
            }
        });
        let work: Vec<_> = work.collect();
        let mut work = stream::iter(work).buffer_unordered(at_once);
        while let Some((place, workspace, result)) = work.next().await {
            let outcome = match result {
                None => {
                    let mut outcome = Outcome::of(workspace, "done_before");
                    outcome.look(&workspace.file);
                    outcome
                }
                Some(Ok(summary)) => {
                    // Without the note `--continue` would sync it again; its file is as whole as ever.
                    if let Err(error) = journal.note(&workspace.name, &summary.sync_id) {
                        tracing::warn!(workspace = workspace.name, %error, "That this one is done could not be noted.");
                    }
                    Outcome::synced(workspace, &summary)
                }
                Some(Err(error)) => {
                    let outcome = Outcome::failed(workspace, &error);
                    failures.push(error);
                    outcome
                }
            };
            if terminal.stderr_is_terminal() {
                terminal.say(&table::line(&outcome, outcomes.len() + 1, total));
            }
            outcomes.push((place, outcome));
        }
        match cancel.is_cancelled() {
            true => {
                let stopped = Error::new(Kind::Cancelled, "the run over the fleet was stopped")
                    .hint("the same command with --continue goes on");
                Err(interrupts.explain(stopped))
            }
            false => Ok(()),
        }
    })?;
    outcomes.sort_by_key(|(place, _)| *place);
    let mut outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    for left in plan.left {
        outcomes.push(Outcome::left(&left));
        failures.push(left.error);
    }
    table::show(terminal, &outcomes, form)?;
    if failures.is_empty() {
        journal.end();
    }
    table::gravest(&failures, total)
}

/// Says how long the customers of a partner take at least, whatever else is fast.
fn tell_floor(terminal: &Terminal, plan: &Plan) {
    let customers = plan
        .workspaces
        .iter()
        .filter(|workspace| workspace.allowance.is_some())
        .count();
    let floor = plan
        .partner
        .as_ref()
        .and_then(|partner| partner.paces(plan.part).floor(customers));
    if let Some((least, family)) = floor.filter(|_| customers > 0) {
        let seconds = least.as_secs();
        terminal.say(&format!(
            "{customers} customers share one token: at least {} min {} s, by the quota of {family}",
            seconds / 60,
            seconds % 60
        ));
    }
}

/// One sync, as `sync` would do it with these settings.
async fn one(workspace: &Workspace, cancel: CancellationToken) -> Result<Summary> {
    if cancel.is_cancelled() {
        return Err(Error::new(Kind::Cancelled, "not begun: the run was stopped"));
    }
    let values = workspace.settings()?;
    let (settings, limits, options) = prepared(values)?;
    let (connector, requests) =
        connect::connect_sharing(settings, limits, workspace.allowance.clone(), Arc::new(Silent))?;
    let environment = SyncEnvironment {
        observer: Arc::new(Silent),
        cancel,
        requests,
        steps: Arc::new(Disk),
    };
    sync::run(connector, &options, &environment).await
}

type Prepared = (workato::settings::Settings, workato::config::Limits, SyncOptions);

fn prepared(values: &Values) -> Result<Prepared> {
    unavailable::check(fields::all(), values)?;
    let settings = workato::config::settings(values)?;
    Ok((settings, workato::config::limits(values), options(values)?))
}
