//! Which access model a workspace has: RBAC v2 or the legacy roles. Detected once per sync from what the two
//! role lists answer (`workato/model.md 1`); nobody has to say it.

use serde::{Deserialize, Serialize};

use super::client::{checkbox, endpoint, odd};
use super::collaborator::{self, Member, RoleType};
use super::environment_role::{self, EnvironmentRoleRow};
use super::family::check_role_lists;
use super::group::UserGroup;
use super::role::{self, LegacyRole};
use super::tables::{Table, Tables, composed};
use super::{cause, code};
use crate::baton::code::Code;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};

/// The access model of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessModel {
    /// Environment roles, project roles, groups, project grants. The normal case since the end of August 2026.
    RbacV2,
    /// Base and custom roles with privileges and folders.
    Legacy,
    /// Both lists answer: decided per member row by its `role_type`.
    Mixed,
}

impl AccessModel {
    /// Whether environment roles, groups and project roles exist.
    pub fn has_environment_roles(self) -> bool {
        self != AccessModel::Legacy
    }
}

/// An answer of a list the token may not be allowed to read.
#[derive(Debug)]
pub enum Answer<T> {
    /// The rows.
    Rows(T),
    /// 401, 403 or 404: a checkbox is missing, or the workspace has no such list.
    Refused(Error),
}

impl<T> Answer<T> {
    /// Sorts a result: a refusal is an answer, any other failure is an error.
    ///
    /// # Errors
    /// Failures that say nothing about permissions: network, damaged answers.
    pub fn of(result: Result<T>) -> Result<Self> {
        match result {
            Ok(rows) => Ok(Answer::Rows(rows)),
            Err(error) if is_refusal(&error) => Ok(Answer::Refused(error)),
            Err(error) => Err(error),
        }
    }

    /// The rows, if there were any.
    pub fn rows(self) -> Option<T> {
        match self {
            Answer::Rows(rows) => Some(rows),
            Answer::Refused(_) => None,
        }
    }
}

/// Whether an error means "this token may not" or "there is no such list" (`workato/api.md 3.4`).
pub fn is_refusal(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Unauthenticated | Kind::PermissionDenied | Kind::NotFound
    )
}

/// What the three deciding lists answered.
pub struct Probe {
    /// GET /api/members.
    pub members: Answer<Vec<Member>>,
    /// GET /api/environment_roles.
    pub environment_roles: Answer<Vec<EnvironmentRoleRow>>,
    /// GET /api/roles; `None` where custom roles are switched off and the list is not asked for.
    pub legacy_roles: Option<Answer<Vec<LegacyRole>>>,
}

/// What a successful probe found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// The model.
    pub model: AccessModel,
    /// The collaborators.
    pub members: Vec<Member>,
    /// The environment roles; empty in a legacy workspace.
    pub environment_roles: Vec<EnvironmentRoleRow>,
    /// The legacy custom roles; empty in an RBAC v2 workspace.
    pub legacy_roles: Vec<LegacyRole>,
    /// Whether there are groups, and so environment roles, though their list is refused and no row names one.
    #[serde(default)]
    pub unlisted_environment_roles: bool,
}

/// Access model, people and role lists: the three deciding lists, asked at the same time.
impl Table for Detected {
    type Value = Detected;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Detected> {
        let check = |detected: &Detected| check_role_lists(cx, detected, !t.settings.disable_custom_roles_sync);
        // Checked before it is kept: a resumed sync must ask again for a list that was refused.
        let ask = || async { probe(t, cx).await.and_then(|d| check(&d).map(|()| d)) };
        let detected = composed(cx, "detected", ask).await?;
        check(&detected)?;
        let empty = [
            ("collaborators", detected.members.is_empty()),
            (
                "environment roles",
                detected.environment_roles.is_empty() && detected.model.has_environment_roles(),
            ),
        ];
        for (what, _) in empty.iter().filter(|(_, is_empty)| *is_empty) {
            cx.warnings.add(
                cause::LIST_EMPTY,
                format!("Workato lists no {what} at all, but every workspace has some; rows are missing"),
                "",
            );
        }
        odd::count(cx, "collaborators", &detected.members);
        odd::count(cx, "environment roles", &detected.environment_roles);
        odd::count(cx, "collaborator roles", &detected.legacy_roles);
        tracing::info!(model = ?detected.model, people = detected.members.len(), "Access model detected.");
        Ok(detected)
    }
}

async fn probe(t: &Tables, cx: &SyncContext) -> Result<Detected> {
    let legacy_roles = async {
        if t.settings.disable_custom_roles_sync {
            return None;
        }
        Some(role::list(t, cx).await)
    };
    let (members, environment_roles, legacy_roles) =
        tokio::join!(collaborator::list(t, cx), environment_role::list(t, cx), legacy_roles);
    let mut detected = detect(Probe {
        members: Answer::of(members)?,
        environment_roles: Answer::of(environment_roles)?,
        legacy_roles: legacy_roles.map(Answer::of).transpose()?,
    })?;
    if detected.model == AccessModel::Legacy {
        detected.unlisted_environment_roles = has_groups(t).await?;
    }
    Ok(detected)
}

