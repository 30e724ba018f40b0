//! Agents, tool servers, Workato Identity and the API platform (`workato/agents.md 2, 3`). Answers hold what the real
//! ones do, secrets included: [`SECRETS`] are the texts that nobody who reads them may keep.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::estate::{Estate, Genie, McpServer, PlatformClient};
use super::paging::{Cut, bare, cut, not_found, single};
use super::view::Call;

/// What stands in answers and must stand nowhere else: addresses with a token, tokens, prompts.
pub const SECRETS: [&str; 4] = [
    "wk-mcp-credential-in-address",
    "wk-auth-token-value",
    "wk-api-token-value",
    "wk-instructions-of-the-prompt",
];

/// MCP servers on a page, at most.
const SERVERS_ON_A_PAGE: usize = 50;

fn estate(call: &Call) -> &Estate {
    static NONE: Estate = Estate {
        users: Vec::new(),
        groups: Vec::new(),
        genies: Vec::new(),
        genie_clients: Vec::new(),
        servers: Vec::new(),
        clients: Vec::new(),
        collections: Vec::new(),
    };
    call.view.workspace.estate.as_ref().unwrap_or(&NONE)
}

/// An id as the API writes it.
fn id(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number))
}

/// `{data}` alone: whoever reads it has to notice by itself where it ends.
fn uncounted<T>(call: &Call, rows: Vec<T>, render: impl Fn(T) -> Value) -> Response {
    let page = cut(call, rows, "page", "per_page");
    Json(json!({"data": page.rows.into_iter().map(render).collect::<Vec<_>>()})).into_response()
}

/// `{data, count, page, per_page}`.
fn counted<T>(page: Cut<T>, render: impl Fn(T) -> Value) -> Response {
    Json(json!({
        "data": page.rows.into_iter().map(render).collect::<Vec<_>>(),
        "count": page.total,
        "page": page.number,
        "per_page": page.size,
    }))
    .into_response()
}

/// `GET /api/iam/users`.
pub async fn users(call: Call) -> Response {
    let users = estate(&call).users.iter().collect();
    uncounted(
        &call,
        users,
        |user| json!({"id": user.id, "email": user.email, "full_name": user.full_name}),
    )
}

/// `GET /api/iam/user_groups`, of the environment of the token.
pub async fn groups(call: Call) -> Response {
    let groups = estate(&call).groups.iter().filter(|group| group.env == call.env);
    uncounted(
        &call,
        groups.collect(),
        |group| json!({"id": group.id, "name": group.name}),
    )
}

/// `GET /api/iam/user_groups/:id/members`.
pub async fn members(call: Call, Path(of): Path<String>) -> Response {
    let estate = estate(&call);
    let group = estate
        .groups
        .iter()
        .find(|group| group.id == of && group.env == call.env);
    let Some(group) = group else {
        return not_found();
    };
    let members = group.members.iter().collect();
    uncounted(&call, members, |id| {
        let user = estate.users.iter().find(|user| user.id == *id);
        json!({"id": id, "email": user.and_then(|user| user.email.as_ref())})
    })
}

fn genie_row(genie: &Genie) -> Value {
    json!({
        "id": genie.id,
        "name": genie.name,
        "description": null,
        "state": genie.state,
        "folder_id": null,
        "project_id": genie.project,
        "ai_provider": "open_ai",
        "ai_model": null,
        "skills_count": genie.skills,
        "instructions": SECRETS[3],
    })
}

/// `GET /api/agentic/genies`, of the environment of the token. The groups are in the detail alone.
pub async fn genies(call: Call) -> Response {
    let genies = estate(&call).genies.iter().filter(|genie| genie.env == call.env);
    uncounted(&call, genies.collect(), genie_row)
}

/// `GET /api/agentic/genies/:id`.
pub async fn genie(call: Call, Path(of): Path<String>) -> Response {
    let estate = estate(&call);
    let genie = estate
        .genies
        .iter()
        .find(|genie| genie.id == of && genie.env == call.env);
    let Some(genie) = genie else {
        return not_found();
    };
    let groups = genie.groups.iter().map(|id| {
        let group = estate.groups.iter().find(|group| group.id == *id);
        json!({"id": id, "name": group.map(|group| &group.name)})
    });
    let mut row = genie_row(genie);
    if let Some(row) = row.as_object_mut() {
        row.insert("user_groups".to_owned(), groups.collect());
        row.insert("chat_interface".to_owned(), Value::Null);
    }
    single(row)
}

/// `GET /api/agentic/genies/clients`.
pub async fn genie_clients(call: Call) -> Response {
    let clients = estate(&call)
        .genie_clients
        .iter()
        .filter(|client| client.env == call.env);
    uncounted(&call, clients.collect(), |client| {
        json!({
            "client_id": client.id,
            "client_name": client.name,
            "auth": {"type": "api_key"},
            "api_token": SECRETS[2],
        })
    })
}

