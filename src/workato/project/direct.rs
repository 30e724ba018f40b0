//! The project roles that a person was given directly, in one environment.

use super::model::ProjectId;
use super::place::grants;
use super::standing::{Holder, Whose, is_elsewhere, unclear};
use super::{Project, environment as check, name, now};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource::{Profile, ResourceBuilder};
use crate::workato::client::WorkatoClient;
use crate::workato::code;
use crate::workato::collaborator::Member;
use crate::workato::kind::ResourceKind as _;
use crate::workato::names::Meaning;
use crate::workato::project_role;
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;

/// One of them.
#[derive(Debug, Clone)]
pub struct DirectGrant {
    /// On what.
    pub project: ProjectId,
    /// Where that lies.
    pub environment: Environment,
    /// The name of the role.
    pub role: String,
    /// Its slug among the entitlements of projects.
    pub slug: String,
    title: String,
}

impl DirectGrant {
    /// The project, as writes name it.
    pub fn on(&self) -> v2::Resource {
        let profile = Profile::new().with("environment", self.environment.as_str());
        ResourceBuilder::new(Project::TYPE, self.project.to_string(), &self.title)
            .profile(profile)
            .app()
            .build()
    }
}

/// All of a person in an environment, as they are at this moment.
///
/// # Errors
/// `InvalidArgument` for a role that cannot be told from another one; `FailedPrecondition` for a grant that does not say
/// whose it is, names them and the address of somebody else, or is on another project by its own word; those of the API.
pub async fn direct_grants(
    t: &Tables,
    (environment, client): (&Environment, &WorkatoClient),
    member: &Member,
) -> Result<Vec<DirectGrant>> {
    let roles = project_role::now(&t.clients.dev).await?;
    let holder = Holder::person(member);
    let mut direct = Vec::new();
    for project in now(client).await? {
        let grants = grants(client, &project.id).await?;
        check::check(environment, &grants)?;
        for grant in &grants {
            match holder.whose(grant) {
                Whose::Others => continue,
                Whose::Theirs if !is_elsewhere(grant, &project.id) => {}
                Whose::Theirs | Whose::Unclear => return Err(unclear(&holder, grant, &project.id)),
            }
            let meant = grant.project_role.as_ref().map(|named| roles.of_grant(named));
            let Some(Meaning::One(role)) = meant else {
                let message = format!("a project role in {} cannot be told from others", name(&project));
                return Err(Error::new(Kind::InvalidArgument, message)
                    .code(code::AMBIGUOUS_RIGHT)
                    .hint("nothing was changed; take this role away in Workato, and try again"));
            };
            direct.push(DirectGrant {
                project: project.id.clone(),
                environment: environment.clone(),
                role: role.name.clone(),
                slug: role.slug.clone(),
                title: name(&project),
            });
        }
    }
    Ok(direct)
}
