//! Workspaces for the matrix, each small, and the endpoints that a sync of them reads. Lists of several pages have
//! them by a small page limit where they say how many rows they hold, and by more than 100 rows where they do not.

use baton_workato::simulator::{
    AccessModel, ApiClientRole, Behavior, Endpoint, Env, Folder, LegacyRole, Project, Shape, Workspace,
};
use baton_workato::workato::settings::{FolderDepth, PrivilegesMode, Settings};

/// How an endpoint ends its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// One object.
    Single,
    /// Everything in one answer, with a total.
    WholeWithTotal,
    /// Everything in one answer.
    Whole,
    /// Pages with a total. Here: several.
    Counted,
    /// Pages without a total. Here: one.
    Bare,
    /// Pages without a total. Here: several.
    BareSeveral,
}

/// An endpoint of a site.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Pattern of its path, see `Script`.
    pub path: &'static str,
    pub ends: Ends,
    /// Refused, it cannot be done without.
    pub must_exist: bool,
    /// One of these is in the warning when rows are missing.
    pub says: &'static [&'static str],
}

/// A workspace with the run that reads it.
pub struct Site {
    pub name: &'static str,
    pub workspace: Workspace,
    pub behavior: Behavior,
    pub bend: fn(&mut Settings),
    pub targets: Vec<Target>,
}

