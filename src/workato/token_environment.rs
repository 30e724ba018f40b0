//! Which environment a token belongs to. A token sees one environment and is given in the setting of it; one in another
//! setting would show the projects of one environment as those of another. Used by syncs and writes, which end there,
//! and by doctor, which says the same.

use std::collections::BTreeMap;

use super::client::{ProjectGrant, WorkatoClient, read_all};
use super::code;
use super::directory::PlacedProject;
use super::settings::{Environment, Settings};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::secret::Secret;

/// Projects whose grants are asked for until one says which environment it is of.
const ASKED: usize = 5;

/// The flag that takes the token of an environment; none where no setting does.
pub fn flag(environment: &Environment) -> Option<&'static str> {
    match environment.as_str() {
        "dev" => Some("--workato-api-key"),
        "test" => Some("--workato-test-api-key"),
        "prod" => Some("--workato-prod-api-key"),
        _ => None,
    }
}

/// What to do about a wrong token of an environment.
pub fn advice(environment: &Environment) -> String {
    let shown = shown(environment);
    match flag(environment) {
        Some(flag) => format!("give {flag} the token of an API client that is bound to {shown}"),
        None => leave_out(environment),
    }
}

/// What to do about an environment that no setting takes a token of.
pub fn leave_out(environment: &Environment) -> String {
    format!(
        "no setting takes a token of {}; --workato-env dev, test or prod reads one environment and leaves this one out",
        shown(environment)
    )
}

/// An environment as people write it.
pub fn shown(environment: &Environment) -> String {
    environment.as_str().to_uppercase()
}

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
    let environment = Environment::new(kind);
    match environment.as_str() {
        "" => None,
        // As API clients spell it.
        "development" => Some(Environment::dev()),
        "production" => Some(Environment::new("prod")),
        _ => Some(environment),
    }
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
    let projects: Vec<super::client::Project> = read_all(|page| client.projects(page)).await?;
    for project in projects.iter().take(ASKED) {
        let grants = client.project_grants(&project.id, 1).await?.rows;
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
pub fn check_projects(placed: &[PlacedProject]) -> Result<()> {
    let mut at: BTreeMap<&str, &Environment> = BTreeMap::new();
    // In the order of the settings.
    let order = |placed: &&PlacedProject| {
        ["dev", "test", "prod"]
            .iter()
            .position(|e| *e == placed.environment.as_str())
    };
    let mut placed: Vec<&PlacedProject> = placed.iter().collect();
    placed.sort_by_key(order);
    for PlacedProject { environment, project } in placed {
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

fn wrong(environment: &Environment, what: &str) -> Error {
    Error::new(
        Kind::Unauthenticated,
        format!("the {} token is of another environment: it {what}", shown(environment)),
    )
    .code(code::KEY_REJECTED)
    .hint(advice(environment))
}

/// Makes sure that every environment has a token of its own, before any is sent.
///
/// # Errors
/// `Unknown` (a configuration error) for one token in two settings.
pub fn check_distinct(settings: &Settings) -> Result<()> {
    let tokens = [
        ("dev", Some(&settings.dev_token)),
        ("test", settings.test_token.as_ref()),
        ("prod", settings.prod_token.as_ref()),
    ];
    let mut known: Vec<(Environment, &str)> = Vec::new();
    for (name, token) in tokens {
        let Some(token) = token
            .map(Secret::expose)
            .map(str::trim)
            .filter(|token| !token.is_empty())
        else {
            continue;
        };
        let environment = Environment::new(name);
        let flag = flag(&environment).unwrap_or_default();
        if let Some((other, _)) = known.iter().find(|(_, known)| *known == token) {
            let others = self::flag(other).unwrap_or_default();
            return Err(
                Error::new(Kind::Unknown, format!("{flag} has the same token as {others}"))
                    .code(code::KEY_TWICE)
                    .fact("setting", flag.trim_start_matches('-'))
                    .hint(format!(
                        "a token sees one environment: {}, or leave {flag} out",
                        advice(&environment)
                    )),
            );
        }
        known.push((environment, token));
    }
    Ok(())
}
