//! Environment roles, what they may do, and who holds which role in which environment.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::catalogue::CATALOGUE;
use super::super::shape::{AccessModel, Shape};
use super::super::workspace::{
    Assignment, Env, EnvironmentRole, PrivilegeRow, RoleTuple, RoleType, Workspace, is_no_access,
};
use super::people::GONE_ADMIN;
use super::random::{Random, around};
use super::{days_before, days_before_with_offset, legacy, names};

/// System environment roles, as the list spells them (`workato/api.md 4.3`).
const SYSTEM: [&str; 3] = ["Environment admin", "Environment manager", "Member"];

/// Privileges the catalogue of `workato/api.md 4.1` does not have: it has grown before.
const NEWER: [(&str, &[&str]); 3] = [
    ("Genies", &["all", "publish"]),
    ("MCP servers", &["read", "manage"]),
    ("AI governance – policies", &["read"]),
];

/// Catalogue groups that are about the environment: what an Environment admin has.
const ADMIN_GROUPS: std::ops::Range<usize> = 20..43;

/// Adds the roles and their rows for every environment.
pub fn add_environment_roles(workspace: &mut Workspace, shape: &Shape) {
    let system = SYSTEM.iter().map(|name| (*name).to_owned());
    let custom = (0..shape.custom_roles).map(|at| numbered(&names::ENVIRONMENT_ROLES, at));
    for (id, name) in (1..).zip(system.chain(custom)) {
        let custom = id > 3;
        workspace.environment_roles.push(EnvironmentRole {
            id,
            kind: match id {
                _ if !custom => "system",
                6 => "inherited",
                _ => "custom",
            }
            .to_owned(),
            created_at: custom.then(|| days_before_with_offset(shape.now, 500)),
            updated_at: custom.then(|| days_before(shape.now, 120)),
            config: match id {
                1 => json!({"team": {"privileges": "all"}}),
                3 => json!({}),
                _ => json!({"team": {"settings": ["read"]}, "environment_properties": {"write": id % 2 == 0}}),
            },
            name: name.clone(),
        });
        for env in workspace.environments.clone() {
            let row = row(workspace, shape, env, &name, id);
            workspace
                .privileges
                .insert((env, RoleType::Environment, spelled(shape, &name)), row);
        }
    }
}

/// What a role may do in an environment. In PROD roles can less; folder ids, where there are any, name project roots
/// of that environment, so that the walk of folders has nothing to search.
fn row(workspace: &Workspace, shape: &Shape, env: Env, name: &str, id: u64) -> PrivilegeRow {
    let mut privileges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut random = Random::new(shape.seed, &format!("role {name}"));
    let mut add = |group: &str, ids: &[&str]| {
        privileges.insert(group.to_owned(), ids.iter().map(|id| (*id).to_owned()).collect());
    };
    for (at, (group, ids)) in CATALOGUE.iter().enumerate() {
        let chosen = random.percent(35);
        let wanted = match id {
            1 => ADMIN_GROUPS.contains(&at),
            2 => ADMIN_GROUPS.contains(&at) && at % 2 == 0,
            3 => *group == "Use in recipes" || *group == "Dashboard & logs",
            _ => chosen,
        };
        let fewer = if env == Env::Prod && id != 1 {
            ids.len().div_ceil(2)
        } else {
            ids.len()
        };
        if wanted {
            add(group, ids.get(..fewer).unwrap_or(ids));
        }
    }
    match id {
        1 => NEWER.iter().for_each(|(group, ids)| add(group, ids)),
        5 if env != Env::Prod => add("MCP servers", &["read"]),
        _ => {}
    }
    let roots = workspace.projects.iter().filter(|p| p.env == env).map(|p| p.folder_id);
    let folder_ids = match id {
        2 => None,
        5 => Some(roots.take(2).collect()),
        7 => Some(roots.skip(1).take(3).collect()),
        _ => Some(Vec::new()),
    };
    PrivilegeRow { privileges, folder_ids }
}

/// Gives everyone their roles.
pub fn assign(workspace: &mut Workspace, shape: &Shape) {
    let environments = workspace.environments.clone();
    for (at, person) in workspace.people.iter_mut().enumerate() {
        // Somebody who joined and got nothing.
        if at % 43 == 33 {
            continue;
        }
        let legacy = match shape.model {
            AccessModel::RbacV2 => false,
            AccessModel::Legacy => true,
            AccessModel::Mixed => at % 2 == 1,
        };
        for env in &environments {
            // Some have no row at all for an environment, which says the same as `No access`.
            if *env != Env::Dev && at % 5 == 3 && !legacy {
                continue;
            }
            person.roles.push(if legacy {
                legacy::assignment(shape, at, *env)
            } else {
                environment_role(shape, at, *env)
            });
        }
    }
    if shape.deleted_role
        && let Some(person) = workspace.people.last_mut()
    {
        let role_type = (shape.model != AccessModel::Legacy).then_some(RoleType::Environment);
        person.roles.retain(|r| r.env != Env::Dev);
        person.roles.push(Assignment {
            env: Env::Dev,
            role: "Pilot phase 2024".to_owned(),
            role_type,
        });
    }
}

