//! Groups of Workato Identity as they are listed.

use crate::workato::client::{ids, rows};

ids! {
    /// A group of Workato Identity.
    IdentityGroupId,
}

rows! {
    /// A group of Workato Identity (`workato/agents.md 3.3`). Only the id is certain.
    IdentityGroupRow {
        id: IdentityGroupId = id,
        name: Option<String> = text,
        users_count: Option<i64> = number,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
    }
}

impl IdentityGroupRow {
    /// One of which nothing but the id is known.
    pub fn named(id: IdentityGroupId) -> Self {
        IdentityGroupRow {
            id,
            name: None,
            users_count: None,
            created_at: None,
            updated_at: None,
            odd: Vec::new(),
        }
    }
}
