//! What can be changed about agents, tool servers, Workato Identity, keys and connections (`workato/agents.md 5`). What
//! the document leaves open is as strict here as any reading of it allows.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::behavior::Assigned;
use super::estate::{Estate, Genie, McpServer, PlatformClient, PlatformKey};
use super::paging::{not_found, refusal, single};
use super::view::Call;

fn parse(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn done() -> Response {
    Json(json!({ "success": true })).into_response()
}

fn bad(message: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, message)
}

fn unprocessable(message: &str) -> Response {
    refusal(StatusCode::UNPROCESSABLE_ENTITY, message)
}

fn estate(call: &Call) -> Option<&Estate> {
    call.view.workspace.estate.as_ref()
}

fn change(call: &Call, change: impl FnOnce(&mut Estate)) {
    call.server.change(|workspace| {
        if let Some(estate) = &mut workspace.estate {
            change(estate);
        }
    });
}

/// The texts of a list in a body; `None` where there is no such list, or something else in it.
fn texts(body: &Value, name: &str) -> Option<Vec<String>> {
    let all = body.get(name)?.as_array()?;
    all.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// `POST /api/iam/users/:id/add_to_group`. A membership that exists answers 422.
pub async fn add_to_group(call: Call, Path(user): Path<String>, body: Bytes) -> Response {
    membership(&call, &user, &body, |members, user| {
        if members.iter().any(|member| member == user) {
            return Err("User is in the group already");
        }
        members.push(user.to_owned());
        Ok(())
    })
}

/// `POST /api/iam/users/:id/remove_from_group`.
pub async fn remove_from_group(call: Call, Path(user): Path<String>, body: Bytes) -> Response {
    membership(&call, &user, &body, |members, user| {
        let before = members.len();
        members.retain(|member| member != user);
        if members.len() == before {
            return Err("User is not in the group");
        }
        Ok(())
    })
}

fn membership(
    call: &Call,
    user: &str,
    body: &Bytes,
    apply: impl Fn(&mut Vec<String>, &str) -> Result<(), &'static str>,
) -> Response {
    let body = parse(body);
    let Some(wanted) = body.get("user_group_id").and_then(Value::as_str) else {
        return bad("user_group_id is required");
    };
    let known = estate(call).is_some_and(|estate| estate.users.iter().any(|known| known.id == user));
    let group = estate(call).and_then(|estate| {
        let mut groups = estate.groups.iter();
        groups.find(|group| group.id == wanted && group.env == call.env)
    });
    let Some(group) = group.filter(|_| known) else {
        return not_found();
    };
    let mut members = group.members.clone();
    if let Err(why) = apply(&mut members, user) {
        return unprocessable(why);
    }
    change(call, |estate| {
        for group in estate.groups.iter_mut().filter(|group| group.id == wanted) {
            group.members.clone_from(&members);
        }
    });
    done()
}

/// Gives groups, as the behavior says: to those that are there, or in their place.
fn assign(call: &Call, held: &[String], wanted: &[String]) -> Result<Vec<String>, Box<Response>> {
    let known = |id: &String| {
        estate(call).is_some_and(|estate| {
            let mut groups = estate.groups.iter();
            groups.any(|group| group.id == *id && group.env == call.env)
        })
    };
    if wanted.is_empty() || !wanted.iter().all(known) {
        return Err(Box::new(bad("User group not found")));
    }
    let mut all = match call.server.behavior().behavior.assigned {
        Assigned::BesideOthers => held.to_vec(),
        Assigned::InPlaceOfOthers => Vec::new(),
    };
    for id in wanted {
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    Ok(all)
}

fn without(held: &[String], gone: &[String]) -> Vec<String> {
    held.iter().filter(|id| !gone.contains(id)).cloned().collect()
}

fn server_of<'c>(call: &'c Call, id: &str) -> Option<&'c McpServer> {
    let mut servers = estate(call)?.servers.iter();
    servers.find(|server| server.id == id && server.env == call.env)
}

fn genie_of<'c>(call: &'c Call, id: &str) -> Option<&'c Genie> {
    let mut genies = estate(call)?.genies.iter();
    genies.find(|genie| genie.id == id && genie.env == call.env)
}

