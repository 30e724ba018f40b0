//! What the API's rows look like, and how strictly each field is taken: the word behind `=` is its reader in `field.rs`.
//! Every field but the id may be missing or null; unknown fields are ignored.
//!
//! What decides about access: ids; the roles of a person (where, which, of what kind); privileges and the folders they
//! name; the role, the person and the group of a project grant; role and scope of an API client; what a folder or a
//! connection lies in, because whoever reaches that reaches it. An answer in which one of these cannot be read ends the
//! sync, because the access that it stands for would be missing without a trace. No other field does.
//!
//! The structs are also how a sync keeps rows for later steps: what is written as JSON reads back equal.
//! Where a comment cites a section, it says what the fields mean.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decode::Undecodable;
use super::field::{self, Fields, Part};
use super::id::{
    ActivityId, ApiClientId, ApiClientRoleId, ConnectionId, EnvironmentId, FolderId, GroupId, MemberId, ProjectGrantId,
    ProjectId, ProjectRoleId, RoleId, WorkspaceId,
};
use super::odd::{Odd, Row};

macro_rules! models {
    ($($(#[$doc:meta])* $name:ident {$($(#[$field_attr:meta])* $field:ident: $type:ty = $reader:ident $(as $wire:literal)?,)*})*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "fields carry the API's names; the section says what they mean")]
        pub struct $name {
            $($(#[$field_attr])* pub $field: $type,)*
        }

        impl Part for $name {
            fn read(fields: &mut Fields<'_>) -> Result<Self, Undecodable> {
                Ok($name {
                    $($field: field::$reader(fields, wire!($field $($wire)?))?,)*
                })
            }
        }
    )*};
}

/// The API's name of a field.
macro_rules! wire {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

macro_rules! rows {
    ($($name:ident),* $(,)?) => {$(
        impl Row for $name {
            fn odd(&self) -> &[Odd] {
                &self.odd
            }
        }
    )*};
}

rows! {
    Member, PrivilegeRow, LegacyRole, EnvironmentRole, ProjectRole, UserGroup, GroupMember, Project, Folder, ProjectGrant, ApiClient, ApiClientRole, Connection, WorkspaceDetails,
}

models! {
    /// A collaborator or moderator (`workato/api.md 2.2`).
    Member {
        id: MemberId = id,
        /// `team` or `federation_manager` (a moderator from another workspace).
        grant_type: Option<String> = text,
        /// One row per environment the person has a role in.
        #[serde(default)]
        roles: Vec<MemberRole> = parts,
        external_id: Option<String> = text,
        name: Option<String> = text,
        email: Option<String> = text,
        time_zone: Option<String> = text,
        created_at: Option<String> = time,
        /// With environments, of DEV only.
        #[serde(default)]
        last_activity_log: Option<Activity> = loose_part,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A role of a collaborator in one environment (`workato/api.md 2.2`). Named, not identified.
    MemberRole {
        environment_type: Option<String> = word,
        role_name: Option<String> = word,
        /// `environment` or `privilege_group`; absent means the latter.
        role_type: Option<String> = word,
    }

    /// What somebody last did (`workato/api.md 2.2`).
    Activity {
        id: Option<ActivityId> = loose_id,
        event_type: Option<String> = text,
        created_at: Option<String> = time,
    }

    /// What a collaborator may do in one environment (`workato/api.md 2.4`).
    PrivilegeRow {
        environment_type: Option<String> = word,
        /// Name of the role the row comes from.
        name: Option<String> = word,
        /// Group -> privilege ids (`workato/api.md 4.1`).
        #[serde(default)]
        privileges: BTreeMap<String, Vec<String>> = privileges,
        #[serde(default)]
        folder_ids: Vec<FolderId> = ids,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A custom role of the model before RBAC v2 (`workato/api.md 2.8`).
    LegacyRole {
        id: RoleId = id,
        name: Option<String> = name,
        inheritable: Option<bool> = flag,
        /// Empty may mean all projects.
        #[serde(default)]
        folder_ids: Vec<FolderId> = ids,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        #[serde(default)]
        privileges: BTreeMap<String, Vec<String>> = privileges,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A role in an environment (`workato/api.md 2.8`).
    EnvironmentRole {
        id: RoleId = id,
        name: Option<String> = name,
        /// `system`, `custom`, `inheritable` or `inherited`.
        #[serde(rename = "type")]
        kind: Option<String> = text as "type",
        members_count: Option<i64> = number,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        /// Only when read one by one. Its shape is not published.
        config: Option<serde_json::Value> = free,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A role in a project (`workato/api.md 2.8`).
    ProjectRole {
        id: ProjectRoleId = id,
        name: Option<String> = name,
        /// As of [`EnvironmentRole`].
        #[serde(rename = "type")]
        kind: Option<String> = text as "type",
        members_count: Option<i64> = number,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        /// As of [`EnvironmentRole`].
        config: Option<serde_json::Value> = free,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A collaborator group (`workato/api.md 2.10`).
    UserGroup {
        id: GroupId = id,
        name: Option<String> = text,
        description: Option<String> = text,
        members_count: Option<i64> = number,
        /// True for the built-in group of all collaborators.
        system: Option<bool> = flag,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A collaborator in a group (`workato/api.md 2.10`).
    GroupMember {
        id: MemberId = id,
        name: Option<String> = text,
        email: Option<String> = text,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A project of the token's environment (`workato/api.md 2.11`).
    Project {
        id: ProjectId = id,
        name: Option<String> = text,
        description: Option<String> = text,
        /// Its root folder.
        folder_id: Option<FolderId> = id_or_none,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A folder of the token's environment (`workato/api.md 2.11`).
    Folder {
        id: FolderId = id,
        name: Option<String> = text,
        parent_id: Option<FolderId> = id_or_none,
        /// Whether it is the root folder of a project.
        is_project: Option<bool> = flag,
        project_id: Option<ProjectId> = id_or_none,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A project role given to a person or a group (`workato/api.md 2.9`).
    ProjectGrant {
        id: ProjectGrantId = id,
        #[serde(default)]
        project: Option<GrantProject> = loose_part,
        #[serde(default)]
        project_role: Option<GrantRole> = part,
        /// Set when the grant is for a person.
        #[serde(default)]
        user: Option<GrantUser> = part,
        /// Set when the grant is for a group.
        #[serde(default)]
        user_group: Option<GrantGroup> = part,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// The project of a grant (`workato/api.md 2.9`).
    GrantProject {
        id: Option<ProjectId> = loose_id,
        name: Option<String> = text,
        #[serde(default)]
        environment: Option<GrantEnvironment> = loose_part,
    }

    /// The environment of a grant's project (`workato/api.md 2.9`).
    GrantEnvironment {
        id: Option<EnvironmentId> = loose_id,
        /// `dev`, `test` or `prod`.
        #[serde(rename = "type")]
        kind: Option<String> = text as "type",
    }

    /// The role of a grant (`workato/api.md 2.9`). Its id need not be the one in the list of project roles
    /// (`workato/api.md 2.8`).
    GrantRole {
        id: ProjectRoleId = id,
        name: Option<String> = word,
    }

    /// The person of a grant (`workato/api.md 2.9`).
    GrantUser {
        id: MemberId = id,
        name: Option<String> = text,
        email: Option<String> = text,
    }

    /// The group of a grant (`workato/api.md 2.9`).
    GrantGroup {
        id: GroupId = id,
        name: Option<String> = text,
    }

    /// A developer API client: an identity that is nobody's (`workato/api.md 2.13`).
    ApiClient {
        id: ApiClientId = id,
        name: Option<String> = text,
        /// Its role.
        api_privilege_group_id: Option<ApiClientRoleId> = id_or_none,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        all_folders: Option<bool> = switch,
        #[serde(default)]
        folder_ids: Vec<FolderId> = ids,
        /// Spelled out: `Development`.
        environment_name: Option<String> = text,
        environment_id: Option<EnvironmentId> = loose_id,
        #[serde(default)]
        token: Option<ApiClientToken> = loose_part,
        ip_allow_list: Option<Vec<String>> = addresses,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// About the token of an API client. There is no field for its text: it is never kept (`workato/api.md 2.13`).
    ApiClientToken {
        updated_at: Option<String> = time,
    }

    /// A role of API clients (`workato/api.md 2.13`).
    ApiClientRole {
        id: ApiClientRoleId = id,
        name: Option<String> = text,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// A connection of the token's environment (`workato/api.md 2.15`).
    Connection {
        id: ConnectionId = id,
        application: Option<String> = text,
        name: Option<String> = text,
        description: Option<String> = text,
        /// `success`, `failed` or `exception`.
        authorization_status: Option<String> = text,
        authorization_error: Option<String> = text,
        authorized_at: Option<String> = time,
        connection_lost_at: Option<String> = time,
        connection_lost_reason: Option<String> = text,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        external_id: Option<String> = text,
        folder_id: Option<FolderId> = id_or_none,
        parent_id: Option<ConnectionId> = loose_id,
        provider: Option<String> = text,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }

    /// The workspace of the token, not a person (`workato/api.md 2.12`).
    WorkspaceDetails {
        id: WorkspaceId = id,
        name: Option<String> = text,
        email: Option<String> = text,
        plan_id: Option<String> = text,
        company_name: Option<String> = text,
        created_at: Option<String> = time,
        /// The Home folder.
        root_folder_id: Option<FolderId> = loose_id,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        odd: Vec<Odd> = odd,
    }
}
