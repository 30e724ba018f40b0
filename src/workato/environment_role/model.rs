//! Environment roles as Workato lists them.

use crate::workato::client::{ids, rows};

ids! {
    /// An environment role. Legacy roles have numbers of their own.
    EnvironmentRoleId,
}

rows! {
    /// A role in an environment (`workato/api.md 2.8`).
    EnvironmentRoleRow {
        id: EnvironmentRoleId = id,
        name: Option<String> = name,
        /// `system`, `custom`, `inheritable` or `inherited`.
        #[serde(rename = "type")]
        kind: Option<String> = text as "type",
        members_count: Option<i64> = number,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        /// Only when read one by one. Its shape is not published.
        config: Option<serde_json::Value> = free,
    }
}