/// Whether the workspace lists a group: only one with environment roles has any, and it always has one. A token that
/// may not list environment roles makes such a workspace look like an older one.
async fn has_groups(t: &Tables) -> Result<bool> {
    // What a workspace without groups answers is not documented.
    let has_none =
        |error: &Error| is_refusal(error) || matches!(error.fact_value("status"), Some("400" | "405" | "410"));
    match t.clients.dev.page::<UserGroup>(&endpoint::USER_GROUPS, 1).await {
        Ok(page) => Ok(!page.rows.is_empty()),
        Err(error) if has_none(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the workspace has environment roles, groups and project roles.
///
/// # Errors
/// As [`Detected`].
pub async fn has_environment_roles(t: &Tables, cx: &SyncContext) -> Result<bool> {
    let detected = t.get::<Detected>(cx).await?;
    Ok(detected.model.has_environment_roles() || detected.unlisted_environment_roles)
}

/// Decides (`workato/model.md 1`).
///
/// # Errors
/// `Unauthenticated` when every list refused with 401: the key is wrong. `PermissionDenied` when a checkbox is missing.
pub fn detect(probe: Probe) -> Result<Detected> {
    let members = match probe.members {
        Answer::Rows(members) => members,
        Answer::Refused(refusal) => {
            let others_answered = matches!(probe.environment_roles, Answer::Rows(_))
                || matches!(probe.legacy_roles, Some(Answer::Rows(_)));
            return Err(if others_answered || refusal.kind() != Kind::Unauthenticated {
                denied(refusal, "the token may not list collaborators", code::MAY_COLLABORATORS).hint(format!(
                    "tick {} in the client role, and use an API client of the DEV environment",
                    checkbox::GET_COLLABORATORS
                ))
            } else {
                rejected(&refusal)
            });
        }
    };
    let holds_environment_roles = members.iter().any(holds_environment_role);
    let detected = |model, environment_roles, legacy_roles| Detected {
        model,
        members,
        environment_roles,
        legacy_roles,
        unlisted_environment_roles: false,
    };
    match (probe.environment_roles, probe.legacy_roles) {
        (Answer::Rows(environment), Some(Answer::Rows(legacy))) => {
            Ok(detected(AccessModel::Mixed, environment, legacy))
        }
        (Answer::Rows(environment), _) => Ok(detected(AccessModel::RbacV2, environment, Vec::new())),
        (Answer::Refused(refusal), None | Some(Answer::Rows(_))) if holds_environment_roles => Err(denied(
            refusal,
            "people hold environment roles, but the token may not list them",
            code::MAY_ENVIRONMENT_ROLES,
        )
        .hint(format!("tick {} in the client role", checkbox::LIST_ENVIRONMENT_ROLES))),
        (Answer::Refused(_), Some(Answer::Rows(legacy))) => Ok(detected(AccessModel::Legacy, Vec::new(), legacy)),
        // Custom roles are switched off, so their list was not asked for.
        (Answer::Refused(_), None) => Ok(detected(AccessModel::Legacy, Vec::new(), Vec::new())),
        (Answer::Refused(refusal), Some(Answer::Refused(_))) => Err(denied(
            refusal,
            "the token may list neither environment roles nor legacy roles",
            code::ACCESS_MODEL,
        )
        .hint(format!(
            "tick {} in the client role, or, in a workspace that still has legacy roles, {}",
            checkbox::LIST_ENVIRONMENT_ROLES,
            checkbox::LIST_LEGACY_ROLES
        ))),
    }
}

/// Whether any of the person's rows is of an environment role by its own word.
fn holds_environment_role(member: &Member) -> bool {
    let mut roles = member.roles.iter();
    roles.any(|row| row.kind() == RoleType::Environment)
}

fn denied(refusal: Error, message: &'static str, code: Code) -> Error {
    carry_facts(&refusal, Error::new(Kind::PermissionDenied, message).code(code))
}

fn rejected(refusal: &Error) -> Error {
    carry_facts(
        refusal,
        Error::new(Kind::Unauthenticated, "Workato rejected the API key"),
    )
    .code(code::KEY_REJECTED)
    .hint(
        "check --workato-api-key (BATON_WORKATO_API_KEY) and --workato-data-center; a key works only in the data \
         center that issued it, only from the addresses on its allowlist, and must belong to an API client of the \
         DEV environment",
    )
}

fn carry_facts(from: &Error, mut to: Error) -> Error {
    for (name, value) in from.facts() {
        if *name != "checkbox" {
            to = to.fact(name, value.clone());
        }
    }
    to
}
