//! Who a partner's customers are: asked for where a run syncs, else as a run before was told.
//!
//! A list that fails, or lacks a customer whose file is there, takes nothing away: the file stays, and is named.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::file::Env;
use super::managed::STEM;
use super::plan::{Left, Plan, again};
use crate::ABOUT;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::{Allowance, HttpClient, HttpOptions, authorities};
use crate::baton::owner;
use crate::workato::client::{Customer, WorkatoClient};
use crate::workato::{config, managed_users};

/// Beside the files: the list as it was when it was last read.
const NAME: &str = ".fleet-customers.json";
/// What the list as such is called in the table.
const LIST: &str = "managed-users";

/// A customer as the list had it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Known {
    /// Its number.
    id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Remembered {
    customers: Vec<Known>,
}

/// Adds the customers to the plan, asking for the list where it is to be asked for. A list that fails is kept with the
/// plan: the workspaces beside it are none the worse.
///
/// # Errors
/// Customers that cannot be told apart: exit code 2.
pub async fn ask(plan: &mut Plan, env: Env<'_>) -> Result<()> {
    let Some(partner) = &plan.partner else { return Ok(()) };
    if let Some(named) = partner.named.clone() {
        return plan.expand(named.into_iter().map(|customer| (customer, None)).collect(), env);
    }
    let asked = match &partner.values {
        Ok(values) => list(values, partner.allowance(plan.part)).await,
        Err(error) => Err(again(error)),
    };
    match asked {
        Ok(rows) => {
            if let Err(error) = remember(&plan.folder, &rows) {
                tracing::warn!(%error, "Who the customers are could not be noted: `fleet status` does not know it.");
            }
            take(plan, &rows, env)
        }
        Err(error) => {
            let folder = plan.folder.clone();
            for (name, file) in files(&folder, &BTreeSet::new()) {
                let error = Error::new(error.kind(), format!("the list of customers failed: {error}"))
                    .code(error.code_id())
                    .hint("its last file stays as it was");
                plan.leave(Left {
                    name,
                    file,
                    error,
                    status: "failed",
                });
            }
            let (name, file) = (LIST.to_owned(), folder);
            plan.left.push(Left {
                name,
                file,
                error,
                status: "failed",
            });
            Ok(())
        }
    }
}

/// Adds the customers that a run before was told, and those that are named: for commands that ask nobody.
///
/// # Errors
/// As [`ask`].
pub fn recall(plan: &mut Plan, env: Env<'_>) -> Result<()> {
    let Some(partner) = &plan.partner else { return Ok(()) };
    if let Some(named) = partner.named.clone() {
        return plan.expand(named.into_iter().map(|customer| (customer, None)).collect(), env);
    }
    let remembered = remembered(&plan.folder);
    if remembered.customers.is_empty() {
        let error = Error::new(
            Kind::NotFound,
            "no run has read the list of customers into this folder yet",
        )
        .hint("`fleet sync` reads it");
        let (name, file) = (LIST.to_owned(), plan.folder.clone());
        plan.left.push(Left {
            name,
            file,
            error,
            status: "missing",
        });
    }
    take(plan, &remembered.customers, env)
}

/// The customers of a list, and the files of customers that it lacks.
fn take(plan: &mut Plan, rows: &[Known], env: Env<'_>) -> Result<()> {
    let customers = rows
        .iter()
        .map(|row| Customer::parse(&row.id).map(|customer| (customer, row.name.clone())));
    plan.expand(customers.collect::<Result<_>>()?, env)?;
    let listed: BTreeSet<String> = rows.iter().map(|row| format!("{STEM}{}", row.id)).collect();
    for (name, file) in files(&plan.folder, &listed) {
        let error = Error::new(
            Kind::NotFound,
            "the list of customers does not have it; its last file stays as it was",
        )
        .hint("if the customer has left, move its file away; if not, see what the partner's token may list");
        plan.leave(Left {
            name,
            file,
            error,
            status: "not_in_list",
        });
    }
    Ok(())
}

/// Files of customers by their numbers, besides those that are `listed`.
fn files(folder: &Path, listed: &BTreeSet<String>) -> Vec<(String, std::path::PathBuf)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let file = entry.path();
            let name = file.file_stem()?.to_str()?.to_owned();
            let number = name.strip_prefix(STEM)?;
            let is_one = file.extension()? == "c1z" && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            (is_one && !listed.contains(&name)).then_some((name, file))
        })
        .collect();
    found.sort();
    found
}

async fn list(values: &crate::baton::config::Values, allowance: Allowance) -> Result<Vec<Known>> {
    let settings = config::settings(values)?;
    let limits = config::limits(values);
    if settings.base_url.scheme() == "https" {
        authorities::check_environment(&|name| std::env::var_os(name))?;
    }
    let http = Arc::new(HttpClient::new(HttpOptions {
        request_timeout: limits.request_timeout,
        allowance: Some(allowance),
        ..HttpOptions::of(&ABOUT)
    })?);
    let client = WorkatoClient::new(settings.base_url, settings.dev_token, http);
    let rows = managed_users::list(&client).await?;
    let known = rows.into_iter().map(|row| Known {
        id: row.id.to_string(),
        name: row.name,
    });
    Ok(known.collect())
}

fn remembered(folder: &Path) -> Remembered {
    let path = folder.join(NAME);
    let is_ours = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file() && owner::is_mine(&found));
    let bytes = if is_ours {
        std::fs::read(&path).unwrap_or_default()
    } else {
        Vec::new()
    };
    let is_number = |known: &Known| !known.id.is_empty() && known.id.bytes().all(|b| b.is_ascii_digit());
    let mut remembered: Remembered = serde_json::from_slice(&bytes).unwrap_or_default();
    remembered.customers.retain(is_number);
    remembered
}

fn remember(folder: &Path, rows: &[Known]) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    let customers = rows.to_vec();
    let text = serde_json::to_vec(&Remembered { customers }).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
    let mut file = tempfile::Builder::new()
        .prefix(".fleet-customers.")
        .tempfile_in(folder)?;
    file.write_all(&text)?;
    file.persist(folder.join(NAME))
        .map_err(|error| Error::from(error.error))?;
    Ok(())
}
