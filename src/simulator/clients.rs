//! Developer API clients and their roles (`workato/api.md 2.13`).

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::paging::cut;
use super::view::Call;

/// `GET /api/developer_api_clients`: `{result: {count, items}}`. A list never carries a token value.
pub async fn list(call: Call) -> Response {
    let page = cut(
        &call,
        call.view.workspace.api_clients.iter().collect(),
        "page",
        "per_page",
    );
    let items = page.rows.into_iter().map(|client| {
        json!({
            "id": client.id,
            "name": client.name,
            "api_privilege_group_id": client.role,
            "created_at": client.created_at,
            "updated_at": client.updated_at,
            "all_folders": client.all_folders,
            "folder_ids": client.folder_ids,
            "environment_name": client.env.label(),
            "environment_id": client.env.id(),
            "token": client.token_updated_at.as_ref().map(|at| json!({"updated_at": at})),
            "ip_allow_list": client.ip_allow_list,
        })
    });
    let items: Vec<Value> = items.collect();
    Json(json!({"result": {"count": page.total, "items": items}})).into_response()
}

/// `GET /api/developer_api_client_roles`: `{result: {items}}`.
pub async fn roles(call: Call) -> Response {
    let page = cut(
        &call,
        call.view.workspace.api_client_roles.iter().collect(),
        "page",
        "per_page",
    );
    let items: Vec<Value> = page
        .rows
        .into_iter()
        .map(|r| json!({"id": r.id, "name": r.name}))
        .collect();
    Json(json!({"result": {"items": items}})).into_response()
}
