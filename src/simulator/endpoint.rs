//! Every endpoint the simulator has, with its path, quota family and who may call it.

use super::workspace::Workspace;

/// A quota family: the endpoints that share one allowance (`workato/api.md 3.1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Members, their privileges, their grants.
    Collaborators,
    /// Environment roles.
    EnvironmentRoles,
    /// Project roles.
    ProjectRoles,
    /// Project grants.
    ProjectGrants,
    /// Collaborator groups.
    Groups,
    /// Legacy roles.
    LegacyRoles,
    /// Folders and projects together.
    FoldersAndProjects,
    /// Connections.
    Connections,
    /// API clients and their roles.
    ApiClients,
    /// Workspace details.
    WorkspaceDetails,
}

/// An endpoint by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `GET /api/members`.
    Members,
    /// `POST /api/member_invitations`.
    Invitations,
    /// `GET /api/members/:id`.
    Member,
    /// `GET /api/members/:id/privileges`.
    MemberPrivileges,
    /// `GET /api/members/:id/project_grants`.
    MemberProjectGrants,
    /// `GET /api/members/:id/projects_privileges`.
    MemberProjectsPrivileges,
    /// `GET /api/roles`.
    Roles,
    /// `GET /api/environment_roles`.
    EnvironmentRoles,
    /// `GET /api/environment_roles/:id`.
    EnvironmentRole,
    /// `GET /api/project_roles`.
    ProjectRoles,
    /// `GET /api/project_roles/:id`.
    ProjectRole,
    /// `GET /api/user_groups`.
    Groups,
    /// `GET /api/user_groups/:id/members`.
    GroupMembers,
    /// `GET /api/user_groups/:id/project_grants`.
    GroupProjectGrants,
    /// `GET /api/projects`.
    Projects,
    /// `GET /api/projects/:id/project_grants`.
    ProjectProjectGrants,
    /// `GET /api/project_grants/:id`.
    ProjectGrant,
    /// `GET /api/folders`.
    Folders,
    /// `GET /api/folders/:id`.
    Folder,
    /// `GET /api/connections`.
    Connections,
    /// `GET /api/developer_api_clients`.
    ApiClients,
    /// `GET /api/developer_api_client_roles`.
    ApiClientRoles,
    /// `GET /api/users/me`.
    WorkspaceDetails,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Endpoint; 23] = [
        Endpoint::Members,
        Endpoint::Invitations,
        Endpoint::Member,
        Endpoint::MemberPrivileges,
        Endpoint::MemberProjectGrants,
        Endpoint::MemberProjectsPrivileges,
        Endpoint::Roles,
        Endpoint::EnvironmentRoles,
        Endpoint::EnvironmentRole,
        Endpoint::ProjectRoles,
        Endpoint::ProjectRole,
        Endpoint::Groups,
        Endpoint::GroupMembers,
        Endpoint::GroupProjectGrants,
        Endpoint::Projects,
        Endpoint::ProjectProjectGrants,
        Endpoint::ProjectGrant,
        Endpoint::Folders,
        Endpoint::Folder,
        Endpoint::Connections,
        Endpoint::ApiClients,
        Endpoint::ApiClientRoles,
        Endpoint::WorkspaceDetails,
    ];

    /// The path, with `{id}` where an id stands.
    pub fn path(self) -> &'static str {
        match self {
            Endpoint::Members => "/api/members",
            Endpoint::Invitations => "/api/member_invitations",
            Endpoint::Member => "/api/members/{id}",
            Endpoint::MemberPrivileges => "/api/members/{id}/privileges",
            Endpoint::MemberProjectGrants => "/api/members/{id}/project_grants",
            Endpoint::MemberProjectsPrivileges => "/api/members/{id}/projects_privileges",
            Endpoint::Roles => "/api/roles",
            Endpoint::EnvironmentRoles => "/api/environment_roles",
            Endpoint::EnvironmentRole => "/api/environment_roles/{id}",
            Endpoint::ProjectRoles => "/api/project_roles",
            Endpoint::ProjectRole => "/api/project_roles/{id}",
            Endpoint::Groups => "/api/user_groups",
            Endpoint::GroupMembers => "/api/user_groups/{id}/members",
            Endpoint::GroupProjectGrants => "/api/user_groups/{id}/project_grants",
            Endpoint::Projects => "/api/projects",
            Endpoint::ProjectProjectGrants => "/api/projects/{id}/project_grants",
            Endpoint::ProjectGrant => "/api/project_grants/{id}",
            Endpoint::Folders => "/api/folders",
            Endpoint::Folder => "/api/folders/{id}",
            Endpoint::Connections => "/api/connections",
            Endpoint::ApiClients => "/api/developer_api_clients",
            Endpoint::ApiClientRoles => "/api/developer_api_client_roles",
            Endpoint::WorkspaceDetails => "/api/users/me",
        }
    }

    /// Which allowance it counts against.
    pub fn family(self) -> Family {
        match self {
            Endpoint::Members
            | Endpoint::Invitations
            | Endpoint::Member
            | Endpoint::MemberPrivileges
            | Endpoint::MemberProjectGrants
            | Endpoint::MemberProjectsPrivileges => Family::Collaborators,
            Endpoint::Roles => Family::LegacyRoles,
            Endpoint::EnvironmentRoles | Endpoint::EnvironmentRole => Family::EnvironmentRoles,
            Endpoint::ProjectRoles | Endpoint::ProjectRole => Family::ProjectRoles,
            Endpoint::Groups | Endpoint::GroupMembers | Endpoint::GroupProjectGrants => Family::Groups,
            Endpoint::ProjectProjectGrants | Endpoint::ProjectGrant => Family::ProjectGrants,
            Endpoint::Projects | Endpoint::Folders | Endpoint::Folder => Family::FoldersAndProjects,
            Endpoint::Connections => Family::Connections,
            Endpoint::ApiClients | Endpoint::ApiClientRoles => Family::ApiClients,
            Endpoint::WorkspaceDetails => Family::WorkspaceDetails,
        }
    }

    /// Whether only the DEV token gets an answer (`workato/api.md 1.2`).
    pub fn dev_only(self) -> bool {
        match self.family() {
            Family::Collaborators
            | Family::EnvironmentRoles
            | Family::ProjectRoles
            | Family::Groups
            | Family::LegacyRoles
            | Family::ApiClients
            | Family::WorkspaceDetails => true,
            Family::ProjectGrants | Family::FoldersAndProjects | Family::Connections => false,
        }
    }

    /// Whether the workspace's access model has it; if not it answers 401, like a bad token
    /// (`workato/api.md 2.8, 3.4`).
    pub fn exists_in(self, workspace: &Workspace) -> bool {
        match self {
            Endpoint::Roles => workspace.has_legacy(),
            Endpoint::EnvironmentRoles
            | Endpoint::EnvironmentRole
            | Endpoint::ProjectRoles
            | Endpoint::ProjectRole
            | Endpoint::Groups
            | Endpoint::GroupMembers
            | Endpoint::GroupProjectGrants
            | Endpoint::ProjectProjectGrants
            | Endpoint::ProjectGrant
            | Endpoint::MemberProjectGrants
            | Endpoint::MemberProjectsPrivileges => workspace.has_v2(),
            _ => true,
        }
    }

    /// The endpoint of a request path.
    pub fn of(path: &str) -> Option<Endpoint> {
        Endpoint::ALL.into_iter().find(|endpoint| {
            let mut wanted = endpoint.path().split('/');
            let mut given = path.split('/');
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return true,
                    (Some(w), Some(g)) if w == g || (w == "{id}" && !g.is_empty()) => {}
                    _ => return false,
                }
            }
        })
    }
}
