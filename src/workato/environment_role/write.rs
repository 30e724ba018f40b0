//! Giving and taking environment roles. A person has one per environment, so a new one replaces the old one.

use prost_types::Any;

use super::{EnvironmentRole, HAS};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::access_model::Detected;
use crate::workato::collaborator::{self, person};
use crate::workato::kind::ResourceKind as _;
use crate::workato::names::Meaning;
use crate::workato::role::Role;
use crate::workato::role_assignments::{RoleKind, RoleNames};
use crate::workato::tables::Tables;
use crate::workato::writing::assignment::{Given, WantedRole, revoke_found};
use crate::workato::writing::held::KnownRoles;
use crate::workato::writing::whole::detected;
use crate::workato::writing::{already_granted, environment_said, no_role, replaced};

/// Gives the role.
///
/// # Errors
/// Those of the API; `NotFound` for a role or person that is gone.
pub async fn grant(t: &Tables, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Granted> {
    let wanted = find(t, cx, on).await?;
    let member = person(t, cx, principal).await?;
    let Given::Now(before) = wanted.give(t, cx, &member).await? else {
        return Ok(already_granted());
    };
    let mut annotations = Vec::new();
    for name in before {
        if let Some((kind, id)) = resource_called(t, cx, &name).await? {
            let id = t.scoped_id(&id, &wanted.environment);
            annotations.push(replaced(kind, id, HAS, &collaborator::resource_id(&member.id)));
        }
    }
    Ok(Granted {
        grants: Vec::new(),
        annotations,
    })
}

/// Type and id of the role that rows call so; in a mixed workspace it may be one of the older model.
async fn resource_called(t: &Tables, cx: &SyncContext, name: &str) -> Result<Option<(&'static str, String)>> {
    let names = RoleNames::of(&*t.get::<Detected>(cx).await?);
    Ok(match names.find(RoleKind::Environment, name) {
        Meaning::One(id) => Some((EnvironmentRole::TYPE, id)),
        Meaning::Several(_) => None,
        Meaning::Nothing => match names.find(RoleKind::Legacy, name) {
            Meaning::One(id) => Some((Role::TYPE, id)),
            _ => None,
        },
    })
}

/// Takes the role away, if it is still the one that is held.
///
/// # Errors
/// Those of the API.
pub async fn revoke(t: &Tables, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Vec<Any>> {
    revoke_found(t, cx, on, principal, find(t, cx, on).await).await
}

async fn find(t: &Tables, cx: &SyncContext, on: &v2::Resource) -> Result<WantedRole> {
    environment_said(t, cx, on).await?;
    let wanted = resource::key(on).1;
    let detected = detected(t, cx).await?;
    let roles = &detected.environment_roles;
    let Some((id, environment)) = super::find(t, cx, on).await? else {
        let ids = roles.iter().map(|r| r.id.as_str());
        return Err(no_role("environment role", wanted, ids));
    };
    let role = roles.iter().find(|r| r.id.as_str() == id);
    let name = role.and_then(|r| r.name.clone());
    let name = name.ok_or_else(|| Error::new(Kind::Internal, format!("the environment role {id} has no name")))?;
    let wanted = WantedRole {
        kind: RoleKind::Environment,
        environment,
        id,
        name,
        known: KnownRoles::of(t, cx).await?,
    };
    wanted.checked()
}
