//! The privileges the API is known to name (`workato/api.md 4.1`: 43 groups, 111 pairs) and what the
//! legacy system roles have of them (`workato/api.md 4.2`).

use std::collections::BTreeMap;

/// Group name and privilege ids, in the order of the API's description.
pub const CATALOGUE: [(&str, &[&str]); 43] = [
    ("Runtime user connections", &["read", "update", "delete"]),
    ("Event streams", &["read", "create", "update", "delete", "view_history"]),
    (
        "Lookup tables",
        &["read", "create", "update_records", "delete", "update_schema"],
    ),
    ("People task", &["all"]),
    (
        "Recipes",
        &["read", "create", "update", "delete", "run", "read_run_history"],
    ),
    ("Folders", CRUD),
    ("Projects", CRUD),
    ("Connections", CRUD),
    ("Connector SDK", &["all"]),
    ("Use in recipes", &["all"]),
    ("On-prem groups & agents", CRUD),
    ("Connection - on-prem files", &["all"]),
    ("Connection - command line scripts", &["all"]),
    ("Project folder", &["all"]),
    ("Connection Folders", &["all"]),
    ("Common data models", CRUD),
    ("Message templates", CRUD),
    ("Workbot", CRUD),
    ("Job History Search", CRUD),
    ("Test automation", &["read", "manage_test_cases"]),
    ("Data masking", &["all"]),
    (
        "Environment properties",
        &["read", "update_records", "create", "delete"],
    ),
    ("Project properties", &["read", "update_records", "create", "delete"]),
    ("Secrets management", &["read", "update"]),
    ("Activity audit", &["all"]),
    ("Collaborator SAML SSO auth", &["all"]),
    ("Collaborators", &["all"]),
    ("Recipe lifecycle management", &["all"]),
    ("Collaborator roles (non-system)", &["all"]),
    ("Developer API", &["all"]),
    ("Workspace settings", &["all"]),
    ("Debug, Log and Security", &["all"]),
    ("Network trace", &["all"]),
    ("Policies", &["all", "read", "create", "update", "delete"]),
    ("Dashboard & logs", &["all"]),
    ("Manage locked projects", &["all"]),
    ("API platform", &["all"]),
    (
        "Collections & endpoints",
        &["all", "read", "create", "update", "delete"],
    ),
    (
        "Data tables",
        &["all", "read", "create", "update_schema", "update_records", "delete"],
    ),
    ("Settings", &["all"]),
    (
        "Client & access profiles",
        &["all", "read", "create", "update", "delete"],
    ),
    ("Decision Models", CRUD),
    ("Manage projects", &["create", "access_control"]),
];

const CRUD: &[&str] = &["read", "create", "update", "delete"];

/// The legacy system roles, which no list returns.
pub const BASE_ROLES: [&str; 3] = ["Admin", "Analyst", "Operator"];

/// How many groups an Analyst has.
const ANALYST_GROUPS: usize = 24;

/// Group to ids of the whole catalogue.
pub fn everything() -> BTreeMap<String, Vec<String>> {
    owned(CATALOGUE.iter().map(|(group, ids)| (*group, *ids)))
}

/// What the documentation says a legacy system role has; empty for other names.
pub fn base_role(name: &str) -> BTreeMap<String, Vec<String>> {
    match name {
        "Admin" => everything(),
        "Analyst" => owned(CATALOGUE.iter().take(ANALYST_GROUPS).map(|(group, ids)| {
            let only_read: &[&str] = &["read"];
            (
                *group,
                if *group == "Secrets management" {
                    only_read
                } else {
                    *ids
                },
            )
        })),
        "Operator" => owned([
            ("Recipes", &["read", "run", "read_run_history"] as &[&str]),
            ("Folders", &["read"]),
            ("Projects", &["read"]),
            ("Use in recipes", &["all"]),
            ("Test automation", &["read"]),
        ]),
        _ => BTreeMap::new(),
    }
}

fn owned<'a>(rows: impl IntoIterator<Item = (&'a str, &'a [&'a str])>) -> BTreeMap<String, Vec<String>> {
    rows.into_iter()
        .map(|(group, ids)| (group.to_owned(), ids.iter().map(|id| (*id).to_owned()).collect()))
        .collect()
}
