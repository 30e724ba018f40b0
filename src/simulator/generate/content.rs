//! What there is to get at: projects, folders, connections; and API clients.

use super::super::shape::Shape;
use super::super::workspace::{ApiClient, ApiClientRole, Connection, Env, Folder, Project, Workspace};
use super::random::{Random, around};
use super::{days_before, days_before_with_offset, names};

/// The first project and folder ids. The two number spaces overlap, as nothing says they do not.
const FIRST_PROJECT: u64 = 1_000;
const FIRST_FOLDER: u64 = 1_010;
const FIRST_CONNECTION: u64 = 3_000;

/// Adds projects, folders and connections of every environment.
pub fn add(workspace: &mut Workspace, shape: &Shape) {
    let mut maker = Maker {
        folder: FIRST_FOLDER,
        connection: FIRST_CONNECTION,
        shape,
    };
    let mut project_id = FIRST_PROJECT;
    for env in workspace.environments.clone() {
        let home = maker.next_folder();
        workspace.home_folders.insert(env, home);
        for at in (0..shape.projects).filter(|at| exists_in(*at, env)) {
            project_id += 1;
            maker.project(workspace, env, at, project_id);
        }
        for at in 0..shape.loose_folders {
            maker.loose_folder(workspace, env, at);
        }
    }
}

/// DEV has all projects; TEST and PROD lack those that are still being built.
pub fn exists_in(project: usize, env: Env) -> bool {
    match env {
        Env::Dev => true,
        Env::Test => project % 6 != 4,
        Env::Prod => project % 6 != 4 && project % 5 != 3,
    }
}

/// The name of a project: the department's, with a region when the names begin again.
pub fn project_name(at: usize) -> String {
    let (name, _) = around(&names::PROJECTS, at);
    let round = at / names::PROJECTS.len();
    match round.checked_sub(1) {
        None => name.to_owned(),
        Some(first) if first < names::REGIONS.len() => format!("{name} {}", around(&names::REGIONS, first)),
        Some(later) => format!("{name} {}", later + 2),
    }
}

struct Maker<'a> {
    folder: u64,
    connection: u64,
    shape: &'a Shape,
}

impl Maker<'_> {
    fn next_folder(&mut self) -> u64 {
        self.folder += 1;
        self.folder
    }

    fn folder(&mut self, env: Env, name: String, parent: Option<u64>, project_id: Option<u64>) -> Folder {
        let id = self.next_folder();
        Folder {
            id,
            env,
            name,
            parent,
            is_project: false,
            // Not always there: now and then a folder inside a project does not say so.
            project_id: project_id.filter(|_| !id.is_multiple_of(23)),
            created_at: (!id.is_multiple_of(19)).then(|| days_before_with_offset(self.shape.now, 700)),
            updated_at: (!id.is_multiple_of(29)).then(|| days_before(self.shape.now, 273)),
        }
    }

    fn project(&mut self, workspace: &mut Workspace, env: Env, at: usize, id: u64) {
        let name = project_name(at);
        let mut root = self.folder(env, name.clone(), None, Some(id));
        (root.is_project, root.project_id) = (true, Some(id));
        workspace.projects.push(Project {
            id,
            env,
            description: (at % 3 != 1).then(|| format!("{name}: owned by {}", around(&names::GROUPS, department(at)))),
            name,
            folder_id: root.id,
        });
        let mut above = root.id;
        let root_id = root.id;
        workspace.folders.push(root);
        for number in 0..self.shape.folders_per_project {
            // Two under the root, then two each below the one before: three levels.
            let parent = if number % 4 < 2 { root_id } else { above };
            let folder = self.folder(env, folder_name(number), Some(parent), Some(id));
            above = folder.id;
            workspace.folders.push(folder);
        }
        for number in 0..self.shape.connections_per_project {
            self.connection(workspace, env, at + number, root_id);
        }
    }

    fn loose_folder(&mut self, workspace: &mut Workspace, env: Env, at: usize) {
        let mut name = around(&names::LOOSE_FOLDERS, at).to_owned();
        if at >= names::LOOSE_FOLDERS.len() {
            name = format!("{name} {at}");
        }
        let folder = self.folder(env, name, None, None);
        if at % 2 == 1 {
            let child = self.folder(env, "Ältere Fassungen".to_owned(), Some(folder.id), None);
            workspace.folders.push(child);
        }
        if at == 0 {
            for number in 0..self.shape.connections_per_project {
                self.connection(workspace, env, number + 4, folder.id);
            }
        }
        workspace.folders.push(folder);
    }

    fn connection(&mut self, workspace: &mut Workspace, env: Env, at: usize, folder_id: u64) {
        self.connection += 1;
        let (application, name) = around(&names::CONNECTIONS, at);
        let status = match self.connection % 9 {
            2 => Some("failed"),
            4 => Some("exception"),
            6 => None,
            _ => Some("success"),
        };
        workspace.connections.push(Connection {
            id: self.connection,
            env,
            name: name.to_owned(),
            application: application.to_owned(),
            folder_id,
            authorization_status: status.map(str::to_owned),
            authorized_at: status.map(|_| days_before(self.shape.now, 40 + at * 13)),
        });
    }
}

