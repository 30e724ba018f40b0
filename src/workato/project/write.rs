//! Giving and taking project roles, to people and to groups. The client of the project's environment does it.

use std::collections::BTreeSet;

use prost_types::Any;
use serde::Serialize;
use serde_json::json;

use super::model::{ProjectGrant, ProjectId};
use super::{Project, environment, name, now};
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::{WorkatoClient, endpoint};
use crate::workato::code;
use crate::workato::collaborator::{MemberId, called, member_of, person_id};
use crate::workato::group::{self, CollaboratorGroup, GroupId};
use crate::workato::kind::{self, ResourceKind as _, id_value};
use crate::workato::listing::List;
use crate::workato::names::Meaning;
use crate::workato::project_role::{self, NamedRole, ProjectRoles};
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;
use crate::workato::tokens;
use crate::workato::writing::effect::{Ended, send};
use crate::workato::writing::{
    already_granted, already_revoked, ambiguous_right, environment_said, replaced, revoked_before,
};

/// What somebody without a role holds.
const NO_ROLE: &str = "no role";

/// A project role to give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct NewProjectGrant {
    /// `User` or `UserGroup`.
    assignment_type: &'static str,
    /// The id of whom it is for.
    assignment_id: serde_json::Value,
    /// The role, as grants name it.
    project_role_id: serde_json::Value,
}

/// Who gets or loses it.
enum Grantee {
    Person(MemberId),
    Group(GroupId),
}

impl Grantee {
    fn of(principal: &v2::Resource) -> Result<Grantee> {
        match resource::key(principal) {
            (CollaboratorGroup::TYPE, id) if !id.is_empty() => Ok(Grantee::Group(GroupId::from(id))),
            _ => person_id(principal).map(Grantee::Person),
        }
    }

    /// Their name.
    ///
    /// # Errors
    /// `NotFound` for somebody who is not in the workspace; those of the API.
    async fn name(&self, t: &Tables, cx: &SyncContext) -> Result<String> {
        match self {
            Grantee::Person(id) => member_of(t, cx, id).await.map(|member| called(&member)),
            Grantee::Group(id) => group::find_now(t, id).await.map(|found| group::name(&found)),
        }
    }

    fn holds(&self, grant: &ProjectGrant) -> bool {
        match (self, &grant.user, &grant.user_group) {
            (Grantee::Person(id), Some(user), None) => user.id == *id,
            (Grantee::Group(id), None, Some(group)) => group.id == *id,
            _ => false,
        }
    }

    fn assignment(&self, project_role_id: serde_json::Value) -> NewProjectGrant {
        let (assignment_type, assignment_id) = match self {
            Grantee::Person(id) => ("User", id_value(id)),
            Grantee::Group(id) => ("UserGroup", id_value(id)),
        };
        NewProjectGrant {
            assignment_type,
            assignment_id,
            project_role_id,
        }
    }
}

/// The project role that is to be given or taken away, among those of the workspace.
struct WantedRole {
    roles: ProjectRoles,
    role: NamedRole,
}

impl WantedRole {
    /// The one that an entitlement means: by its slug, and by the name that its text has for it (`<role> of <project>`).
    /// The list is read anew, since a slug means another role as soon as roles come and go.
    ///
    /// # Errors
    /// `NotFound` for a role that is gone; `InvalidArgument` for a slug that is not that of one role, or is another's now.
    async fn of(t: &Tables, on: &v2::Resource, (slug, text): (&str, &str)) -> Result<WantedRole> {
        let roles = project_role::now(&t.clients.dev).await?;
        let role = match roles.of_slug(slug) {
            Meaning::One(role) => role.clone(),
            Meaning::Several(several) => {
                let message = format!("{slug:?} is the project role {} now", or(&several));
                return Err(ambiguous_right(message).hint("sync again: each of them has an id of its own since"));
            }
            Meaning::Nothing => {
                return Err(Error::new(Kind::NotFound, format!("there is no project role {slug}"))
                    .code(code::NOT_IN_WORKSPACE)
                    .hint("sync again"));
            }
        };
        let meant = text.strip_suffix(&format!(" of {}", on.display_name)).map(str::trim);
        match meant.filter(|_| !on.display_name.is_empty()) {
            Some(meant) if meant != role.name && !roles.is_spelling(meant, &role) => {
                let message = format!(
                    "the project role {slug:?} was {meant:?} in the last sync and is {:?} now",
                    role.name
                );
                Err(ambiguous_right(message).hint("sync again, and name the role as it is called now"))
            }
            _ => Ok(WantedRole { roles, role }),
        }
    }

