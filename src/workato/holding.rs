//! Who holds which role in which environment.
//!
//! Member rows name roles by name, not by id (`contract/workato-api.md` 2.2). Here the names are resolved
//! against the role lists once; everything later works with [`RoleRef`]s.

use std::collections::{BTreeMap, BTreeSet};

use super::access_model::{AccessModel, Detected};
use super::client::{EnvironmentRole, LegacyRole, MemberId, MemberRole};
use super::settings::Environment;
use crate::baton::warning::Warnings;
use crate::workato::cause;

/// The legacy system roles. They have no id; their name stands for it.
pub const BASE_ROLES: [&str; 3] = ["Admin", "Analyst", "Operator"];

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

impl Holdings {
    /// The holders of a role; empty where nobody holds it.
    pub fn holders(&self, role: &RoleRef) -> impl Iterator<Item = &MemberId> {
        self.by_role.get(role).into_iter().flatten()
    }
}

/// Names are compared without spaces, punctuation and case where an exact match fails: the API spells system
/// roles both `Environment admin` and `EnvironmentAdmin` (`contract/workato-api.md` 4.3).
pub fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a role name is the placeholder for "no role here", in any spelling.
pub fn is_no_access(name: &str) -> bool {
    folded(name) == "noaccess"
}

/// Resolves all member rows of the given environments.
pub fn resolve(
    detected: &Detected,
    environments: &[Environment],
    custom_roles_off: bool,
    warnings: &Warnings,
) -> Holdings {
    let environment_names = by_name(&detected.environment_roles, |r: &EnvironmentRole| {
        (r.name.as_deref(), r.id.to_string())
    });
    let legacy_names = by_name(&detected.legacy_roles, |r: &LegacyRole| {
        (r.name.as_deref(), r.id.to_string())
    });
    let mut holdings = Holdings::default();
    for member in &detected.members {
        for row in &member.roles {
            let environment = Environment::new(row.environment_type.as_deref().unwrap_or("dev"));
            let name = row.role_name.as_deref().unwrap_or_default().trim();
            if name.is_empty() || is_no_access(name) || !environments.contains(&environment) {
                continue;
            }
            let example = format!("{name} ({environment}), held by collaborator {}", member.id);
            let (kind, id) = match kind_of(detected.model, row) {
                Some(RoleKind::Environment) => (RoleKind::Environment, environment_names.find(name)),
                Some(RoleKind::Legacy) => match legacy_role(&legacy_names, name) {
                    // A row that does not say its type means a legacy role; where none has the name, it can only
                    // be the other kind.
                    None if row.role_type.is_none() && environment_names.find(name).is_some() => {
                        (RoleKind::Environment, environment_names.find(name))
                    }
                    id => (RoleKind::Legacy, id),
                },
                None => {
                    warnings.add(cause::ROLE_LIST_MISSING, role_list_missing(detected.model), example);
                    continue;
                }
            };
            let Some(id) = id else {
                if kind == RoleKind::Legacy && custom_roles_off {
                    warnings.add(
                        cause::CUSTOM_ROLES_OFF,
                        "people hold custom roles, which are not read because of --disable-custom-roles-sync",
                        example,
                    );
                } else {
                    warnings.add(
                        cause::ROLE_NOT_LISTED,
                        "people hold roles that no role list names (deleted meanwhile?)",
                        example,
                    );
                }
                continue;
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

/// The list a row's role is in; `None` where the row names a list this workspace did not answer.
fn kind_of(model: AccessModel, row: &MemberRole) -> Option<RoleKind> {
    let said = row.role_type.as_deref().map(str::trim).filter(|t| !t.is_empty());
    match (model, said) {
        (AccessModel::RbacV2, Some("privilege_group")) | (AccessModel::Legacy, Some("environment")) => None,
        (AccessModel::RbacV2, _) | (AccessModel::Mixed, Some("environment")) => Some(RoleKind::Environment),
        (AccessModel::Legacy | AccessModel::Mixed, _) => Some(RoleKind::Legacy),
    }
}

fn role_list_missing(model: AccessModel) -> &'static str {
    if model == AccessModel::Legacy {
        "people hold environment roles, but the token may not list them: tick Admin > Environment roles > List in the client role"
    } else {
        "people still hold legacy roles, but the workspace no longer lists them"
    }
}

/// A base role has no row in the list; a custom role spelled exactly the same wins over it.
fn legacy_role(names: &Names, name: &str) -> Option<String> {
    let base = BASE_ROLES
        .iter()
        .find(|base| base.eq_ignore_ascii_case(name))
        .map(|base| (*base).to_owned());
    let exact = names.exact.get(name).cloned();
    exact
        .or_else(|| base.clone().filter(|b| b == name))
        .or_else(|| names.find(name))
        .or(base)
}

struct Names {
    exact: BTreeMap<String, String>,
    folded: BTreeMap<String, Option<String>>,
}

impl Names {
    fn find(&self, name: &str) -> Option<String> {
        self.exact
            .get(name)
            .cloned()
            .or_else(|| self.folded.get(&folded(name)).cloned().flatten())
    }
}

/// A folded name that two roles share finds neither.
fn by_name<T>(roles: &[T], name_and_id: impl Fn(&T) -> (Option<&str>, String)) -> Names {
    let mut names = Names {
        exact: BTreeMap::new(),
        folded: BTreeMap::new(),
    };
    for role in roles {
        let (Some(name), id) = name_and_id(role) else { continue };
        names.exact.entry(name.to_owned()).or_insert_with(|| id.clone());
        names
            .folded
            .entry(folded(name))
            .and_modify(|other| *other = None)
            .or_insert(Some(id));
    }
    names
}
