//! Which environment a token belongs to, as projects tell. A token sees one environment and is given in the setting of it;
//! one in another setting would show the projects of one environment as those of another. Used by syncs and writes, which
//! end there, and by doctor, which says the same.

use std::collections::BTreeMap;

use super::model::{ProjectGrant, ProjectRow};
use crate::baton::error::Result;
use crate::workato::client::{WorkatoClient, endpoint};
use crate::workato::listing::List;
use crate::workato::settings::Environment;
use crate::workato::tokens::{Placed, WITH_TOKENS, shown, wrong};

/// Projects whose grants are asked for until one says which environment it is of.
const ASKED: usize = 5;

/// What belonging to `seen` is called.
pub fn belongs(seen: &Environment) -> String {
    format!("belongs to {}, by what project grants say", shown(seen))
}

/// The first environment that grants name.
pub fn seen_in(grants: &[ProjectGrant]) -> Option<Environment> {
    grants.iter().find_map(seen)
}

fn seen(grant: &ProjectGrant) -> Option<Environment> {
    let kind = grant.project.as_ref()?.environment.as_ref()?.kind.as_deref()?;
    // A word that is not known says nothing for certain, and a token is not refused for it.
    Some(Environment::new(kind)).filter(Environment::is_known)
}

/// Makes sure that grants which the token of `environment` shows are of that environment.
///
/// # Errors
/// `Unauthenticated` for those of another.
pub fn check(environment: &Environment, grants: &[ProjectGrant]) -> Result<()> {
    match grants.iter().filter_map(seen).find(|seen| seen != environment) {
        Some(seen) => Err(wrong(environment, &belongs(&seen))),
        None => Ok(()),
    }
}

/// Asks a client which environment its token is of, as far as grants of its projects say.
///
/// # Errors
/// As [`check`]; those of the API.
pub async fn ask(environment: &Environment, client: &WorkatoClient) -> Result<()> {
    let projects: Vec<ProjectRow> = List::now(client, &endpoint::PROJECTS).read().await?;
    for project in projects.iter().take(ASKED) {
        let grants: Vec<ProjectGrant> = client
            .page(endpoint::PROJECT_GRANTS.of(project.id.as_str()), 1)
            .await?
            .rows;
        if seen_in(&grants).is_some() {
            return check(environment, &grants);
        }
    }
    Ok(())
}

/// Makes sure that no project is seen with the tokens of two environments: each lies in one.
///
/// # Errors
/// `Unauthenticated` for a second token of one environment.
pub fn check_projects(placed: &[Placed<ProjectRow>]) -> Result<()> {
    let mut at: BTreeMap<&str, &Environment> = BTreeMap::new();
    // In the order of the settings.
    let order = |placed: &&Placed<ProjectRow>| WITH_TOKENS.iter().position(|e| *e == placed.environment.as_str());
    let mut placed: Vec<&Placed<ProjectRow>> = placed.iter().collect();
    placed.sort_by_key(order);
    for Placed {
        environment,
        row: project,
    } in placed
    {
        let first = *at.entry(project.id.as_str()).or_insert(environment);
        if first != environment {
            return Err(wrong(environment, &sees_those_of(first)));
        }
    }
    Ok(())
}

/// What is said of a token that sees projects of the token of `other`.
pub fn sees_those_of(other: &Environment) -> String {
    format!("sees the same projects as the {} token", shown(other))
}
