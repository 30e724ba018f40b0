//! The workspace as plain data. Who has what is decided here; how it is spelled on the wire is the routes' matter.
//! Everything is public so that a test can take a generated workspace and bend it.

use std::collections::BTreeMap;

use super::estate::Estate;
use super::shape::AccessModel;

/// An environment of the workspace (`workato/api.md 1.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Env {
    /// Development: the environment whose token also sees people, roles, groups and API clients.
    Dev,
    /// Test.
    Test,
    /// Production.
    Prod,
}

impl Env {
    /// All three, in order.
    pub const ALL: [Env; 3] = [Env::Dev, Env::Test, Env::Prod];

    /// The spelling in member rows and project grants: `dev`.
    pub fn as_str(self) -> &'static str {
        match self {
            Env::Dev => "dev",
            Env::Test => "test",
            Env::Prod => "prod",
        }
    }

    /// The spelling in `environment_name` of API clients (`workato/api.md 2.13`).
    pub fn label(self) -> &'static str {
        match self {
            Env::Dev => "Development",
            Env::Test => "Test",
            Env::Prod => "Production",
        }
    }

    /// `environment.id` in project grants and `environment_id` of API clients.
    pub fn id(self) -> u64 {
        match self {
            Env::Dev => 70,
            Env::Test => 71,
            Env::Prod => 72,
        }
    }
}

/// `role_type` of a member row (`workato/api.md 2.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleType {
    /// `environment`: RBAC v2.
    Environment,
    /// `privilege_group`: legacy. Also what an absent role type means.
    PrivilegeGroup,
}

impl RoleType {
    /// The spelling of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            RoleType::Environment => "environment",
            RoleType::PrivilegeGroup => "privilege_group",
        }
    }
}

/// One entry of `roles` in a member row: a role by name in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// In which environment.
    pub env: Env,
    /// Role name as the row spells it, `No access` included.
    pub role: String,
    /// `None` leaves the key out, as old workspaces do.
    pub role_type: Option<RoleType>,
}

impl Assignment {
    /// The role type with the default for rows without one.
    pub fn kind(&self) -> RoleType {
        self.role_type.unwrap_or(RoleType::PrivilegeGroup)
    }

    /// The key under which the rights of this assignment stand in [`Workspace::privileges`].
    pub fn tuple(&self) -> RoleTuple {
        (self.env, self.kind(), self.role.clone())
    }
}

/// What a privileges row depends on (`workato/model.md 7`): environment, role type, role name.
pub type RoleTuple = (Env, RoleType, String);

/// One row of `GET /api/members/:id/privileges` without its environment and name (`workato/api.md 2.4`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivilegeRow {
    /// Group name to privilege ids.
    pub privileges: BTreeMap<String, Vec<String>>,
    /// Folders the row names. `None` leaves the key out, as the published reference does.
    pub folder_ids: Option<Vec<u64>>,
}

/// `last_activity_log` of a member row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastActivity {
    /// The key is absent.
    Missing,
    /// The key is null: the person never acted.
    Never,
    /// An event.
    Event {
        /// Id of the event.
        id: u64,
        /// Its type: `user_login`.
        event_type: String,
        /// When, as the API spells it.
        created_at: String,
    },
}

/// A collaborator or moderator (`workato/api.md 2.2`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Member id.
    pub id: u64,
    /// `team`, or `federation_manager` for a moderator.
    pub grant_type: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Id in an identity provider.
    pub external_id: Option<String>,
    /// Rails-style zone name.
    pub time_zone: Option<String>,
    /// When the person joined, as the API spells it.
    pub created_at: Option<String>,
    /// The last thing the person did.
    pub last_activity: LastActivity,
    /// One entry per environment the person has a role in.
    pub roles: Vec<Assignment>,
}

/// A role of `GET /api/environment_roles` (`workato/api.md 2.8`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentRole {
    /// Role id; its number space is shared with nothing.
    pub id: u64,
    /// Name.
    pub name: String,
    /// `system`, `custom`, `inheritable` or `inherited`.
    pub kind: String,
    /// Null for system roles.
    pub created_at: Option<String>,
    /// Null for system roles.
    pub updated_at: Option<String>,
    /// What the single-role answer carries on top of the list row.
    pub config: serde_json::Value,
}

/// A custom role of `GET /api/roles` (`workato/api.md 2.8`). System roles are never listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyRole {
    /// Role id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Whether child workspaces get it.
    pub inheritable: bool,
    /// Folders of DEV the role is limited to.
    pub folder_ids: Vec<u64>,
    /// Group name to privilege ids.
    pub privileges: BTreeMap<String, Vec<String>>,
    /// As the API spells it.
    pub created_at: String,
    /// As the API spells it.
    pub updated_at: String,
}

/// A collaborator group (`workato/api.md 2.10`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `am-…`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Whether it is the built-in group of everybody.
    pub system: bool,
    /// Member ids. Empty for the system group: it holds everybody.
    pub members: Vec<u64>,
    /// As the API spells it.
    pub created_at: Option<String>,
    /// As the API spells it.
    pub updated_at: Option<String>,
}

/// A project role. Its two ids never agree (`workato/api.md 2.8`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRole {
    /// The integer id in `GET /api/project_roles`.
    pub id: u64,
    /// The `pr-…` id inside project grants.
    pub grant_id: String,
    /// Name: what joins the two.
    pub name: String,
    /// `system` or `custom`.
    pub kind: String,
    /// Null for system roles.
    pub created_at: Option<String>,
    /// Null for system roles.
    pub updated_at: Option<String>,
    /// What the single-role answer carries on top of the list row.
    pub config: serde_json::Value,
}

