//! Projects, and the grants on them, as Workato lists them.

use crate::workato::client::{ids, parts, rows};
use crate::workato::collaborator::MemberId;
use crate::workato::folder::FolderId;
use crate::workato::group::GroupId;
use crate::workato::project_role::GrantRole;
use crate::workato::tokens::EnvironmentId;

ids! {
    /// A project, in one environment.
    ProjectId,
    /// A grant of a project role.
    ProjectGrantId,
}

rows! {
    /// A project of the token's environment (`workato/api.md 2.11`).
    ProjectRow {
        id: ProjectId = id,
        name: Option<String> = text,
        description: Option<String> = text,
        /// Its root folder.
        folder_id: Option<FolderId> = id_or_none,
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
    }
}

parts! {
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

    /// The person of a grant (`workato/api.md 2.9`).
    GrantUser {
        id: MemberId = id,
        /// Where it names two people.
        #[serde(default)]
        second: Option<MemberId> = second_id,
        name: Option<String> = text,
        email: Option<String> = text,
    }

    /// The group of a grant (`workato/api.md 2.9`).
    GrantGroup {
        id: GroupId = id,
        name: Option<String> = text,
    }
}
