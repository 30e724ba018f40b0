//! Giving and taking project roles, to people and to groups. The client of the project's environment does it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use prost_types::Any;
use serde::Serialize;
use serde_json::json;

use super::aftermath::Aftermath;
use super::model::ProjectGrant;
use super::place::{FoundProject, grants};
use super::standing::{Grantee, Holder, Of, Whose, check_alone, held_by, is_elsewhere, name_of, of_role, or, says};
use super::{Project, now};
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::proto::v2;
use crate::workato::client::endpoint;
use crate::workato::code;
use crate::workato::collaborator::{called, member_of};
use crate::workato::group;
use crate::workato::kind::{self, ResourceKind as _, id_value};
use crate::workato::names::Meaning;
use crate::workato::project_role::{self, NamedRole, ProjectRoleId, ProjectRoles};
use crate::workato::tables::Tables;
use crate::workato::writing::effect::{Ended, may_have_effect, send};
use crate::workato::writing::{already_granted, already_revoked, ambiguous_right, replaced, revoked_before, shown};

/// What somebody without a role holds.
const NO_ROLE: &str = "no role";
/// Projects whose grants are asked for the id of a role.
const ASKED: usize = 5;

/// A project role to give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewProjectGrant {
    /// `User` or `UserGroup`.
    assignment_type: &'static str,
    /// The id of whom it is for.
    assignment_id: serde_json::Value,
    /// The role, as grants name it.
    project_role_id: serde_json::Value,
}

/// The grant of a role, as it is written.
pub fn assignment(holder: &Grantee, project_role_id: serde_json::Value) -> NewProjectGrant {
    let (assignment_type, assignment_id) = match holder {
        Grantee::Person(id) => ("User", id_value(id)),
        Grantee::Group(id) => ("UserGroup", id_value(id)),
    };
    NewProjectGrant {
        assignment_type,
        assignment_id,
        project_role_id,
    }
}

/// A holder whom the workspace has, and their name.
///
/// # Errors
/// `NotFound` for somebody who is not in the workspace; those of the API.
async fn known(t: &Tables, cx: &SyncContext, grantee: Grantee) -> Result<(Holder, String)> {
    match grantee {
        Grantee::Person(id) => {
            let member = member_of(t, cx, &id).await?;
            Ok((Holder::person(&member), called(&member)))
        }
        Grantee::Group(id) => {
            let name = group::find_now(t, &id).await.map(|found| group::name(&found))?;
            Ok((Holder::group(id), name))
        }
    }
}

