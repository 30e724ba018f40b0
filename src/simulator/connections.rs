//! Connections (`workato/api.md 2.15`).

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::view::Call;

/// `GET /api/connections`: a bare array of everything in the token's environment; `folder_id` filters.
pub async fn list(call: Call) -> Response {
    let folder = call.params.text("folder_id");
    let all = &call.view.workspace.connections;
    let rows = all
        .iter()
        .filter(|c| c.env == call.env && folder.is_none_or(|f| f == c.folder_id.to_string()));
    let rows = rows.map(|c| {
        let failed = c.authorization_status.as_deref() == Some("failed");
        json!({
            "id": c.id,
            "application": c.application,
            "name": c.name,
            "description": null,
            "authorized_at": c.authorized_at,
            "authorization_status": c.authorization_status,
            "authorization_error": failed.then_some("invalid_grant"),
            "created_at": "2024-08-02T13:35:11.691-07:00",
            "updated_at": "2026-02-03T04:05:06.007Z",
            "external_id": null,
            "folder_id": c.folder_id,
            "connection_lost_at": null,
            "connection_lost_reason": null,
            "parent_id": null,
            "tags": null,
        })
    });
    Json(Value::Array(rows.collect())).into_response()
}
