//! The legacy model: custom roles with folders, and base roles, which the API never lists but people hold.

use std::collections::{BTreeMap, HashMap};

use super::super::catalogue::{BASE_ROLES, CATALOGUE, base_role};
use super::super::shape::{AccessModel, Shape};
use super::super::workspace::{Assignment, Env, Folder, LegacyRole, PrivilegeRow, RoleType, Workspace};
use super::access::numbered;
use super::random::Random;
use super::{days_before, days_before_with_offset, names};

/// Adds the custom roles and the rows of all roles in every environment.
pub fn add(workspace: &mut Workspace, shape: &Shape) {
    let places = Places::new(workspace);
    for (at, id) in (0..shape.custom_roles).zip(1..) {
        let role = custom(workspace, shape, at, id);
        for env in workspace.environments.clone() {
            let folder_ids = (role.folder_ids.iter()).filter_map(|id| places.counterpart(*id, env));
            let row = PrivilegeRow {
                privileges: role.privileges.clone(),
                folder_ids: Some(folder_ids.collect()),
            };
            workspace
                .privileges
                .insert((env, RoleType::PrivilegeGroup, role.name.clone()), row);
        }
        workspace.legacy_roles.push(role);
    }
    for env in workspace.environments.clone() {
        for name in BASE_ROLES {
            let mut privileges = base_role(name);
            // What a system role really may do is not what the documentation says (`workato/model.md 6.9`).
            match name {
                "Admin" => drop(privileges.insert("Key management".to_owned(), vec!["all".to_owned()])),
                "Analyst" => drop(privileges.remove("Workbot")),
                _ => drop(privileges.insert("Genies".to_owned(), vec!["run".to_owned()])),
            }
            let roots = workspace.projects.iter().filter(|p| p.env == env).map(|p| p.folder_id);
            let folder_ids = match name {
                "Admin" => Some(Vec::new()),
                "Analyst" => None,
                _ => Some(roots.take(2).collect()),
            };
            let row = PrivilegeRow { privileges, folder_ids };
            workspace
                .privileges
                .insert((env, RoleType::PrivilegeGroup, name.to_owned()), row);
        }
    }
}

fn custom(workspace: &Workspace, shape: &Shape, at: usize, id: u64) -> LegacyRole {
    let name = numbered(&names::LEGACY_ROLES, at);
    let mut random = Random::new(shape.seed, &format!("legacy role {name}"));
    let mut privileges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (group, ids) in CATALOGUE {
        if random.percent(25) {
            let some = 1 + random.below(ids.len());
            let ids = ids.iter().take(some).map(|id| (*id).to_owned());
            privileges.insert(group.to_owned(), ids.collect());
        }
    }
    if at == 0 {
        privileges.insert("Legacy – \"quoted\" tools".to_owned(), vec!["all".to_owned()]);
    }
    // Roots and deeper folders, so that only a full walk finds them all. One role has none.
    let dev: Vec<u64> = (workspace.folders.iter())
        .filter(|f| f.env == Env::Dev && f.project_id.is_some())
        .map(|f| f.id)
        .collect();
    let step = 3 + at;
    let folder_ids = if at % 4 == 3 {
        Vec::new()
    } else {
        dev.into_iter().skip(at).step_by(step).take(4).collect()
    };
    LegacyRole {
        id,
        name,
        inheritable: at.is_multiple_of(2),
        folder_ids,
        privileges,
        created_at: days_before_with_offset(shape.now, 820),
        updated_at: days_before(shape.now, 310),
    }
}

/// Where a folder stands: its name and those of the folders above, up to the project or loose folder.
type Place = Vec<String>;

/// Finds the folder of another environment that stands where a DEV folder stands.
struct Places {
    of: HashMap<u64, Place>,
    at: HashMap<(Env, Place), u64>,
}

impl Places {
    fn new(workspace: &Workspace) -> Self {
        let folders: HashMap<u64, &Folder> = workspace.folders.iter().map(|f| (f.id, f)).collect();
        let (mut of, mut at) = (HashMap::new(), HashMap::new());
        for folder in &workspace.folders {
            let line = std::iter::successors(Some(folder), |f| f.parent.and_then(|id| folders.get(&id).copied()));
            let place: Place = line.map(|f| f.name.clone()).collect();
            at.insert((folder.env, place.clone()), folder.id);
            of.insert(folder.id, place);
        }
        Places { of, at }
    }

    fn counterpart(&self, dev_folder: u64, env: Env) -> Option<u64> {
        self.at.get(&(env, self.of.get(&dev_folder)?.clone())).copied()
    }
}

/// A person's legacy role in an environment.
pub fn assignment(shape: &Shape, at: usize, env: Env) -> Assignment {
    let custom = |nth: usize| match shape.custom_roles {
        0 => BASE_ROLES[2].to_owned(),
        count => numbered(&names::LEGACY_ROLES, nth % count),
    };
    // In a mixed workspace only every second person is here; the first ones hold the base roles everywhere.
    let mixed = shape.model == AccessModel::Mixed;
    let nth = if mixed { at / 2 } else { at };
    let role = match env {
        _ if nth == 0 || (nth == 1 && !mixed) => BASE_ROLES[0].to_owned(),
        _ if mixed && nth < 3 => BASE_ROLES.get(nth).copied().unwrap_or("Operator").to_owned(),
        Env::Dev => match nth % 4 {
            1 => BASE_ROLES[1].to_owned(),
            2 => BASE_ROLES[2].to_owned(),
            _ => custom(nth / 2),
        },
        Env::Test if nth % 3 == 2 => custom(nth / 3),
        // Nobody is an Analyst in PROD of a legacy workspace: the catalogue stands in there.
        Env::Prod if nth % 5 == 2 => BASE_ROLES[2].to_owned(),
        Env::Test | Env::Prod => "No access".to_owned(),
    };
    let role_type = match shape.model {
        AccessModel::Mixed if nth % 2 == 0 => Some(RoleType::PrivilegeGroup),
        // Old workspaces do not send the key.
        _ => None,
    };
    Assignment { env, role, role_type }
}
