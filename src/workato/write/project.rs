//! Giving and taking project roles, to people and to groups. The client of the project's environment does it.

use prost_types::Any;

use super::{already_granted, already_revoked, person_id, replaced};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::{GroupId, MemberId, NewProjectGrant, ProjectGrant, ProjectId, WorkatoClient, read_all};
use crate::workato::directory::Directory;
use crate::workato::group::CollaboratorGroup;
use crate::workato::kind::{ResourceKind as _, id_value};
use crate::workato::project::Project;
use crate::workato::project_role::{distinct, slug};

/// Who gets or loses it.
enum Holder {
    Person(MemberId),
    Group(GroupId),
}

impl Holder {
    fn of(principal: &v2::Resource) -> Result<Holder> {
        match resource::key(principal) {
            (CollaboratorGroup::TYPE, id) if !id.is_empty() => Ok(Holder::Group(GroupId::from(id))),
            _ => person_id(principal).map(Holder::Person),
        }
    }

    fn holds(&self, grant: &ProjectGrant) -> bool {
        match self {
            Holder::Person(id) => grant.user.as_ref().is_some_and(|user| user.id == *id),
            Holder::Group(id) => grant.user_group.as_ref().is_some_and(|group| group.id == *id),
        }
    }

    fn assignment(&self, project_role_id: serde_json::Value) -> NewProjectGrant {
        let (assignment_type, assignment_id) = match self {
            Holder::Person(id) => ("User", id_value(id)),
            Holder::Group(id) => ("UserGroup", id_value(id)),
        };
        NewProjectGrant {
            assignment_type,
            assignment_id,
            project_role_id,
        }
    }
}

/// Gives the project role with this slug.
///
/// # Errors
/// `NotFound` for a project or role that is gone; `FailedPrecondition` when no token sees the project; those of the API.
pub async fn grant(
    d: &Directory,
    cx: &SyncContext,
    on: &v2::Resource,
    role: &str,
    principal: &v2::Resource,
) -> Result<Granted> {
    let holder = Holder::of(principal)?;
    let (project, client) = find(d, cx, on).await?;
    let before = grants(client, &project).await?;
    if before.iter().any(|g| holder.holds(g) && role_of(g) == role) {
        return Ok(already_granted());
    }
    let role_id = role_id(d, cx, &before, role).await?;
    client
        .put_project_grants(&project, &[holder.assignment(role_id)])
        .await?;
    // Whether a holder may have two roles in a project is nowhere said: what went is what is told.
    let had: Vec<&ProjectGrant> = before.iter().filter(|g| holder.holds(g)).collect();
    let mut annotations = Vec::new();
    if !had.is_empty() {
        let after = grants(client, &project).await?;
        let principal = principal.id.clone().unwrap_or_default();
        let gone = had.iter().find(|old| {
            !after
                .iter()
                .any(|new| holder.holds(new) && role_of(new) == role_of(old))
        });
        annotations.extend(gone.map(|old| replaced(Project::TYPE, project.to_string(), &role_of(old), &principal)));
    }
    Ok(Granted {
        grants: Vec::new(),
        annotations,
    })
}

/// Takes the project role away.
///
/// # Errors
/// As [`grant`].
pub async fn revoke(
    d: &Directory,
    cx: &SyncContext,
    on: &v2::Resource,
    role: &str,
    principal: &v2::Resource,
) -> Result<Vec<Any>> {
    let holder = Holder::of(principal)?;
    let (project, client) = match find(d, cx, on).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(already_revoked()),
        other => other?,
    };
    let all = grants(client, &project).await?;
    let Some(held) = all.iter().find(|g| holder.holds(g) && role_of(g) == role) else {
        return Ok(already_revoked());
    };
    match client.delete_project_grant(&held.id).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(already_revoked()),
        other => other.map(|()| Vec::new()),
    }
}

/// The project, and the client that sees it.
async fn find<'d>(d: &'d Directory, cx: &SyncContext, on: &v2::Resource) -> Result<(ProjectId, &'d WorkatoClient)> {
    let id = ProjectId::from(resource::key(on).1);
    let projects = d.projects(cx).await?;
    let placed = projects.iter().find(|p| p.project.id == id);
    let Some(placed) = placed else {
        return Err(Error::new(Kind::NotFound, format!("there is no project {id}"))
            .hint("projects of an environment are seen with the token of that environment only"));
    };
    let client = d.clients.of(&placed.environment).ok_or_else(|| {
        Error::new(
            Kind::FailedPrecondition,
            format!("there is no token of the environment {}", placed.environment),
        )
        .hint(format!("set --workato-{}-api-key", placed.environment))
    })?;
    Ok((id, client))
}

async fn grants(client: &WorkatoClient, project: &ProjectId) -> Result<Vec<ProjectGrant>> {
    read_all(|page| client.project_grants(project, page)).await
}

fn role_of(grant: &ProjectGrant) -> String {
    let name = grant.project_role.as_ref().and_then(|r| r.name.as_deref());
    name.map(slug).unwrap_or_default()
}

/// The id that grants give a role. Lists give it another one, so a grant that has the role is asked first
/// (`contract/workato-api.md` 2.8, ID TRAP).
async fn role_id(d: &Directory, cx: &SyncContext, before: &[ProjectGrant], role: &str) -> Result<serde_json::Value> {
    let in_grants = before.iter().find(|g| role_of(g) == role);
    if let Some(role) = in_grants.and_then(|g| g.project_role.as_ref()) {
        return Ok(id_value(&role.id));
    }
    let roles = distinct(&d.project_roles(cx).await?);
    let listed = roles.into_iter().find(|(slug, ..)| slug == role);
    listed
        .map(|(_, _, role)| id_value(&role.id))
        .ok_or_else(|| Error::new(Kind::NotFound, format!("there is no project role {role}")).hint("sync again"))
}