/// A project of one environment. The "same" project elsewhere has another id (`workato/api.md 2.9`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Project id.
    pub id: u64,
    /// Its environment.
    pub env: Env,
    /// Name, equal in all environments.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Root folder of the project.
    pub folder_id: u64,
}

/// A folder of one environment (`workato/api.md 2.11`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Folder id.
    pub id: u64,
    /// Its environment.
    pub env: Env,
    /// Name.
    pub name: String,
    /// The folder above; `None` directly under Home.
    pub parent: Option<u64>,
    /// Whether it is the root folder of a project.
    pub is_project: bool,
    /// `project_id` as the API answers it; may be null.
    pub project_id: Option<u64>,
    /// As the API spells it.
    pub created_at: Option<String>,
    /// As the API spells it.
    pub updated_at: Option<String>,
}

/// Who holds a project grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grantee {
    /// A collaborator by member id.
    User(u64),
    /// A group by id.
    Group(String),
}

/// A project grant (`workato/api.md 2.9`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectGrant {
    /// `pg-…`.
    pub id: String,
    /// Project id.
    pub project: u64,
    /// Project role by name; where several have the name, by the id that grants have for it.
    pub role: String,
    /// Collaborator or group.
    pub holder: Grantee,
}

/// A Developer API client (`workato/api.md 2.13`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiClient {
    /// Client id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// `api_privilege_group_id`: the client role.
    pub role: Option<u64>,
    /// Its environment.
    pub env: Env,
    /// Whether it sees all projects.
    pub all_folders: bool,
    /// Else the folders it sees.
    pub folder_ids: Option<Vec<u64>>,
    /// Address ranges it may come from.
    pub ip_allow_list: Option<Vec<String>>,
    /// When its token was last made.
    pub token_updated_at: Option<String>,
    /// As the API spells it.
    pub created_at: Option<String>,
    /// As the API spells it.
    pub updated_at: Option<String>,
}

/// A role of API clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiClientRole {
    /// Role id.
    pub id: u64,
    /// Name.
    pub name: String,
}

/// A connection (`workato/api.md 2.15`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Connection id.
    pub id: u64,
    /// Its environment.
    pub env: Env,
    /// Name.
    pub name: String,
    /// Connector name: `salesforce`.
    pub application: String,
    /// Folder it lies in.
    pub folder_id: u64,
    /// `success`, `failed`, `exception` or null.
    pub authorization_status: Option<String>,
    /// When it was authorized.
    pub authorized_at: Option<String>,
}

/// A whole workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Which role endpoints answer.
    pub model: AccessModel,
    /// Workspace id and name, as `GET /api/users/me` tells them.
    pub id: u64,
    /// Name of the workspace.
    pub name: String,
    /// Environments; DEV is always one.
    pub environments: Vec<Env>,
    /// The Home folder per environment, `root_folder_id`. No list returns it.
    pub home_folders: BTreeMap<Env, u64>,
    /// Everyone in `GET /api/members`.
    pub people: Vec<Person>,
    /// RBAC v2 roles.
    pub environment_roles: Vec<EnvironmentRole>,
    /// Legacy custom roles.
    pub legacy_roles: Vec<LegacyRole>,
    /// Groups, the system group first.
    pub groups: Vec<Group>,
    /// Project roles.
    pub project_roles: Vec<ProjectRole>,
    /// Projects of all environments.
    pub projects: Vec<Project>,
    /// Folders of all environments, project roots included, Home excluded.
    pub folders: Vec<Folder>,
    /// Project grants of all environments.
    pub project_grants: Vec<ProjectGrant>,
    /// API clients.
    pub api_clients: Vec<ApiClient>,
    /// Roles of API clients.
    pub api_client_roles: Vec<ApiClientRole>,
    /// Connections of all environments.
    pub connections: Vec<Connection>,
    /// What a role may do in an environment. Holders of a tuple that is not here get no row.
    pub privileges: BTreeMap<RoleTuple, PrivilegeRow>,
    /// Rows that differ for one person in one environment.
    pub drift: BTreeMap<(u64, Env), PrivilegeRow>,
    /// Agents and what belongs to them; none where the plan has nothing of the kind.
    pub estate: Option<Estate>,
}

impl Workspace {
    /// The privileges row a person gets for an assignment; none for the placeholder role and for roles that no
    /// longer exist.
    pub fn privilege_row(&self, person: u64, assignment: &Assignment) -> Option<&PrivilegeRow> {
        if is_no_access(&assignment.role) {
            return None;
        }
        self.drift
            .get(&(person, assignment.env))
            .or_else(|| self.privileges.get(&assignment.tuple()))
    }

    /// Whether legacy endpoints answer.
    pub fn has_legacy(&self) -> bool {
        self.model != AccessModel::RbacV2
    }

    /// Whether RBAC v2 endpoints answer.
    pub fn has_v2(&self) -> bool {
        self.model != AccessModel::Legacy
    }

    /// Member ids of a group; everybody for the system group.
    pub fn members_of(&self, group: &Group) -> Vec<u64> {
        if group.system {
            self.people.iter().map(|p| p.id).collect()
        } else {
            group.members.clone()
        }
    }
}

/// Whether a role name is the placeholder for "no role here": `No access`, `NoAccess`, in any case
/// (`workato/api.md 2.2, 2.6`).
pub fn is_no_access(role: &str) -> bool {
    role.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .eq("noaccess".chars())
}