fn environment_role(shape: &Shape, at: usize, env: Env) -> Assignment {
    let custom = |nth: usize| match shape.custom_roles {
        0 => SYSTEM[2].to_owned(),
        count => numbered(&names::ENVIRONMENT_ROLES, nth % count),
    };
    let admin = at <= GONE_ADMIN;
    let none = if at % 19 == 9 { "NoAccess" } else { "No access" };
    let role = match env {
        _ if admin => SYSTEM[0].to_owned(),
        Env::Dev if at % 23 == 19 => none.to_owned(),
        Env::Dev if at % 10 == 4 => SYSTEM[1].to_owned(),
        Env::Dev if at.is_multiple_of(3) => custom(at / 3),
        Env::Dev => SYSTEM[2].to_owned(),
        Env::Test if at.is_multiple_of(4) => SYSTEM[2].to_owned(),
        Env::Test if at % 9 == 5 => custom(at / 9),
        Env::Prod if at % 6 == 1 => SYSTEM[2].to_owned(),
        Env::Prod if at % 11 == 7 => custom(at / 11),
        Env::Test | Env::Prod => none.to_owned(),
    };
    let role = spelled(shape, &role);
    Assignment {
        env,
        role,
        role_type: Some(RoleType::Environment),
    }
}

/// How member rows spell a role: `Environment admin`, or `EnvironmentAdmin` (`workato/api.md 4.3`).
fn spelled(shape: &Shape, role: &str) -> String {
    if !shape.compact_role_names || !(SYSTEM.contains(&role) || is_no_access(role)) {
        return role.to_owned();
    }
    let words = role.split(' ').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect()
}

/// Makes holders of two roles differ in DEV: of one in privileges, of the other in folders only. No two holders are
/// alike, so that any pair that is compared shows it.
pub fn add_drift(workspace: &mut Workspace, shape: &Shape) {
    let (first, second) = match workspace.model {
        AccessModel::Legacy => (
            (RoleType::PrivilegeGroup, "Analyst"),
            (RoleType::PrivilegeGroup, "Operator"),
        ),
        _ => (
            (RoleType::Environment, "Environment manager"),
            (RoleType::Environment, names::ENVIRONMENT_ROLES[1]),
        ),
    };
    let roots: Vec<u64> = (workspace.projects.iter())
        .filter(|p| p.env == Env::Dev)
        .map(|p| p.folder_id)
        .collect();
    for (nth, (person, row)) in (1..).zip(holders(workspace, (Env::Dev, first.0, spelled(shape, first.1)))) {
        let mut row = row;
        for (bit, (group, ids)) in CATALOGUE.iter().take(16).enumerate() {
            if nth >> bit & 1 == 1 {
                let extra = row.privileges.entry((*group).to_owned()).or_default();
                // One id more than the role has of this group.
                let missing = ids.iter().find(|id| !extra.iter().any(|e| e == *id));
                extra.push(missing.map_or_else(|| format!("extra_{bit}"), |id| (*id).to_owned()));
            }
        }
        workspace.drift.insert((person, Env::Dev), row);
    }
    for (nth, (person, row)) in (1_usize..).zip(holders(workspace, (Env::Dev, second.0, second.1.to_owned()))) {
        let mine = roots
            .iter()
            .enumerate()
            .filter(|(bit, _)| *bit < 60 && nth >> bit & 1 == 1);
        let folder_ids = Some(mine.map(|(_, id)| *id).collect());
        workspace
            .drift
            .insert((person, Env::Dev), PrivilegeRow { folder_ids, ..row });
    }
}

fn holders(workspace: &Workspace, tuple: RoleTuple) -> Vec<(u64, PrivilegeRow)> {
    let Some(row) = workspace.privileges.get(&tuple) else {
        return Vec::new();
    };
    let holds = |roles: &[Assignment]| roles.iter().any(|r| r.tuple() == tuple);
    let people = workspace.people.iter().filter(|p| holds(&p.roles));
    people.map(|p| (p.id, row.clone())).collect()
}

/// The name at a place of a list, numbered when the list begins again.
pub fn numbered(list: &[&str], at: usize) -> String {
    let name = around(list, at);
    match at.checked_div(list.len()).unwrap_or(0) {
        0 => name.to_owned(),
        round => format!("{name} {}", round + 1),
    }
}
