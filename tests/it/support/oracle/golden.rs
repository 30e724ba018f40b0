//! Recorded workspaces as data, so that the oracle can be held against what the published connector made of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_workato::simulator::{
    AccessModel, ApiClient, ApiClientRole, Assignment, Connection, Env, EnvironmentRole, Folder, Grantee, Group,
    LastActivity, LegacyRole, Person, PrivilegeRow, Project, ProjectGrant, ProjectRole, RoleType, Shape, Workspace,
};
use serde_json::Value;

/// A recorded workspace as data.
pub fn golden(name: &str) -> Workspace {
    let text = std::fs::read_to_string(folder(name).join("workspace.json")).unwrap();
    let tape: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    // All pages whose path begins so, as one list.
    let rows = |path: &str| -> Vec<Value> {
        let pages = tape.iter().filter(|(key, _)| key.split('?').next() == Some(path));
        let pages = pages.filter(|(_, answer)| answer["status"] == 200);
        let lists = pages.map(|(_, answer)| {
            let body = &answer["body"];
            let list = body
                .as_array()
                .or(body["data"].as_array())
                .or(body["result"]["items"].as_array());
            list.unwrap().clone()
        });
        lists.flatten().collect()
    };
    let mut workspace = Workspace::generate(&Shape {
        people: 0,
        projects: 0,
        ..Shape::small(AccessModel::RbacV2)
    });
    let legacy = tape["/api/environment_roles?page[number]=1&page[size]=100"]["status"] == 401;
    workspace.model = if legacy {
        AccessModel::Legacy
    } else {
        AccessModel::RbacV2
    };
    workspace.people = rows("/api/members").iter().map(person).collect();
    workspace.privileges.clear();
    for person in &workspace.people {
        for row in rows(&format!("/api/members/{}/privileges", person.id)) {
            assert_eq!(row["environment_type"], "dev");
            let folder_ids = Some(ids(&row["folder_ids"]));
            let row = PrivilegeRow {
                privileges: serde_json::from_value(row["privileges"].clone()).unwrap(),
                folder_ids,
            };
            workspace.drift.insert((person.id, Env::Dev), row);
        }
    }
    workspace.environment_roles = (rows("/api/environment_roles").iter())
        .map(|r| EnvironmentRole {
            id: id(r),
            name: text_of(&r["name"]).unwrap(),
            kind: String::new(),
            created_at: None,
            updated_at: None,
            config: Value::Null,
        })
        .collect();
    workspace.legacy_roles = (rows("/api/roles").iter())
        .map(|r| LegacyRole {
            id: id(r),
            name: text_of(&r["name"]).unwrap(),
            inheritable: false,
            folder_ids: ids(&r["folder_ids"]),
            privileges: serde_json::from_value(r["privileges"].clone()).unwrap(),
            created_at: String::new(),
            updated_at: String::new(),
        })
        .collect();
    workspace.groups = (rows("/api/user_groups").iter())
        .map(|g| Group {
            id: text_of(&g["id"]).unwrap(),
            name: text_of(&g["name"]).unwrap(),
            description: None,
            system: g["system"] == true,
            members: rows(&format!("/api/user_groups/{}/members", g["id"].as_str().unwrap()))
                .iter()
                .map(id)
                .collect(),
            created_at: None,
            updated_at: None,
        })
        .collect();
    workspace.project_roles = (rows("/api/project_roles").iter())
        .map(|r| ProjectRole {
            id: id(r),
            grant_id: String::new(),
            name: text_of(&r["name"]).unwrap(),
            kind: String::new(),
            created_at: None,
            updated_at: None,
            config: Value::Null,
        })
        .collect();
    workspace.projects = (rows("/api/projects").iter())
        .map(|p| Project {
            id: id(p),
            env: Env::Dev,
            name: text_of(&p["name"]).unwrap(),
            description: None,
            folder_id: p["folder_id"].as_u64().unwrap(),
        })
        .collect();
    let home = rows("/api/folders")
        .iter()
        .find_map(|f| (f["is_project"] == true).then(|| f["parent_id"].as_u64()));
    workspace.folders = (rows("/api/folders").iter())
        .map(|f| Folder {
            id: id(f),
            env: Env::Dev,
            name: text_of(&f["name"]).unwrap(),
            parent: f["parent_id"].as_u64().filter(|p| Some(Some(*p)) != home),
            is_project: f["is_project"] == true,
            project_id: f["project_id"].as_u64(),
            created_at: None,
            updated_at: None,
        })
        .collect();
    for project in &workspace.projects {
        for grant in rows(&format!("/api/projects/{}/project_grants", project.id)) {
            let group = text_of(&grant["user_group"]["id"]).map(Grantee::Group);
            workspace.project_grants.push(ProjectGrant {
                id: text_of(&grant["id"]).unwrap(),
                project: project.id,
                role: text_of(&grant["project_role"]["name"]).unwrap(),
                holder: group.unwrap_or_else(|| Grantee::User(id(&grant["user"]))),
            });
        }
    }
    workspace.api_client_roles = (rows("/api/developer_api_client_roles").iter())
        .map(|r| ApiClientRole {
            id: id(r),
            name: text_of(&r["name"]).unwrap(),
        })
        .collect();
    workspace.api_clients = (rows("/api/developer_api_clients").iter())
        .map(|c| ApiClient {
            id: id(c),
            name: text_of(&c["name"]).unwrap(),
            role: c["api_privilege_group_id"].as_u64(),
            env: Env::Dev,
            all_folders: c["all_folders"] == true,
            folder_ids: None,
            ip_allow_list: None,
            token_updated_at: None,
            created_at: None,
            updated_at: None,
        })
        .collect();
    workspace.connections = (rows("/api/connections").iter())
        .map(|c| Connection {
            id: id(c),
            env: Env::Dev,
            name: text_of(&c["name"]).unwrap(),
            application: String::new(),
            folder_id: c["folder_id"].as_u64().unwrap(),
            authorization_status: None,
            authorized_at: None,
        })
        .collect();
    workspace
}

fn person(row: &Value) -> Person {
    let roles = row["roles"].as_array().unwrap().iter().map(|role| Assignment {
        env: *Env::ALL
            .iter()
            .find(|e| role["environment_type"] == e.as_str())
            .unwrap(),
        role: text_of(&role["role_name"]).unwrap(),
        role_type: role.get("role_type").map(|t| match t.as_str() {
            Some("environment") => RoleType::Environment,
            _ => RoleType::PrivilegeGroup,
        }),
    });
    Person {
        id: id(row),
        grant_type: text_of(&row["grant_type"]),
        name: text_of(&row["name"]),
        email: text_of(&row["email"]),
        external_id: None,
        time_zone: None,
        created_at: None,
        last_activity: LastActivity::Never,
        roles: roles.collect(),
    }
}

/// Where a recording and its tables lie: `rbac-v2`, `legacy`.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn id(row: &Value) -> u64 {
    row["id"].as_u64().unwrap()
}

fn ids(list: &Value) -> Vec<u64> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|id| id.as_u64().unwrap())
        .collect()
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
