//! Letting people into collaborator groups and out of them. System groups follow from who is there.

use prost_types::Any;
use serde_json::json;

use super::members::is_of;
use super::{GroupId, GroupMember, UserGroup, is_system};
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::Write;
use crate::workato::client::endpoint::{self, Address, Endpoint};
use crate::workato::code;
use crate::workato::collaborator::{Member, called, person};
use crate::workato::kind::id_value;
use crate::workato::listing::List;
use crate::workato::tables::Tables;
use crate::workato::writing::effect::{Ended, send};
use crate::workato::writing::{already_granted, already_revoked, revoked_before};

const MEMBER: &str = "member";
const NO_MEMBER: &str = "not a member";

/// Lets a person in.
///
/// # Errors
/// A refusal for a system group; `NotFound` for a group or person that is gone; those of the API; `Internal` when it
/// has no effect.
pub async fn grant(t: &Tables, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Granted> {
    let group = find(t, &GroupId::from(resource::key(on).1)).await?;
    let name = name(&group);
    if is_system(&group) {
        return Err(
            Error::refused_grant(format!("{name:?} is a system group: Workato decides who is in it"))
                .code(code::SYSTEM_GROUP),
        );
    }
    let member = person(t, cx, principal).await?;
    let already = || {
        cx.changes.tell(Change::already(called(&member), &name, MEMBER));
        Ok(already_granted())
    };
    if is_in(t, &group.id, &member).await? {
        return already();
    }
    let change = Change::made(called(&member), &name, NO_MEMBER, MEMBER);
    let dev = &t.clients.dev;
    let write = request(t, &endpoint::ADD_GROUP_MEMBERS, &group.id, &member)?;
    let ended = send(cx, dev, &change, write, &[Kind::AlreadyExists], || async {
        let is_in = is_in(t, &group.id, &member).await?;
        Ok((!is_in).then(|| NO_MEMBER.to_owned()))
    });
    match ended.await? {
        Ended::Made => Ok(Granted::default()),
        Ended::Before => already(),
    }
}

/// Lets a person out.
///
/// # Errors
/// `FailedPrecondition` for a system group; those of the API; `Internal` when it has no effect.
pub async fn revoke(t: &Tables, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Vec<Any>> {
    let gone = |error: Error| match error.kind() {
        Kind::NotFound => Ok(already_revoked(cx, on, principal)),
        _ => Err(error),
    };
    let group = match find(t, &GroupId::from(resource::key(on).1)).await {
        Ok(group) => group,
        Err(error) => return gone(error),
    };
    let name = name(&group);
    if is_system(&group) {
        return Err(Error::new(
            Kind::FailedPrecondition,
            format!("{name:?} is a system group: nobody can be taken out of it"),
        )
        .code(code::SYSTEM_GROUP));
    }
    let member = match person(t, cx, principal).await {
        Ok(member) => member,
        Err(error) => return gone(error),
    };
    let already = || {
        cx.changes
            .tell(Change::gone(called(&member), &name, MEMBER, None::<&str>));
        Ok(revoked_before())
    };
    if !is_in(t, &group.id, &member).await? {
        return already();
    }
    let change = Change::made(called(&member), &name, MEMBER, NO_MEMBER);
    let dev = &t.clients.dev;
    let write = request(t, &endpoint::REMOVE_GROUP_MEMBERS, &group.id, &member)?;
    let ended = send(cx, dev, &change, write, &[Kind::NotFound], || async {
        match is_in(t, &group.id, &member).await {
            Ok(is_in) => Ok(is_in.then(|| MEMBER.to_owned())),
            // Nobody is in a group that is gone.
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    });
    match ended.await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => already(),
    }
}

/// The group. Asked for anew: a list that the token may not read must not look like one without the group.
///
/// # Errors
/// `NotFound` for one that is gone; those of the API.
pub async fn find(t: &Tables, id: &GroupId) -> Result<UserGroup> {
    let groups: Vec<UserGroup> = List::now(&t.clients.dev, &endpoint::USER_GROUPS).read().await?;
    let found = groups.into_iter().find(|g| g.id == *id);
    found.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no collaborator group {id}"))
            .code(code::NOT_IN_WORKSPACE)
            .hint("sync again")
    })
}

/// What people call it.
pub fn name(group: &UserGroup) -> String {
    let name = group.name.clone().filter(|name| !name.is_empty());
    name.unwrap_or_else(|| group.id.to_string())
}

/// Whether the id belongs into the query or into the body is told differently, and a gateway may drop the body of a
/// DELETE; it is in both (`workato/api.md 2.10`).
fn request<'t>(t: &'t Tables, endpoint: &'static Endpoint, group: &GroupId, member: &Member) -> Result<Write<'t>> {
    let address = Address {
        with: Some(("user_ids", member.id.as_str())),
        ..endpoint.of(group.as_str())
    };
    let body = json!({ "user_ids": [id_value(&member.id)] });
    t.clients.dev.write(address, Some(&body))
}

/// Whether a person is in a group at this moment.
///
/// # Errors
/// Those of the API.
pub async fn is_in(t: &Tables, group: &GroupId, member: &Member) -> Result<bool> {
    let members: Vec<GroupMember> = List::now(&t.clients.dev, endpoint::USER_GROUP_MEMBERS.of(group.as_str()))
        .usually_empty()
        .read()
        .await?;
    Ok(members.iter().any(|listed| is_of(listed, member)))
}
