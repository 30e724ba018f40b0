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
    /// Workato Identity.
    Identity,
    /// Genies, one by one and in their list.
    Genies,
    /// Clients of genies.
    GenieClients,
    /// MCP servers.
    McpServers,
    /// The API platform.
    ApiPlatform,
    /// The audit log.
    AuditLog,
    /// The customers of a partner.
    ManagedUsers,
}

/// Which workspaces have an endpoint.
#[derive(Clone, Copy)]
enum Model {
    /// All.
    Any,
    /// Those of the model before RBAC v2.
    Legacy,
    /// Those of RBAC v2.
    RbacV2,
    /// Those whose plan has agents.
    Agents,
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $path:literal, $family:ident, $model:ident;)*) => {
        /// An endpoint by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Endpoint {
            $($(#[$doc])* $name,)*
        }

        impl Endpoint {
            /// All of them.
            pub const ALL: [Endpoint; [$($path),*].len()] = [$(Endpoint::$name),*];

            /// The path, with `{id}` where an id stands.
            pub fn path(self) -> &'static str {
                match self {
                    $(Endpoint::$name => $path,)*
                }
            }

            /// Which allowance it counts against.
            pub fn family(self) -> Family {
                match self {
                    $(Endpoint::$name => Family::$family,)*
                }
            }

            fn model(self) -> Model {
                match self {
                    $(Endpoint::$name => Model::$model,)*
                }
            }
        }
    };
}

