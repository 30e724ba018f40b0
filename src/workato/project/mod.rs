//! Projects. In RBAC v2 each project role is an entitlement of every project, granted to people and groups.

mod aftermath;
mod direct;
pub mod environment;
mod grants;
mod model;
mod place;
mod standing;
mod write;

use std::collections::BTreeSet;

use prost_types::Any;

pub use self::direct::{DirectGrant, direct_grants};
pub use self::grants::{FAMILY as GRANTS_OF, grants_of};
pub use self::model::{
    GrantEnvironment, GrantGroup, GrantProject, GrantUser, ProjectGrant, ProjectGrantId, ProjectId, ProjectRow,
};
pub use self::write::revoke;
use super::cause;
use super::client::{WorkatoClient, endpoint};
use super::collaborator::Collaborator;
use super::folder::{Folder, FolderId};
use super::group::CollaboratorGroup;
use super::kind::{PAGE, ResourceKind, Right, first_of, id_value};
use super::listing::List;
use super::probe::{Probe, Refused};
use super::project_role::ProjectRoles;
use super::settings::Environment;
use super::tables::{Table, Tables};
use super::tokens::{self, Placed};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// What syncs record when they read the list of an environment.
pub const FAMILY: &str = "projects";

/// Projects of all environments of the run that have a token.
pub struct Projects;

impl Table for Projects {
    type Value = Vec<Placed<ProjectRow>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<Placed<ProjectRow>>> {
        let mut placed = Vec::new();
        for environment in t.environments(cx).await? {
            let Some(client) = t.clients.of(&environment) else {
                let todo = match tokens::flag(&environment) {
                    Some(flag) => {
                        format!("they need the token of an API client of that environment ({flag})")
                    }
                    None => tokens::leave_out(&environment),
                };
                cx.warnings.add(
                    cause::ENVIRONMENT_TOKEN_MISSING,
                    format!("projects and folders of {environment} are not in this sync: {todo}"),
                    "",
                );
                continue;
            };
            let at = (&environment, client);
            let listed: Option<Vec<ProjectRow>> = t.list_of(cx, at, &endpoint::PROJECTS, FAMILY).await?;
            placed.extend(listed.unwrap_or_default().into_iter().map(|row| Placed {
                environment: environment.clone(),
                row,
            }));
        }
        environment::check_projects(&placed)?;
        placed.sort_by(|a, b| a.row.id.cmp(&b.row.id));
        Ok(placed)
    }
}

/// Whether the list of projects of an environment answered in this sync.
pub fn is_listed(t: &Tables, cx: &SyncContext, environment: &Environment) -> bool {
    t.family(cx, &format!("{FAMILY}/{environment}")).has_answered()
}

/// The ids of the projects of this sync, for what lies in one.
///
/// # Errors
/// As [`Projects`].
pub async fn ids(t: &Tables, cx: &SyncContext) -> Result<BTreeSet<ProjectId>> {
    let projects = t.get::<Projects>(cx).await?;
    Ok(projects.iter().map(|placed| placed.row.id.clone()).collect())
}

/// A project as a resource.
pub fn resource_id(project: &ProjectId) -> v2::ResourceId {
    resource::id(Project::TYPE, project.to_string())
}

/// The projects that a client sees at this moment.
///
/// # Errors
/// Those of the client.
pub async fn now(client: &WorkatoClient) -> Result<Vec<ProjectRow>> {
    List::now(client, &endpoint::PROJECTS).read().await
}

/// Whether a folder is the root of a project that a client sees at this moment.
///
/// # Errors
/// Those of the client.
pub async fn is_root_now(client: &WorkatoClient, folder: &FolderId) -> Result<bool> {
    let projects = now(client).await?;
    Ok(projects
        .iter()
        .any(|project| project.folder_id.as_ref() == Some(folder)))
}

/// The project resource type.
pub struct Project;

/// A project's display name.
pub fn name(project: &ProjectRow) -> String {
    let id = project.id.to_string();
    first_of([project.name.as_deref(), Some(&id)])
        .unwrap_or_default()
        .to_owned()
}

impl ResourceKind for Project {
    const TYPE: &'static str = "project";

    const CAPABILITIES: &'static [v2::Capability] = &[v2::Capability::Sync, v2::Capability::Provision];

    const PROBES: &'static [Probe] = &[
        Probe::list::<ProjectRow>(&endpoint::PROJECTS)
            .recorded(FAMILY)
            .per_environment(),
        Probe::list_of::<ProjectGrant>(&endpoint::PROJECT_GRANTS, |_, replies| {
            let ids = |projects: &[ProjectRow]| projects.iter().map(|project| project.id.to_string()).collect();
            replies.candidates(&endpoint::PROJECTS, ids, "there is no project to ask about")
        })
        .recorded(grants::FAMILY)
        .per_environment()
        .refused(Refused::MissingInRbacV2),
    ];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "Project", &[], Vec::new())
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        if page.is_first() {
            grants::all_vanished(t, cx).await?;
        }
        Page::of_table(&t.get::<Projects>(cx).await?, page, PAGE, |placed| {
            let project = &placed.row;
            let profile = Profile::new()
                .with("id", id_value(&project.id))
                .with("name", project.name.as_deref())
                .with("description", project.description.as_deref())
                .with("folder_id", project.folder_id.as_ref().map(id_value))
                .with("environment", placed.environment.as_str());
            ResourceBuilder::new(Project::TYPE, project.id.to_string(), name(project))
                .profile(profile)
                .children(Folder::TYPE)
                .app()
                .build()
        })
    }

    async fn entitlements(t: &Tables, cx: &SyncContext, project: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let grantable = [&Collaborator::resource_type(), &CollaboratorGroup::resource_type()];
        let roles = t.get::<ProjectRoles>(cx).await?;
        Ok(roles
            .all()
            .iter()
            .map(|role| {
                let text = format!("{} of {}", role.name, project.display_name);
                EntitlementBuilder::new(project, &role.slug, Purpose::Permission, &grantable)
                    .named(text.clone(), text)
                    .build()
            })
            .collect())
    }

    /// One request per project and page.
    async fn grants(t: &Tables, cx: &SyncContext, project: &v2::Resource, _: &PageToken) -> Result<Page<v2::Grant>> {
        grants::of_project(t, cx, project).await
    }

    async fn grant(t: &Tables, cx: &SyncContext, right: &Right<'_>) -> Result<Granted> {
        write::grant(t, cx, right).await
    }

    async fn revoke(t: &Tables, cx: &SyncContext, right: &Right<'_>) -> Result<Vec<Any>> {
        write::revoke(t, cx, right).await
    }
}
