//! Workspace details, which are not a person (`workato/api.md 2.12`).

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::view::Call;

/// `GET /api/users/me`: a bare object.
pub async fn me(call: Call) -> Response {
    let workspace = &call.view.workspace;
    Json(json!({
        "id": workspace.id,
        "name": workspace.name,
        "plan_id": "enterprise",
        "email": "owner@example.com",
        "created_at": "2022-01-10T08:00:00.000-08:00",
        "current_billing_period_start": "2026-01-10T00:00:00.000Z",
        "current_billing_period_end": "2027-01-10T00:00:00.000Z",
        "recipes_count": workspace.projects.len() * 7,
        "active_recipes_count": workspace.projects.len() * 5,
        "root_folder_id": workspace.home_folders.get(&call.env),
        "company_name": null,
        "location": null,
        "last_seen": null,
        "contact_phone": null,
        "contact_email": null,
        "about_me": null,
    }))
    .into_response()
}
