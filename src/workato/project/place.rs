//! The project that a write is about, the client that sees it, and all grants on it.

use super::model::{ProjectGrant, ProjectId};
use super::{environment, name, now};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::{WorkatoClient, endpoint};
use crate::workato::code;
use crate::workato::listing::List;
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;
use crate::workato::tokens;
use crate::workato::writing::{environment_said, shown};

/// A project, and the client that sees it.
pub struct FoundProject<'t> {
    /// Its id.
    pub id: ProjectId,
    /// With its environment: each has a project of that name.
    pub name: String,
    /// Where it lies.
    pub environment: Environment,
    /// Who sees it there.
    pub client: &'t WorkatoClient,
}

impl<'t> FoundProject<'t> {
    /// All grants that its list shows at this moment, those included that say something else than the list.
    ///
    /// # Errors
    /// `NotFound` for a project that is gone; `Unauthenticated` for a token of another environment; those of the API.
    pub async fn grants(&self) -> Result<Vec<ProjectGrant>> {
        let all = grants(self.client, &self.id).await?;
        environment::check(&self.environment, &all)?;
        Ok(all)
    }

    /// The project. Asked for anew: a list that the token may not read must not look like one without the project, and one
    /// that no list shows is gone only where it says so itself.
    ///
    /// # Errors
    /// `NotFound` for one that is gone for certain; `FailedPrecondition` for one that may lie where nothing is seen.
    pub async fn find(t: &'t Tables, cx: &SyncContext, on: &v2::Resource) -> Result<FoundProject<'t>> {
        let id = ProjectId::from(resource::key(on).1);
        let environments = match environment_said(t, cx, on).await? {
            Some(environment) => vec![environment],
            // Whichever the run emits: an id alone does not say where.
            None => t.known_environments(cx).await?,
        };
        let (mut blind, mut seen) = (Vec::new(), Vec::new());
        for environment in environments {
            let Some(client) = t.clients.of(&environment) else {
                blind.push(environment);
                continue;
            };
            let projects = now(client).await?;
            if let Some(project) = projects.iter().find(|p| p.id == id) {
                return Ok(FoundProject {
                    name: format!("{} ({environment})", name(project)),
                    id,
                    environment,
                    client,
                });
            }
            seen.push((environment, client));
        }
        for (environment, client) in seen.iter().cloned() {
            let at = endpoint::PROJECT_GRANTS.of(id.as_str());
            let answer = client.page::<ProjectGrant>(at, 1).await;
            match answer {
                Ok(_) => {
                    return Ok(FoundProject {
                        name: format!("{} ({environment})", shown(on)),
                        id,
                        environment,
                        client,
                    });
                }
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if blind.is_empty() {
            // A token in the setting of another environment does not show what is gone in this one.
            for (seen, client) in seen {
                environment::ask(&seen, client).await?;
            }
            return Err(Error::new(Kind::NotFound, format!("there is no project {id}"))
                .code(code::NOT_IN_WORKSPACE)
                .hint("sync again"));
        }
        let message = format!("it cannot be told whether there is a project {id}");
        Err(Error::new(Kind::FailedPrecondition, message)
            .code(code::OUT_OF_SIGHT)
            .hint(format!(
                "projects of an environment are seen with its own token only: {}",
                blind.iter().map(tokens::advice).collect::<Vec<_>>().join("; ")
            )))
    }
}

/// All grants of a project, by the rule of all lists; of rows of one id that differ, each.
///
/// # Errors
/// Those of the API.
pub async fn grants(client: &WorkatoClient, id: &ProjectId) -> Result<Vec<ProjectGrant>> {
    let list = List::now(client, endpoint::PROJECT_GRANTS.of(id.as_str()));
    list.usually_empty().all_hold().read().await
}
