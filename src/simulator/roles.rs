//! Roles of all three kinds (`workato/api.md 2.8`).

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use super::paging::{bare, contains, enveloped, not_found, single};
use super::view::{Call, View};
use super::workspace::{EnvironmentRole, ProjectRole};

/// `GET /api/roles`: custom roles only, bare array.
pub async fn legacy(call: Call) -> Response {
    bare(&call, call.view.workspace.legacy_roles.iter().collect(), |role| {
        json!({
            "id": role.id,
            "name": role.name,
            "inheritable": role.inheritable,
            "folder_ids": role.folder_ids,
            "privileges": role.privileges,
            "created_at": role.created_at,
            "updated_at": role.updated_at,
        })
    })
}

/// `GET /api/environment_roles`, optional `name` filter.
pub async fn environment_roles(call: Call) -> Response {
    let name = call.params.text("name");
    let rows = (call.view.workspace.environment_roles.iter()).filter(|r| contains(Some(&r.name), name));
    enveloped(&call, rows.collect(), |role| environment_role_row(&call.view, role))
}

/// `GET /api/environment_roles/:id`: the row with `config`.
pub async fn environment_role(call: Call, Path(id): Path<String>) -> Response {
    let mut roles = call.view.workspace.environment_roles.iter();
    roles.find(|r| r.id.to_string() == id).map_or_else(not_found, |role| {
        single(with_config(environment_role_row(&call.view, role), &role.config))
    })
}

/// `GET /api/project_roles`, optional `name` filter. Ids here are integers.
pub async fn project_roles(call: Call) -> Response {
    let name = call.params.text("name");
    let rows = (call.view.workspace.project_roles.iter()).filter(|r| contains(Some(&r.name), name));
    enveloped(&call, rows.collect(), |role| project_role_row(&call.view, role))
}

/// `GET /api/project_roles/:id`: the row with `config`.
pub async fn project_role(call: Call, Path(id): Path<String>) -> Response {
    let mut roles = call.view.workspace.project_roles.iter();
    roles.find(|r| r.id.to_string() == id).map_or_else(not_found, |role| {
        single(with_config(project_role_row(&call.view, role), &role.config))
    })
}

fn environment_role_row(view: &View, role: &EnvironmentRole) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "type": role.kind,
        "members_count": view.holders(&role.name),
        "created_at": role.created_at,
        "updated_at": role.updated_at,
    })
}

fn project_role_row(view: &View, role: &ProjectRole) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "type": role.kind,
        "members_count": view.project_role_holders(&role.name),
        "created_at": role.created_at,
        "updated_at": role.updated_at,
    })
}

fn with_config(mut row: Value, config: &Value) -> Value {
    if let Some(object) = row.as_object_mut() {
        object.insert("config".to_owned(), config.clone());
    }
    row
}
