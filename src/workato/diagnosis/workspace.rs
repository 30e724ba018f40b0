//! The workspace itself, which is no resource: a diagnosis names it, and no sync needs it.

use crate::workato::client::{endpoint, ids, rows};
use crate::workato::folder::FolderId;
use crate::workato::probe::Probe;

ids! {
    /// A workspace.
    WorkspaceId,
}

rows! {
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
    }
}

/// Asks for it.
pub static PROBE: Probe = Probe::object::<WorkspaceDetails>(&endpoint::WORKSPACE_DETAILS, |_, _| Ok(Vec::new()));