    /// Whether a grant is of this role.
    ///
    /// # Errors
    /// `InvalidArgument` for one that may be.
    fn is(&self, grant: &ProjectGrant) -> Result<bool> {
        let is_it = |role: &NamedRole| role.role.id == self.role.role.id;
        match grant.project_role.as_ref().map(|named| self.roles.of_grant(named)) {
            Some(Meaning::One(role)) => Ok(is_it(role)),
            Some(Meaning::Several(several)) if several.iter().any(|role| is_it(role)) => Err(ambiguous_right(format!(
                "the grant of {:?} can be of the project role {}",
                name_of(grant),
                or(&several)
            ))),
            _ => Ok(false),
        }
    }

    /// The first of these grants that is of this role.
    ///
    /// # Errors
    /// As [`WantedRole::is`].
    fn among<'g>(&self, grants: impl IntoIterator<Item = &'g ProjectGrant>) -> Result<Option<&'g ProjectGrant>> {
        for grant in grants {
            if self.is(grant)? {
                return Ok(Some(grant));
            }
        }
        Ok(None)
    }

    /// The id that grants give this role. Lists give it another id, so a grant that has the role is asked first
    /// (`workato/api.md 2.8`).
    ///
    /// # Errors
    /// `InvalidArgument` for a role that could not be told from another one afterwards.
    fn id_in_grants(&self, before: &[ProjectGrant]) -> Result<serde_json::Value> {
        if let Some(role) = self.among(before)?.and_then(|grant| grant.project_role.as_ref()) {
            return Ok(id_value(&role.id));
        }
        if self.roles.shares_name(&self.role) {
            let message = format!(
                "{:?} is the name of several project roles, and grants tell names only",
                self.role.name
            );
            return Err(ambiguous_right(message));
        }
        Ok(id_value(&self.role.role.id))
    }

    /// The slug of the role of a grant, where that is certain.
    fn slug_of(&self, grant: &ProjectGrant) -> Option<&str> {
        match self.roles.of_grant(grant.project_role.as_ref()?) {
            Meaning::One(role) => Some(&role.slug),
            _ => None,
        }
    }
}

/// Roles in words: `"C++" (90) or "C#" (91)`.
fn or(several: &[&NamedRole]) -> String {
    let all: Vec<String> = several
        .iter()
        .map(|role| format!("{:?} ({})", role.name, role.role.id))
        .collect();
    all.join(" or ")
}

/// Gives the project role of an entitlement, by its slug and its text.
///
/// # Errors
/// `NotFound` for a project, role, person or group that is gone; `FailedPrecondition` for a project that no token sees;
/// `InvalidArgument` for a role that cannot be told from another; those of the API; `Internal` when it has no effect.
pub async fn grant(t: &Tables, cx: &SyncContext, wanted: &kind::Right<'_>) -> Result<Granted> {
    let (on, what, principal) = (wanted.on, (wanted.slug, wanted.text), wanted.principal);
    let holder = Grantee::of(principal)?;
    let place = find(t, cx, on).await?;
    let right = WantedRole::of(t, on, what).await?;
    let who = holder.name(t, cx).await?;
    let before = place.grants().await?;
    let already = |name: &str| {
        cx.changes.tell(Change::already(&who, &place.name, name));
        Ok(already_granted())
    };
    let had: Vec<&ProjectGrant> = before.iter().filter(|g| holder.holds(g)).collect();
    if let Some(held) = right.among(had.iter().copied())? {
        return already(&name_of(held));
    }
    let role_id = right.id_in_grants(&before)?;
    let change = Change::made(&who, &place.name, names(&had), &right.role.name);
    let body = json!({ "project_grants": [holder.assignment(role_id)] });
    let address = endpoint::PUT_PROJECT_GRANTS.of(place.id.as_str());
    let write = place.client.write(address, Some(&body))?;
    let ended = send(cx, place.client, &change, write, &[Kind::AlreadyExists], || async {
        let now = place.grants().await?;
        let held: Vec<&ProjectGrant> = now.iter().filter(|g| holder.holds(g)).collect();
        let there = right.among(held.iter().copied())?.is_some();
        Ok((!there).then(|| names(&held)))
    });
    if ended.await? == Ended::Before {
        return already(&right.role.name);
    }
    // Whether a holder may have two roles in a project is nowhere said: what went is what is told.
    let mut annotations = Vec::new();
    if !had.is_empty() {
        let after = place.grants().await?;
        let principal = principal.id.clone().unwrap_or_default();
        let stays = |old: &ProjectGrant| {
            let mut now = after.iter().filter(|new| holder.holds(new));
            now.any(|new| new.project_role == old.project_role)
        };
        let gone = had.iter().find(|old| !stays(old)).and_then(|old| right.slug_of(old));
        annotations.extend(gone.map(|slug| replaced(Project::TYPE, place.id.to_string(), slug, &principal)));
    }
    Ok(Granted {
        grants: Vec::new(),
        annotations,
    })
}

