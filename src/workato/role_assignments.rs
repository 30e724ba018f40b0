//! Who holds which role in which environment.
//!
//! Member rows name roles by name, not by id (`workato/api.md 2.2`). Here the names are resolved
//! against the role lists once; everything later works with [`RoleRef`]s. A row that cannot be attributed for certain is
//! counted and gives nobody anything: the sync goes on, since all other rows stand for themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::access_model::{AccessModel, Detected};
use super::client::checkbox;
use super::collaborator::{MemberId, MemberRole};
use super::names::{Meaning, NameTable, SYSTEM_ENVIRONMENT_ROLES, folded, is_system};
use super::role::BASE_ROLES;
use super::settings::Environment;
use super::tables::{Table, Tables};
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::warning::Warnings;
use crate::workato::cause;

/// Which list a role comes from. The two have separate number spaces and may share names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleKind {
    /// RBAC v2: GET /api/environment_roles.
    Environment,
    /// GET /api/roles and the base roles.
    Legacy,
}

/// A role in one environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleRef {
    /// Which list it comes from.
    pub kind: RoleKind,
    /// The role's id, or the name of a base role.
    pub id: String,
    /// Where it is held.
    pub environment: Environment,
}

/// All holdings of a sync.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Holdings {
    /// Holders of each role, ordered by id.
    pub by_role: BTreeMap<RoleRef, BTreeSet<MemberId>>,
    /// Base roles that some member row names, in any environment of the run.
    pub base_roles: BTreeSet<String>,
}

impl Table for Holdings {
    type Value = Holdings;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Holdings> {
        let detected = t.get::<Detected>(cx).await?;
        let environments = t.environments(cx).await?;
        let custom_roles_off = t.settings.disable_custom_roles_sync;
        Ok(resolve(&detected, &environments, custom_roles_off, &cx.warnings))
    }
}

impl Holdings {
    /// The holders of a role; empty where nobody holds it.
    pub fn holders(&self, role: &RoleRef) -> impl Iterator<Item = &MemberId> {
        self.by_role.get(role).into_iter().flatten()
    }
}

/// The names of all roles of a workspace, by list.
#[derive(Debug, Clone, Default)]
pub struct RoleNames {
    environment: NameTable<String>,
    legacy: NameTable<String>,
    /// Names of roles that somebody made and that read like the placeholder for "no role".
    no_access: BTreeSet<String>,
}

impl RoleNames {
    /// Those of the two lists, and of the base roles, which no list has.
    pub fn of(detected: &Detected) -> Self {
        let mut names = RoleNames::default();
        for role in &detected.environment_roles {
            let name = role.name.as_deref().unwrap_or_default();
            let system = is_system(role.kind.as_deref(), name, SYSTEM_ENVIRONMENT_ROLES);
            names.environment.add(name, role.id.to_string(), system);
            if is_no_access(name) && role.kind.is_some() && !system {
                names.no_access.insert(name.trim().to_owned());
            }
        }
        for role in &detected.legacy_roles {
            let name = role.name.as_deref().unwrap_or_default();
            names.legacy.add(name, role.id.to_string(), false);
            if is_no_access(name) {
                names.no_access.insert(name.trim().to_owned());
            }
        }
        for base in BASE_ROLES {
            names.legacy.add(base, base.to_owned(), true);
        }
        names
    }

    /// The id of the role of a list that rows call so.
    pub fn find(&self, kind: RoleKind, name: &str) -> Meaning<String> {
        match kind {
            RoleKind::Environment => self.environment.find(name),
            RoleKind::Legacy => self.legacy.find(name),
        }
    }

    /// As [`RoleNames::find`], by the exact name alone.
    pub fn exactly(&self, kind: RoleKind, name: &str) -> Meaning<String> {
        match kind {
            RoleKind::Environment => self.environment.exactly(name),
            RoleKind::Legacy => self.legacy.exactly(name),
        }
    }

    /// Whether a row with this name says that there is no role. A name that reads like that and is a role's, too, may
    /// mean either.
    pub fn is_placeholder(&self, name: &str) -> bool {
        is_no_access(name) && !self.no_access.contains(name.trim())
    }
}

