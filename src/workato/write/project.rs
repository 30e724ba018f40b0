//! Giving and taking project roles, to people and to groups. The client of the project's environment does it.

use std::collections::BTreeSet;

use prost_types::Any;

use super::effect::{Ended, send};
use super::{
    already_granted, already_revoked, called, environment_said, group, member_of, person_id, replaced, revoked_before,
};
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::{
    GroupId, MemberId, NewProjectGrant, Project as ApiProject, ProjectGrant, ProjectId, ProjectRole, WorkatoClient,
    read_all,
};
use crate::workato::directory::Directory;
use crate::workato::group::CollaboratorGroup;
use crate::workato::kind::{ResourceKind as _, id_value};
use crate::workato::project::{self, Project};
use crate::workato::project_role::{distinct, slug};
use crate::workato::settings::Environment;
use crate::workato::token_environment;

/// What somebody without a role holds.
const NO_ROLE: &str = "no role";

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

    /// Their name.
    ///
    /// # Errors
    /// `NotFound` for somebody who is not in the workspace; those of the API.
    async fn name(&self, d: &Directory, cx: &SyncContext) -> Result<String> {
        match self {
            Holder::Person(id) => member_of(d, cx, id).await.map(|member| called(&member)),
            Holder::Group(id) => group::find(d, id).await.map(|found| group::name(&found)),
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
/// `NotFound` for a project, role, person or group that is gone; `FailedPrecondition` for a project that no token sees;
/// those of the API; `Internal` when it has no effect.
pub async fn grant(
    d: &Directory,
    cx: &SyncContext,
    on: &v2::Resource,
    role: &str,
    principal: &v2::Resource,
) -> Result<Granted> {
    let holder = Holder::of(principal)?;
    let place = find(d, cx, on).await?;
    let who = holder.name(d, cx).await?;
    let before = place.grants().await?;
    let already = |name: &str| {
        cx.changes.tell(Change::already(&who, &place.name, name));
        Ok(already_granted())
    };
    let had: Vec<&ProjectGrant> = before.iter().filter(|g| holder.holds(g)).collect();
    if let Some(held) = had.iter().find(|g| slug_of(g) == role) {
        return already(&name_of(held));
    }
    let (role_id, role_name) = named(d, &before, role).await?;
    let change = Change::made(&who, &place.name, names(&had), &role_name);
    let write = place
        .client
        .put_project_grants(&place.id, &[holder.assignment(role_id)])?;
    let ended = send(cx, place.client, &change, write, &[Kind::AlreadyExists], || async {
        let now = place.grants().await?;
        let held: Vec<&ProjectGrant> = now.iter().filter(|g| holder.holds(g)).collect();
        let there = held.iter().any(|g| slug_of(g) == role);
        Ok((!there).then(|| names(&held)))
    });
    if ended.await? == Ended::Before {
        return already(&role_name);
    }
    // Whether a holder may have two roles in a project is nowhere said: what went is what is told.
    let mut annotations = Vec::new();
    if !had.is_empty() {
        let after = place.grants().await?;
        let principal = principal.id.clone().unwrap_or_default();
        let stays = |old: &ProjectGrant| {
            after
                .iter()
                .any(|new| holder.holds(new) && slug_of(new) == slug_of(old))
        };
        let gone = had.iter().find(|old| !stays(old));
        annotations.extend(gone.map(|old| replaced(Project::TYPE, place.id.to_string(), &slug_of(old), &principal)));
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
    let gone = |error: Error| match error.kind() {
        Kind::NotFound => Ok(already_revoked(cx, on, principal)),
        _ => Err(error),
    };
    let place = match find(d, cx, on).await {
        Ok(place) => place,
        Err(error) => return gone(error),
    };
    let who = match holder.name(d, cx).await {
        Ok(who) => who,
        Err(error) => return gone(error),
    };
    let all = place.grants().await?;
    let already = |role: &str, now: Option<String>| {
        cx.changes.tell(Change::gone(&who, &place.name, role, now));
        Ok(revoked_before())
    };
    let Some(held) = all.iter().find(|g| holder.holds(g) && slug_of(g) == role) else {
        let others: Vec<&ProjectGrant> = all.iter().filter(|g| holder.holds(g)).collect();
        return already(role, (!others.is_empty()).then(|| names(&others)));
    };
    let change = Change::made(&who, &place.name, name_of(held), NO_ROLE);
    let write = place.client.delete_project_grant(&held.id)?;
    let ended = send(cx, place.client, &change, write, &[Kind::NotFound], || async {
        match place.grants().await {
            Ok(now) => Ok(now
                .iter()
                .any(|g| holder.holds(g) && slug_of(g) == role)
                .then(|| name_of(held))),
            // Nobody holds anything in a project that is gone.
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    });
    match ended.await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => already(&name_of(held), None),
    }
}

/// A project, and the client that sees it.
struct Place<'d> {
    id: ProjectId,
    /// With its environment: each has a project of that name.
    name: String,
    environment: Environment,
    client: &'d WorkatoClient,
}

impl Place<'_> {
    async fn grants(&self) -> Result<Vec<ProjectGrant>> {
        let grants = read_all(|page| self.client.project_grants(&self.id, page)).await?;
        token_environment::check(&self.environment, &grants)?;
        Ok(grants)
    }
}

/// The project. Asked for anew: a list that the token may not read must not look like one without the project.
///
/// # Errors
/// `NotFound` for one that is gone for certain; `FailedPrecondition` for one that may lie where nothing is seen.
async fn find<'d>(d: &'d Directory, cx: &SyncContext, on: &v2::Resource) -> Result<Place<'d>> {
    let id = ProjectId::from(resource::key(on).1);
    let environments = match environment_said(d, cx, on).await? {
        Some(environment) => vec![environment],
        None => d.environments(cx).await?,
    };
    let (mut blind, mut seen) = (Vec::new(), Vec::new());
    for environment in environments {
        let Some(client) = d.clients.of(&environment) else {
            blind.push(environment);
            continue;
        };
        let projects: Vec<ApiProject> = read_all(|page| client.projects(page)).await?;
        if let Some(project) = projects.iter().find(|p| p.id == id) {
            return Ok(Place {
                name: format!("{} ({environment})", project::name(project)),
                id,
                environment,
                client,
            });
        }
        seen.push((environment, client));
    }
    if blind.is_empty() {
        // A token in the setting of another environment does not show what is gone in this one.
        for (environment, client) in seen {
            token_environment::ask(&environment, client).await?;
        }
        return Err(Error::new(Kind::NotFound, format!("there is no project {id}"))
            .code(crate::workato::code::NOT_IN_WORKSPACE)
            .hint("sync again"));
    }
    let message = format!("it cannot be told whether there is a project {id}");
    Err(Error::new(Kind::FailedPrecondition, message)
        .code(crate::workato::code::OUT_OF_SIGHT)
        .hint(format!(
            "projects of an environment are seen with its own token only: {}",
            blind
                .iter()
                .map(token_environment::advice)
                .collect::<Vec<_>>()
                .join("; ")
        )))
}

