//! What a reader of Workato files should know beyond the format (`workato/model.md 2, 3, 5, 11`).

use crate::baton::conventions::{Bearers, Conventions, Everyone, Leak, Machine, Managers, Mark, NamedRights, Scopes};

/// Workato's conventions.
pub const CONVENTIONS: Conventions = Conventions {
    own_types: &[
        "collaborator",
        "collaborator_group",
        "environment_role",
        "project_role",
        "api_client",
        "api_platform_client",
        "identity_user",
        "genie",
        "genie_client",
        "mcp_server",
    ],
    role_types: &["environment_role", "role"],
    group_types: &["collaborator_group"],
    project_types: &["project"],
    inside_projects: &["folder", "connection"],
    placed_in_projects: &["genie", "mcp_server"],
    open_to_bearers: &[Bearers {
        of: "mcp_server",
        open: Mark::Word("authentication_method", &["token"]),
        closed: Mark::Word("authentication_method", &["workatoidp"]),
    }],
    unlisted_users: &[("genie_client", "genie")],
    act_unlisted: &["genie", "genie_client"],
    environment: Some("environment"),
    environments: &["dev", "test", "prod"],
    production: &["prod"],
    role_name: Some("name"),
    admin_roles: &["environmentadmin", "admin"],
    admin_slugs: &["project-admin"],
    // System roles alone: nobody but the workspace knows where its own roles stand.
    power: &[
        ("environmentadmin", -2),
        ("admin", -2),
        ("projectadmin", -2),
        ("environmentmanager", -1),
        ("analyst", -1),
        ("advancedbuilder", -1),
        ("operator", 1),
        ("projectoperator", 1),
        ("member", 1),
    ],
    naming_roles: &["role"],
    last_activity: Some("lastActivityAt"),
    moderator: Some(Mark::Text("grantType", "federation_manager")),
    all_scope: Some(Mark::Flag("all_folders")),
    credential: Some("token_updated_at"),
    everyone: Some(Everyone {
        mark: Mark::Flag("system"),
        name: "allcollaborators",
    }),
    scopes: Some(Scopes {
        types: &["api_client"],
        all: Mark::Flag("all_folders"),
        says: "all_folders",
        list: "folder_ids",
        of: "folder",
    }),
    managers: Some(Managers {
        role_types: &["environment_role"],
        roles: &["environmentadmin"],
        unless: Mark::Word("type", &["custom"]),
        right_types: &["privilege"],
        // `all` stands for every privilege of a group.
        marks: &[
            Mark::Word("resource", &["manageprojects", "all"]),
            Mark::Word("permission", &["accesscontrol", "all"]),
        ],
        needs: "a project role",
    }),
    named_rights: Some(NamedRights {
        of: "project_role",
        on: "project",
    }),
    machines: &[
        Machine {
            of: "api_client",
            addresses: Some("ip_allow_list"),
            credential: &["token_updated_at"],
            opens: OPENS,
            leak: Some(Leak {
                asked: "leaks_asked",
                at: "token_leaked_at",
                known_since: "leaks_known_since",
            }),
            ..Machine::UNKNOWN
        },
        Machine {
            of: "api_key",
            addresses: Some("ip_allow_list"),
            credential: &["last_rotated_at", "active_since"],
            opens: OPENS,
            active: Some("active"),
            ..Machine::UNKNOWN
        },
        Machine {
            of: "api_platform_client",
            legacy: Some("is_legacy"),
            keys: Some(("active_api_keys_count", "total_api_keys_count")),
            ..Machine::UNKNOWN
        },
        Machine {
            of: "mcp_server",
            addresses: Some("ip_allow_list"),
            used_by: Some(("use", "identity_user")),
            ..Machine::UNKNOWN
        },
        Machine {
            of: "genie",
            skills: Some("skills_count"),
            used_by: Some(("use", "identity_user")),
            ..Machine::UNKNOWN
        },
        Machine {
            of: "genie_client",
            speaks_for_others: true,
            ..Machine::UNKNOWN
        },
        Machine {
            of: "connection",
            borrows: true,
            ..Machine::UNKNOWN
        },
    ],
};

/// What the token of an API client opens beside the API (`workato/agents.md 3.1`).
const OPENS: &[(&str, &str)] = &[("opens_mcp_server_of_developers", "Workato's MCP server for developers")];
