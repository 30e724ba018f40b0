//! Letting people into collaborator groups and out of them. System groups follow from who is there.

use prost_types::Any;

use super::{already_granted, already_revoked, person, person_id};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::{GroupId, GroupMember, MemberId, UserGroup, read_all};
use crate::workato::directory::Directory;
use crate::workato::group::is_system;

/// Lets a person in.
///
/// # Errors
/// A refusal for a system group; `NotFound` for a group or person that is gone; those of the API.
pub async fn grant(d: &Directory, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Granted> {
    let group = find(d, cx, on).await?;
    if is_system(&group) {
        let name = group.name.as_deref().unwrap_or_default();
        return Err(Error::refused_grant(format!(
            "{name:?} is a system group: Workato decides who is in it"
        )));
    }
    let member = person(d, cx, principal).await?.id;
    if is_in(d, &group.id, &member).await? {
        return Ok(already_granted());
    }
    d.clients.dev.add_to_group(&group.id, &member).await?;
    Ok(Granted::default())
}

/// Lets a person out.
///
/// # Errors
/// `FailedPrecondition` for a system group; those of the API.
pub async fn revoke(d: &Directory, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Vec<Any>> {
    let group = match find(d, cx, on).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(already_revoked()),
        other => other?,
    };
    if is_system(&group) {
        let name = group.name.as_deref().unwrap_or_default();
        return Err(Error::new(
            Kind::FailedPrecondition,
            format!("{name:?} is a system group: nobody can be taken out of it"),
        ));
    }
    let member = person_id(principal)?;
    if !is_in(d, &group.id, &member).await? {
        return Ok(already_revoked());
    }
    match d.clients.dev.remove_from_group(&group.id, &member).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(already_revoked()),
        other => other.map(|()| Vec::new()),
    }
}

async fn find(d: &Directory, cx: &SyncContext, on: &v2::Resource) -> Result<UserGroup> {
    let id = GroupId::from(resource::key(on).1);
    let found = d.groups(cx).await?.iter().find(|g| g.id == id).cloned();
    found.ok_or_else(|| Error::new(Kind::NotFound, format!("there is no collaborator group {id}")).hint("sync again"))
}

async fn is_in(d: &Directory, group: &GroupId, member: &MemberId) -> Result<bool> {
    let members: Vec<GroupMember> = read_all(|page| d.clients.dev.user_group_members(group, page)).await?;
    Ok(members.iter().any(|m| m.id == *member))
}
