//! Projects and project grants (`workato/api.md 2.9, 2.11`).

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use super::paging::{bare, enveloped, not_found, single};
use super::view::{Call, View};
use super::workspace::{Grantee, ProjectGrant};

/// `GET /api/projects`: those of the token's environment.
pub async fn list(call: Call) -> Response {
    let rows = call.view.workspace.projects.iter().filter(|p| p.env == call.env);
    bare(&call, rows.collect(), |project| {
        json!({
            "id": project.id,
            "name": project.name,
            "description": project.description,
            "folder_id": project.folder_id,
        })
    })
}

/// `GET /api/projects/:id/project_grants`.
pub async fn project_grants(call: Call, Path(id): Path<String>) -> Response {
    let project = id.parse().ok().and_then(|id| call.view.project(id));
    let Some(project) = project.filter(|p| p.env == call.env) else {
        return not_found();
    };
    enveloped(&call, call.view.grants_of(project.id), |g| grant_row(&call.view, g))
}

/// `GET /api/project_grants/:id`.
pub async fn project_grant(call: Call, Path(id): Path<String>) -> Response {
    let grant = call.view.workspace.project_grants.iter().find(|g| g.id == id);
    grant
        .filter(|g| call.view.project(g.project).is_some_and(|p| p.env == call.env))
        .map_or_else(not_found, |g| single(grant_row(&call.view, g)))
}

/// A project grant as the API spells it: the project role under its `pr-…` id (`workato/api.md 2.8`).
pub fn grant_row(view: &View, grant: &ProjectGrant) -> Value {
    let project = view.project(grant.project);
    let role = view.project_role(&grant.role);
    let env = project.map(|p| p.env);
    let (user, group) = match &grant.holder {
        Grantee::User(id) => {
            let person = view.person(*id);
            let name = person.and_then(|p| p.name.as_deref());
            let email = person.and_then(|p| p.email.as_deref());
            (json!({"id": id, "name": name, "email": email}), Value::Null)
        }
        Grantee::Group(id) => {
            let name = view.group(id).map(|g| g.name.as_str());
            (Value::Null, json!({"id": id, "name": name}))
        }
    };
    json!({
        "id": grant.id,
        "project": {
            "id": grant.project,
            "name": project.map(|p| p.name.as_str()),
            "environment": {"id": env.map(|e| e.id()), "type": env.map(|e| e.as_str())},
        },
        "project_role": {
            "id": role.map_or("pr-deleted", |r| r.grant_id.as_str()),
            "name": role.map_or(grant.role.as_str(), |r| r.name.as_str()),
        },
        "user_group": group,
        "user": user,
    })
}
