//! The workspaces of a partner's customers, below `/api/managed_users` (`workato/fleet.md 1, 2`): the routes of one
//! workspace, asked for another one, with the envelopes of the API for partners around the same rows.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use tower_service::Service as _;

use super::endpoint::Endpoint;
use super::paging::{cut, not_found, refusal};
use super::view::{Call, View};
use super::workspace::{Env, Workspace};

/// Where customers are.
const ABOVE: &str = "/api/managed_users/";

/// What the list of members of a customer looks like: one form was seen, and what it is now is not documented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MembersForm {
    /// A bare array, `roles` in its rows.
    #[default]
    Array,
    /// `{result: [...]}`.
    Result,
    /// `{data: [...], total}`, as elsewhere.
    Data,
    /// A bare array, one `role_name` in each row.
    OneRole,
    /// Something else: `{members: [...]}`.
    Unknown,
}

/// A customer of a partner.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Its number.
    pub id: u64,
    /// What the partner calls it.
    pub external_id: Option<String>,
    /// What is in its workspace.
    pub workspace: Workspace,
    /// What its list of members looks like.
    pub members: MembersForm,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Customers {
    all: Vec<(Customer, Arc<View>)>,
    places: HashMap<String, usize>,
}

impl Customers {
    /// In this order.
    pub fn new(all: Vec<Customer>) -> Self {
        let mut places = HashMap::new();
        for (at, customer) in all.iter().enumerate() {
            places.insert(customer.id.to_string(), at);
            if let Some(external) = &customer.external_id {
                places.insert(format!("E{external}"), at);
            }
        }
        let all = all.into_iter().map(|customer| {
            let view = Arc::new(View::new(customer.workspace.clone()));
            (customer, view)
        });
        Customers {
            all: all.collect(),
            places,
        }
    }

    fn named(&self, name: &str) -> Option<&(Customer, Arc<View>)> {
        self.places.get(name).and_then(|at| self.all.get(*at))
    }
}

/// Whether a path is one of a customer.
pub fn is_below(path: &str) -> bool {
    path.starts_with(ABOVE)
}

/// The customer in a path and the path of the same list in a workspace of one's own, both as they are on the wire.
fn split(path: &str) -> Option<(&str, String)> {
    let below = path.strip_prefix(ABOVE)?;
    let (customer, list) = below.split_once('/').unwrap_or((below, ""));
    let list = match list {
        "" => "users/me".to_owned(),
        // With the segment that is missing here: there is none below it.
        _ if list.starts_with("mcp/") || list.starts_with("agentic/") || list.starts_with("v2/") => return None,
        _ if list == "users/me" || list.starts_with("managed_users") => return None,
        _ if list.starts_with("mcp_servers") => format!("mcp/{list}"),
        _ => list.to_owned(),
    };
    Some((customer, format!("/api/{list}")))
}

/// The endpoint of a path, below a customer or not.
pub fn endpoint(path: &str) -> Option<Endpoint> {
    match is_below(path) {
        true => split(path).and_then(|(_, path)| Endpoint::of(&path)),
        false => Endpoint::of(path),
    }
}

/// `GET /api/managed_users`.
pub async fn list(call: Call) -> Response {
    let customers = call.server.customers();
    if customers.all.is_empty() {
        // Not a partner's workspace.
        return refusal(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let page = cut(&call, customers.all.iter().collect(), "page", "per_page");
    let rows: Vec<Value> = page.rows.into_iter().map(|(customer, _)| record(customer)).collect();
    Json(json!({ "result": rows })).into_response()
}

/// Everything below a customer.
pub async fn below(State(routes): State<Router>, call: Call, request: Request) -> Response {
    let Some((name, path)) = split(request.uri().path()) else {
        return not_found();
    };
    let (endpoint, customers) = (Endpoint::of(&path), call.server.customers());
    let name = percent_decoded(name);
    let (Some(endpoint), Some((customer, view))) = (endpoint, customers.named(&name)) else {
        return not_found();
    };
    if request.method() != Method::GET || call.env != Env::Dev {
        return not_found();
    }
    if endpoint == Endpoint::WorkspaceDetails {
        return Json(json!({ "result": record(customer) })).into_response();
    }
    if !endpoint.exists_in(&view.workspace) {
        return refusal(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
    let Ok(uri) = format!("{path}{query}").parse::<Uri>() else {
        return not_found();
    };
    // Without what the routing of the outer path left in the request.
    let mut inner = Request::new(Body::empty());
    *inner.uri_mut() = uri;
    inner.extensions_mut().insert(Call {
        view: Arc::clone(view),
        ..call
    });
    let answer = match routes.clone().call(inner).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    wrapped(endpoint, customer, answer).await
}

fn record(customer: &Customer) -> Value {
    json!({
        "id": customer.id,
        "external_id": customer.external_id,
        "name": customer.workspace.name,
        "notification_email": "ops@example.org",
        "plan_id": "oem_plan",
        "origin_url": null,
        "trial": false,
        "in_trial": false,
        "created_at": "2025-03-01T08:00:00.000-08:00",
        "updated_at": "2026-08-01T08:00:00.000-07:00",
        "task_limit": 1000,
        "active_connection_limit": 20,
        "active_connection_count": customer.workspace.connections.len(),
        "active_recipe_count": customer.workspace.projects.len() * 5,
    })
}

/// The same rows in the envelope of the API for partners.
async fn wrapped(endpoint: Endpoint, customer: &Customer, answer: Response) -> Response {
    if !answer.status().is_success() {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    // The body was made here in one piece, so it cannot fail to be read.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut value) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    value = match endpoint {
        Endpoint::Members => members(customer.members, value),
        Endpoint::Connections => json!({ "result": rows(value).into_iter().map(of_provider).collect::<Vec<_>>() }),
        Endpoint::Roles | Endpoint::Folders | Endpoint::Collections => json!({ "result": rows(value) }),
        _ => value,
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Bytes::from(value.to_string())))
}

fn rows(value: Value) -> Vec<Value> {
    match value {
        Value::Array(rows) => rows,
        Value::Object(mut object) => object.remove("data").map(rows).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn members(form: MembersForm, value: Value) -> Value {
    match form {
        MembersForm::Data => value,
        MembersForm::Array => Value::Array(rows(value)),
        MembersForm::Result => json!({ "result": rows(value) }),
        MembersForm::Unknown => json!({ "members": rows(value) }),
        MembersForm::OneRole => Value::Array(rows(value).into_iter().map(of_one_role).collect()),
    }
}

fn of_one_role(mut row: Value) -> Value {
    let name = row.pointer("/roles/0/role_name").cloned().unwrap_or_default();
    if let Some(row) = row.as_object_mut() {
        row.remove("roles");
        row.insert("role_name".to_owned(), name);
    }
    row
}

fn of_provider(row: Value) -> Value {
    let Value::Object(row) = row else { return row };
    let renamed = row.into_iter().map(|(key, value)| match key.as_str() {
        "application" => ("provider".to_owned(), value),
        _ => (key, value),
    });
    Value::Object(renamed.collect::<Map<_, _>>())
}

fn percent_decoded(segment: &str) -> String {
    // What means something in a query is itself in a path.
    let query = segment.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}
