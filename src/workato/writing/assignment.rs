//! The one role that a person has in an environment: given by replacing it, taken away by "No access". Both access
//! models write it with the same request (`workato/api.md 2.6`).

use prost_types::Any;
use serde::Serialize;
use serde_json::json;

use super::effect::{Ended, send};
use super::{already_revoked, ambiguous_right, or_no_access, revoked_before};
use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::workato::access_model::{AccessModel, Detected};
use crate::workato::client::{Write, endpoint};
use crate::workato::collaborator::{self, Member, MemberRole, called, person};
use crate::workato::names::Meaning;
use crate::workato::role_assignments::{RoleKind, RoleNames, is_no_access};
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;

/// `role_type` of environment roles: without it the API looks for a legacy role.
pub const ROLE_TYPE: &str = "environment";
/// `role_type` of legacy roles, where rows name it.
const LEGACY_TYPE: &str = "privilege_group";
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
    /// The names of all roles.
    pub names: RoleNames,
}

/// What became of giving a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It is held now, in place of the role with this name.
    Now(Option<String>),
    /// It was held before.
    Already,
}

/// Takes away a role that was looked for. What is gone, role or person, is revoked already.
///
/// # Errors
/// Those of the look-up and of the API.
pub async fn revoke_found(
    t: &Tables,
    cx: &SyncContext,
    on: &v2::Resource,
    principal: &v2::Resource,
    found: Result<WantedRole>,
) -> Result<Vec<Any>> {
    let gone = |error: Error| match error.kind() {
        Kind::NotFound => Ok(already_revoked(cx, on, principal)),
        _ => Err(error),
    };
    let wanted = match found {
        Ok(wanted) => wanted,
        Err(error) => return gone(error),
    };
    let member = match person(t, cx, principal).await {
        Ok(member) => member,
        Err(error) => return gone(error),
    };
    Ok(match wanted.take(t, cx, &member).await? {
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
        let others = match self.names.find(self.kind, &self.name) {
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

    /// The name of the role of this model that a person has there; none for "No access".
    fn held<'m>(&self, member: &'m Member) -> Option<&'m str> {
        // Of two rows in a mixed workspace, the one that names its type says which it is.
        match self.kind {
            RoleKind::Environment => self
                .row(member, |said| said == Some(ROLE_TYPE))
                .or_else(|| self.row(member, |said| said != Some(LEGACY_TYPE))),
            RoleKind::Legacy => self.row(member, |said| said != Some(ROLE_TYPE)),
        }
    }

    /// The name of the role that the person has there in either model: a new one takes its place.
    fn in_place<'m>(&self, member: &'m Member) -> Option<&'m str> {
        self.held(member).or_else(|| self.row(member, |_| true))
    }

    fn row<'m>(&self, member: &'m Member, of: impl Fn(Option<&str>) -> bool) -> Option<&'m str> {
        let here = |row: &&MemberRole| {
            let said = row.environment_type.as_deref().map(Environment::new);
            said.as_ref() == Some(&self.environment) && of(row.role_type.as_deref())
        };
        let name = member.roles.iter().find(here)?.role_name.as_deref()?.trim();
        Some(name).filter(|name| !name.is_empty() && !is_no_access(name))
    }

    /// Whether a row that says `name` means this role, by the same rule as a sync.
    fn is(&self, name: &str) -> bool {
        self.names.find(self.kind, name) == Meaning::One(self.id.clone())
    }

    fn assignment(&self, kind: RoleKind, name: &str) -> RoleAssignment {
        RoleAssignment {
            environment_type: self.environment.as_str().to_owned(),
            name: name.to_owned(),
            role_type: (kind == RoleKind::Environment).then_some(ROLE_TYPE),
        }
    }

    /// The request that gives the person the role of this name there; other environments stay as they are.
    fn write<'t>(&self, t: &'t Tables, member: &Member, kind: RoleKind, name: &str) -> Result<Write<'t>> {
        let body = json!({ "env_roles": [self.assignment(kind, name)] });
        let address = endpoint::UPDATE_MEMBER.of(member.id.as_str());
        t.clients.dev.write(address, Some(&body))
    }

    /// What the person has there now.
    async fn held_now(&self, t: &Tables, member: &Member) -> Result<Option<String>> {
        let members = collaborator::now(&t.clients.dev).await?;
        let now = members.iter().find(|m| m.id == member.id);
        Ok(now.and_then(|now| self.held(now)).map(str::to_owned))
    }

    /// Gives it.
    ///
    /// # Errors
    /// Those of the API and of the consent; `Internal` when it has no effect.
    pub async fn give(&self, t: &Tables, cx: &SyncContext, member: &Member) -> Result<Given> {
        let already = || {
            cx.changes
                .tell(Change::already(called(member), self.environment.as_str(), &self.name));
            Ok(Given::Already)
        };
        if self.held(member).is_some_and(|name| self.is(name)) {
            return already();
        }
        let before = self.in_place(member);
        let change = Change::made(
            called(member),
            self.environment.as_str(),
            or_no_access(before),
            &self.name,
        );
        let dev = &t.clients.dev;
        let write = self.write(t, member, self.kind, &self.name)?;
        let ended = send(cx, dev, &change, write, &[Kind::AlreadyExists], || async {
            let now = self.held_now(t, member).await?;
            Ok(match now {
                Some(now) if self.is(&now) => None,
                now => Some(or_no_access(now.as_deref()).to_owned()),
            })
        });
        match ended.await? {
            Ended::Made => Ok(Given::Now(before.map(str::to_owned))),
            Ended::Before => already(),
        }
    }

    /// Takes it away, if it is still the one that is held.
    ///
    /// # Errors
    /// As [`WantedRole::give`].
    pub async fn take(&self, t: &Tables, cx: &SyncContext, member: &Member) -> Result<Ended> {
        let gone = |now: Option<&str>| {
            cx.changes
                .tell(Change::gone(called(member), self.environment.as_str(), &self.name, now));
            Ok(Ended::Before)
        };
        let held = self.held(member);
        if !held.is_some_and(|name| self.is(name)) {
            return gone(self.in_place(member));
        }
        let change = Change::made(
            called(member),
            self.environment.as_str(),
            or_no_access(held),
            or_no_access(None),
        );
        let dev = &t.clients.dev;
        let mut refused = None;
        // A workspace with both models may know "No access" as a role of the newer one only.
        let mixed = t.get::<Detected>(cx).await?.model == AccessModel::Mixed;
        let newer = (mixed && self.kind == RoleKind::Legacy).then_some(RoleKind::Environment);
        // A name that somebody gave to a role would give that role.
        let mut tries: Vec<(RoleKind, &str)> = Vec::new();
        for kind in [Some(self.kind), newer].into_iter().flatten() {
            let spellings = NO_ACCESS.into_iter().filter(|name| self.names.is_placeholder(name));
            tries.extend(spellings.map(|name| (kind, name)));
        }
        for (kind, name) in tries {
            let write = self.write(t, member, kind, name)?;
            let ended = send(cx, dev, &change, write, &[Kind::NotFound], || self.held_now(t, member)).await;
            match ended {
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
}
