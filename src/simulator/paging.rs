//! The paging styles and envelopes of `workato/api.md 2.1`. Each route names its own; nothing is shared by
//! accident.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::view::Call;

/// One page of rows.
pub struct Cut<T> {
    /// The rows of the page.
    pub rows: Vec<T>,
    /// Rows of the whole list.
    pub total: usize,
    /// Page number, from 1.
    pub number: usize,
    /// Page size in force.
    pub size: usize,
}

/// Cuts a page by the parameters `number` and `size`. Page 0 is page 1; a size above the cap, or none, is the cap;
/// a page beyond the end is empty.
pub fn cut<T>(call: &Call, mut rows: Vec<T>, number: &str, size: &str) -> Cut<T> {
    if let Some(moved) = call.moved {
        moved.apply(&mut rows);
    }
    let total = rows.len();
    let asked = call.params.number(size).filter(|s| *s > 0).unwrap_or(100);
    let size = asked.min(call.page_cap).max(1);
    let number = call.params.number(number).unwrap_or(1).max(1);
    let skip = (number - 1).saturating_mul(size);
    Cut {
        rows: rows.into_iter().skip(skip).take(size).collect(),
        total,
        number,
        size,
    }
}

/// `page` / `per_page` with a bare array: legacy roles, projects, folders.
pub fn bare<T>(call: &Call, rows: Vec<T>, render: impl Fn(T) -> Value) -> Response {
    let page = cut(call, rows, "page", "per_page");
    Json(Value::Array(page.rows.into_iter().map(render).collect())).into_response()
}

/// `page[number]` / `page[size]` with `{data, total, page}`: the families of RBAC v2.
pub fn enveloped<T>(call: &Call, rows: Vec<T>, render: impl Fn(T) -> Value) -> Response {
    let page = cut(call, rows, "page[number]", "page[size]");
    Json(json!({
        "data": page.rows.into_iter().map(render).collect::<Vec<_>>(),
        "page": {"number": page.number, "size": page.size},
        "total": page.total,
    }))
    .into_response()
}

/// One row as `{data: …}`.
pub fn single(row: Value) -> Response {
    Json(json!({ "data": row })).into_response()
}

/// An error as `{"message": …}`.
pub fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

/// 404 of an unknown id.
pub fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "Not found")
}

/// Whether `text` contains `part` in any case; no part matches everything.
pub fn contains(text: Option<&str>, part: Option<&str>) -> bool {
    part.is_none_or(|part| text.is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase())))
}
