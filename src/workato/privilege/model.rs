//! What people may do, as Workato shows it.

use std::collections::BTreeMap;

use crate::workato::client::odd::Odd;
use crate::workato::client::{Row, parts};
use crate::workato::folder::FolderId;

parts! {
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
}

impl Row for PrivilegeRow {
    fn odd(&self) -> &[Odd] {
        &self.odd
    }
}
