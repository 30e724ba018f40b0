//! Folders (`workato/api.md 2.11`).

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::paging::{bare, not_found};
use super::view::Call;
use super::workspace::Folder;

/// `GET /api/folders`: the children of `parent_id`; without it, or with the id of Home, those of Home.
pub async fn list(call: Call) -> Response {
    let home = call.view.workspace.home_folders.get(&call.env).copied();
    let parent = match call.params.text("parent_id") {
        None | Some("") => None,
        Some(text) => match text.parse::<u64>() {
            Ok(id) => Some(id).filter(|id| Some(*id) != home),
            Err(_) => return not_found(),
        },
    };
    bare(&call, call.view.children(call.env, parent), |f| row(f, home))
}

/// `GET /api/folders/:id`.
pub async fn one(call: Call, Path(id): Path<String>) -> Response {
    let home = call.view.workspace.home_folders.get(&call.env).copied();
    let mut folders = call.view.workspace.folders.iter().filter(|f| f.env == call.env);
    let found = folders.find(|f| f.id.to_string() == id);
    found.map_or_else(not_found, |f| Json(row(f, home)).into_response())
}

/// A folder row. Project roots name Home as their parent, loose folders have null: both occur (`workato/api.md 2.11`).
fn row(folder: &Folder, home: Option<u64>) -> Value {
    json!({
        "id": folder.id,
        "name": folder.name,
        "parent_id": folder.parent.or(home.filter(|_| folder.is_project)),
        "is_project": folder.is_project,
        "project_id": folder.project_id,
        "created_at": folder.created_at,
        "updated_at": folder.updated_at,
    })
}
