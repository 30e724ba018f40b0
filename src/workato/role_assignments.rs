//! Who holds which role in which environment.
//!
//! Member rows name roles by name, not by id (`workato/api.md 2.2`). Here the names are resolved
//! against the role lists once; everything later works with [`RoleRef`]s. A row that cannot be attributed for certain is
//! counted and gives nobody anything: the sync goes on, since all other rows stand for themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::access_model::{AccessModel, Detected};
use super::client::checkbox;
use super::collaborator::{MemberId, MemberRole, RoleType};
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
    warn_elsewhere(detected, environments, warnings);
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
            if names.is_placeholder(name) {
                continue;
            }
            let environment = Environment::new(place);
            let example = format!("{name} ({environment}), held by collaborator {}", member.id);
            let is_read = environments.contains(&environment);
            // Whoever names an environment of another name as the only one knows that it is one.
            if !(environment.is_known() || is_read && environments.len() == 1) {
                warnings.add(
                    cause::ENVIRONMENT_UNKNOWN,
                    environment_unknown(is_read),
                    example.clone(),
                );
            }
            if !is_read {
                continue;
            }
            let lists = (detected.model, detected.unlisted_environment_roles);
            let (kind, meaning) = match listed_as(lists, &names, row, name) {
                Ok(found) => found,
                Err(Unlisted::Missing) => {
                    warnings.add(cause::ROLE_LIST_MISSING, role_list_missing(detected.model), example);
                    continue;
                }
                Err(Unlisted::UnknownType) => {
                    warnings.add(
                        cause::ROLE_TYPE_UNKNOWN,
                        "rows of people's roles say in a word that is not known of which kind the role is; those roles \
                         are not in this sync",
                        format!("{example}: {:?}", row.role_type.as_deref().unwrap_or_default()),
                    );
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

/// Why it is not known which list has the role of a row.
pub enum Unlisted {
    /// This workspace did not answer that list.
    Missing,
    /// The row says the kind in a word that is not known.
    UnknownType,
}

/// The list that has the role of a row, and what it has there under this name. It goes by the model of the workspace, and by
/// whether environment roles are in use and in no list.
///
/// # Errors
/// Why none is known to have it.
pub fn listed_as(
    (model, is_unlisted): (AccessModel, bool),
    names: &RoleNames,
    row: &MemberRole,
    name: &str,
) -> std::result::Result<(RoleKind, Meaning<String>), Unlisted> {
    let of = |kind| (kind, names.find(kind, name));
    match (model, row.kind()) {
        (_, RoleType::Unknown) => Err(Unlisted::UnknownType),
        (AccessModel::RbacV2, RoleType::PrivilegeGroup) | (AccessModel::Legacy, RoleType::Environment) => {
            Err(Unlisted::Missing)
        }
        (AccessModel::RbacV2, _) | (_, RoleType::Environment) => Ok(of(RoleKind::Environment)),
        (_, RoleType::PrivilegeGroup) => Ok(of(RoleKind::Legacy)),
        // A row that does not say its type means a legacy role. Where no list has one of the name, it can only be the
        // other kind; and no list has the base roles.
        (_, RoleType::NotSaid) => {
            let legacy = names.find(RoleKind::Legacy, name);
            let is_base = matches!(&legacy, Meaning::One(id) if BASE_ROLES.contains(&id.as_str()));
            match names.find(RoleKind::Environment, name) {
                Meaning::Nothing if is_base && is_unlisted => Err(Unlisted::Missing),
                found if found != Meaning::Nothing && (is_base || legacy == Meaning::Nothing) => {
                    Ok((RoleKind::Environment, found))
                }
                _ => Ok((RoleKind::Legacy, legacy)),
            }
        }
    }
}

/// Says so where the rows of people name other environments than those of the run, and none of these.
fn warn_elsewhere(detected: &Detected, environments: &[Environment], warnings: &Warnings) {
    let rows = detected.members.iter().flat_map(|member| &member.roles);
    let named: BTreeSet<Environment> = rows
        .filter_map(|row| said(&row.environment_type))
        .map(Environment::new)
        .collect();
    if named.is_empty() || environments.iter().any(|environment| named.contains(environment)) {
        return;
    }
    let list = |all: &mut dyn Iterator<Item = &Environment>| {
        let all: Vec<&str> = all.map(Environment::as_str).collect();
        all.join(", ")
    };
    warnings.add(
        cause::ENVIRONMENT_OF_NOBODY,
        "nobody's row of a role is of the environment that this sync reads, and people have rows of others; if it goes by \
         another name there, its roles are missing",
        format!(
            "{}; rows say {}",
            list(&mut environments.iter()),
            list(&mut named.iter())
        ),
    );
}

fn environment_unknown(is_read: bool) -> &'static str {
    if is_read {
        "people hold roles in environments that are called neither dev nor test nor prod; if one of these is meant, these \
         roles are in this sync under another environment than they are held in"
    } else {
        "people hold roles in environments that are called neither dev nor test nor prod; if the one that this sync reads \
         is meant, these roles are missing"
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
