//! The checkboxes of a client role, each spelled once: tab > section > label (`workato/api.md 1.3`). Whoever
//! names one, in a message, a hint or a diagnosis, takes it from here.
//!
//! Sections of RBAC v2 whose labels are not published end at the section.

macro_rules! checkboxes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*
        /// All of them.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

checkboxes! {
    /// `GET /api/members`
    GET_COLLABORATORS = "Admin > Workspace collaborators > Collaborators > Get collaborators";
    /// `GET /api/members/:id/privileges`
    GET_PRIVILEGES = "Admin > Workspace collaborators > Collaborators > Get collaborator privileges";
    /// `POST /api/member_invitations`
    INVITE = "Admin > Workspace collaborators > Collaborators > Invite";
    /// `PUT /api/members/:id`
    UPDATE_ROLES = "Admin > Workspace collaborators > Collaborators > Update collaborator's roles";
    /// `DELETE /api/members/:id`
    DELETE_COLLABORATOR = "Admin > Workspace collaborators > Collaborators > Delete collaborator";
    /// `GET /api/roles`
    LIST_LEGACY_ROLES = "Admin > Workspace collaborators > Collaborator roles > List non-system roles";
    /// `GET /api/environment_roles`
    LIST_ENVIRONMENT_ROLES = "Admin > Workspace collaborators > Environment roles > List environment roles";
    /// `GET /api/environment_roles/:id`
    GET_ENVIRONMENT_ROLE = "Admin > Workspace collaborators > Environment roles > Get environment role";
    /// `/api/project_roles`
    PROJECT_ROLES = "Admin > Workspace collaborators > Project roles";
    /// `/api/user_groups`
    GROUPS = "Admin > Workspace collaborators > Collaborator groups";
    /// `/api/projects/:id/project_grants`
    PROJECT_GRANTS = "Admin > Workspace collaborators > Project grants";
    /// `GET /api/projects`
    LIST_PROJECTS = "Projects > Projects & folders > List projects";
    /// `GET /api/folders`
    LIST_FOLDERS = "Projects > Projects & folders > List folders";
    /// `GET /api/connections`
    LIST_CONNECTIONS = "Projects > Connections > List";
    /// `GET /api/developer_api_clients`
    LIST_API_CLIENTS = "Admin > Developer API clients > API clients > List API clients";
    /// `POST /api/developer_api_clients/:id/regenerate`
    REGENERATE_TOKEN = "Admin > Developer API clients > API clients > Regenerate API client token";
    /// `PUT` and `DELETE /api/developer_api_clients/:id`
    CHANGE_API_CLIENTS = "Admin > Developer API clients > API clients";
    /// `POST /api/connections/:id/disconnect`
    CHANGE_CONNECTIONS = "Projects > Connections";
    /// `PUT` and `DELETE /api/v2/api_clients/:id/…`
    CHANGE_API_KEYS = "API platform > Clients & access profiles";
    /// `GET /api/developer_api_client_roles`
    LIST_API_CLIENT_ROLES = "Admin > Developer API clients > API client roles > List API client roles";
    /// `GET /api/users/me`
    GET_DETAILS = "Admin > Workspace details > Get details";
    /// `/api/iam/users`, `/api/iam/user_groups` (`workato/agents.md 2`)
    IDENTITY = "Admin > Workspace details > IAM";
    /// `GET /api/agentic/genies`
    LIST_GENIES = "Project assets > Genies > List genies";
    /// `GET /api/agentic/genies/:id`
    GET_GENIE = "Project assets > Genies > Get genie";
    /// `POST /api/agentic/genies/:id/…`: the labels of changes are not published
    CHANGE_GENIES = "Project assets > Genies";
    /// `GET /api/agentic/genies/clients`
    GENIE_CLIENTS = "Project assets > Genie client";
    /// `/api/mcp/mcp_servers`: its label is not published
    MCP_SERVERS = "Project assets > MCP servers";
    /// `GET /api/v2/api_clients`
    LIST_API_PLATFORM_CLIENTS = "API platform > Clients & access profiles > List clients";
    /// `GET /api/v2/api_clients/:id/api_keys`
    LIST_API_KEYS = "API platform > Clients & access profiles > List access profiles";
    /// `GET /api/api_collections`
    LIST_API_COLLECTIONS = "API platform > Collections & endpoints";
    /// `GET /api/activity_logs`
    GET_AUDIT_LOG = "Admin > Environment management > Audit log > Get audit log";
}
