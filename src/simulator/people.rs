//! People: members, their privileges and project access (`workato/api.md 2.2 to 2.5`).

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::paging::{contains, enveloped, not_found};
use super::projects::grant_row;
use super::view::Call;
use super::workspace::{Grantee, LastActivity, Person};

/// `GET /api/members`: everything in one answer; `email` filters by "contains".
pub async fn list(call: Call) -> Response {
    let email = call.params.text("email");
    let people = &call.view.workspace.people;
    let rows: Vec<Value> = (people.iter())
        .filter(|p| contains(p.email.as_deref(), email))
        .map(member_row)
        .collect();
    let total = rows.len();
    Json(json!({ "data": rows, "total": total })).into_response()
}

/// `GET /api/members/:id`. The envelope is an open point; here it is `{data: …}`.
pub async fn one(call: Call, Path(id): Path<String>) -> Response {
    let person = id.parse().ok().and_then(|id| call.view.person(id));
    person.map_or_else(not_found, |p| super::paging::single(member_row(p)))
}

/// `GET /api/members/:id/privileges`: one row per environment in which the person has a role.
pub async fn privileges(call: Call, Path(id): Path<String>) -> Response {
    let Some(person) = id.parse().ok().and_then(|id| call.view.person(id)) else {
        return not_found();
    };
    let rows = person.roles.iter().filter_map(|assignment| {
        let row = call.view.workspace.privilege_row(person.id, assignment)?;
        let mut json = json!({
            "environment_type": assignment.env.as_str(),
            "name": assignment.role,
            "privileges": row.privileges,
        });
        if let (Some(ids), Some(object)) = (&row.folder_ids, json.as_object_mut()) {
            object.insert("folder_ids".to_owned(), json!(ids));
        }
        Some(json)
    });
    Json(json!({ "data": rows.collect::<Vec<_>>() })).into_response()
}

/// `GET /api/members/:id/project_grants`: direct grants, in the environment of the token (`workato/api.md 1.2`).
pub async fn project_grants(call: Call, Path(id): Path<String>) -> Response {
    let Some(person) = id.parse().ok().and_then(|id| call.view.person(id)) else {
        return not_found();
    };
    let mut grants = call.view.held_by(&Grantee::User(person.id));
    grants.retain(|g| call.view.project(g.project).is_some_and(|p| p.env == call.env));
    enveloped(&call, grants, |g| grant_row(&call.view, g))
}

/// `GET /api/members/:id/projects_privileges`: effective project access, direct and through groups. The row shape is
/// unpublished; this one is a guess that carries the facts.
pub async fn projects_privileges(call: Call, Path(id): Path<String>) -> Response {
    let Some(person) = id.parse().ok().and_then(|id| call.view.person(id)) else {
        return not_found();
    };
    let workspace = &call.view.workspace;
    let mut grants = call.view.held_by(&Grantee::User(person.id));
    for group in workspace
        .groups
        .iter()
        .filter(|g| g.system || g.members.contains(&person.id))
    {
        grants.extend(call.view.held_by(&Grantee::Group(group.id.clone())));
    }
    grants.retain(|g| call.view.project(g.project).is_some_and(|p| p.env == call.env));
    let rows: Vec<Value> = grants.into_iter().map(|g| grant_row(&call.view, g)).collect();
    Json(json!({ "data": rows })).into_response()
}

/// A member row.
fn member_row(person: &Person) -> Value {
    let roles = person.roles.iter().map(|assignment| {
        let mut role = Map::new();
        role.insert("environment_type".to_owned(), json!(assignment.env.as_str()));
        role.insert("role_name".to_owned(), json!(assignment.role));
        if let Some(role_type) = assignment.role_type {
            role.insert("role_type".to_owned(), json!(role_type.as_str()));
        }
        Value::Object(role)
    });
    let mut row = json!({
        "id": person.id,
        "grant_type": person.grant_type,
        "name": person.name,
        "email": person.email,
        "external_id": person.external_id,
        "time_zone": person.time_zone,
        "created_at": person.created_at,
        "roles": roles.collect::<Vec<_>>(),
    });
    let activity = match &person.last_activity {
        LastActivity::Missing => return row,
        LastActivity::Never => Value::Null,
        LastActivity::Event {
            id,
            event_type,
            created_at,
        } => {
            json!({ "id": id, "event_type": event_type, "created_at": created_at })
        }
    };
    if let Some(object) = row.as_object_mut() {
        object.insert("last_activity_log".to_owned(), activity);
    }
    row
}
