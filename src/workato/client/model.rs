//! What the API's rows look like. Every field but the id may be missing or null; unknown fields are ignored.
//!
//! The structs are also how a sync keeps rows for later steps: what is written as JSON reads back equal.
//! Numbers in comments are sections of `contract/workato-api.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::{
    ActivityId, ApiClientId, ApiClientRoleId, ConnectionId, EnvironmentId, FolderId, GroupId, MemberId, ProjectGrantId,
    ProjectId, ProjectRoleId, RoleId, WorkspaceId,
};
use super::lenient::{list, object, objects, privileges};

/// The moment of a timestamp field, in offset or `Z` form; `None` when it is neither.
pub fn timestamp(text: &str) -> Option<jiff::Timestamp> {
    text.trim().parse().ok()
}

macro_rules! models {
    ($($(#[$doc:meta])* $name:ident {$($(#[$field_attr:meta])* $field:ident: $type:ty,)*})*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "fields carry the API's names; the section says what they mean")]
        pub struct $name {
            $($(#[$field_attr])* pub $field: $type,)*
        }
    )*};
}

models! {
    /// A collaborator or moderator (2.2).
    Member {
        id: MemberId,
        /// `team` or `federation_manager` (a moderator from another workspace).
        grant_type: Option<String>,
        /// One row per environment the person has a role in.
        #[serde(default, deserialize_with = "objects")]
        roles: Vec<MemberRole>,
        external_id: Option<String>,
        name: Option<String>,
        email: Option<String>,
        time_zone: Option<String>,
        created_at: Option<String>,
        /// With environments, of DEV only.
        #[serde(default, deserialize_with = "object")]
        last_activity_log: Option<Activity>,
    }

    /// A role of a collaborator in one environment (2.2). Named, not identified.
    MemberRole {
        environment_type: Option<String>,
        role_name: Option<String>,
        /// `environment` or `privilege_group`; absent means the latter.
        role_type: Option<String>,
    }

    /// What somebody last did (2.2).
    Activity {
        id: Option<ActivityId>,
        event_type: Option<String>,
        created_at: Option<String>,
    }

    /// What a collaborator may do in one environment (2.4).
    PrivilegeRow {
        environment_type: Option<String>,
        /// Name of the role the row comes from.
        name: Option<String>,
        /// Group -> privilege ids (4.1).
        #[serde(default, deserialize_with = "privileges")]
        privileges: BTreeMap<String, Vec<String>>,
        #[serde(default, deserialize_with = "list")]
        folder_ids: Vec<FolderId>,
    }

    /// A custom role of the model before RBAC v2 (2.8).
    LegacyRole {
        id: RoleId,
        name: Option<String>,
        inheritable: Option<bool>,
        /// Empty may mean all projects.
        #[serde(default, deserialize_with = "list")]
        folder_ids: Vec<FolderId>,
        created_at: Option<String>,
        updated_at: Option<String>,
        #[serde(default, deserialize_with = "privileges")]
        privileges: BTreeMap<String, Vec<String>>,
    }

    /// A role in an environment (2.8).
    EnvironmentRole {
        id: RoleId,
        name: Option<String>,
        /// `system`, `custom`, `inheritable` or `inherited`.
        #[serde(rename = "type")]
        kind: Option<String>,
        members_count: Option<i64>,
        created_at: Option<String>,
        updated_at: Option<String>,
        /// Only when read one by one. Its shape is not published.
        config: Option<serde_json::Value>,
    }

    /// A role in a project (2.8).
    ProjectRole {
        id: ProjectRoleId,
        name: Option<String>,
        /// As of [`EnvironmentRole`].
        #[serde(rename = "type")]
        kind: Option<String>,
        members_count: Option<i64>,
        created_at: Option<String>,
        updated_at: Option<String>,
        /// As of [`EnvironmentRole`].
        config: Option<serde_json::Value>,
    }

    /// A collaborator group (2.10).
    UserGroup {
        id: GroupId,
        name: Option<String>,
        description: Option<String>,
        members_count: Option<i64>,
        /// True for the built-in group of all collaborators.
        system: Option<bool>,
        created_at: Option<String>,
        updated_at: Option<String>,
    }

    /// A collaborator in a group (2.10).
    GroupMember {
        id: MemberId,
        name: Option<String>,
        email: Option<String>,
    }

    /// A project of the token's environment (2.11).
    Project {
        id: ProjectId,
        name: Option<String>,
        description: Option<String>,
        /// Its root folder.
        folder_id: Option<FolderId>,
    }

    /// A folder of the token's environment (2.11).
    Folder {
        id: FolderId,
        name: Option<String>,
        parent_id: Option<FolderId>,
        /// Whether it is the root folder of a project.
        is_project: Option<bool>,
        project_id: Option<ProjectId>,
        created_at: Option<String>,
        updated_at: Option<String>,
    }

    /// A project role given to a person or a group (2.9).
    ProjectGrant {
        id: ProjectGrantId,
        #[serde(default, deserialize_with = "object")]
        project: Option<GrantProject>,
        #[serde(default, deserialize_with = "object")]
        project_role: Option<GrantRole>,
        /// Set when the grant is for a person.
        #[serde(default, deserialize_with = "object")]
        user: Option<GrantUser>,
        /// Set when the grant is for a group.
        #[serde(default, deserialize_with = "object")]
        user_group: Option<GrantGroup>,
    }

    /// The project of a grant (2.9).
    GrantProject {
        id: ProjectId,
        name: Option<String>,
        #[serde(default, deserialize_with = "object")]
        environment: Option<GrantEnvironment>,
    }

    /// The environment of a grant's project (2.9).
    GrantEnvironment {
        id: Option<EnvironmentId>,
        /// `dev`, `test` or `prod`.
        #[serde(rename = "type")]
        kind: Option<String>,
    }

    /// The role of a grant (2.9). Its id need not be the one in the list of project roles (2.8).
    GrantRole {
        id: ProjectRoleId,
        name: Option<String>,
    }

    /// The person of a grant (2.9).
    GrantUser {
        id: MemberId,
        name: Option<String>,
        email: Option<String>,
    }

    /// The group of a grant (2.9).
    GrantGroup {
        id: GroupId,
        name: Option<String>,
    }

    /// A developer API client: an identity that is nobody's (2.13).
    ApiClient {
        id: ApiClientId,
        name: Option<String>,
        /// Its role.
        api_privilege_group_id: Option<ApiClientRoleId>,
        created_at: Option<String>,
        updated_at: Option<String>,
        all_folders: Option<bool>,
        #[serde(default, deserialize_with = "list")]
        folder_ids: Vec<FolderId>,
        /// Spelled out: `Development`.
        environment_name: Option<String>,
        environment_id: Option<EnvironmentId>,
        #[serde(default, deserialize_with = "object")]
        token: Option<ApiClientToken>,
        ip_allow_list: Option<serde_json::Value>,
    }

    /// About the token of an API client. There is no field for its text: it is never kept (2.13).
    ApiClientToken {
        updated_at: Option<String>,
    }

    /// A role of API clients (2.13).
    ApiClientRole {
        id: ApiClientRoleId,
        name: Option<String>,
    }

    /// A connection of the token's environment (2.15).
    Connection {
        id: ConnectionId,
        application: Option<String>,
        name: Option<String>,
        description: Option<String>,
        /// `success`, `failed` or `exception`.
        authorization_status: Option<String>,
        authorization_error: Option<String>,
        authorized_at: Option<String>,
        connection_lost_at: Option<String>,
        connection_lost_reason: Option<String>,
        created_at: Option<String>,
        updated_at: Option<String>,
        external_id: Option<String>,
        folder_id: Option<FolderId>,
        parent_id: Option<ConnectionId>,
        provider: Option<String>,
    }

    /// The workspace of the token, not a person (2.12).
    WorkspaceDetails {
        id: WorkspaceId,
        name: Option<String>,
        email: Option<String>,
        plan_id: Option<String>,
        company_name: Option<String>,
        created_at: Option<String>,
        /// The Home folder.
        root_folder_id: Option<FolderId>,
    }
}