/// `POST /api/mcp/mcp_servers/:handle/assign_user_groups`.
pub async fn assign_to_server(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(server) = server_of(&call, &id) else {
        return not_found();
    };
    let Some(wanted) = texts(&parse(&body), "idp_user_group_ids") else {
        return bad("idp_user_group_ids is required");
    };
    match assign(&call, &server.groups, &wanted) {
        Ok(groups) => set_server_groups(&call, &id, &groups),
        Err(refused) => *refused,
    }
}

/// `POST /api/mcp/mcp_servers/:handle/remove_user_groups`.
pub async fn remove_from_server(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(server) = server_of(&call, &id) else {
        return not_found();
    };
    match texts(&parse(&body), "idp_user_group_ids") {
        Some(gone) => set_server_groups(&call, &id, &without(&server.groups, &gone)),
        None => bad("idp_user_group_ids is required"),
    }
}

fn set_server_groups(call: &Call, id: &str, groups: &[String]) -> Response {
    change(call, |estate| {
        for server in estate.servers.iter_mut().filter(|server| server.id == id) {
            server.groups = groups.to_vec();
        }
    });
    done()
}

/// `POST /api/mcp/mcp_servers/:handle/token_renew`: the server with its new address; the old one is void.
pub async fn renew_token(call: Call, Path(id): Path<String>) -> Response {
    let Some(server) = server_of(&call, &id) else {
        return not_found();
    };
    if server.method != "token" {
        return unprocessable("The server is not authenticated by a token");
    }
    let address = format!("https://mcp.example/{}", call.server.new_secret("mcp"));
    let (id, name) = (server.id.clone(), server.name.clone());
    single(json!({"id": id, "name": name, "authentication_method": "token", "mcp_url": address}))
}

/// `POST /api/agentic/genies/:id/assign_user_groups`.
pub async fn assign_to_genie(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(genie) = genie_of(&call, &id) else {
        return not_found();
    };
    let Some(wanted) = texts(&parse(&body), "user_group_ids") else {
        return bad("user_group_ids is required");
    };
    match assign(&call, &genie.groups, &wanted) {
        Ok(groups) => set_genie_groups(&call, &id, &groups),
        Err(refused) => *refused,
    }
}

/// `POST /api/agentic/genies/:id/remove_user_groups`.
pub async fn remove_from_genie(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(genie) = genie_of(&call, &id) else {
        return not_found();
    };
    match texts(&parse(&body), "user_group_ids") {
        Some(gone) => set_genie_groups(&call, &id, &without(&genie.groups, &gone)),
        None => bad("user_group_ids is required"),
    }
}

fn set_genie_groups(call: &Call, id: &str, groups: &[String]) -> Response {
    change(call, |estate| {
        for genie in estate.genies.iter_mut().filter(|genie| genie.id == id) {
            genie.groups = groups.to_vec();
        }
    });
    done()
}

/// `POST /api/agentic/genies/:id/stop`.
pub async fn stop_genie(call: Call, Path(id): Path<String>) -> Response {
    if genie_of(&call, &id).is_none() {
        return not_found();
    }
    change(&call, |estate| {
        for genie in estate.genies.iter_mut().filter(|genie| genie.id == id) {
            "stopped".clone_into(&mut genie.state);
        }
    });
    done()
}

fn platform_client<'c>(call: &'c Call, id: &str) -> Option<&'c PlatformClient> {
    let mut clients = estate(call)?.clients.iter();
    clients.find(|client| client.id.to_string() == id && client.env == call.env)
}

fn key_of<'c>(call: &'c Call, client: &str, key: &str) -> Option<&'c PlatformKey> {
    let mut keys = platform_client(call, client)?.keys.iter();
    keys.find(|known| known.id.to_string() == key)
}

fn change_keys(call: &Call, client: &str, apply: impl Fn(&mut Vec<PlatformKey>)) -> Response {
    change(call, |estate| {
        for owner in estate.clients.iter_mut().filter(|known| known.id.to_string() == client) {
            apply(&mut owner.keys);
        }
    });
    done()
}

fn switch(call: &Call, client: &str, key: &str, active: bool) -> Response {
    if key_of(call, client, key).is_none() {
        return not_found();
    }
    change_keys(call, client, |keys| {
        for known in keys.iter_mut().filter(|known| known.id.to_string() == key) {
            known.active = active;
        }
    })
}

/// `PUT /api/v2/api_clients/:id/api_keys/:key/enable`.
pub async fn enable_key(call: Call, Path((client, key)): Path<(String, String)>) -> Response {
    switch(&call, &client, &key, true)
}

