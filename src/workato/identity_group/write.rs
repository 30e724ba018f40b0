//! Letting users of Workato Identity into groups and out of them (`workato/agents.md 5`).

use std::sync::Mutex;

use prost_types::Any;
use serde_json::json;

use super::IdentityGroupRow;
use super::members::{IdentityMember, whose_is};
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::endpoint::{self, Endpoint};
use crate::workato::client::{WorkatoClient, Write};
use crate::workato::code;
use crate::workato::identity_user::{IdentityUser, IdentityUserId, IdentityUserRow, called};
use crate::workato::kind::{ResourceKind as _, Right, first_of};
use crate::workato::listing::List;
use crate::workato::tables::Tables;
use crate::workato::whose::Whose;
use crate::workato::writing::effect::{Ended, may_have_effect, send};
use crate::workato::writing::found::{Found, Wanted};
use crate::workato::writing::others::{Others, others_lost};
use crate::workato::writing::{already_granted, already_revoked, environment_said, not_clear, revoked_before, shown};

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
    let known = group.user(&user).await?;
    let who = called(&known);
    let already = || {
        cx.changes.tell(Change::already(&who, group.title(), MEMBER));
        Ok(already_granted())
    };
    let before = group.members().await?;
    if has(&before, &user, Some(&known)) {
        return already();
    }
    let change = Change::made(&who, group.title(), NO_MEMBER, MEMBER);
    let write = group.write(&endpoint::JOIN_IDENTITY_GROUP, &user)?;
    let done = |now: &[IdentityMember]| (!has(now, &user, Some(&known))).then(|| NO_MEMBER.to_owned());
    match group.send(cx, (&change, write), (&user, &before), done).await? {
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
    let known = match group.user(&user).await {
        Ok(row) => Some(row),
        Err(error) if error.kind() == Kind::NotFound => None,
        Err(error) => return Err(error),
    };
    let who = known.as_ref().map_or_else(|| shown(wanted.principal), called);
    let already = || {
        cx.changes
            .tell(Change::gone(&who, group.title(), MEMBER, None::<&str>).listed(known.is_some()));
        Ok(revoked_before())
    };
    let before = group.members().await?;
    if !has(&before, &user, known.as_ref()) {
        group.check_absent((&user, &who), known.as_ref(), &before)?;
        return already();
    }
    let change = Change::made(&who, group.title(), MEMBER, NO_MEMBER).listed(known.is_some());
    let write = group.write(&endpoint::LEAVE_IDENTITY_GROUP, &user)?;
    let done = |now: &[IdentityMember]| has(now, &user, known.as_ref()).then(|| MEMBER.to_owned());
    match group.send(cx, (&change, write), (&user, &before), done).await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => already(),
    }
}

/// Whether a row is a user's, by the same rule as a sync. `known` is as the list of users has them.
fn has(rows: &[IdentityMember], user: &IdentityUserId, known: Option<&IdentityUserRow>) -> bool {
    let email = known.and_then(|known| known.email.as_deref());
    let mut own = rows.iter().filter(|row| row.id == *user);
    own.any(|row| whose_is(row, email) == Whose::Theirs)
}

