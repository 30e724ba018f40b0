//! Letting people into collaborator groups and out of them. System groups follow from who is there.

use std::sync::Mutex;

use prost_types::Any;
use serde_json::json;

use super::standing::{Rows, Standing};
use super::{GroupId, UserGroup, is_system};
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::Write;
use crate::workato::client::endpoint::{self, Address, Endpoint};
use crate::workato::code;
use crate::workato::collaborator::{Member, MemberId, called, person, person_id};
use crate::workato::kind::id_value;
use crate::workato::tables::Tables;
use crate::workato::writing::effect::{Ended, may_have_effect, send};
use crate::workato::writing::others::{Others, others_lost};
use crate::workato::writing::whole::never_empty;
use crate::workato::writing::{already_granted, already_revoked, not_clear, revoked_before, shown};

const MEMBER: &str = "member";
const NO_MEMBER: &str = "not a member";

/// Lets a person in.
///
/// # Errors
/// A refusal for a system group; `NotFound` for a group or person that is gone; those of the API; `Internal` when it
/// has no effect, or one on others that could not be undone.
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
    let before = Rows::now(t, &group.id).await?;
    if before.standing(&member.id, Some(&member)) == Standing::In {
        return already();
    }
    let change = Change::made(called(&member), &name, NO_MEMBER, MEMBER);
    let write = request(t, &endpoint::ADD_GROUP_MEMBERS, &group.id, &member.id)?;
    let step = Step {
        group: &group.id,
        name: &name,
        member: &member.id,
        before: &before,
    };
    let done = |rows: &Rows| {
        let is_in = rows.standing(&member.id, Some(&member)) == Standing::In;
        (!is_in).then(|| NO_MEMBER.to_owned())
    };
    match step.send((t, cx), &change, write, Kind::AlreadyExists, done).await? {
        Ended::Made => Ok(Granted::default()),
        Ended::Before => already(),
    }
}

/// Lets a person out.
///
/// # Errors
/// `FailedPrecondition` for a system group, and where it is not clear whether the person is in; those of the API;
/// `Internal` when it has no effect, or one on others that could not be undone.
pub async fn revoke(t: &Tables, cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Result<Vec<Any>> {
    let id = person_id(principal)?;
    let group = match find(t, &GroupId::from(resource::key(on).1)).await {
        Ok(group) => group,
        Err(error) if error.kind() == Kind::NotFound => return Ok(already_revoked(cx, on, principal)),
        Err(error) => return Err(error),
    };
    let name = name(&group);
    if is_system(&group) {
        return Err(Error::new(
            Kind::FailedPrecondition,
            format!("{name:?} is a system group: nobody can be taken out of it"),
        )
        .code(code::SYSTEM_GROUP));
    }
    // Somebody whom the list of people does not show can be in a group.
    let member = match person(t, cx, principal).await {
        Ok(member) => Some(member),
        Err(error) if error.kind() == Kind::NotFound => None,
        Err(error) => return Err(error),
    };
    let who = member.as_ref().map_or_else(|| shown(principal), called);
    let already = || {
        cx.changes
            .tell(Change::gone(&who, &name, MEMBER, None::<&str>).listed(member.is_some()));
        Ok(revoked_before())
    };
    let before = Rows::now(t, &group.id).await?;
    match before.standing(&id, member.as_ref()) {
        Standing::In => {}
        Standing::Out if before.are_all_of(&group) => return already(),
        Standing::Out => {
            return Err(not_clear(format!(
                "the group {name:?} says it has more members than its list shows, and {who} is not among those"
            )));
        }
        Standing::Unclear(why) => {
            return Err(not_clear(format!(
                "it is not clear whether {who} is in the group {name:?}: {why}"
            )));
        }
    }
    let change = Change::made(&who, &name, MEMBER, NO_MEMBER).listed(member.is_some());
    let write = request(t, &endpoint::REMOVE_GROUP_MEMBERS, &group.id, &id)?;
    let step = Step {
        group: &group.id,
        name: &name,
        member: &id,
        before: &before,
    };
    let done = |rows: &Rows| {
        let is_in = rows.standing(&id, member.as_ref()) == Standing::In;
        is_in.then(|| MEMBER.to_owned())
    };
    match step.send((t, cx), &change, write, Kind::NotFound, done).await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => already(),
    }
}

/// One person entering or leaving a group, and all others staying.
struct Step<'a> {
    group: &'a GroupId,
    name: &'a str,
    member: &'a MemberId,
    before: &'a Rows,
}

