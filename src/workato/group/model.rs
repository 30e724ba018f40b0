//! Groups and their members as Workato lists them.

use crate::workato::client::{ids, rows};
use crate::workato::collaborator::MemberId;

ids! {
    /// A collaborator group.
    GroupId,
}

rows! {
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
    }

    /// A collaborator in a group (`workato/api.md 2.10`).
    GroupMember {
        id: MemberId = id,
        /// Where the row names two people.
        #[serde(default)]
        second: Option<MemberId> = second_id,
        name: Option<String> = text,
        email: Option<String> = text,
    }
}