/// A holder, their name, and whether a list has them: a grant can be theirs all the same where none does.
///
/// # Errors
/// Those of the API.
async fn holder_of(
    t: &Tables,
    cx: &SyncContext,
    grantee: Grantee,
    principal: &v2::Resource,
) -> Result<(Holder, String, bool)> {
    let found = match &grantee {
        Grantee::Person(id) => match member_of(t, cx, id).await {
            Ok(member) => Some((Holder::person(&member), called(&member))),
            Err(error) if error.kind() == Kind::NotFound => None,
            Err(error) => return Err(error),
        },
        Grantee::Group(id) => {
            let group = group::listed(t, id).await?;
            group.map(|found| (Holder::group(id.clone()), group::name(&found)))
        }
    };
    Ok(match found {
        Some((holder, name)) => (holder, name, true),
        None => (Holder::unlisted(grantee, principal), shown(principal), false),
    })
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
    fn of(roles: ProjectRoles, on: &v2::Resource, (slug, text): (&str, &str)) -> Result<WantedRole> {
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

    /// The first of these grants that is of this role.
    ///
    /// # Errors
    /// `InvalidArgument` for one that may be.
    fn among<'g>(&self, grants: impl IntoIterator<Item = &'g ProjectGrant>) -> Result<Option<&'g ProjectGrant>> {
        for grant in grants {
            if of_role(&self.roles, Some(&self.role), grant)? == Of::It {
                return Ok(Some(grant));
            }
        }
        Ok(None)
    }

    /// The id that these grants give this role.
    fn id_among(&self, grants: &[ProjectGrant]) -> Result<Option<ProjectRoleId>> {
        let found = self.among(grants)?;
        Ok(found
            .and_then(|grant| grant.project_role.as_ref())
            .map(|role| role.id.clone()))
    }

    /// A grant that gives another role the id that this one has in the list.
    fn of_another<'g>(&self, grants: &'g [ProjectGrant]) -> Option<&'g ProjectGrant> {
        grants.iter().find(|grant| {
            let named = grant.project_role.as_ref();
            named.is_some_and(|named| {
                named.id == self.role.role.id
                    && !matches!(self.roles.of_grant(named), Meaning::One(role) if role.role.id == self.role.role.id)
            })
        })
    }

    /// The id that grants give this role. Lists may give it another id, so a grant that has the role is asked first, of this
    /// project and, where there is nothing to compare, of others (`workato/api.md 2.8`).
    ///
    /// # Errors
    /// `InvalidArgument` for a role that could not be told from another one afterwards, or whose id grants use for another
    /// one; those of the API.
    async fn id_in_grants(&self, place: &FoundProject<'_>, before: &[ProjectGrant]) -> Result<serde_json::Value> {
        if let Some(id) = self.id_among(before)? {
            return Ok(id_value(&id));
        }
        if self.roles.shares_name(&self.role) {
            let message = format!(
                "{:?} is the name of several project roles, and grants tell names only",
                self.role.name
            );
            return Err(ambiguous_right(message));
        }
        let mut another = self.of_another(before).map(name_of);
        if another.is_some() || before.is_empty() {
            let projects = now(place.client).await?;
            let others = projects.iter().filter(|project| project.id != place.id);
            for project in others.take(ASKED) {
                let elsewhere = grants(place.client, &project.id).await?;
                if let Some(id) = self.id_among(&elsewhere)? {
                    return Ok(id_value(&id));
                }
                another = another.or_else(|| self.of_another(&elsewhere).map(name_of));
            }
        }
        match another {
            None => Ok(id_value(&self.role.role.id)),
            Some(another) => {
                let message = format!(
                    "the list of project roles has {:?} as {id}, and project grants have {another:?} as {id}",
                    self.role.name,
                    id = self.role.role.id
                );
                Err(Error::new(Kind::InvalidArgument, message)
                    .code(code::AMBIGUOUS_RIGHT)
                    .hint(
                        "nothing was sent, since it might have given the other role; give this one once in Workato, then \
                         its number is known",
                    ))
            }
        }
    }

    /// The slug of the role of a grant, where that is certain.
    fn slug_of(&self, grant: &ProjectGrant) -> Option<&str> {
        match self.roles.of_grant(grant.project_role.as_ref()?) {
            Meaning::One(role) => Some(&role.slug),
            _ => None,
        }
    }
}

/// The grants of a holder on this project, for certain.
fn own<'g>(place: &FoundProject<'_>, holder: &Holder, all: &'g [ProjectGrant]) -> Vec<&'g ProjectGrant> {
    all.iter()
        .filter(|grant| holder.whose(grant) == Whose::Theirs && !is_elsewhere(grant, &place.id))
        .collect()
}

/// Gives the project role of an entitlement, by its slug and its text.
///
/// # Errors
/// `NotFound` for a project, role, person or group that is gone; `FailedPrecondition` for a project that no token sees;
/// `InvalidArgument` for a role that cannot be told from another; those of the API; `Internal` when it has no effect, or
/// another one, which is undone or named.
pub async fn grant(t: &Tables, cx: &SyncContext, wanted: &kind::Right<'_>) -> Result<Granted> {
    let (on, what, principal) = (wanted.on, (wanted.slug, wanted.text), wanted.principal);
    let grantee = Grantee::of(principal)?;
    let place = FoundProject::find(t, cx, on).await?;
    let right = WantedRole::of(project_role::now(&t.clients.dev).await?, on, what)?;
    let (holder, who) = known(t, cx, grantee).await?;
    let before = place.grants().await?;
    let already = |name: &str| {
        cx.changes.tell(Change::already(&who, &place.name, name));
        Ok(already_granted())
    };
    let had = own(&place, &holder, &before);
    if let Some(held) = right.among(had.iter().copied())? {
        return already(&name_of(held));
    }
    holder.check_number(&place.id, &before)?;
    let role_id = right.id_in_grants(&place, &before).await?;
    let change = Change::made(&who, &place.name, names(&had), &right.role.name);
    let body = json!({ "project_grants": [assignment(&holder.grantee, role_id)] });
    let address = endpoint::PUT_PROJECT_GRANTS.of(place.id.as_str());
    let write = place.client.write(address, Some(&body))?;
    let last: Mutex<Option<Vec<ProjectGrant>>> = Mutex::default();
    let ended = send(cx, place.client, &change, write, &[Kind::AlreadyExists], || async {
        let now = place.grants().await?;
        let instead = {
            let held = own(&place, &holder, &now);
            let is_there = right.among(held.iter().copied())?.is_some();
            (!is_there).then(|| names(&held))
        };
        *locked(&last) = Some(now);
        Ok(instead)
    });
    let ended = ended.await;
    let now = locked(&last).take();
    let aftermath = Aftermath {
        place: &place,
        cx,
        change: &change,
        before: &before,
        holder: &holder,
    };
    let may_have_effect = may_have_effect(&ended);
    let ended = match (ended, &now) {
        (Err(failed), Some(now)) if may_have_effect => return Err(aftermath.of_failure(failed.into(), now).await),
        (ended, _) => ended?,
    };
    if ended == Ended::Before {
        return already(&right.role.name);
    }
    let after = now.unwrap_or_default();
    aftermath.of_grant(&after).await?;
    // Whether a holder may have two roles in a project is nowhere said: what went is what is told.
    let principal = principal.id.clone().unwrap_or_default();
    let stays = |old: &ProjectGrant| {
        let now = own(&place, &holder, &after);
        now.iter().any(|new| new.project_role == old.project_role)
    };
    let gone = had
        .iter()
        .filter(|old| !stays(old))
        .filter_map(|old| right.slug_of(old));
    let annotations = gone
        .map(|slug| replaced(Project::TYPE, place.id.to_string(), slug, &principal))
        .collect();
    Ok(Granted {
        grants: Vec::new(),
        annotations,
    })
}

