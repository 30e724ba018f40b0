//! The one role that a person has in an environment: given by replacing it, taken away by "No access". Both access
//! models write it with the same request (`workato/api.md 2.6`).

use std::sync::Mutex;

use prost_types::Any;
use serde::Serialize;
use serde_json::json;

use super::effect::{Ended, may_have_effect, send};
use super::elsewhere;
use super::held::{Held, KnownRoles, Said, check_said};
use super::whole::{detected, never_empty};
use super::{already_revoked, ambiguous_right, not_alone, or_no_access, revoked_before};
use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::proto::v2;
use crate::workato::access_model::AccessModel;
use crate::workato::client::{Write, endpoint};
use crate::workato::collaborator::{Member, MemberId, called, person_id};
use crate::workato::names::Meaning;
use crate::workato::role_assignments::{RoleKind, is_no_access};
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;

/// `role_type` of environment roles: without it the API looks for a legacy role.
pub const ROLE_TYPE: &str = "environment";
/// Names of the role that takes access away: how it is read, and how older pages write it.
const NO_ACCESS: [&str; 2] = ["No access", "NoAccess"];

/// A role to give in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleAssignment {
    /// `dev`, `test`, `prod`.
    pub environment_type: String,
    /// The role's name: rows are read with `role_name`, but written with `name`.
    pub name: String,
    /// `environment` for environment roles. Left out, the API takes the name for that of a legacy role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_type: Option<&'static str>,
}

/// A role in an environment, to be given or taken away.
#[derive(Debug, Clone)]
pub struct WantedRole {
    /// Which of the two models.
    pub kind: RoleKind,
    /// Where.
    pub environment: Environment,
    /// Its id, or the name of a base role.
    pub id: String,
    /// Its name.
    pub name: String,
    /// All roles.
    pub known: KnownRoles,
}

/// What became of giving a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It is held now, in place of the roles with these names.
    Now(Vec<String>),
    /// It was held before.
    Already,
}

/// How much goes when a role is taken away: there is one request for all that a person has in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Going {
    /// The role that is named, or nothing.
    Alone,
    /// Whatever is there.
    WithAll,
}

/// Takes away a role that was looked for. What is gone for certain, role or person, is revoked already.
///
/// # Errors
/// Those of the look-up and of the API; `FailedPrecondition` where it is not clear whether the person holds it, or more
/// would go.
pub async fn revoke_found(
    t: &Tables,
    cx: &SyncContext,
    on: &v2::Resource,
    principal: &v2::Resource,
    found: Result<WantedRole>,
) -> Result<Vec<Any>> {
    let id = person_id(principal)?;
    let everybody = detected(t, cx).await?;
    let member = everybody.members.iter().find(|member| member.id == id);
    let wanted = match found {
        Ok(wanted) => wanted,
        Err(error) if error.kind() == Kind::NotFound => {
            // Rows name roles that no list has for a while, and then may name this one.
            if let Some(member) = member {
                KnownRoles::of(t, cx).await?.check_clear(member, None)?;
            }
            return Ok(already_revoked(cx, on, principal));
        }
        Err(error) => return Err(error),
    };
    let Some(member) = member else {
        return Ok(already_revoked(cx, on, principal));
    };
    Ok(match wanted.take(t, cx, member, Going::Alone).await? {
        Ended::Made => Vec::new(),
        Ended::Before => revoked_before(),
    })
}

impl WantedRole {
    /// Makes sure that its name stands for this role and no other: what is written is the name.
    ///
    /// # Errors
    /// `InvalidArgument` for a name of several roles, with their ids, and for one that reads like having none.
    pub fn checked(self) -> Result<Self> {
        let others = match self.known.names.find(self.kind, &self.name) {
            Meaning::One(id) if id == self.id && !is_no_access(&self.name) => return Ok(self),
            Meaning::One(_) | Meaning::Nothing => "having no role".to_owned(),
            Meaning::Several(ids) => format!("roles {}", ids.join(" and ")),
        };
        let message = format!(
            "the name {:?} can mean {others}, and Workato is told names only",
            self.name
        );
        Err(ambiguous_right(message))
    }