/// `PUT /api/v2/api_clients/:id/api_keys/:key/disable`.
pub async fn disable_key(call: Call, Path((client, key)): Path<(String, String)>) -> Response {
    switch(&call, &client, &key, false)
}

/// `DELETE /api/v2/api_clients/:id/api_keys/:key`.
pub async fn delete_key(call: Call, Path((client, key)): Path<(String, String)>) -> Response {
    if key_of(&call, &client, &key).is_none() {
        return not_found();
    }
    change_keys(&call, &client, |keys| keys.retain(|known| known.id.to_string() != key))
}

/// `PUT /api/v2/api_clients/:id/api_keys/:key/refresh_secret`: the value, this once.
pub async fn refresh_secret(call: Call, Path((client, key)): Path<(String, String)>) -> Response {
    let Some(known) = key_of(&call, &client, &key) else {
        return not_found();
    };
    single(json!({
        "id": known.id,
        "name": known.name,
        "active": known.active,
        "auth_token": call.server.new_secret("key"),
    }))
}

/// `DELETE /api/v2/api_clients/:id`.
pub async fn delete_platform_client(call: Call, Path(id): Path<String>) -> Response {
    if platform_client(&call, &id).is_none() {
        return not_found();
    }
    change(&call, |estate| {
        estate.clients.retain(|client| client.id.to_string() != id)
    });
    done()
}

fn developer_client(call: &Call, id: &str) -> bool {
    let mut clients = call.view.workspace.api_clients.iter();
    clients.any(|client| client.id.to_string() == id)
}

/// `DELETE /api/developer_api_clients/:id`.
pub async fn delete_developer_client(call: Call, Path(id): Path<String>) -> Response {
    if !developer_client(&call, &id) {
        return not_found();
    }
    call.server
        .change(|workspace| workspace.api_clients.retain(|client| client.id.to_string() != id));
    done()
}

/// `PUT /api/developer_api_clients/:id`: what is named is replaced as a whole.
pub async fn update_developer_client(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    if !developer_client(&call, &id) {
        return not_found();
    }
    let body = parse(&body);
    let role = body.get("api_privilege_group_id").and_then(Value::as_u64);
    let roles = &call.view.workspace.api_client_roles;
    if role.is_some_and(|role| !roles.iter().any(|known| known.id == role)) {
        return bad("Role not found");
    }
    let folders = body.get("folder_ids").and_then(Value::as_array);
    let folders: Option<Vec<u64>> = folders.map(|ids| ids.iter().filter_map(Value::as_u64).collect());
    let everywhere = body.get("all_folders").and_then(Value::as_bool);
    let addresses = texts(&body, "ip_allow_list");
    call.server.change(|workspace| {
        let mut clients = workspace.api_clients.iter_mut();
        let Some(client) = clients.find(|client| client.id.to_string() == id) else {
            return;
        };
        client.role = role.or(client.role);
        if let Some(folders) = folders {
            client.folder_ids = Some(folders);
            client.all_folders = false;
        }
        client.all_folders = everywhere.unwrap_or(client.all_folders);
        if let Some(addresses) = addresses {
            client.ip_allow_list = Some(addresses);
        }
    });
    done()
}

/// `POST /api/developer_api_clients/:id/regenerate`: the client with its new token; the old one is void at once.
pub async fn regenerate(call: Call, Path(id): Path<String>) -> Response {
    if !developer_client(&call, &id) {
        return not_found();
    }
    let at = "2026-11-03T09:00:00.000-08:00";
    call.server.change(|workspace| {
        let mut clients = workspace.api_clients.iter_mut();
        if let Some(client) = clients.find(|client| client.id.to_string() == id) {
            client.token_updated_at = Some(at.to_owned());
        }
    });
    let number: u64 = id.parse().unwrap_or_default();
    let value = call.server.new_secret("developer");
    Json(json!({"result": {"id": number, "token": {"updated_at": at, "value": value}}})).into_response()
}

/// `POST /api/connections/:id/disconnect`.
pub async fn disconnect(call: Call, Path(id): Path<String>) -> Response {
    let mut all = call.view.workspace.connections.iter();
    if !all.any(|known| known.id.to_string() == id && known.env == call.env) {
        return not_found();
    }
    call.server.change(|workspace| {
        for known in workspace
            .connections
            .iter_mut()
            .filter(|known| known.id.to_string() == id)
        {
            known.authorization_status = None;
            known.authorized_at = None;
        }
    });
    done()
}
