//! Letting users of Workato Identity into groups and out of them (`workato/agents.md 5`).

use prost_types::Any;
use serde_json::json;

use super::IdentityGroupRow;
use super::members::IdentityMember;
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::endpoint::{self, Endpoint};
use crate::workato::client::{WorkatoClient, Write};
use crate::workato::code;
use crate::workato::identity_user::{IdentityUser, IdentityUserId, IdentityUserRow, called};
use crate::workato::kind::{ResourceKind as _, Right, first_of};
use crate::workato::listing::List;
use crate::workato::tables::Tables;
use crate::workato::writing::effect::{Ended, send};
use crate::workato::writing::found::{Found, Wanted};
use crate::workato::writing::{already_granted, already_revoked, environment_said, revoked_before};

const MEMBER: &str = "member";
const NO_MEMBER: &str = "not a member";

/// 422 is how a membership that is there already may be told.
const MAYBE_SO: [Kind; 3] = [Kind::AlreadyExists, Kind::NotFound, Kind::InvalidArgument];

/// Lets a user in.
///
/// # Errors
/// `InvalidArgument` for somebody who is no user of Workato Identity; `NotFound` for a group or user that is gone; those
/// of the API; `Internal` when it has no effect.
pub async fn grant(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Granted> {
    let user = user_id(wanted.principal)?;
    let group = Group::find(t, cx, wanted.on).await?;
    let who = group.user(&user).await?;
    let already = || {
        cx.changes.tell(Change::already(&who, group.title(), MEMBER));
        Ok(already_granted())
    };
    if group.has(&user).await? {
        return already();
    }
    let change = Change::made(&who, group.title(), NO_MEMBER, MEMBER);
    let write = group.write(&endpoint::JOIN_IDENTITY_GROUP, &user)?;
    let ended = send(cx, group.client, &change, write, &MAYBE_SO, || async {
        Ok((!group.has(&user).await?).then(|| NO_MEMBER.to_owned()))
    });
    match ended.await? {
        Ended::Made => Ok(Granted::default()),
        Ended::Before => already(),
    }
}

/// Lets a user out.
///
/// # Errors
/// As [`grant`].
pub async fn revoke(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Vec<Any>> {
    let user = user_id(wanted.principal)?;
    let gone = |error: Error| match error.kind() {
        Kind::NotFound => Ok(already_revoked(cx, wanted.on, wanted.principal)),
        _ => Err(error),
    };
    let group = match Group::find(t, cx, wanted.on).await {
        Ok(group) => group,
        Err(error) => return gone(error),
    };
    // Somebody whom the list of users does not show can be in a group, and be let out of it.
    let who = match group.user(&user).await {
        Ok(who) => who,
        Err(error) if error.kind() == Kind::NotFound => {
            let id = user.to_string();
            first_of([Some(wanted.principal.display_name.as_str()), Some(&id)])
                .unwrap_or_default()
                .to_owned()
        }
        Err(error) => return Err(error),
    };
    let already = || {
        cx.changes.tell(Change::gone(&who, group.title(), MEMBER, None::<&str>));
        Ok(revoked_before())
    };
    if !group.has(&user).await? {
        return already();
    }
    let change = Change::made(&who, group.title(), MEMBER, NO_MEMBER);
    let write = group.write(&endpoint::LEAVE_IDENTITY_GROUP, &user)?;
    let ended = send(cx, group.client, &change, write, &MAYBE_SO, || async {
        match group.has(&user).await {
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

fn user_id(principal: &v2::Resource) -> Result<IdentityUserId> {
    match resource::key(principal) {
        (IdentityUser::TYPE, id) if !id.is_empty() => Ok(IdentityUserId::from(id)),
        (other, _) => Err(Error::new(
            Kind::InvalidArgument,
            format!("only users of Workato Identity can be in such a group, not a {other}"),
        )
        .code(code::NOT_A_HOLDER)),
    }
}

/// A group, and the client that sees it.
struct Group<'t> {
    found: Found<'t, IdentityGroupRow>,
    client: &'t WorkatoClient,
}

impl<'t> Group<'t> {
    async fn find(t: &'t Tables, cx: &SyncContext, on: &v2::Resource) -> Result<Group<'t>> {
        let wanted = Wanted {
            what: "an identity group",
            list: &endpoint::IDENTITY_GROUPS,
            id: resource::key(on).1,
            environment: environment_said(t, cx, on).await?,
        };
        let found = wanted.find(t, cx).await?;
        let client = found.client;
        Ok(Group { found, client })
    }

    /// With its environment: each may have one of that name.
    fn title(&self) -> String {
        let row = &self.found.row;
        let id = row.id.to_string();
        let name = first_of([row.name.as_deref(), Some(&id)]).unwrap_or_default();
        format!("{name} ({})", self.found.environment)
    }

    async fn user(&self, id: &IdentityUserId) -> Result<String> {
        let users: Vec<IdentityUserRow> = List::now(self.client, &endpoint::IDENTITY_USERS).read().await?;
        let user = users.iter().find(|user| user.id == *id);
        user.map(called).ok_or_else(|| {
            Error::new(Kind::NotFound, format!("there is no identity user {id}"))
                .code(code::NOT_IN_WORKSPACE)
                .hint("sync again")
        })
    }

    async fn has(&self, user: &IdentityUserId) -> Result<bool> {
        let at = endpoint::IDENTITY_GROUP_MEMBERS.of(self.found.row.id.as_str());
        let members: Vec<IdentityMember> = List::now(self.client, at).usually_empty().read().await?;
        Ok(members.iter().any(|member| member.id == *user))
    }

    fn write(&self, at: &'static Endpoint, user: &IdentityUserId) -> Result<Write<'t>> {
        let body = json!({ "user_group_id": self.found.row.id.as_str() });
        self.client.write(at.of(user.as_str()), Some(&body))
    }
}
