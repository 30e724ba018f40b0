//! What a reader of Workato files should know beyond the format (`contract/model.md` 2, 3, 5).

use crate::baton::conventions::{Conventions, Everyone, Mark};

/// Workato's conventions.
pub const CONVENTIONS: Conventions = Conventions {
    role_types: &["environment_role", "role"],
    group_types: &["collaborator_group"],
    project_types: &["project"],
    inside_projects: &["folder"],
    environment: Some("environment"),
    environments: &["dev", "test", "prod"],
    production: &["prod"],
    role_name: Some("name"),
    admin_roles: &["environmentadmin", "admin"],
    admin_slugs: &["project-admin"],
    last_activity: Some("lastActivityAt"),
    moderator: Some(Mark::Text("grantType", "federation_manager")),
    all_scope: Some(Mark::Flag("all_folders")),
    credential: Some("token_updated_at"),
    everyone: Some(Everyone {
        mark: Mark::Flag("system"),
        name: "allcollaborators",
    }),
};
