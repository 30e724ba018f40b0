//! What a generated workspace looks like.

use jiff::Timestamp;

use super::workspace::Env;

/// Which access model the workspace has (`workato/model.md 1`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AccessModel {
    /// Environment roles, project roles, groups, project grants. `GET /api/roles` answers 401.
    #[default]
    RbacV2,
    /// Base and custom roles. The endpoints of RBAC v2 answer 401.
    Legacy,
    /// Both answer; member rows say which they are.
    Mixed,
}

/// Size and character of a generated workspace. `Default` is the demo company; equal shapes give equal workspaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Everything random follows from it.
    pub seed: u64,
    /// Access model.
    pub model: AccessModel,
    /// Environments. DEV is added when missing.
    pub environments: Vec<Env>,
    /// Collaborators, moderators included. `Mixed` wants at least 8, so that each base role has a holder.
    pub people: usize,
    /// Projects in DEV. TEST and PROD have most of them.
    pub projects: usize,
    /// Folders below each project root, up to three levels deep.
    pub folders_per_project: usize,
    /// Folders under Home outside any project, per environment. Every second one has a child.
    pub loose_folders: usize,
    /// Collaborator groups besides "All collaborators". None in legacy workspaces.
    pub groups: usize,
    /// Custom roles, of each model the workspace has.
    pub custom_roles: usize,
    /// Developer API clients.
    pub api_clients: usize,
    /// Agents and what belongs to them; none where the plan has nothing of the kind.
    pub agents: Option<AgentsShape>,
    /// Connections in each project, and as many in a loose folder.
    pub connections_per_project: usize,
    /// Member rows spell system roles without spaces (`EnvironmentAdmin`): `workato/api.md 4.3` leaves the
    /// spelling open.
    pub compact_role_names: bool,
    /// One role whose holders all have different privileges, and one whose holders all have different folders, in
    /// DEV. Wants `2^projects` above the number of holders of the latter.
    pub drift: bool,
    /// One person holds a role that no list returns any more (`workato/api.md 3.5`).
    pub deleted_role: bool,
    /// The day of the story: activity and credential ages count back from here.
    pub now: Timestamp,
}

/// How many agents a workspace has, and of what belongs to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentsShape {
    /// Users of Workato Identity.
    pub users: usize,
    /// Their groups.
    pub groups: usize,
    /// Genies; a third as many clients of genies.
    pub genies: usize,
    /// MCP servers.
    pub servers: usize,
    /// Clients of the API platform, with up to eight collections.
    pub clients: usize,
    /// Keys of each.
    pub keys: usize,
}

impl AgentsShape {
    /// What a company has that began with it this year.
    pub fn demo() -> Self {
        AgentsShape {
            users: 24,
            groups: 5,
            genies: 5,
            servers: 5,
            clients: 5,
            keys: 2,
        }
    }
}

impl Default for Shape {
    fn default() -> Self {
        Shape {
            seed: 2026,
            model: AccessModel::RbacV2,
            environments: Env::ALL.to_vec(),
            people: 60,
            projects: 12,
            folders_per_project: 4,
            loose_folders: 3,
            groups: 8,
            custom_roles: 4,
            api_clients: 6,
            agents: None,
            connections_per_project: 1,
            compact_role_names: false,
            drift: false,
            deleted_role: false,
            now: Timestamp::constant(1_793_696_400, 0), // 2026-11-03T09:00:00Z
        }
    }
}

impl Shape {
    /// A handful of everything, DEV only: for tests that print their workspace.
    pub fn small(model: AccessModel) -> Self {
        Shape {
            model,
            environments: vec![Env::Dev],
            people: 12,
            projects: 3,
            folders_per_project: 3,
            loose_folders: 2,
            groups: 2,
            custom_roles: 2,
            api_clients: 2,
            ..Shape::default()
        }
    }
}
