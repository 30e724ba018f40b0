//! Giving and taking environment roles. A person has one per environment, so a new one replaces the old one.

use prost_types::Any;

use super::{already_granted, already_revoked, person, replaced};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::workato::client::{Member, MemberRole, RoleAssignment};
use crate::workato::collaborator;
use crate::workato::directory::Directory;
use crate::workato::environment_role::{self, EnvironmentRole, HAS};
use crate::workato::holding::{folded, is_no_access};
use crate::workato::kind::ResourceKind as _;
use crate::workato::settings::Environment;

/// `role_type` of environment roles: without it the API looks for a legacy role.
pub const ROLE_TYPE: &str = "environment";
/// Names of the role that takes access away: how it is read, and how older pages write it.
const NO_ACCESS: [&str; 2] = ["No access", "NoAccess"];

/// Gives the role.
///
/// # Errors
/// Those of the API; `NotFound` for a role or person that is gone.
pub async fn grant(d: &Directory, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Granted> {
    let wanted = Wanted::find(d, cx, on).await?;
    let member = person(d, cx, principal).await?;
    let held = row_of(&member, &wanted.environment).and_then(|row| row.role_name.as_deref());
    if held.is_some_and(|name| wanted.is_called(name)) {
        return Ok(already_granted());
    }
    let assignment = assignment(&wanted.environment, &wanted.name);
    d.clients.dev.assign_roles(&member.id, &[assignment]).await?;
    let detected = d.detected(cx).await?;
    let previous = held
        .filter(|name| !name.is_empty() && !is_no_access(name))
        .and_then(|name| {
            let same = |r: &&crate::workato::client::EnvironmentRole| {
                r.name
                    .as_deref()
                    .is_some_and(|n| n == name || folded(n) == folded(name))
            };
            detected.environment_roles.iter().find(same)
        });
    let annotations = previous.map(|role| {
        let id = d.scoped_id(role.id.as_str(), &wanted.environment);
        replaced(EnvironmentRole::TYPE, id, HAS, &collaborator::resource_id(&member.id))
    });
    Ok(Granted {
        grants: Vec::new(),
        annotations: annotations.into_iter().collect(),
    })
}

/// Takes the role away, if it is still the one that is held.
///
/// # Errors
/// Those of the API.
pub async fn revoke(d: &Directory, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Vec<Any>> {
    let wanted = match Wanted::find(d, cx, on).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(already_revoked()),
        other => other?,
    };
    let member = match person(d, cx, principal).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(already_revoked()),
        other => other?,
    };
    let held = row_of(&member, &wanted.environment).and_then(|row| row.role_name.as_deref());
    if !held.is_some_and(|name| wanted.is_called(name)) {
        return Ok(already_revoked());
    }
    take_away(d, &member, &wanted.environment, Some(ROLE_TYPE)).await?;
    Ok(Vec::new())
}

/// Leaves a person without a role in one environment.
///
/// # Errors
/// Those of the API.
pub async fn take_away(
    d: &Directory,
    member: &Member,
    environment: &Environment,
    role_type: Option<&'static str>,
) -> Result<()> {
    let mut refused = None;
    for name in NO_ACCESS {
        let nothing = RoleAssignment {
            environment_type: environment.as_str().to_owned(),
            name: name.to_owned(),
            role_type,
        };
        match d.clients.dev.assign_roles(&member.id, &[nothing]).await {
            Ok(()) => return Ok(()),
            // The name is not the one this workspace wants.
            Err(error) if matches!(error.kind(), Kind::InvalidArgument | Kind::NotFound) => {
                refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(refused.unwrap_or_else(|| Error::new(Kind::Internal, "no name takes a role away")))
}

struct Wanted {
    environment: Environment,
    name: String,
}

impl Wanted {
    async fn find(d: &Directory, cx: &SyncContext, on: &v2::Resource) -> Result<Wanted> {
        let gone = || {
            let id = crate::baton::resource::key(on).1;
            Error::new(Kind::NotFound, format!("there is no environment role {id}"))
                .hint("sync again; and sync and write with the same --workato-env")
        };
        let (id, environment) = environment_role::find(d, cx, on).await?.ok_or_else(gone)?;
        let detected = d.detected(cx).await?;
        let role = detected.environment_roles.iter().find(|r| r.id.as_str() == id);
        let name = role.and_then(|r| r.name.clone()).ok_or_else(gone)?;
        Ok(Wanted { environment, name })
    }

    fn is_called(&self, name: &str) -> bool {
        name == self.name || folded(name) == folded(&self.name)
    }
}

fn assignment(environment: &Environment, name: &str) -> RoleAssignment {
    RoleAssignment {
        environment_type: environment.as_str().to_owned(),
        name: name.to_owned(),
        role_type: Some(ROLE_TYPE),
    }
}

/// What a person holds in an environment; of two rows, the environment role.
fn row_of<'a>(member: &'a Member, environment: &Environment) -> Option<&'a MemberRole> {
    let here = |row: &&MemberRole| {
        Environment::new(row.environment_type.as_deref().unwrap_or("dev")) == *environment
            && row.role_type.as_deref() != Some("privilege_group")
    };
    member.roles.iter().find(here)
}
