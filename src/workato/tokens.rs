//! Which token sees what. One token sees one environment: people, roles, groups and API clients come from the DEV token,
//! projects, folders, project grants and connections from the token of their environment (`workato/model.md 8`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access_model::Detected;
use super::client::{Listed, WorkatoClient, ids};
use super::settings::{Environment, EnvironmentChoice, Settings};
use super::tables::Tables;
use super::{code, collaborator};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::HttpClient;
use crate::baton::secret::Secret;

ids! {
    /// An environment.
    EnvironmentId,
}

/// The names of the environments that can have a token, in the order they are shown.
pub const WITH_TOKENS: [&str; 3] = ["dev", "test", "prod"];

/// Those environments.
pub fn with_tokens() -> [Environment; 3] {
    WITH_TOKENS.map(Environment::new)
}

/// The token of an environment, if there is one.
pub fn of<'a>(settings: &'a Settings, environment: &Environment) -> Option<&'a Secret> {
    match environment.as_str() {
        "dev" => Some(&settings.dev_token),
        "test" => settings.test_token.as_ref(),
        "prod" => settings.prod_token.as_ref(),
        _ => None,
    }
}

/// One client per token.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The DEV token's.
    pub dev: WorkatoClient,
    /// Those of TEST and PROD, where given.
    pub others: BTreeMap<Environment, WorkatoClient>,
}

impl Clients {
    /// One client per token of the settings. Makes no call.
    pub fn connect(settings: &Settings, http: &Arc<HttpClient>) -> Self {
        let client = |token: &Secret| {
            WorkatoClient::new(settings.base_url.clone(), token.clone(), Arc::clone(http))
                .of_customer(settings.customer.clone())
        };
        let others = with_tokens().into_iter().filter(|e| *e != Environment::dev());
        Clients {
            dev: client(&settings.dev_token),
            others: others
                .filter_map(|e| of(settings, &e).map(client).map(|client| (e, client)))
                .collect(),
        }
    }

    /// The client of an environment's token, if there is one.
    pub fn of(&self, environment: &Environment) -> Option<&WorkatoClient> {
        if *environment == Environment::dev() {
            Some(&self.dev)
        } else {
            self.others.get(environment)
        }
    }
}

/// A row with the environment of the token that listed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<T> {
    /// Where it lies.
    pub environment: Environment,
    /// The row.
    pub row: T,
}

/// The ids of all rows, whatever the environment.
pub fn ids<T: Listed>(placed: &[Placed<T>]) -> BTreeSet<String> {
    placed.iter().map(|placed| placed.row.id_text().to_owned()).collect()
}

impl Tables {
    /// The environments of the run: the chosen one, or all that occur in member rows or have a token.
    ///
    /// # Errors
    /// As [`Detected`].
    pub async fn environments(&self, cx: &SyncContext) -> Result<Vec<Environment>> {
        Ok(match &self.settings.environment {
            EnvironmentChoice::One(environment) => vec![environment.clone()],
            EnvironmentChoice::All => self.known_environments(cx).await?,
        })
    }

    /// All environments that occur in member rows or have a token, whichever the run emits.
    ///
    /// # Errors
    /// As [`Detected`].
    pub async fn known_environments(&self, cx: &SyncContext) -> Result<Vec<Environment>> {
        let detected = self.get::<Detected>(cx).await?;
        let mut all: BTreeSet<Environment> = collaborator::environments(&detected.members).collect();
        all.insert(Environment::dev());
        all.extend(self.clients.others.keys().cloned());
        Ok(all.into_iter().filter(|e| !e.as_str().is_empty()).collect())
    }

    /// Environments of the run whose projects can be read.
    ///
    /// # Errors
    /// As [`Detected`].
    pub async fn readable_environments(&self, cx: &SyncContext) -> Result<Vec<(Environment, WorkatoClient)>> {
        let environments = self.environments(cx).await?;
        Ok(environments
            .into_iter()
            .filter_map(|e| self.clients.of(&e).cloned().map(|client| (e, client)))
            .collect())
    }

    /// A role's resource id: bare for one environment, with `-<env>` where the run emits all (`workato/model.md 3`).
    pub fn scoped_id(&self, id: &str, environment: &Environment) -> String {
        match self.settings.environment {
            EnvironmentChoice::One(_) => id.to_owned(),
            EnvironmentChoice::All => format!("{id}-{environment}"),
        }
    }
}

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

/// The error of a token in the setting of another environment; `what` goes on from "it".
pub fn wrong(environment: &Environment, what: &str) -> Error {
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
    let mut known: Vec<(Environment, &str)> = Vec::new();
    for environment in with_tokens() {
        let Some(token) = of(settings, &environment)
            .map(Secret::expose)
            .map(str::trim)
            .filter(|token| !token.is_empty())
        else {
            continue;
        };
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
