//! Giving and taking roles of the model before RBAC v2. A workspace that has moved on refuses them; so do we, before
//! anything is sent.

use prost_types::Any;

use super::environment_role::take_away;
use super::{already_granted, already_revoked, person, replaced};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::access_model::AccessModel;
use crate::workato::client::{Member, RoleAssignment};
use crate::workato::collaborator;
use crate::workato::directory::Directory;
use crate::workato::holding::is_no_access;
use crate::workato::kind::ResourceKind as _;
use crate::workato::role::{HAS, Role, named};
use crate::workato::settings::Environment;

/// Gives the role.
///
/// # Errors
/// `FailedPrecondition` in a workspace with RBAC v2; `NotFound` for a role or person that is gone; those of the API.
pub async fn grant(d: &Directory, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Granted> {
    check_model(d, cx).await?;
    let (name, environment) = find(d, cx, on).await?;
    let member = person(d, cx, principal).await?;
    let held = held_in(&member, &environment);
    if held == Some(name.as_str()) {
        return Ok(already_granted());
    }
    let assignment = RoleAssignment {
        environment_type: environment.as_str().to_owned(),
        name,
        role_type: None,
    };
    d.clients.dev.assign_roles(&member.id, &[assignment]).await?;
    let mut annotations = Vec::new();
    if let Some(held) = held.filter(|held| !is_no_access(held)) {
        let roles = named(d, cx).await?;
        let previous = roles.into_iter().find(|(_, name)| name == held);
        annotations.extend(previous.map(|(id, _)| {
            let id = d.scoped_id(&id, &environment);
            replaced(Role::TYPE, id, HAS, &collaborator::resource_id(&member.id))
        }));
    }
    Ok(Granted {
        grants: Vec::new(),
        annotations,
    })
}

/// Takes the role away, if it is still the one that is held.
///
/// # Errors
/// As [`grant`].
pub async fn revoke(d: &Directory, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Vec<Any>> {
    check_model(d, cx).await?;
    let gone = |error: &Error| error.kind() == Kind::NotFound;
    let (name, environment) = match find(d, cx, on).await {
        Err(error) if gone(&error) => return Ok(already_revoked()),
        other => other?,
    };
    let member = match person(d, cx, principal).await {
        Err(error) if gone(&error) => return Ok(already_revoked()),
        other => other?,
    };
    if held_in(&member, &environment) != Some(name.as_str()) {
        return Ok(already_revoked());
    }
    take_away(d, &member, &environment, None).await?;
    Ok(Vec::new())
}

async fn check_model(d: &Directory, cx: &SyncContext) -> Result<()> {
    if d.detected(cx).await?.model != AccessModel::RbacV2 {
        return Ok(());
    }
    Err(Error::new(
        Kind::FailedPrecondition,
        "this workspace uses environment roles; roles of the older model cannot be given or taken there",
    )
    .hint("grant an environment role instead"))
}

/// Name and environment of the role a resource stands for.
async fn find(d: &Directory, cx: &SyncContext, on: &v2::Resource) -> Result<(String, Environment)> {
    let wanted = resource::key(on).1;
    for environment in d.environments(cx).await? {
        for (id, name) in named(d, cx).await? {
            if d.scoped_id(&id, &environment) == wanted {
                return Ok((name, environment));
            }
        }
    }
    Err(Error::new(Kind::NotFound, format!("there is no role {wanted}")).hint("sync again"))
}

fn held_in<'a>(member: &'a Member, environment: &Environment) -> Option<&'a str> {
    let row = member.roles.iter().find(|row| {
        Environment::new(row.environment_type.as_deref().unwrap_or("dev")) == *environment
            && row.role_type.as_deref() != Some("environment")
    })?;
    row.role_name.as_deref().map(str::trim).filter(|name| !name.is_empty())
}
