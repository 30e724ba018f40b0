//! Opening agents and tool servers to groups of Workato Identity, and closing them again (`workato/agents.md 5`).
//!
//! A request names one group. What the document does not say is whether an assignment leaves the other groups alone: they
//! are read before and after, and put back where it does not.

use std::sync::Mutex;

use prost_types::Any;
use serde_json::json;

use super::effect::{Ended, send};
use super::found::{Found, Wanted};
use super::{already_granted, already_revoked, environment_said, revoked_before};
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::client::endpoint::{self, Endpoint};
use crate::workato::client::{Listed, WorkatoClient, Write};
use crate::workato::code;
use crate::workato::identity_group::{IdentityGroup, IdentityGroupId, IdentityGroupRow};
use crate::workato::kind::{ResourceKind as _, Right, first_of};
use crate::workato::listing::List;
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;

const USE: &str = "may use";
const NO_USE: &str = "may not use";

/// The endpoints of something that groups open.
#[derive(Debug)]
pub struct Doors {
    /// What it is, with its article: `a genie`.
    pub what: &'static str,
    /// The list that has it.
    pub list: &'static Endpoint,
    /// Itself, with its groups.
    pub one: &'static Endpoint,
    /// Where groups are given.
    pub open: &'static Endpoint,
    /// Where they are taken away.
    pub close: &'static Endpoint,
    /// What both call the groups.
    pub field: &'static str,
}

/// Something that groups of Workato Identity open.
pub trait Audience: Listed {
    /// Where.
    const DOORS: Doors;

    /// Its name.
    fn title(&self) -> String;

    /// Whom it is open to; `None` where it does not say, or says it in a way that cannot be read.
    fn open_to(&self) -> Option<Vec<IdentityGroupId>>;

    /// Why groups have no effect, if they have none.
    fn beside_the_point(&self) -> Option<String> {
        None
    }
}

/// Lets a group use it.
///
/// # Errors
/// A refusal where groups have no effect; `NotFound` for what is gone; `FailedPrecondition` where it does not say whom it
/// is open to; those of the API; `Internal` when it has no effect, or one on other groups that could not be undone.
pub async fn grant<A: Audience>(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Granted> {
    let id = group_id(wanted.principal)?;
    let place = Place::<A>::find(t, cx, wanted.on).await?;
    if let Some(why) = place.whole.beside_the_point() {
        return Err(Error::refused_grant(why).code(code::NO_AUDIENCE));
    }
    let before = place.held(&place.whole)?;
    let group = place.group(&id).await?;
    let already = || {
        cx.changes.tell(Change::already(&group, place.title(), USE));
        Ok(already_granted())
    };
    if before.contains(&id) {
        return already();
    }
    let change = Change::made(&group, place.title(), NO_USE, USE);
    match place.change(cx, &change, (A::DOORS.open, &id, true), &before).await? {
        Ended::Made => Ok(Granted::default()),
        Ended::Before => already(),
    }
}

/// Takes the use away from a group.
///
/// # Errors
/// As [`grant`].
pub async fn revoke<A: Audience>(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Vec<Any>> {
    let id = group_id(wanted.principal)?;
    let place = match Place::<A>::find(t, cx, wanted.on).await {
        Ok(place) => place,
        Err(error) if error.kind() == Kind::NotFound => {
            return Ok(already_revoked(cx, wanted.on, wanted.principal));
        }
        Err(error) => return Err(error),
    };
    let before = place.held(&place.whole)?;
    let group = shown(wanted.principal, &id);
    let already = || {
        cx.changes.tell(Change::gone(&group, place.title(), USE, None::<&str>));
        Ok(revoked_before())
    };
    if !before.contains(&id) {
        return already();
    }
    let change = Change::made(&group, place.title(), USE, NO_USE);
    match place.change(cx, &change, (A::DOORS.close, &id, false), &before).await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => already(),
    }
}

fn group_id(principal: &v2::Resource) -> Result<IdentityGroupId> {
    match resource::key(principal) {
        (IdentityGroup::TYPE, id) if !id.is_empty() => Ok(IdentityGroupId::from(id)),
        (other, _) => Err(Error::new(
            Kind::InvalidArgument,
            format!("only groups of Workato Identity can hold this, not a {other}"),
        )
        .code(code::NOT_A_HOLDER)),
    }
}

fn shown(principal: &v2::Resource, id: &IdentityGroupId) -> String {
    let id = id.to_string();
    first_of([Some(principal.display_name.as_str()), Some(&id)])
        .unwrap_or_default()
        .to_owned()
}

struct Place<'t, A> {
    environment: Environment,
    client: &'t WorkatoClient,
    /// As it says of itself.
    whole: A,
}

