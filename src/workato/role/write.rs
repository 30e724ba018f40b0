//! Giving and taking roles of the model before RBAC v2. A workspace that has moved on refuses them; so do we, before
//! anything is sent.

use prost_types::Any;

use super::{HAS, Role, named};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::access_model::{AccessModel, Detected};
use crate::workato::collaborator::{self, person};
use crate::workato::kind::ResourceKind as _;
use crate::workato::names::Meaning;
use crate::workato::role_assignments::RoleKind;
use crate::workato::tables::Tables;
use crate::workato::writing::assignment::{Given, WantedRole, revoke_found};
use crate::workato::writing::held::KnownRoles;
use crate::workato::writing::{already_granted, environment_said, no_role, replaced};

/// Gives the role.
///
/// # Errors
/// `FailedPrecondition` in a workspace with RBAC v2; `NotFound` for a role or person that is gone; those of the API.
pub async fn grant(t: &Tables, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Granted> {
    check_model(t, cx).await?;
    let wanted = find(t, cx, on).await?;
    let member = person(t, cx, principal).await?;
    let Given::Now(before) = wanted.give(t, cx, &member).await? else {
        return Ok(already_granted());
    };
    let mut annotations = Vec::new();
    for held in before {
        if let Meaning::One(id) = wanted.known.names.find(RoleKind::Legacy, &held) {
            let id = t.scoped_id(&id, &wanted.environment);
            annotations.push(replaced(Role::TYPE, id, HAS, &collaborator::resource_id(&member.id)));
        }
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
pub async fn revoke(t: &Tables, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Vec<Any>> {
    check_model(t, cx).await?;
    revoke_found(t, cx, on, principal, find(t, cx, on).await).await
}

/// Refuses roles of the older model where the workspace has moved on.
///
/// # Errors
/// `FailedPrecondition`.
pub async fn check_model(t: &Tables, cx: &SyncContext) -> Result<()> {
    if t.get::<Detected>(cx).await?.model != AccessModel::RbacV2 {
        return Ok(());
    }
    Err(Error::new(
        Kind::FailedPrecondition,
        "this workspace uses environment roles; roles of the older model cannot be given or taken there",
    )
    .code(crate::workato::code::LEGACY_WRITE)
    .hint("grant an environment role instead"))
}

/// The role that a resource stands for.
async fn find(t: &Tables, cx: &SyncContext, on: &v2::Resource) -> Result<WantedRole> {
    environment_said(t, cx, on).await?;
    let wanted = resource::key(on).1;
    let roles = named(t, cx).await?;
    for environment in t.environments(cx).await? {
        if let Some((id, name)) = roles.iter().find(|(id, _)| t.scoped_id(id, &environment) == wanted) {
            let wanted = WantedRole {
                kind: RoleKind::Legacy,
                environment,
                id: id.clone(),
                name: name.clone(),
                known: KnownRoles::of(t, cx).await?,
            };
            return wanted.checked();
        }
    }
    if t.settings.disable_custom_roles_sync {
        let message = format!("it cannot be told whether there is a role {wanted}: custom roles are not read");
        return Err(Error::new(Kind::FailedPrecondition, message)
            .code(crate::workato::code::OUT_OF_SIGHT)
            .hint("write without --disable-custom-roles-sync"));
    }
    Err(no_role("role", wanted, roles.iter().map(|(id, _)| id.as_str())))
}