    /// What a row of this role says.
    fn own(&self) -> Said {
        Said::Role(self.kind, self.id.clone())
    }

    fn held<'m>(&self, member: &'m Member) -> Vec<Held<'m>> {
        self.known.held(member, &self.environment)
    }

    /// Whether a person has it there.
    pub fn is_held(&self, member: &Member) -> bool {
        let own = self.own();
        self.held(member).iter().any(|held| held.said == own)
    }

    fn assignment(&self, kind: RoleKind, name: &str) -> RoleAssignment {
        RoleAssignment {
            environment_type: self.environment.as_str().to_owned(),
            name: name.to_owned(),
            role_type: (kind == RoleKind::Environment).then_some(ROLE_TYPE),
        }
    }

    /// Sends the request that gives the person the role of this name there, and makes sure that the other environments
    /// are as they were. `done` says what there is instead, by the rows of this environment.
    async fn send(
        &self,
        (t, cx): (&Tables, &SyncContext),
        (member, change): (&Member, &Change),
        (kind, name): (RoleKind, &str),
        maybe_so: &[Kind],
        done: impl Fn(&[Held<'_>]) -> Option<String> + Sync,
    ) -> Result<Ended> {
        let assigned = self.assignment(kind, name);
        let write = update(t, &member.id, std::slice::from_ref(&assigned))?;
        let last: Mutex<Option<Member>> = Mutex::default();
        let ended = send(cx, &t.clients.dev, change, write, maybe_so, || async {
            let now = now(t, &member.id).await?;
            if let Some(now) = &now {
                check_said(now)?;
            }
            // Somebody who is not there holds nothing.
            let instead = done(&now.as_ref().map(|now| self.held(now)).unwrap_or_default());
            *locked(&last) = now;
            Ok(instead)
        })
        .await;
        let now = locked(&last).take();
        if let Some(now) = now.filter(|_| may_have_effect(&ended)) {
            let sent = elsewhere::Sent {
                change,
                assigned,
                environment: &self.environment,
                known: &self.known,
            };
            elsewhere::restore((t, cx), &sent, member, &now).await?;
        }
        Ok(ended?)
    }

    /// Gives it.
    ///
    /// # Errors
    /// Those of the API and of the consent; `Internal` when it has no effect, or one on other environments that could not
    /// be undone.
    pub async fn give(&self, t: &Tables, cx: &SyncContext, member: &Member) -> Result<Given> {
        let already = || {
            cx.changes
                .tell(Change::already(called(member), self.environment.as_str(), &self.name));
            Ok(Given::Already)
        };
        let own = self.own();
        let held = self.held(member);
        if held.iter().any(|held| held.said == own) {
            return already();
        }
        let change = Change::made(
            called(member),
            self.environment.as_str(),
            or_no_access(names(&held).as_deref()),
            &self.name,
        );
        let stays = Mutex::new(Vec::new());
        let done = |now: &[Held<'_>]| {
            *locked(&stays) = now.iter().map(|held| held.name.to_owned()).collect();
            let is_there = now.iter().any(|held| held.said == own);
            (!is_there).then(|| or_no_access(names(now).as_deref()).to_owned())
        };
        let role = (self.kind, self.name.as_str());
        let ended = self.send((t, cx), (member, &change), role, &[Kind::AlreadyExists], done);
        match ended.await? {
            Ended::Made => {
                let stays = std::mem::take(&mut *locked(&stays));
                let replaced = held.iter().map(|held| held.name.to_owned());
                Ok(Given::Now(replaced.filter(|name| !stays.contains(name)).collect()))
            }
            Ended::Before => already(),
        }
    }

    /// Takes it away, if it is still held. `member` is as the list of people has them.
    ///
    /// # Errors
    /// As [`WantedRole::give`]; `FailedPrecondition` where it is not clear whether it is held, or more would go than may.
    pub async fn take(&self, t: &Tables, cx: &SyncContext, member: &Member, going: Going) -> Result<Ended> {
        let gone = |now: Option<String>| {
            cx.changes
                .tell(Change::gone(called(member), self.environment.as_str(), &self.name, now));
            Ok(Ended::Before)
        };
        let own = self.own();
        let held = self.held(member);
        if !held.iter().any(|held| held.said == own) {
            self.known.check_clear(member, Some((&self.environment, &own)))?;
            return gone(names(&held));
        }
        let others: Vec<&Held<'_>> = held.iter().filter(|held| held.said != own).collect();
        if going == Going::Alone && !others.is_empty() {
            let others: Vec<&str> = others.iter().map(|held| held.name).collect();
            let message = format!(
                "{} has {} in {}, too, and a role is taken away by giving {} there, which takes both",
                called(member),
                others.join(", "),
                self.environment,
                or_no_access(None)
            );
            return Err(not_alone(message));
        }
        // A row that leaves open what it is may be what was there.
        let is_left = |held: &&Held<'_>| held.said == own || held.said == Said::Unclear;
        let own_rows: Vec<Held<'_>> = held.iter().filter(|held| held.said == own).cloned().collect();
        let change = Change::made(
            called(member),
            self.environment.as_str(),
            or_no_access(names(&own_rows).as_deref()),
            or_no_access(None),
        );
        let done = |now: &[Held<'_>]| {
            let left: Vec<Held<'_>> = now.iter().filter(is_left).cloned().collect();
            names(&left)
        };
        let mut refused = None;
        for (kind, name) in self.ways(&held, going) {
            let maybe_so = [Kind::NotFound];
            let ended = self.send((t, cx), (member, &change), (kind, name), &maybe_so, done);
            match ended.await {
                Ok(Ended::Made) => return Ok(Ended::Made),
                Ok(Ended::Before) => return gone(None),
                // The name may not be the one that this workspace wants.
                Err(error) if matches!(error.kind(), Kind::InvalidArgument | Kind::NotFound) => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| Error::new(Kind::Internal, "no name takes a role away")))
    }

    /// The ways in which having no role may be written, the likeliest first.
    fn ways(&self, held: &[Held<'_>], going: Going) -> Vec<(RoleKind, &'static str)> {
        // A workspace with both models may know "No access" as a role of the newer one only. Where a role of that is held,
        // it is the one that would go.
        let holds_newer = (held.iter()).any(|held| matches!(held.said, Said::Role(RoleKind::Environment, _)));
        let may_go = !holds_newer || going == Going::WithAll;
        let may_be_newer = self.known.model == AccessModel::Mixed && self.kind == RoleKind::Legacy && may_go;
        let newer = may_be_newer.then_some(RoleKind::Environment);
        let mut ways = Vec::new();
        for kind in [Some(self.kind), newer].into_iter().flatten() {
            // A name that somebody gave to a role would give that role.
            let spellings = NO_ACCESS
                .into_iter()
                .filter(|name| self.known.names.is_placeholder(name));
            ways.extend(spellings.map(|name| (kind, name)));
        }
        ways
    }
}

/// The request that gives a person these roles, each in its environment.
///
/// # Errors
/// `InvalidArgument` for an id that cannot be in an address.
pub fn update<'t>(t: &'t Tables, member: &MemberId, roles: &[RoleAssignment]) -> Result<Write<'t>> {
    let body = json!({ "env_roles": roles });
    t.clients
        .dev
        .write(endpoint::UPDATE_MEMBER.of(member.as_str()), Some(&body))
}

/// A person as the list of people has them at this moment.
///
/// # Errors
/// Those of the list.
pub async fn now(t: &Tables, id: &MemberId) -> Result<Option<Member>> {
    let members: Vec<Member> = never_empty(&t.clients.dev, &endpoint::MEMBERS).await?;
    Ok(members.into_iter().find(|member| member.id == *id))
}

/// What is held, in words; none for nothing.
fn names(held: &[Held<'_>]) -> Option<String> {
    let names: Vec<&str> = held
        .iter()
        .map(|held| {
            if held.name.is_empty() {
                "a role without a name"
            } else {
                held.name
            }
        })
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}