impl<'t, A: Audience> Place<'t, A> {
    async fn find(t: &'t Tables, cx: &SyncContext, on: &v2::Resource) -> Result<Place<'t, A>> {
        let wanted = Wanted {
            what: A::DOORS.what,
            list: A::DOORS.list,
            itself: Some(A::DOORS.one),
            id: resource::key(on).1,
            environment: environment_said(t, cx, on).await?,
        };
        let Found {
            environment,
            client,
            row,
        } = wanted.find::<A>(t, cx).await?;
        let whole = one::<A>(client, row.id_text()).await?;
        Ok(Place {
            environment,
            client,
            whole,
        })
    }

    /// With its environment: each may have one of that name.
    fn title(&self) -> String {
        format!("{} ({})", self.whole.title(), self.environment)
    }

    fn held(&self, whole: &A) -> Result<Vec<IdentityGroupId>> {
        whole.open_to().ok_or_else(|| {
            let message = format!("{} does not say which identity groups may use it", self.title());
            Error::new(Kind::FailedPrecondition, message)
                .code(code::OUT_OF_SIGHT)
                .hint("what is not known is not changed: look at it in Workato, and make the change there")
        })
    }

    /// The name of a group of the same environment.
    async fn group(&self, id: &IdentityGroupId) -> Result<String> {
        let groups: Vec<IdentityGroupRow> = List::now(self.client, &endpoint::IDENTITY_GROUPS).read().await?;
        let group = groups.into_iter().find(|group| group.id == *id).ok_or_else(|| {
            let message = format!("there is no identity group {id} in {}", self.environment);
            Error::new(Kind::NotFound, message)
                .code(code::NOT_IN_WORKSPACE)
                .hint("a group opens what lies in its own environment; sync again")
        })?;
        let id = id.to_string();
        Ok(first_of([group.name.as_deref(), Some(&id)])
            .unwrap_or_default()
            .to_owned())
    }

    fn write(&self, at: &'static Endpoint, groups: &[IdentityGroupId]) -> Result<Write<'t>> {
        let ids: Vec<&str> = groups.iter().map(IdentityGroupId::as_str).collect();
        let body = json!({ A::DOORS.field: ids });
        self.client.write(at.of(self.whole.id_text()), Some(&body))
    }

    /// Changes one group and makes sure that no other one was touched.
    async fn change(
        &self,
        cx: &SyncContext,
        change: &Change,
        (at, id, held): (&'static Endpoint, &IdentityGroupId, bool),
        before: &[IdentityGroupId],
    ) -> Result<Ended> {
        let write = self.write(at, std::slice::from_ref(id))?;
        let last: Mutex<Vec<IdentityGroupId>> = Mutex::default();
        // 422 is how a group that is there already may be told.
        let maybe_so = [Kind::AlreadyExists, Kind::NotFound, Kind::InvalidArgument];
        let ended = send(cx, self.client, change, write, &maybe_so, || async {
            let now = self.now().await?;
            let done = now.contains(id) == held;
            *locked(&last) = now;
            Ok((!done).then(|| if held { NO_USE } else { USE }.to_owned()))
        })
        .await?;
        let now = std::mem::take(&mut *locked(&last));
        let lost: Vec<IdentityGroupId> = (before.iter())
            .filter(|other| *other != id && !now.contains(other))
            .cloned()
            .collect();
        if ended == Ended::Made && !lost.is_empty() {
            self.put_back(cx, change, now, lost).await?;
        }
        Ok(ended)
    }

    /// Whom it is open to at this moment; nobody once it is gone.
    async fn now(&self) -> Result<Vec<IdentityGroupId>> {
        match one::<A>(self.client, self.whole.id_text()).await {
            Ok(whole) => self.held(&whole),
            Err(error) if error.kind() == Kind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Gives back what went with the change.
    async fn put_back(
        &self,
        cx: &SyncContext,
        change: &Change,
        now: Vec<IdentityGroupId>,
        lost: Vec<IdentityGroupId>,
    ) -> Result<()> {
        tracing::warn!(
            on = self.title(),
            groups = ?lost,
            "The change took other groups away, too; they are given back."
        );
        let all = [now, lost.clone()].concat();
        let write = self.write(A::DOORS.open, &all)?;
        cx.changes.propose(change, &write.request())?;
        let failed = write.send().await.err();
        let now = self.now().await.unwrap_or_default();
        let missing: Vec<&str> = (all.iter())
            .filter(|id| !now.contains(id))
            .map(IdentityGroupId::as_str)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the change was made ({change}), and it took {} away from {}, which nobody asked for",
            self.title(),
            missing.join(", ")
        );
        let error = Error::new(Kind::Internal, message)
            .code(code::OTHERS_LOST)
            .hint(format!(
                "give it back in Workato, or with `baton-workato grant {:?} to {:?}` for each of them",
                self.whole.title(),
                missing.first().copied().unwrap_or_default()
            ));
        Err(match failed {
            Some(failed) => error.source(failed),
            None => error,
        })
    }
}

async fn one<A: Audience>(client: &WorkatoClient, id: &str) -> Result<A> {
    let whole: A = client.object(A::DOORS.one.of(id)).await?;
    if whole.id_text() == id {
        return Ok(whole);
    }
    Err(Error::new(
        Kind::Internal,
        format!(
            "{} {id} was asked for, and {} was answered",
            A::DOORS.what,
            whole.id_text()
        ),
    )
    .code(code::UNREADABLE))
}