// What it answers with, the routes of `server.rs` say.
endpoints! {
    /// `GET /api/members`.
    Members = "/api/members", Collaborators, Any;
    /// `POST /api/member_invitations`.
    Invitations = "/api/member_invitations", Collaborators, Any;
    /// `GET /api/members/:id`.
    Member = "/api/members/{id}", Collaborators, Any;
    /// `GET /api/members/:id/privileges`.
    MemberPrivileges = "/api/members/{id}/privileges", Collaborators, Any;
    /// `GET /api/members/:id/project_grants`.
    MemberProjectGrants = "/api/members/{id}/project_grants", Collaborators, RbacV2;
    /// `GET /api/members/:id/projects_privileges`.
    MemberProjectsPrivileges = "/api/members/{id}/projects_privileges", Collaborators, RbacV2;
    /// `GET /api/roles`.
    Roles = "/api/roles", LegacyRoles, Legacy;
    /// `GET /api/environment_roles`.
    EnvironmentRoles = "/api/environment_roles", EnvironmentRoles, RbacV2;
    /// `GET /api/environment_roles/:id`.
    EnvironmentRole = "/api/environment_roles/{id}", EnvironmentRoles, RbacV2;
    /// `GET /api/project_roles`.
    ProjectRoles = "/api/project_roles", ProjectRoles, RbacV2;
    /// `GET /api/project_roles/:id`.
    ProjectRole = "/api/project_roles/{id}", ProjectRoles, RbacV2;
    /// `GET /api/user_groups`.
    Groups = "/api/user_groups", Groups, RbacV2;
    /// `GET /api/user_groups/:id/members`.
    GroupMembers = "/api/user_groups/{id}/members", Groups, RbacV2;
    /// `GET /api/user_groups/:id/project_grants`.
    GroupProjectGrants = "/api/user_groups/{id}/project_grants", Groups, RbacV2;
    /// `GET /api/projects`.
    Projects = "/api/projects", FoldersAndProjects, Any;
    /// `GET /api/projects/:id/project_grants`.
    ProjectProjectGrants = "/api/projects/{id}/project_grants", ProjectGrants, RbacV2;
    /// `GET /api/project_grants/:id`.
    ProjectGrant = "/api/project_grants/{id}", ProjectGrants, RbacV2;
    /// `GET /api/folders`.
    Folders = "/api/folders", FoldersAndProjects, Any;
    /// `GET /api/folders/:id`.
    Folder = "/api/folders/{id}", FoldersAndProjects, Any;
    /// `GET /api/connections`.
    Connections = "/api/connections", Connections, Any;
    /// `GET /api/developer_api_clients`.
    ApiClients = "/api/developer_api_clients", ApiClients, Any;
    /// `GET /api/developer_api_client_roles`.
    ApiClientRoles = "/api/developer_api_client_roles", ApiClients, Any;
    /// `GET /api/users/me`.
    WorkspaceDetails = "/api/users/me", WorkspaceDetails, Any;
    /// `GET /api/iam/users`.
    IdentityUsers = "/api/iam/users", Identity, Agents;
    /// `GET /api/iam/user_groups`.
    IdentityGroups = "/api/iam/user_groups", Identity, Agents;
    /// `GET /api/iam/user_groups/:id/members`.
    IdentityGroupMembers = "/api/iam/user_groups/{id}/members", Identity, Agents;
    /// `GET /api/agentic/genies`.
    Genies = "/api/agentic/genies", Genies, Agents;
    /// `GET /api/agentic/genies/clients`: before the one with an id.
    GenieClients = "/api/agentic/genies/clients", GenieClients, Agents;
    /// `GET /api/agentic/genies/:id`.
    Genie = "/api/agentic/genies/{id}", Genies, Agents;
    /// `GET /api/mcp/mcp_servers`.
    McpServers = "/api/mcp/mcp_servers", McpServers, Agents;
    /// `GET /api/mcp/mcp_servers/:handle`.
    McpServer = "/api/mcp/mcp_servers/{id}", McpServers, Agents;
    /// `GET /api/mcp/mcp_servers/:handle/server_policies`.
    McpServerPolicies = "/api/mcp/mcp_servers/{id}/server_policies", McpServers, Agents;
    /// `GET /api/v2/api_clients`.
    PlatformClients = "/api/v2/api_clients", ApiPlatform, Agents;
    /// `GET /api/v2/api_clients/:id/api_keys`.
    PlatformKeys = "/api/v2/api_clients/{id}/api_keys", ApiPlatform, Agents;
    /// `GET /api/api_collections`.
    Collections = "/api/api_collections", ApiPlatform, Agents;
    /// `POST /api/iam/users/:id/add_to_group`.
    IdentityJoin = "/api/iam/users/{id}/add_to_group", Identity, Agents;
    /// `POST /api/iam/users/:id/remove_from_group`.
    IdentityLeave = "/api/iam/users/{id}/remove_from_group", Identity, Agents;
    /// `POST /api/agentic/genies/:id/assign_user_groups`.
    GenieAssign = "/api/agentic/genies/{id}/assign_user_groups", Genies, Agents;
    /// `POST /api/agentic/genies/:id/remove_user_groups`.
    GenieRemove = "/api/agentic/genies/{id}/remove_user_groups", Genies, Agents;
    /// `POST /api/agentic/genies/:id/stop`.
    GenieStop = "/api/agentic/genies/{id}/stop", Genies, Agents;
    /// `POST /api/mcp/mcp_servers/:handle/assign_user_groups`.
    McpAssign = "/api/mcp/mcp_servers/{id}/assign_user_groups", McpServers, Agents;
    /// `POST /api/mcp/mcp_servers/:handle/remove_user_groups`.
    McpRemove = "/api/mcp/mcp_servers/{id}/remove_user_groups", McpServers, Agents;
    /// `POST /api/mcp/mcp_servers/:handle/token_renew`.
    McpRenew = "/api/mcp/mcp_servers/{id}/token_renew", McpServers, Agents;
    /// `DELETE /api/v2/api_clients/:id`.
    PlatformClient = "/api/v2/api_clients/{id}", ApiPlatform, Agents;
    /// `DELETE /api/v2/api_clients/:id/api_keys/:key`.
    PlatformKey = "/api/v2/api_clients/{id}/api_keys/{key}", ApiPlatform, Agents;
    /// `PUT /api/v2/api_clients/:id/api_keys/:key/enable`.
    PlatformKeyEnable = "/api/v2/api_clients/{id}/api_keys/{key}/enable", ApiPlatform, Agents;
    /// `PUT /api/v2/api_clients/:id/api_keys/:key/disable`.
    PlatformKeyDisable = "/api/v2/api_clients/{id}/api_keys/{key}/disable", ApiPlatform, Agents;
    /// `PUT /api/v2/api_clients/:id/api_keys/:key/refresh_secret`.
    PlatformKeySecret = "/api/v2/api_clients/{id}/api_keys/{key}/refresh_secret", ApiPlatform, Agents;
    /// `PUT` and `DELETE /api/developer_api_clients/:id`.
    ApiClient = "/api/developer_api_clients/{id}", ApiClients, Any;
    /// `POST /api/developer_api_clients/:id/regenerate`.
    ApiClientRegenerate = "/api/developer_api_clients/{id}/regenerate", ApiClients, Any;
    /// `GET /api/activity_logs`.
    ActivityLogs = "/api/activity_logs", AuditLog, Any;
    /// `GET /api/managed_users`: what is below it is the same for a customer.
    ManagedUsers = "/api/managed_users", ManagedUsers, Any;
    /// `POST /api/connections/:id/disconnect`.
    ConnectionDisconnect = "/api/connections/{id}/disconnect", Connections, Any;
}

impl Endpoint {
    /// Whether only the DEV token gets an answer (`workato/api.md 1.2`).
    pub fn dev_only(self) -> bool {
        match self.family() {
            Family::Collaborators
            | Family::EnvironmentRoles
            | Family::ProjectRoles
            | Family::Groups
            | Family::LegacyRoles
            | Family::ApiClients
            | Family::WorkspaceDetails
            | Family::ManagedUsers => true,
            Family::ProjectGrants
            | Family::FoldersAndProjects
            | Family::Connections
            | Family::Identity
            | Family::Genies
            | Family::GenieClients
            | Family::McpServers
            | Family::ApiPlatform
            | Family::AuditLog => false,
        }
    }

    /// Whether the workspace's access model has it; if not it answers 401, like a bad token
    /// (`workato/api.md 2.8, 3.4`).
    pub fn exists_in(self, workspace: &Workspace) -> bool {
        match self.model() {
            Model::Any => true,
            Model::Legacy => workspace.has_legacy(),
            Model::RbacV2 => workspace.has_v2(),
            Model::Agents => workspace.estate.is_some(),
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
                    (Some(w), Some(g)) if w == g || (w.starts_with('{') && !g.is_empty()) => {}
                    _ => return false,
                }
            }
        })
    }
}