/// Which department builds a project.
pub fn department(project: usize) -> usize {
    around(&names::PROJECTS, project).1
}

fn folder_name(number: usize) -> String {
    let name = around(&names::FOLDERS, number);
    match number / names::FOLDERS.len() {
        0 => name.to_owned(),
        round => format!("{name} {round}"),
    }
}

/// Adds API clients and their roles. The first is the story: all folders of PROD, a credential years old, no address
/// list.
pub fn add_clients(workspace: &mut Workspace, shape: &Shape) {
    for (id, name) in (40..).zip(names::CLIENT_ROLES) {
        workspace.api_client_roles.push(ApiClientRole {
            id,
            name: name.to_owned(),
        });
    }
    let last = workspace.environments.last().copied().unwrap_or(Env::Dev);
    let mut random = Random::new(shape.seed, "clients");
    for at in 0..shape.api_clients {
        let mut name = around(&names::CLIENTS, at).to_owned();
        if at >= names::CLIENTS.len() {
            name = format!("{name} {at}");
        }
        let env = if at == 0 {
            last
        } else {
            around_env(&workspace.environments, at)
        };
        let roots: Vec<u64> = (workspace.projects.iter())
            .filter(|p| p.env == env)
            .skip(at % 3)
            .take(2)
            .map(|p| p.folder_id)
            .collect();
        let all_folders = at % 3 == 0;
        workspace.api_clients.push(ApiClient {
            id: 9_000 + u64::try_from(at).unwrap_or(0),
            name,
            role: Some(if at == 0 {
                40
            } else {
                41 + u64::try_from(at % 3).unwrap_or(0)
            }),
            env,
            all_folders,
            folder_ids: (!all_folders).then_some(roots).or_else(|| (at % 2 == 0).then(Vec::new)),
            ip_allow_list: match at % 3 {
                0 => None,
                1 => Some(Vec::new()),
                _ => Some(vec!["203.0.113.0/24".to_owned()]),
            },
            token_updated_at: match at {
                0 => Some(days_before(shape.now, 917)),
                _ if at % 5 == 4 => None,
                _ => Some(days_before(shape.now, 5 + random.below(150))),
            },
            created_at: Some(days_before_with_offset(shape.now, 930)),
            updated_at: (at % 4 != 3).then(|| days_before(shape.now, 300)),
        });
    }
}

fn around_env(environments: &[Env], at: usize) -> Env {
    at.checked_rem(environments.len())
        .and_then(|i| environments.get(i))
        .copied()
        .unwrap_or(Env::Dev)
}
