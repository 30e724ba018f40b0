//! What can be changed (`workato/api.md 2.6, 2.7, 2.9, 2.10`). Bodies are read as the pages describe them; what
//! they leave open is as strict here as any reading of them allows.

use std::sync::PoisonError;

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::behavior::{Assigned, GroupIds};
use super::paging::{not_found, refusal};
use super::view::Call;
use super::workspace::{Assignment, Env, Grantee, ProjectGrant, RoleType, Workspace, is_no_access};

/// `PUT /api/members/:id`: environments named are replaced, others stay.
pub async fn update_member(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(person) = id.parse().ok().and_then(|id| call.view.person(id)).map(|p| p.id) else {
        return not_found();
    };
    let assignments = match assignments(&call.view.workspace, &parse(&body)) {
        Ok(assignments) => assignments,
        Err(refused) => return bad(&refused),
    };
    let replaces = call.server.behavior().behavior.assigned == Assigned::InPlaceOfOthers;
    call.server.change(|workspace| {
        for person in workspace.people.iter_mut().filter(|p| p.id == person) {
            if replaces {
                person.roles.clear();
            }
            for assignment in &assignments {
                person.roles.retain(|held| held.env != assignment.env);
                person.roles.push(assignment.clone());
            }
        }
    });
    done()
}

/// `DELETE /api/members/:id`: the person leaves, with everything they held.
pub async fn delete_member(call: Call, Path(id): Path<String>) -> Response {
    let Some(id) = id.parse().ok().and_then(|id| call.view.person(id)).map(|p| p.id) else {
        return not_found();
    };
    call.server.change(|workspace| {
        workspace.people.retain(|p| p.id != id);
        workspace.project_grants.retain(|g| g.holder != Grantee::User(id));
        for group in &mut workspace.groups {
            group.members.retain(|m| *m != id);
        }
    });
    StatusCode::NO_CONTENT.into_response()
}

/// `POST /api/member_invitations`: nobody is a member before they accept, and nobody is invited twice in 20 minutes.
pub async fn invite(call: Call, body: Bytes) -> Response {
    let body = parse(&body);
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (email, name) = (text("email"), text("name"));
    if email.is_empty() || name.is_empty() {
        return bad("name and email are required");
    }
    match assignments(&call.view.workspace, &body) {
        Err(refused) => return bad(&refused),
        Ok(none) if none.is_empty() => return bad("role_name or env_roles is required"),
        Ok(_) => {}
    }
    let same = |other: &Option<String>| other.as_deref().is_some_and(|o| o.eq_ignore_ascii_case(&email));
    if call.view.workspace.people.iter().any(|p| same(&p.email)) {
        return refusal(StatusCode::CONFLICT, "User is a member already");
    }
    let mut invited = call.server.invited.lock().unwrap_or_else(PoisonError::into_inner);
    if invited.contains(&email) {
        return refusal(StatusCode::TOO_MANY_REQUESTS, "Invited already");
    }
    invited.push(email);
    done()
}

/// `PUT /api/projects/:id/project_grants`: a holder has one role in a project, which this sets.
pub async fn put_project_grants(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    let project = id.parse().ok().and_then(|id| call.view.project(id));
    let Some(project) = project.filter(|p| p.env == call.env) else {
        return not_found();
    };
    let body = parse(&body);
    let Some(items) = body.get("project_grants").and_then(Value::as_array) else {
        return bad("project_grants is required");
    };
    let mut wanted = Vec::new();
    for item in items {
        let role = item.get("project_role_id");
        let is_it = |id: u64, grant_id: &str| {
            role.and_then(Value::as_u64) == Some(id) || role.and_then(Value::as_str) == Some(grant_id)
        };
        let roles = &call.view.workspace.project_roles;
        let Some(role) = roles.iter().find(|r| is_it(r.id, &r.grant_id)) else {
            return bad("Project role not found");
        };
        let holder = item.get("assignment_id");
        let holder = match item.get("assignment_type").and_then(Value::as_str) {
            Some("User") => holder
                .and_then(Value::as_u64)
                .filter(|id| call.view.person(*id).is_some())
                .map(Grantee::User),
            Some("UserGroup") => holder
                .and_then(Value::as_str)
                .filter(|id| call.view.group(id).is_some())
                .map(|id| Grantee::Group(id.to_owned())),
            _ => None,
        };
        let Some(holder) = holder else {
            return bad("Assignment not found");
        };
        let is_alone = roles.iter().filter(|other| other.name == role.name).count() == 1;
        wanted.push((holder, if is_alone { &role.name } else { &role.grant_id }.clone()));
    }
    let project = project.id;
    let replaces = call.server.behavior().behavior.assigned == Assigned::InPlaceOfOthers;
    call.server.change(|workspace| {
        if replaces {
            workspace.project_grants.retain(|grant| grant.project != project);
        }
        for (holder, role) in wanted {
            let grants = &mut workspace.project_grants;
            let mut before = grants.iter_mut().filter(|_| !replaces);
            match before.find(|g| g.project == project && g.holder == holder) {
                Some(held) => held.role = role,
                None => {
                    let id = format!("pg-new-{}", grants.len());
                    grants.push(ProjectGrant {
                        id,
                        project,
                        role,
                        holder,
                    });
                }
            }
        }
    });
    done()
}

