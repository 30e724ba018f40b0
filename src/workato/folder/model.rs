//! Folders as Workato lists them.

use crate::workato::client::{ids, rows};
use crate::workato::project::ProjectId;

ids! {
    /// A folder, in one environment.
    FolderId,
}

rows! {
    /// A folder of the token's environment (`workato/api.md 2.11`).
    FolderRow {
        id: FolderId = id,
        name: Option<String> = text,
        parent_id: Option<FolderId> = id_or_none,
        /// Whether it is the root folder of a project.
        is_project: Option<bool> = flag,
        project_id: Option<ProjectId> = id_or_none,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
    }
}