fn name_of(grant: &ProjectGrant) -> String {
    let name = grant.project_role.as_ref().and_then(|r| r.name.clone());
    name.unwrap_or_default()
}

fn slug_of(grant: &ProjectGrant) -> String {
    slug(&name_of(grant))
}

/// What somebody holds in a project, in words.
fn names(held: &[&ProjectGrant]) -> String {
    if held.is_empty() {
        return NO_ROLE.to_owned();
    }
    let names: BTreeSet<String> = held.iter().map(|g| name_of(g)).collect();
    Vec::from_iter(names).join(", ")
}

/// The id that grants give a role, and its name. Lists give it another id, so a grant that has the role is asked first
/// (`contract/workato-api.md` 2.8, ID TRAP).
async fn named(d: &Directory, before: &[ProjectGrant], role: &str) -> Result<(serde_json::Value, String)> {
    let in_grants = before.iter().find(|g| slug_of(g) == role);
    if let Some((grant, role)) = in_grants.and_then(|g| Some((g, g.project_role.as_ref()?))) {
        return Ok((id_value(&role.id), name_of(grant)));
    }
    let roles: Vec<ProjectRole> = read_all(|page| d.clients.dev.project_roles(page)).await?;
    let listed = distinct(&roles).into_iter().find(|(slug, ..)| slug == role);
    listed.map(|(_, name, role)| (id_value(&role.id), name)).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no project role {role}"))
            .code(crate::workato::code::NOT_IN_WORKSPACE)
            .hint("sync again")
    })
}