/// `DELETE /api/project_grants/:id`.
pub async fn delete_project_grant(call: Call, Path(id): Path<String>) -> Response {
    let grants = &call.view.workspace.project_grants;
    let seen = |project| call.view.project(project).is_some_and(|p| p.env == call.env);
    if !grants.iter().any(|g| g.id == id && seen(g.project)) {
        return not_found();
    }
    call.server
        .change(|workspace| workspace.project_grants.retain(|g| g.id != id));
    done()
}

/// `POST /api/user_groups/:id/members`, with the ids in the query or in the body.
pub async fn add_members(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    change_members(&call, &id, &body, |members, person| {
        if !members.contains(&person) {
            members.push(person);
        }
    })
}

/// `DELETE /api/user_groups/:id/members`, likewise. A gateway may drop the body.
pub async fn remove_members(call: Call, Path(id): Path<String>, body: Bytes) -> Response {
    let body = match call.server.behavior().behavior.group_ids {
        GroupIds::WithoutBodyOfDelete => Bytes::new(),
        _ => body,
    };
    change_members(&call, &id, &body, |members, person| members.retain(|m| *m != person))
}

fn change_members(call: &Call, id: &str, body: &Bytes, change: impl Fn(&mut Vec<u64>, u64)) -> Response {
    let Some(group) = call.view.group(id) else {
        return not_found();
    };
    if group.system {
        return bad("System groups cannot be changed");
    }
    let in_query = match call.server.behavior().behavior.group_ids {
        GroupIds::InBody => None,
        _ => call.params.text("user_ids"),
    };
    let in_body = parse(body);
    let in_body = in_body.get("user_ids").and_then(Value::as_array);
    let people: Option<Vec<u64>> = match in_query {
        // Of several without brackets the last one counts.
        Some(id) => id.parse().ok().map(|id| vec![id]),
        None => in_body.map(|ids| ids.iter().filter_map(Value::as_u64).collect()),
    };
    let Some(people) = people else {
        return bad("user_ids is required");
    };
    if people.is_empty() || people.iter().any(|p| call.view.person(*p).is_none()) {
        return bad("User not found");
    }
    call.server.change(|workspace| {
        for group in workspace.groups.iter_mut().filter(|g| g.id == id) {
            people.iter().for_each(|person| change(&mut group.members, *person));
        }
    });
    done()
}

/// `env_roles` of a body, each checked: without a role type a name is that of a legacy role.
fn assignments(workspace: &Workspace, body: &Value) -> Result<Vec<Assignment>, String> {
    let rows = body.get("env_roles").and_then(Value::as_array);
    let mut assignments = Vec::new();
    for row in rows.into_iter().flatten() {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let env = Env::ALL
            .into_iter()
            .find(|env| env.as_str() == text("environment_type"));
        let env = env.filter(|env| workspace.environments.contains(env));
        let env = env.ok_or_else(|| format!("Environment {} not found", text("environment_type")))?;
        let name = text("name");
        let of_environment = text("role_type") == "environment";
        let known = if of_environment {
            workspace.has_v2() && workspace.environment_roles.iter().any(|r| r.name == name)
        } else {
            let base = ["Admin", "Analyst", "Operator"];
            workspace.has_legacy() && (base.contains(&name) || workspace.legacy_roles.iter().any(|r| r.name == name))
        };
        let takes_away = is_no_access(name) && (of_environment == workspace.has_v2());
        if !known && !takes_away {
            return Err(format!("Role {name} not found"));
        }
        assignments.push(Assignment {
            env,
            role: name.to_owned(),
            role_type: of_environment.then_some(RoleType::Environment),
        });
    }
    Ok(assignments)
}

fn parse(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn done() -> Response {
    Json(json!({ "result": "ok" })).into_response()
}

fn bad(message: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, message)
}
