//! The simulator against the contract it is written from.

mod behavior;
mod workspaces;

use std::collections::BTreeSet;

use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Shape, Simulator, Workspace};
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn company() -> Simulator {
    start(Shape::default(), Behavior::default()).await
}

async fn start(shape: Shape, behavior: Behavior) -> Simulator {
    let simulator = Simulator::start(Workspace::generate(&shape), behavior).await;
    simulator.expect("a loopback port is free")
}

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn send(simulator: &Simulator, env: Env, path: &str) -> reqwest::Result<reqwest::Response> {
    let url = format!("{}{path}", simulator.base_url());
    client().get(url).bearer_auth(simulator.token(env)).send().await
}

async fn get(simulator: &Simulator, path: &str) -> (StatusCode, Value) {
    get_as(simulator, Env::Dev, path).await
}

async fn get_as(simulator: &Simulator, env: Env, path: &str) -> (StatusCode, Value) {
    let answer = send(simulator, env, path).await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).expect("answers are JSON"))
}

fn ids(rows: &Value) -> Vec<String> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].to_string())
        .collect()
}

fn small(model: AccessModel) -> Shape {
    Shape::small(model)
}

#[tokio::test]
async fn members_come_in_one_answer_and_filter_by_mail() {
    let simulator = company().await;
    let (status, body) = get(&simulator, "/api/members?page=2&per_page=10").await;
    assert_eq!(status, 200);
    assert_eq!(
        (body["data"].as_array().unwrap().len(), &body["total"]),
        (60, &json!(60))
    );
    let (_, body) = get(&simulator, "/api/members?email=BLUEFIN").await;
    let mails: Vec<_> = body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["email"].as_str().unwrap())
        .collect();
    assert!(
        !mails.is_empty() && mails.iter().all(|m| m.contains("bluefin")),
        "{mails:?}"
    );
}

#[tokio::test]
async fn lists_of_rbac_v2_are_enveloped_and_paged() {
    let simulator = company().await;
    let (_, first) = get(&simulator, "/api/environment_roles?page[number]=1&page[size]=3").await;
    let (_, zero) = get(&simulator, "/api/environment_roles?page%5Bnumber%5D=0&page%5Bsize%5D=3").await;
    let (_, second) = get(&simulator, "/api/environment_roles?page[number]=2&page[size]=3").await;
    let (_, beyond) = get(&simulator, "/api/environment_roles?page[number]=9&page[size]=3").await;
    assert_eq!(first, zero, "page 0 is page 1");
    assert_eq!(first["page"], json!({"number": 1, "size": 3}));
    assert_eq!(first["total"], 7);
    assert_eq!((ids(&first["data"]).len(), ids(&second["data"]).len()), (3, 3));
    assert_eq!(beyond["data"], json!([]));
    assert!(first["data"][0].get("config").is_none());
    let (_, one) = get(&simulator, "/api/environment_roles/1").await;
    assert_eq!(one["data"]["config"], json!({"team": {"privileges": "all"}}));
}

#[tokio::test]
async fn older_lists_are_bare_arrays_and_paged() {
    let shape = Shape {
        projects: 130,
        ..Shape::default()
    };
    let simulator = start(shape, Behavior::default()).await;
    let mut seen = Vec::new();
    for page in 1..=2 {
        let (_, rows) = get(&simulator, &format!("/api/projects?page={page}&per_page=500")).await;
        seen.push(ids(&rows));
    }
    assert_eq!((seen[0].len(), seen[1].len()), (100, 30), "sizes are clamped to 100");
    assert_eq!(seen.concat().iter().collect::<BTreeSet<_>>().len(), 130);
    let (_, zero) = get(&simulator, "/api/projects?page=0").await;
    assert_eq!(ids(&zero), seen[0]);
}