impl Step<'_> {
    async fn send(
        &self,
        (t, cx): (&Tables, &SyncContext),
        change: &Change,
        write: Write<'_>,
        maybe_so: Kind,
        done: impl Fn(&Rows) -> Option<String> + Sync,
    ) -> Result<Ended> {
        let dev = &t.clients.dev;
        let last: Mutex<Option<Rows>> = Mutex::default();
        let ended = send(cx, dev, change, write, &[maybe_so], || async {
            match Rows::now(t, self.group).await {
                Ok(rows) => {
                    let instead = done(&rows);
                    *locked(&last) = Some(rows);
                    Ok(instead)
                }
                // Nobody is in a group that is gone.
                Err(error) if error.kind() == Kind::NotFound => Ok(done(&Rows::none())),
                Err(error) => Err(error),
            }
        })
        .await;
        let now = locked(&last).take().filter(|_| may_have_effect(&ended));
        if let Some(now) = now {
            self.put_back((t, cx), (change, ended.is_ok()), &now).await?;
        }
        Ok(ended?)
    }

    /// Lets in again whom the change let out besides, whether or not it was made.
    async fn put_back(
        &self,
        (t, cx): (&Tables, &SyncContext),
        (change, is_made): (&Change, bool),
        now: &Rows,
    ) -> Result<()> {
        let others = Others {
            before: self.before.ids(),
            but: self.member,
        };
        let lost = others.missing(&now.ids());
        if lost.is_empty() {
            return Ok(());
        }
        tracing::warn!(group = self.name, people = ?lost, "The change let others out, too; they are let in again.");
        let mut failed = None;
        for id in &lost {
            let write = request(t, &endpoint::ADD_GROUP_MEMBERS, self.group, id)?;
            cx.changes.propose(change, &write.request())?;
            failed = write.send().await.err().or(failed);
        }
        let now = Rows::now(t, self.group)
            .await
            .map(|rows| rows.ids())
            .unwrap_or_default();
        match others.missing(&now).as_slice() {
            [] => Ok(()),
            missing => Err(others_lost((change, is_made), self.name, missing, failed)),
        }
    }
}

/// The group. Asked for anew: a list that the token may not read must not look like one without the group, and one that
/// the list does not show is gone only where it says so itself.
///
/// # Errors
/// `NotFound` for one that is gone; `FailedPrecondition` for one that no list shows and that answers; those of the API.
pub async fn find(t: &Tables, id: &GroupId) -> Result<UserGroup> {
    if let Some(found) = listed(t, id).await? {
        return Ok(found);
    }
    match Rows::now(t, id).await {
        Ok(_) => Err(not_clear(format!(
            "the list of collaborator groups does not show the group {id}, and yet Workato answers who is in it"
        ))),
        Err(error) if error.kind() == Kind::NotFound => Err(Error::new(
            Kind::NotFound,
            format!("there is no collaborator group {id}"),
        )
        .code(code::NOT_IN_WORKSPACE)
        .hint("sync again")),
        Err(error) => Err(error),
    }
}

/// The group as its list shows it at this moment.
///
/// # Errors
/// Those of the list.
pub async fn listed(t: &Tables, id: &GroupId) -> Result<Option<UserGroup>> {
    let groups: Vec<UserGroup> = never_empty(&t.clients.dev, &endpoint::USER_GROUPS).await?;
    Ok(groups.into_iter().find(|group| group.id == *id))
}

/// What people call it.
pub fn name(group: &UserGroup) -> String {
    let name = group.name.clone().filter(|name| !name.is_empty());
    name.unwrap_or_else(|| group.id.to_string())
}

/// Whether the id belongs into the query or into the body is told differently, and a gateway may drop the body of a
/// DELETE; it is in both (`workato/api.md 2.10`).
fn request<'t>(t: &'t Tables, endpoint: &'static Endpoint, group: &GroupId, member: &MemberId) -> Result<Write<'t>> {
    let address = Address {
        with: Some(("user_ids", member.as_str())),
        ..endpoint.of(group.as_str())
    };
    let body = json!({ "user_ids": [id_value(member)] });
    t.clients.dev.write(address, Some(&body))
}

/// Whether a person is in a group at this moment; `None` where no row can be theirs, and the group says it has more
/// members than rows.
///
/// # Errors
/// Those of the API; `FailedPrecondition` where a row may be theirs.
pub async fn is_in(t: &Tables, group: &UserGroup, member: &Member) -> Result<Option<bool>> {
    let rows = Rows::now(t, &group.id).await?;
    match rows.standing(&member.id, Some(member)) {
        Standing::In => Ok(Some(true)),
        Standing::Out => Ok(rows.are_all_of(group).then_some(false)),
        Standing::Unclear(why) => Err(not_clear(format!(
            "it is not clear whether {} is in the group {:?}: {why}",
            called(member),
            name(group)
        ))),
    }
}