fn server_row(server: &McpServer) -> Value {
    json!({
        "id": id(&server.id),
        "name": server.name,
        "description": null,
        "folder_id": null,
        "project_id": server.project,
        "authentication_method": server.method,
        "tools_count": server.tools,
    })
}

/// `GET /api/mcp/mcp_servers`, of the environment of the token.
pub async fn servers(mut call: Call) -> Response {
    call.page_cap = call.page_cap.min(SERVERS_ON_A_PAGE);
    let servers = estate(&call).servers.iter().filter(|server| server.env == call.env);
    counted(cut(&call, servers.collect(), "page", "per_page"), server_row)
}

fn server_of<'c>(call: &'c Call, of: &str) -> Option<&'c McpServer> {
    let mut servers = estate(call).servers.iter();
    servers.find(|server| server.id == of && server.env == call.env)
}

/// `GET /api/mcp/mcp_servers/:handle`.
pub async fn server(call: Call, Path(of): Path<String>) -> Response {
    let Some(server) = server_of(&call, &of) else {
        return not_found();
    };
    let mut row = server_row(server);
    if let Some(row) = row.as_object_mut() {
        row.insert(
            "mcp_url".to_owned(),
            json!(format!("https://mcp.example/{}", SECRETS[0])),
        );
        row.insert("auth_type".to_owned(), json!(server.method));
        row.insert("idp_user_group_ids".to_owned(), json!(server.groups));
        row.insert("has_vua_dependent_tools".to_owned(), json!(server.tools > 2));
        row.insert("created_at".to_owned(), json!("2026-05-02T09:00:00Z"));
        row.insert("updated_at".to_owned(), json!("2026-10-11T09:00:00Z"));
    }
    single(row)
}

/// `GET /api/mcp/mcp_servers/:handle/server_policies`.
pub async fn policies(call: Call, Path(of): Path<String>) -> Response {
    let Some(server) = server_of(&call, &of) else {
        return not_found();
    };
    single(json!({
        "id": 5,
        "mcp_server_id": id(&server.id),
        "rate_limits": {"limit": 500, "interval": "hour"},
        "quota_limits": {},
        "ip_allow_list": server.allowed,
        "ip_deny_list": [],
    }))
}

fn client_row(estate: &Estate, client: &PlatformClient) -> Value {
    let name = |id: &u64| estate.collections.iter().find(|c| c.id == *id).map(|c| &c.name);
    let collections = client.collections.iter().map(|id| json!({"id": id, "name": name(id)}));
    json!({
        "id": client.id,
        "name": client.name,
        "description": null,
        "email": null,
        "auth_type": client.auth_type,
        "is_legacy": client.legacy,
        "mtls_enabled": false,
        "active_api_keys_count": client.keys.iter().filter(|key| key.active).count(),
        "total_api_keys_count": client.keys.len(),
        "validation_formula": null,
        "cert_bundle_ids": [],
        "api_policies": [],
        "api_collections": collections.collect::<Vec<_>>(),
        "created_at": "2026-01-05T08:00:00.000-08:00",
        "updated_at": "2026-08-05T08:00:00.000-07:00",
        "api_token": SECRETS[2],
    })
}

/// `GET /api/v2/api_clients`.
pub async fn clients(call: Call) -> Response {
    let estate = estate(&call);
    let clients = estate.clients.iter().filter(|client| client.env == call.env);
    let page = cut(&call, clients.collect(), "page", "per_page");
    counted(page, |client| client_row(estate, client))
}

/// `GET /api/v2/api_clients/:id/api_keys`.
pub async fn keys(call: Call, Path(of): Path<String>) -> Response {
    let mut clients = estate(&call).clients.iter();
    let client = clients.find(|client| client.id.to_string() == of && client.env == call.env);
    let Some(client) = client else {
        return not_found();
    };
    counted(cut(&call, client.keys.iter().collect(), "page", "per_page"), |key| {
        json!({
            "id": key.id,
            "name": key.name,
            "auth_type": client.auth_type,
            "active": key.active,
            "active_since": key.active_since,
            "ip_allow_list": key.allowed,
            "ip_deny_list": [],
            "auth_token": SECRETS[1],
        })
    })
}

/// `GET /api/api_collections`: a bare array. The id of the project is a text.
pub async fn collections(call: Call) -> Response {
    let collections = estate(&call).collections.iter().filter(|c| c.env == call.env);
    bare(&call, collections.collect(), |collection| {
        json!({
            "id": collection.id,
            "name": collection.name,
            "project_id": collection.project.map(|id| id.to_string()),
            "url": "https://apim.example/orders",
            "version": "1.0",
        })
    })
}
