//! The audit log of each environment (`workato/audit_log.md 1 to 3`): newest first, `page[after]` goes on to older rows, times
//! are Pacific, and a type of event that does not exist answers an empty list. Every write leaves a row in the log of
//! the token's environment; tests add what people do in a browser, and rows that appear late.

use axum::Json;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::view::Call;
use super::workspace::Env;

/// Pacific standard time, in which the log is written.
const PACIFIC: i8 = -8;

/// One row, before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Whose log it is in.
    pub env: Env,
    /// When.
    pub at: Timestamp,
    /// `user_login`; empty for a row without.
    pub event: String,
    /// What it is about: `ApiClient`; empty for a row without.
    pub resource_type: String,
    /// The id of that.
    pub resource: String,
    /// Its name.
    pub name: String,
    /// Who did it: id, name, address.
    pub user: Option<(u64, String, String)>,
    /// How many reads of the log pass before it is shown.
    pub late: u32,
}

impl Happened {
    /// Something that happened to a thing, by nobody, shown at once.
    pub fn new(env: Env, at: Timestamp, event: &str, resource_type: &str, resource: impl Into<String>) -> Self {
        let resource = resource.into();
        Happened {
            env,
            at,
            event: event.to_owned(),
            resource_type: resource_type.to_owned(),
            name: format!("{resource_type} {resource}"),
            resource,
            user: None,
            late: 0,
        }
    }

    /// Done by somebody.
    #[must_use]
    pub fn by(mut self, id: u64, name: &str, email: &str) -> Self {
        self.user = Some((id, name.to_owned(), email.to_owned()));
        self
    }

    /// Shown after so many reads of the log only.
    #[must_use]
    pub fn late(mut self, reads: u32) -> Self {
        self.late = reads;
        self
    }
}

/// All rows of all environments, in the order in which they happened to be told.
#[derive(Debug, Default)]
pub struct AuditLog {
    rows: Vec<(u64, Happened)>,
    /// How many rows there were, those that are forgotten included.
    count: u64,
}

impl AuditLog {
    /// Adds a row, and says its id: they grow.
    pub fn add(&mut self, row: Happened) -> u64 {
        const FIRST: u64 = 880_001;
        let id = FIRST + self.count;
        self.count += 1;
        self.rows.push((id, row));
        id
    }

    /// Forgets all rows, as after the retention. Their ids do not come back.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// What one read shows: newest first. Rows that are late come nearer.
    fn shown(&mut self, env: Env) -> Vec<(u64, Happened)> {
        let mut shown: Vec<(u64, Happened)> = Vec::new();
        for (id, row) in self.rows.iter_mut().filter(|(_, row)| row.env == env) {
            match row.late {
                0 => shown.push((*id, row.clone())),
                _ => row.late -= 1,
            }
        }
        shown.sort_by_key(|(id, row)| std::cmp::Reverse((row.at, *id)));
        shown
    }
}

/// `GET /api/activity_logs`.
pub async fn list(call: Call) -> Response {
    let mut rows = call.server.audit().shown(call.env);
    let moment = |name: &str| call.params.text(name).and_then(|text| text.parse::<Timestamp>().ok());
    if let Some(from) = moment("from") {
        rows.retain(|(_, row)| row.at >= from);
    }
    if let Some(to) = moment("to") {
        rows.retain(|(_, row)| row.at <= to);
    }
    if let Some(event) = call.params.text("include_event_types[]") {
        rows.retain(|(_, row)| row.event == event);
    }
    if let Some(left_out) = call.params.text("exclude_resource_types[]") {
        rows.retain(|(_, row)| !left_out.split(',').any(|kind| kind == row.resource_type));
    }
    if let Some(after) = call.params.number("page[after]") {
        let at = rows.iter().position(|(id, _)| usize::try_from(*id) == Ok(after));
        rows = at.map_or(Vec::new(), |at| rows.split_off(at + 1));
    }
    let asked = call.params.number("page[size]").filter(|size| *size > 0);
    rows.truncate(asked.unwrap_or(100).min(call.page_cap).max(1));
    let data: Vec<Value> = rows.iter().map(|(id, row)| render(call.env, *id, row)).collect();
    Json(json!({"total": data.len(), "data": data})).into_response()
}

fn render(env: Env, id: u64, row: &Happened) -> Value {
    let zoned = row.at.to_zoned(TimeZone::fixed(Offset::constant(PACIFIC)));
    let user = row.user.as_ref();
    let word = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    json!({
        "id": id,
        "timestamp": zoned.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
        "event_type": word(&row.event),
        "workspace": {"id": 51, "name": "Simulated", "email": "it@example.org", "environment": env.label()},
        "user": user.map(|(id, name, email)| json!({"id": id, "name": name, "email": email})),
        "details": {"request": {"ip_address": "192.0.2.7"}, "activity": {}},
        "resource": {
            "id": row.resource.parse::<u64>().map_or_else(|_| json!(row.resource), |id| json!(id)),
            "name": row.name,
            "type": word(&row.resource_type),
        },
    })
}

/// The row that a write leaves. Types and events that no page names have names as they might be.
pub fn of_write(endpoint: Endpoint, method: &str, path: &str) -> Option<(&'static str, &'static str, String)> {
    let deletes = method == "DELETE";
    let either = |gone, changed| if deletes { gone } else { changed };
    let (resource_type, event) = match endpoint {
        Endpoint::Invitations => ("MemberInvitation", "member_invitation_created"),
        Endpoint::Member => ("ManagedUserGrant", either("member_removed", "member_role_changed")),
        Endpoint::GroupMembers => (
            "UserGroup",
            either("user_group_members_removed", "user_group_members_added"),
        ),
        Endpoint::ProjectProjectGrants | Endpoint::ProjectGrant => {
            ("ProjectGrant", either("project_grant_deleted", "project_grant_updated"))
        }
        Endpoint::IdentityJoin => ("IdpUser", "idp_user_added_to_group"),
        Endpoint::IdentityLeave => ("IdpUser", "idp_user_removed_from_group"),
        Endpoint::GenieAssign | Endpoint::GenieRemove | Endpoint::GenieStop => ("Genie", "genie_updated"),
        Endpoint::McpAssign | Endpoint::McpRemove | Endpoint::McpRenew => ("McpServer", "mcp_server_updated"),
        Endpoint::PlatformClient => ("ApiCustomer", "api_customer_deleted"),
        Endpoint::PlatformKey => ("ApiAccessProfile", "access_profile_deleted"),
        Endpoint::PlatformKeyEnable | Endpoint::PlatformKeyDisable => ("ApiAccessProfile", "access_profile_updated"),
        Endpoint::PlatformKeySecret => ("ApiAccessProfile", "access_profile_api_key_refreshed"),
        Endpoint::ApiClient => (
            "ApiClient",
            either("developer_api_client_deleted", "developer_api_client_updated"),
        ),
        Endpoint::ApiClientRegenerate => ("ApiClient", "token_regenerated"),
        Endpoint::ConnectionDisconnect => ("SharedAccount", "connection_disconnected"),
        _ => return None,
    };
    // The last thing that a path names.
    let wanted = endpoint.path().split('/');
    let ids = wanted
        .zip(path.split('/'))
        .filter(|(wanted, _)| wanted.starts_with('{'));
    let id = ids.last().map_or("", |(_, given)| given);
    Some((resource_type, event, id.to_owned()))
}
