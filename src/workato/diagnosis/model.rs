//! Which access model the workspace has, and which of the two role lists is missing rather than absent.
//!
//! A list that does not exist answers like one that may not be read (`workato/api.md 3.4`). A sync has to live with
//! that; here the other answers tell the two apart: what rows of people say, and whether groups and project roles,
//! which only RBAC v2 has, are there.

use super::rows::{Answers, in_order};
use crate::baton::diagnosis::{Check, Group};
use crate::baton::error::Error;
use crate::workato::access_model::{AccessModel, Answer, Probe, detect, is_refusal};
use crate::workato::client::endpoint::{self, Endpoint};
use crate::workato::collaborator::{MemberRole, RoleType};
use crate::workato::probe;
use crate::workato::role_assignments::is_no_access;
use crate::workato::settings::Settings;

const NAME: &str = "access model";

/// What a role list that refuses means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The workspace has no such list.
    Absent,
    /// It has one that the token may not read, and a sync fails.
    Fatal,
    /// The same, but a sync goes on without it.
    Missing,
}

/// What the answers say about the access model.
#[derive(Debug)]
pub struct Model {
    /// What a sync would find; `None` where it would fail over it.
    pub found: Option<AccessModel>,
    /// Whether the workspace has what only RBAC v2 has, whatever the token may read of it.
    pub has_v2: bool,
    /// What it means if the environment roles are refused.
    pub environment_roles: Refused,
    /// What it means if the legacy roles are refused.
    pub legacy_roles: Refused,
    failure: Option<String>,
}

impl Model {
    /// From all answers.
    pub fn of(rows: &Answers, settings: &Settings) -> Self {
        let environment = rows.dev.has(&endpoint::ENVIRONMENT_ROLES);
        let legacy = rows.dev.has(&endpoint::LEGACY_ROLES);
        let held: Vec<&MemberRole> = rows
            .members()
            .unwrap_or_default()
            .iter()
            .flat_map(|m| &m.roles)
            .collect();
        let holds = |kind: RoleType| held.iter().any(|row| is_of(row, kind));
        let v2_alone = in_order(false)
            .into_iter()
            .any(|probe| probe.refused == probe::Refused::MissingInRbacV2 && rows.dev.has(probe.endpoint));
        let has_v2 = environment || v2_alone || holds(RoleType::Environment);
        // A row without a type is of the legacy model, unless something says that the workspace has left it.
        let holds_legacy = holds(RoleType::PrivilegeGroup) || (!has_v2 && held.iter().any(|row| names_a_role(row)));
        let has_legacy = legacy || holds_legacy;
        let unknown = !has_v2 && !has_legacy;
        let outcome = sync_would_find(rows, settings);
        let missing = if outcome.is_ok() {
            Refused::Missing
        } else {
            Refused::Fatal
        };
        Model {
            // Where nothing tells which of the two there is, both are named.
            environment_roles: if has_v2 || unknown { missing } else { Refused::Absent },
            legacy_roles: if holds_legacy || unknown {
                missing
            } else {
                Refused::Absent
            },
            has_v2,
            failure: outcome.as_ref().err().cloned(),
            found: outcome.ok(),
        }
    }

    /// The check.
    pub fn check(&self) -> Check {
        match self.found {
            Some(AccessModel::RbacV2) => Check::ok(Group::Connection, NAME, "RBAC v2"),
            Some(AccessModel::Legacy) => Check::ok(Group::Connection, NAME, "legacy roles"),
            Some(AccessModel::Mixed) => Check::ok(Group::Connection, NAME, "mixed: RBAC v2, and legacy roles"),
            None => {
                let why = self.failure.as_deref().unwrap_or("not known");
                Check::skipped(Group::Connection, NAME, why)
            }
        }
    }
}

/// What detection says to these answers, or why it cannot say anything.
fn sync_would_find(rows: &Answers, settings: &Settings) -> Result<AccessModel, String> {
    let unread = || "cannot be told: a list that decides it was not answered".to_owned();
    let legacy_roles = match settings.disable_custom_roles_sync {
        true => None,
        false => Some(answer(rows, &endpoint::LEGACY_ROLES).ok_or_else(unread)?),
    };
    let probe = Probe {
        members: answer(rows, &endpoint::MEMBERS).ok_or_else(unread)?,
        environment_roles: answer(rows, &endpoint::ENVIRONMENT_ROLES).ok_or_else(unread)?,
        legacy_roles,
    };
    detect(probe)
        .map(|detected| detected.model)
        .map_err(|error| error.to_string())
}

fn answer<T: Clone + 'static>(rows: &Answers, endpoint: &Endpoint) -> Option<Answer<Vec<T>>> {
    let reply = rows.dev.of(endpoint)?;
    match (rows.dev.rows::<T>(endpoint), reply.error()) {
        (Some(rows), _) => Some(Answer::Rows(rows.to_vec())),
        (_, Some(error)) if is_refusal(error) => Some(Answer::Refused(Error::new(error.kind(), error.to_string()))),
        _ => None,
    }
}

fn names_a_role(row: &MemberRole) -> bool {
    let name = row.role_name.as_deref().unwrap_or_default();
    !name.trim().is_empty() && !is_no_access(name)
}

/// Whether a row is of a role of this type by its own word.
fn is_of(row: &MemberRole, kind: RoleType) -> bool {
    names_a_role(row) && row.kind() == kind
}