/// Takes the project role away.
///
/// # Errors
/// As `grant`; `FailedPrecondition` where it is not clear whether it is held.
pub async fn revoke(t: &Tables, cx: &SyncContext, wanted: &kind::Right<'_>) -> Result<Vec<Any>> {
    let (on, what, principal) = (wanted.on, (wanted.slug, wanted.text), wanted.principal);
    let grantee = Grantee::of(principal)?;
    let place = match FoundProject::find(t, cx, on).await {
        Ok(place) => place,
        Err(error) if error.kind() == Kind::NotFound => return Ok(already_revoked(cx, on, principal)),
        Err(error) => return Err(error),
    };
    let roles = project_role::now(&t.clients.dev).await?;
    let (holder, who, is_listed) = holder_of(t, cx, grantee, principal).await?;
    let right = match WantedRole::of(roles.clone(), on, what) {
        Ok(right) => right,
        Err(error) if error.kind() == Kind::NotFound => {
            // Grants name roles that no list has for a while, and then may name this one.
            held_by((&roles, None), &holder, &place.id, &place.grants().await?)?;
            return Ok(already_revoked(cx, on, principal));
        }
        Err(error) => return Err(error),
    };
    let all = place.grants().await?;
    let already = |role: &str, now: Option<String>| {
        cx.changes
            .tell(Change::gone(&who, &place.name, role, now).listed(is_listed));
        Ok(revoked_before())
    };
    let Some(held) = held_by((&right.roles, Some(&right.role)), &holder, &place.id, &all)? else {
        let own = own(&place, &holder, &all);
        return already(&right.role.name, (!own.is_empty()).then(|| names(&own)));
    };
    check_alone(held, &all)?;
    let change = Change::made(&who, &place.name, name_of(held), NO_ROLE).listed(is_listed);
    let write = place
        .client
        .write(endpoint::DELETE_PROJECT_GRANT.of(held.id.as_str()), None)?;
    let last: Mutex<Option<Vec<ProjectGrant>>> = Mutex::default();
    let ended = send(cx, place.client, &change, write, &[Kind::NotFound], || async {
        match place.grants().await {
            Ok(now) => {
                // What was not clear before and is there still is not what was taken away.
                let is_there = now.iter().any(|grant| grant.id == held.id && says(grant) == says(held))
                    || right.among(own(&place, &holder, &now))?.is_some();
                *locked(&last) = Some(now);
                Ok(is_there.then(|| name_of(held)))
            }
            // Nobody holds anything in a project that is gone.
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    })
    .await;
    let now = locked(&last).take().filter(|_| may_have_effect(&ended));
    if let Some(now) = now {
        let aftermath = Aftermath {
            place: &place,
            cx,
            change: &change,
            before: &all,
            holder: &holder,
        };
        aftermath.of_revoke(held, &now).await?;
    }
    match ended? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => already(&name_of(held), None),
    }
}

/// What somebody holds in a project, in words.
fn names(held: &[&ProjectGrant]) -> String {
    if held.is_empty() {
        return NO_ROLE.to_owned();
    }
    let names: BTreeSet<String> = held.iter().map(|g| name_of(g)).collect();
    Vec::from_iter(names).join(", ")
}
