//! Collaborator groups (`workato/api.md 2.10`).

use axum::extract::Path;
use axum::response::Response;
use serde_json::json;

use super::paging::{contains, enveloped, not_found};
use super::projects::grant_row;
use super::view::Call;
use super::workspace::Grantee;

/// `GET /api/user_groups`, optional `name` filter.
pub async fn list(call: Call) -> Response {
    let name = call.params.text("name");
    let workspace = &call.view.workspace;
    let rows = workspace.groups.iter().filter(|g| contains(Some(&g.name), name));
    enveloped(&call, rows.collect(), |group| {
        let members = if group.system {
            workspace.people.len()
        } else {
            group.members.len()
        };
        json!({
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "members_count": members,
            "system": group.system,
            "created_at": group.created_at,
            "updated_at": group.updated_at,
        })
    })
}

/// `GET /api/user_groups/:id/members`, optional `text` filter on name or mail. The row shape is an open point:
/// id, name, email.
pub async fn members(call: Call, Path(id): Path<String>) -> Response {
    let Some(group) = call.view.group(&id) else {
        return not_found();
    };
    let text = call.params.text("text");
    let members = call.view.workspace.members_of(group);
    let rows = members.into_iter().filter_map(|id| match call.view.person(id) {
        Some(person) => {
            let (name, email) = (person.name.as_deref(), person.email.as_deref());
            (contains(name, text) || contains(email, text)).then(|| json!({"id": id, "name": name, "email": email}))
        }
        // Somebody who left and still stands in the group: a test put them there.
        None => Some(json!({"id": id, "name": null, "email": null})),
    });
    enveloped(&call, rows.collect(), |row| row)
}

/// `GET /api/user_groups/:id/project_grants`, in the environment of the token.
pub async fn project_grants(call: Call, Path(id): Path<String>) -> Response {
    if call.view.group(&id).is_none() {
        return not_found();
    }
    let mut grants = call.view.held_by(&Grantee::Group(id));
    grants.retain(|g| call.view.project(g.project).is_some_and(|p| p.env == call.env));
    enveloped(&call, grants, |g| grant_row(&call.view, g))
}