const fn target(path: &'static str, ends: Ends, says: &'static [&'static str]) -> Target {
    Target {
        path,
        ends,
        must_exist: false,
        says,
    }
}

const fn needed(path: &'static str, ends: Ends, says: &'static [&'static str]) -> Target {
    Target {
        must_exist: true,
        ..target(path, ends, says)
    }
}

/// RBAC v2 with every endpoint of that model.
pub fn rbac() -> Site {
    let shape = Shape {
        people: 7,
        projects: 2,
        folders_per_project: 2,
        loose_folders: 1,
        groups: 2,
        custom_roles: 1,
        api_clients: 3,
        ..Shape::small(AccessModel::RbacV2)
    };
    Site {
        name: "rbac",
        workspace: lean(&shape),
        behavior: Behavior::default()
            .cap(Endpoint::EnvironmentRoles, 2)
            .cap(Endpoint::ProjectRoles, 2)
            .cap(Endpoint::Groups, 2)
            .cap(Endpoint::GroupMembers, 2)
            .cap(Endpoint::ProjectProjectGrants, 2)
            .cap(Endpoint::ApiClients, 2),
        bend: |settings| {
            settings.folder_depth = FolderDepth::All;
            settings.sync_connections = true;
        },
        targets: vec![
            needed("/api/members", Ends::WholeWithTotal, &["collaborator"]),
            target("/api/members/*/privileges", Ends::Whole, &["privileges"]),
            needed("/api/environment_roles", Ends::Counted, &["role"]),
            target("/api/environment_roles/*", Ends::Single, &["config"]),
            target("/api/project_roles", Ends::Counted, &["project role", "project_role"]),
            target("/api/project_roles/*", Ends::Single, &["config"]),
            target("/api/user_groups", Ends::Counted, &["group"]),
            target("/api/user_groups/*/members", Ends::Counted, &["group"]),
            target("/api/projects", Ends::Bare, &["project"]),
            target("/api/projects/*/project_grants", Ends::Counted, &["project"]),
            target("/api/folders?parent_id=", Ends::Bare, &["folder", "home"]),
            target("/api/folders?parent_id=*", Ends::Bare, &["folder"]),
            target("/api/connections", Ends::Whole, &["connection"]),
            target(
                "/api/developer_api_clients",
                Ends::Counted,
                &["api client", "api_client"],
            ),
            target("/api/developer_api_client_roles", Ends::Bare, &["api client role"]),
        ],
    }
}

/// Legacy roles, and what hangs on them.
pub fn legacy() -> Site {
    let shape = Shape {
        people: 7,
        projects: 2,
        folders_per_project: 2,
        loose_folders: 1,
        custom_roles: 2,
        api_clients: 1,
        ..Shape::small(AccessModel::Legacy)
    };
    Site {
        name: "legacy",
        workspace: lean(&shape),
        behavior: Behavior::default(),
        bend: |_| {},
        targets: vec![
            needed("/api/members", Ends::WholeWithTotal, &["collaborator"]),
            target("/api/members/*/privileges", Ends::Whole, &["privileges"]),
            needed("/api/roles", Ends::Bare, &["role"]),
            target("/api/projects", Ends::Bare, &["project"]),
            target("/api/folders?parent_id=", Ends::Bare, &["folder", "home"]),
            target("/api/folders?parent_id=*", Ends::Bare, &["folder"]),
        ],
    }
}

/// Lists of several pages that do not say how many rows they hold.
pub fn wide() -> Site {
    let shape = Shape {
        people: 3,
        projects: 1,
        folders_per_project: 0,
        loose_folders: 0,
        custom_roles: 1,
        api_clients: 1,
        connections_per_project: 0,
        ..Shape::small(AccessModel::Legacy)
    };
    let mut workspace = lean(&shape);
    for number in 0..105 {
        let (project, folder) = (50_000 + number, 60_000 + number);
        workspace.projects.push(Project {
            id: project,
            env: Env::Dev,
            name: format!("Project {number}"),
            description: None,
            folder_id: folder,
        });
        workspace.folders.push(child(folder, None, Some(project)));
        workspace.legacy_roles.push(LegacyRole {
            id: 70_000 + number,
            name: format!("Role {number}"),
            ..workspace.legacy_roles[0].clone()
        });
        workspace.api_client_roles.push(ApiClientRole {
            id: 80_000 + number,
            name: format!("Client role {number}"),
        });
    }
    workspace.folders.push(child(69_000, None, None));
    Site {
        name: "wide",
        workspace,
        behavior: Behavior::default(),
        bend: |settings| {
            settings.folder_depth = FolderDepth::Levels(0);
            settings.privileges = PrivilegesMode::Off;
        },
        targets: vec![
            needed("/api/roles", Ends::BareSeveral, &["role"]),
            target("/api/projects", Ends::BareSeveral, &["project"]),
            target("/api/folders?parent_id=", Ends::BareSeveral, &["folder", "home"]),
            target(
                "/api/developer_api_client_roles",
                Ends::BareSeveral,
                &["api client role", "api_client_role"],
            ),
        ],
    }
}

/// A folder with more children than a page holds.
pub fn nested() -> Site {
    let shape = Shape {
        people: 2,
        projects: 1,
        folders_per_project: 0,
        loose_folders: 0,
        custom_roles: 0,
        api_clients: 0,
        connections_per_project: 0,
        ..Shape::small(AccessModel::Legacy)
    };
    let mut workspace = lean(&shape);
    let root = workspace.folders[0].id;
    let children = (0..105).map(|number| child(60_000 + number, Some(root), None));
    workspace.folders.extend(children);
    Site {
        name: "nested",
        workspace,
        behavior: Behavior::default(),
        bend: |settings| {
            settings.folder_depth = FolderDepth::Levels(1);
            settings.privileges = PrivilegesMode::Off;
        },
        targets: vec![target("/api/folders?parent_id=*", Ends::BareSeveral, &["folder"])],
    }
}

/// The workspace of a shape with two privileges a role: what a hundred of them would add is time.
pub fn lean(shape: &Shape) -> Workspace {
    let mut workspace = Workspace::generate(shape);
    let privileges = workspace.privileges.values_mut().map(|row| &mut row.privileges);
    let custom = workspace.legacy_roles.iter_mut().map(|role| &mut role.privileges);
    for privileges in privileges.chain(custom) {
        while privileges.len() > 2 {
            privileges.pop_last();
        }
        privileges.values_mut().for_each(|ids| ids.truncate(1));
    }
    workspace
}

fn child(id: u64, parent: Option<u64>, project_id: Option<u64>) -> Folder {
    Folder {
        id,
        env: Env::Dev,
        name: format!("Folder {id}"),
        parent,
        is_project: project_id.is_some(),
        project_id,
        created_at: None,
        updated_at: None,
    }
}