fn ids(rows: &[IdentityMember]) -> Vec<IdentityUserId> {
    rows.iter().map(|row| row.id.clone()).collect()
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
            itself: Some(&endpoint::IDENTITY_GROUP_MEMBERS),
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

    async fn user(&self, id: &IdentityUserId) -> Result<IdentityUserRow> {
        let users: Vec<IdentityUserRow> = List::now(self.client, &endpoint::IDENTITY_USERS).read().await?;
        let user = users.into_iter().find(|user| user.id == *id);
        user.ok_or_else(|| {
            Error::new(Kind::NotFound, format!("there is no identity user {id}"))
                .code(code::NOT_IN_WORKSPACE)
                .hint("sync again")
        })
    }

    async fn members(&self) -> Result<Vec<IdentityMember>> {
        let at = endpoint::IDENTITY_GROUP_MEMBERS.of(self.found.row.id.as_str());
        List::now(self.client, at).usually_empty().read().await
    }

    /// Makes sure that somebody of whom no row of the group is is not in it.
    ///
    /// # Errors
    /// `FailedPrecondition` where a row may be theirs, or the group says it has more members than rows.
    fn check_absent(
        &self,
        (id, who): (&IdentityUserId, &str),
        known: Option<&IdentityUserRow>,
        rows: &[IdentityMember],
    ) -> Result<()> {
        let address = |email: &Option<String>| email.as_deref().unwrap_or_default().trim().to_lowercase();
        let own = known.map(|user| address(&user.email)).unwrap_or_default();
        let is_like = |row: &&IdentityMember| {
            row.second.as_ref() == Some(id) || (row.id != *id && !own.is_empty() && address(&row.email) == own)
        };
        let title = self.title();
        // No row of this number is theirs, or nobody would ask.
        if rows.iter().any(|row| row.id == *id) {
            let message = format!(
                "it is not clear whether {who} is in the group {title}: a member has this number, and another address or a \
                 second number"
            );
            return Err(not_clear(message));
        }
        if let Some(row) = rows.iter().find(is_like) {
            let message = format!(
                "it is not clear whether {who} is in the group {title}: the member {} has this address, or this number, too",
                row.id
            );
            return Err(not_clear(message));
        }
        let said = self.found.row.users_count.and_then(|count| usize::try_from(count).ok());
        if said.is_some_and(|said| said > rows.len()) {
            return Err(not_clear(format!(
                "the group {title} says it has more members than its list shows, and {who} is not among those"
            )));
        }
        Ok(())
    }

    /// Sends a write about one user, and makes sure that the others stay.
    async fn send(
        &self,
        cx: &SyncContext,
        (change, write): (&Change, Write<'_>),
        (user, before): (&IdentityUserId, &[IdentityMember]),
        done: impl Fn(&[IdentityMember]) -> Option<String> + Sync,
    ) -> Result<Ended> {
        let last: Mutex<Option<Vec<IdentityMember>>> = Mutex::default();
        let ended = send(cx, self.client, change, write, &MAYBE_SO, || async {
            match self.members().await {
                Ok(rows) => {
                    let instead = done(&rows);
                    *locked(&last) = Some(rows);
                    Ok(instead)
                }
                // Nobody is in a group that is gone.
                Err(error) if error.kind() == Kind::NotFound => Ok(done(&[])),
                Err(error) => Err(error),
            }
        })
        .await;
        let now = locked(&last).take().filter(|_| may_have_effect(&ended));
        if let Some(now) = now {
            let others = Others {
                before: ids(before),
                but: user,
            };
            self.put_back(cx, (change, ended.is_ok()), &others, &now).await?;
        }
        Ok(ended?)
    }

    /// Lets in again whom the change let out besides, whether or not it was made.
    async fn put_back(
        &self,
        cx: &SyncContext,
        (change, is_made): (&Change, bool),
        others: &Others<'_, IdentityUserId>,
        now: &[IdentityMember],
    ) -> Result<()> {
        let lost = others.missing(&ids(now));
        if lost.is_empty() {
            return Ok(());
        }
        tracing::warn!(group = self.title(), users = ?lost, "The change let others out, too; they are let in again.");
        let mut failed = None;
        for id in &lost {
            let write = self.write(&endpoint::JOIN_IDENTITY_GROUP, id)?;
            cx.changes.propose(change, &write.request())?;
            failed = write.send().await.err().or(failed);
        }
        let now = self.members().await.map(|rows| ids(&rows)).unwrap_or_default();
        match others.missing(&now).as_slice() {
            [] => Ok(()),
            missing => Err(others_lost((change, is_made), &self.title(), missing, failed)),
        }
    }

    fn write(&self, at: &'static Endpoint, user: &IdentityUserId) -> Result<Write<'t>> {
        let body = json!({ "user_group_id": self.found.row.id.as_str() });
        self.client.write(at.of(user.as_str()), Some(&body))
    }
}