/// Takes the project role away.
///
/// # Errors
/// As `grant`.
pub async fn revoke(t: &Tables, cx: &SyncContext, wanted: &kind::Right<'_>) -> Result<Vec<Any>> {
    let (on, what, principal) = (wanted.on, (wanted.slug, wanted.text), wanted.principal);
    let holder = Grantee::of(principal)?;
    let gone = |error: Error| match error.kind() {
        Kind::NotFound => Ok(already_revoked(cx, on, principal)),
        _ => Err(error),
    };
    let place = match find(t, cx, on).await {
        Ok(place) => place,
        Err(error) => return gone(error),
    };
    let right = match WantedRole::of(t, on, what).await {
        Ok(right) => right,
        Err(error) => return gone(error),
    };
    let who = match holder.name(t, cx).await {
        Ok(who) => who,
        Err(error) => return gone(error),
    };
    let all = place.grants().await?;
    let already = |role: &str, now: Option<String>| {
        cx.changes.tell(Change::gone(&who, &place.name, role, now));
        Ok(revoked_before())
    };
    let own: Vec<&ProjectGrant> = all.iter().filter(|g| holder.holds(g)).collect();
    let Some(held) = right.among(own.iter().copied())? else {
        return already(&right.role.name, (!own.is_empty()).then(|| names(&own)));
    };
    let change = Change::made(&who, &place.name, name_of(held), NO_ROLE);
    let write = place
        .client
        .write(endpoint::DELETE_PROJECT_GRANT.of(held.id.as_str()), None)?;
    let ended = send(cx, place.client, &change, write, &[Kind::NotFound], || async {
        match place.grants().await {
            Ok(now) => Ok(right
                .among(now.iter().filter(|g| holder.holds(g)))?
                .is_some()
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
struct FoundProject<'t> {
    id: ProjectId,
    /// With its environment: each has a project of that name.
    name: String,
    environment: Environment,
    client: &'t WorkatoClient,
}

impl FoundProject<'_> {
    async fn grants(&self) -> Result<Vec<ProjectGrant>> {
        let list = List::now(self.client, endpoint::PROJECT_GRANTS.of(self.id.as_str()));
        let mut all: Vec<ProjectGrant> = list.usually_empty().read().await?;
        environment::check(&self.environment, &all)?;
        // What a list says of another project says nothing here.
        let elsewhere = |id: &ProjectId| *id != self.id;
        all.retain(|grant| {
            !grant
                .project
                .as_ref()
                .and_then(|p| p.id.as_ref())
                .is_some_and(elsewhere)
        });
        Ok(all)
    }
}

/// The project. Asked for anew: a list that the token may not read must not look like one without the project.
///
/// # Errors
/// `NotFound` for one that is gone for certain; `FailedPrecondition` for one that may lie where nothing is seen.
async fn find<'t>(t: &'t Tables, cx: &SyncContext, on: &v2::Resource) -> Result<FoundProject<'t>> {
    let id = ProjectId::from(resource::key(on).1);
    let environments = match environment_said(t, cx, on).await? {
        Some(environment) => vec![environment],
        None => t.environments(cx).await?,
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

fn name_of(grant: &ProjectGrant) -> String {
    let name = grant.project_role.as_ref().and_then(|r| r.name.clone());
    name.unwrap_or_default()
}

/// What somebody holds in a project, in words.
fn names(held: &[&ProjectGrant]) -> String {
    if held.is_empty() {
        return NO_ROLE.to_owned();
    }
    let names: BTreeSet<String> = held.iter().map(|g| name_of(g)).collect();
    Vec::from_iter(names).join(", ")
}
