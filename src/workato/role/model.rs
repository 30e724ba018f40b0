//! Legacy roles as Workato lists them.

use std::collections::BTreeMap;

use crate::workato::client::{ids, rows};
use crate::workato::folder::FolderId;

ids! {
    /// A legacy role. Environment roles have numbers of their own.
    LegacyRoleId,
}

rows! {
    /// A custom role of the model before RBAC v2 (`workato/api.md 2.8`).
    LegacyRole {
        id: LegacyRoleId = id,
        name: Option<String> = name,
        inheritable: Option<bool> = flag,
        /// Empty may mean all projects.
        #[serde(default)]
        folder_ids: Vec<FolderId> = ids,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        #[serde(default)]
        privileges: BTreeMap<String, Vec<String>> = privileges,
    }
}