/// Whether a role name is the placeholder for "no role here", in any spelling.
pub fn is_no_access(name: &str) -> bool {
    folded(name) == "noaccess"
}

/// Resolves all member rows of the given environments.
fn resolve(detected: &Detected, environments: &[Environment], custom_roles_off: bool, warnings: &Warnings) -> Holdings {
    let names = RoleNames::of(detected);
    let mut holdings = Holdings::default();
    for member in &detected.members {
        for row in &member.roles {
            let (Some(place), Some(name)) = (said(&row.environment_type), said(&row.role_name)) else {
                warnings.add(
                    cause::ROLE_ROW_INCOMPLETE,
                    "rows of people's roles do not say which role, or in which environment; those roles are not in this \
                     sync",
                    format!("collaborator {}", member.id),
                );
                continue;
            };
            let environment = Environment::new(place);
            if !environments.contains(&environment) {
                continue;
            }
            let example = format!("{name} ({environment}), held by collaborator {}", member.id);
            let (kind, meaning) = match kind_of(detected.model, row) {
                _ if names.is_placeholder(name) => continue,
                Some(RoleKind::Environment) => (RoleKind::Environment, names.find(RoleKind::Environment, name)),
                Some(RoleKind::Legacy) => match names.find(RoleKind::Legacy, name) {
                    // A row that does not say its type means a legacy role; where none has the name, it can only
                    // be the other kind.
                    Meaning::Nothing if said(&row.role_type).is_none() => {
                        match names.find(RoleKind::Environment, name) {
                            Meaning::Nothing => (RoleKind::Legacy, Meaning::Nothing),
                            found => (RoleKind::Environment, found),
                        }
                    }
                    found => (RoleKind::Legacy, found),
                },
                None => {
                    warnings.add(cause::ROLE_LIST_MISSING, role_list_missing(detected.model), example);
                    continue;
                }
            };
            let id = match meaning {
                Meaning::One(id) if is_no_access(name) => {
                    ambiguous(warnings, format!("{example}: role {id}, or none at all"));
                    continue;
                }
                Meaning::One(id) => id,
                Meaning::Several(ids) => {
                    ambiguous(warnings, format!("{example}: roles {}", ids.join(", ")));
                    continue;
                }
                Meaning::Nothing if kind == RoleKind::Legacy && custom_roles_off => {
                    warnings.add(
                        cause::CUSTOM_ROLES_OFF,
                        "people hold custom roles, which are not read because of --disable-custom-roles-sync",
                        example,
                    );
                    continue;
                }
                Meaning::Nothing => {
                    warnings.add(
                        cause::ROLE_NOT_LISTED,
                        "people hold roles that no role list names (deleted meanwhile?)",
                        example,
                    );
                    continue;
                }
            };
            if kind == RoleKind::Legacy && BASE_ROLES.contains(&id.as_str()) {
                holdings.base_roles.insert(id.clone());
            }
            holdings
                .by_role
                .entry(RoleRef { kind, id, environment })
                .or_default()
                .insert(member.id.clone());
        }
    }
    holdings
}

fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn ambiguous(warnings: &Warnings, example: String) {
    warnings.add(
        cause::ROLE_AMBIGUOUS,
        "people hold roles by a name that several roles have; rows do not say which, so none of them is given to anybody",
        example,
    );
}

/// The list a row's role is in; `None` where the row names a list this workspace did not answer.
fn kind_of(model: AccessModel, row: &MemberRole) -> Option<RoleKind> {
    match (model, said(&row.role_type)) {
        (AccessModel::RbacV2, Some("privilege_group")) | (AccessModel::Legacy, Some("environment")) => None,
        (AccessModel::RbacV2, _) | (AccessModel::Mixed, Some("environment")) => Some(RoleKind::Environment),
        (AccessModel::Legacy | AccessModel::Mixed, _) => Some(RoleKind::Legacy),
    }
}

fn role_list_missing(model: AccessModel) -> String {
    if model == AccessModel::Legacy {
        format!(
            "people hold environment roles, but the token may not list them: tick {} in the client role",
            checkbox::LIST_ENVIRONMENT_ROLES
        )
    } else {
        "people still hold legacy roles, but the workspace no longer lists them".to_owned()
    }
}