#[tokio::test]
async fn api_clients_have_their_own_envelopes_and_never_a_token() {
    let simulator = company().await;
    let (_, body) = get(&simulator, "/api/developer_api_clients?page=1&per_page=4").await;
    assert_eq!(body["result"]["count"], 6);
    let items = body["result"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    assert!(items.iter().all(|c| c["token"].get("value").is_none()));
    let (_, body) = get(&simulator, "/api/developer_api_client_roles?per_page=100").await;
    assert_eq!(body["result"]["items"].as_array().unwrap().len(), 4);
    assert!(body["result"].get("count").is_none());
}

#[tokio::test]
async fn a_token_sees_its_own_environment() {
    let simulator = company().await;
    let mut projects = Vec::new();
    for env in Env::ALL {
        let (_, rows) = get_as(&simulator, env, "/api/projects").await;
        let billing = rows
            .as_array()
            .unwrap()
            .iter()
            .find(|p| p["name"] == "Billing")
            .unwrap()
            .clone();
        let path = format!("/api/projects/{}/project_grants", billing["id"]);
        let (status, grants) = get_as(&simulator, env, &path).await;
        assert_eq!(
            (status.as_u16(), &grants["data"][0]["project"]["environment"]["type"]),
            (200, &json!(env.as_str()))
        );
        projects.push(billing["id"].to_string());
        let (_, folders) = get_as(&simulator, env, "/api/folders").await;
        let (_, connections) = get_as(&simulator, env, "/api/connections").await;
        assert!(!ids(&folders).is_empty() && !ids(&connections).is_empty());
    }
    assert_eq!(
        projects.iter().collect::<BTreeSet<_>>().len(),
        3,
        "one project, three ids"
    );
    let (status, _) = get_as(
        &simulator,
        Env::Prod,
        &format!("/api/projects/{}/project_grants", projects[0]),
    )
    .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn people_answer_the_dev_token_only() {
    let simulator = company().await;
    for endpoint in Endpoint::ALL.into_iter().filter(|e| e.dev_only()) {
        let path = endpoint.path().replace("{id}", "1");
        for env in [Env::Test, Env::Prod] {
            let (status, body) = get_as(&simulator, env, &path).await;
            assert_eq!(
                (status.as_u16(), body),
                (401, json!({"message": "Unauthorized"})),
                "{path} with {env:?}"
            );
        }
    }
}

#[tokio::test]
async fn wrong_tokens_and_unknown_paths_are_refused() {
    let simulator = company().await;
    let url = format!("{}/api/members", simulator.base_url());
    let answer = client().get(&url).bearer_auth("wrkaus-eyJ.x.y").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(answer.headers().contains_key("x-correlation-id"));
    assert_eq!(answer.text().await.unwrap(), r#"{"message":"Unauthorized"}"#);
    assert_eq!(client().get(&url).send().await.unwrap().status(), 401);
    assert_eq!(get(&simulator, "/api/environments").await.0, 404);
    assert_eq!(get(&simulator, "/api/members/1/privileges").await.0, 404);
    assert_eq!(get(&simulator, "/api/members").await.0, 200);
    let log = simulator.requests();
    assert_eq!((log.len(), log.answered(401), log.answered(404)), (5, 2, 2));
    assert_eq!(log.0[0].environment, None);
    assert_eq!(log.0[4].environment, Some(Env::Dev));
    assert_eq!((log.count("/api/members"), log.to(Endpoint::MemberPrivileges)), (4, 1));
    let token = simulator.token(Env::Dev);
    assert!(
        token.starts_with("wrkaus-eyJ") && token.split('.').count() == 3,
        "{token}"
    );
}

#[tokio::test]
async fn access_models_refuse_each_others_endpoints() {
    let v2 = ["/api/environment_roles", "/api/project_roles", "/api/user_groups"];
    for (model, roles, families) in [
        (AccessModel::RbacV2, 401, 200),
        (AccessModel::Legacy, 200, 401),
        (AccessModel::Mixed, 200, 200),
    ] {
        let simulator = start(small(model), Behavior::default()).await;
        assert_eq!(get(&simulator, "/api/roles").await.0, roles, "{model:?}");
        for path in v2 {
            assert_eq!(get(&simulator, path).await.0, families, "{model:?} {path}");
        }
        let project = simulator.workspace().projects[0].id;
        let path = format!("/api/projects/{project}/project_grants");
        assert_eq!(get(&simulator, &path).await.0, families, "{model:?}");
    }
}

#[tokio::test]
async fn legacy_member_rows_carry_no_role_type() {
    let simulator = start(small(AccessModel::Legacy), Behavior::default()).await;
    let (_, body) = get(&simulator, "/api/members").await;
    let rows = body["data"].as_array().unwrap();
    assert!(
        rows.iter()
            .flat_map(|m| m["roles"].as_array().unwrap())
            .all(|r| r.get("role_type").is_none())
    );
    let (_, roles) = get(&simulator, "/api/roles?page=1&per_page=100").await;
    assert_eq!(roles.as_array().unwrap().len(), 2);
    assert!(
        !ids(&roles).contains(&"\"Admin\"".to_owned()),
        "system roles are never listed"
    );
}

#[tokio::test]
async fn privileges_have_one_row_per_environment_with_a_role() {
    let simulator = company().await;
    for person in simulator.workspace().people {
        let (_, body) = get(&simulator, &format!("/api/members/{}/privileges", person.id)).await;
        let rows: Vec<_> = body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["name"].as_str().unwrap())
            .collect();
        let roles = person.roles.iter().map(|r| r.role.as_str());
        let held: Vec<_> = roles
            .filter(|r| !r.replace(' ', "").eq_ignore_ascii_case("noaccess"))
            .collect();
        assert_eq!(rows, held);
        assert!(
            body["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|r| r["privileges"].is_object())
        );
    }
}

#[tokio::test]
async fn project_role_ids_differ_between_list_and_grants() {
    let simulator = company().await;
    let (_, roles) = get(&simulator, "/api/project_roles").await;
    let listed: BTreeSet<_> = roles["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["name"].clone().to_string())
        .collect();
    assert!(roles["data"].as_array().unwrap().iter().all(|r| r["id"].is_u64()));
    let (_, projects) = get(&simulator, "/api/projects").await;
    for id in ids(&projects) {
        let (_, grants) = get(&simulator, &format!("/api/projects/{id}/project_grants")).await;
        for grant in grants["data"].as_array().unwrap() {
            assert!(grant["id"].as_str().unwrap().starts_with("pg-"));
            assert!(grant["project_role"]["id"].as_str().unwrap().starts_with("pr-"));
            assert!(listed.contains(&grant["project_role"]["name"].to_string()));
            assert_ne!(
                grant["user"].is_null(),
                grant["user_group"].is_null(),
                "exactly one is set"
            );
        }
    }
}

#[tokio::test]
async fn groups_name_their_members_and_the_system_group_holds_everybody() {
    let simulator = company().await;
    let (_, groups) = get(&simulator, "/api/user_groups").await;
    assert_eq!(groups["total"], 9);
    for group in groups["data"].as_array().unwrap() {
        let id = group["id"].as_str().unwrap();
        assert!(id.starts_with("am-"));
        let (_, members) = get(&simulator, &format!("/api/user_groups/{id}/members")).await;
        assert_eq!(members["total"], group["members_count"]);
        if group["system"] == true {
            assert_eq!(members["total"], 60);
        }
    }
}

#[tokio::test]
async fn folders_are_found_by_walking_only() {
    let simulator = company().await;
    let (_, details) = get(&simulator, "/api/users/me").await;
    let (_, home) = get(&simulator, "/api/folders").await;
    let (_, same) = get(
        &simulator,
        &format!("/api/folders?parent_id={}", details["root_folder_id"]),
    )
    .await;
    assert_eq!(home, same);
    let (_, projects) = get(&simulator, "/api/projects").await;
    let roots: BTreeSet<_> = projects
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["folder_id"].to_string())
        .collect();
    let rows = home.as_array().unwrap();
    let listed: BTreeSet<_> = rows
        .iter()
        .filter(|f| f["is_project"] == true)
        .map(|f| f["id"].to_string())
        .collect();
    assert_eq!(roots, listed);
    assert!(
        rows.iter().any(|f| f["is_project"] == false),
        "loose folders are there too"
    );
    let mut found: BTreeSet<String> = ids(&home).into_iter().collect();
    let mut todo = ids(&home);
    let mut levels = 0;
    while !todo.is_empty() {
        let mut next = Vec::new();
        for id in &todo {
            next.extend(ids(&get(
                &simulator,
                &format!("/api/folders?parent_id={id}&per_page=100"),
            )
            .await
            .1));
        }
        found.extend(next.iter().cloned());
        todo = next;
        levels += 1;
    }
    let workspace = simulator.workspace();
    assert_eq!(
        found.len(),
        workspace.folders.iter().filter(|f| f.env == Env::Dev).count()
    );
    assert_eq!(levels, 4, "three levels below the roots, then nothing");
    let id = ids(&home)[0].clone();
    assert_eq!(
        get(&simulator, &format!("/api/folders/{id}")).await.1["id"].to_string(),
        id
    );
    assert_eq!(
        get_as(&simulator, Env::Test, &format!("/api/folders/{id}")).await.0,
        404
    );
}
