//! `workato/model.md 3`: what resources say about themselves.

use baton_workato::simulator::{AccessModel, ApiClient, Behavior, LastActivity, Shape, Workspace};
use serde_json::{Value, json};

use super::{Synced, sync};
use crate::support::oracle::Options;

async fn synced(bend: impl FnOnce(&mut Workspace)) -> Synced {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    bend(&mut workspace);
    sync(workspace, Behavior::default(), &Options::everything())
        .await
        .unwrap()
}

fn user_trait<'a>(synced: &'a Synced, id: &str) -> &'a Value {
    let row = &synced.rows.resources[id];
    row.annotations.iter().find(|a| a["@"] == json!("UserTrait")).unwrap()
}

#[tokio::test]
async fn a_collaborator_has_profile_status_mail_and_times() {
    let synced = synced(|w| {
        let person = &mut w.people[0];
        person.id = 7;
        person.grant_type = Some("team".into());
        person.name = Some("Zoë Example".into());
        person.email = Some("zoe@example.org".into());
        person.external_id = Some("okta-7".into());
        person.time_zone = Some("Berlin".into());
        person.created_at = Some("2024-08-02T13:35:11.691-07:00".into());
        person.last_activity = LastActivity::Event {
            id: 1,
            event_type: "user_login".into(),
            created_at: "2026-11-02T08:00:00.000-08:00".into(),
        };
    })
    .await;
    let row = &synced.rows.resources["collaborator:7"];
    assert_eq!(row.display_name, "Zoë Example");
    let profile = json!({
        "id": 7, "email": "zoe@example.org", "name": "Zoë Example", "externalId": "okta-7",
        "createdAt": "2024-08-02T20:35:11.691Z", "grantType": "team", "timeZone": "Berlin",
        "lastActivityAt": "2026-11-02T16:00:00Z", "lastActivityType": "user_login",
    });
    assert_eq!(row.profile, profile);
    let user = json!({
        "@": "UserTrait", "accountType": "ACCOUNT_TYPE_HUMAN", "login": "zoe@example.org",
        "emails": [{"address": "zoe@example.org", "isPrimary": true}],
        "status": {"status": "STATUS_ENABLED"}, "profile": profile,
        "createdAt": "2024-08-02T20:35:11.691Z", "lastLogin": "2026-11-02T16:00:00Z",
    });
    assert_eq!(user_trait(&synced, "collaborator:7"), &user);
}

/// Null values are left out, not written as empty texts or as year 1; a nameless person is named by mail, then id.
#[tokio::test]
async fn null_fields_are_absent() {
    let synced = synced(|w| {
        for (index, person) in w.people.iter_mut().enumerate().take(2) {
            *person = baton_workato::simulator::Person {
                id: 7 + index as u64,
                grant_type: None,
                name: None,
                email: (index == 0).then(|| "only@example.org".to_owned()),
                external_id: None,
                time_zone: None,
                created_at: None,
                last_activity: LastActivity::Never,
                roles: person.roles.clone(),
            };
        }
    })
    .await;
    let [mail, bare] = ["collaborator:7", "collaborator:8"].map(|id| &synced.rows.resources[id]);
    assert_eq!(
        (mail.display_name.as_str(), bare.display_name.as_str()),
        ("only@example.org", "8")
    );
    assert_eq!(bare.profile, json!({"id": 8}));
    let user = user_trait(&synced, "collaborator:8");
    assert_eq!(user["profile"], json!({"id": 8}), "a user trait always has a profile");
    assert_eq!(user["status"], json!({"status": "STATUS_ENABLED"}), "and a status");
    assert!(user.get("emails").is_none() && user.get("lastLogin").is_none());
}

#[tokio::test]
async fn moderators_are_marked() {
    let synced = synced(|w| {
        w.people[0].id = 7;
        w.people[0].name = Some("Max".into());
        w.people[0].grant_type = Some("federation_manager".into());
    })
    .await;
    let row = &synced.rows.resources["collaborator:7"];
    assert_eq!(row.display_name, "Max (moderator)");
    assert_eq!(
        (&row.profile["grantType"], &row.profile["name"]),
        (&json!("federation_manager"), &json!("Max"))
    );
}

#[tokio::test]
async fn an_api_client_is_a_service_account_without_token() {
    let mut wanted = None;
    let synced = synced(|w| {
        let client: &mut ApiClient = &mut w.api_clients[0];
        client.all_folders = false;
        wanted = Some(client.clone());
    })
    .await;
    let client = wanted.unwrap();
    let id = format!("api_client:{}", client.id);
    let row = &synced.rows.resources[&id];
    assert_eq!(user_trait(&synced, &id)["accountType"], json!("ACCOUNT_TYPE_SERVICE"));
    assert_eq!(user_trait(&synced, &id)["status"], json!({"status": "STATUS_ENABLED"}));
    assert_eq!(
        (&row.profile["id"], &row.profile["all_folders"]),
        (&json!(client.id), &json!(false))
    );
    assert_eq!(row.profile["environment"], json!("dev"));
    assert!(row.profile.get("token_updated_at").is_some() || row.profile.get("token").is_none());
    assert!(!format!("{row:?}").contains("\"value\""));
}

/// Ids say nothing to people: the role and the projects are named, those of its own environment only.
#[tokio::test]
async fn an_api_client_names_its_role_and_its_projects() {
    let mut wanted = None;
    let synced = synced(|w| {
        let env = w.api_clients[0].env;
        let here = w.projects.iter().find(|p| p.env == env).unwrap().clone();
        let role = w.api_client_roles[0].clone();
        let client: &mut ApiClient = &mut w.api_clients[0];
        client.all_folders = false;
        client.role = Some(role.id);
        client.folder_ids = Some(vec![here.folder_id, 99_999_999]);
        wanted = Some((client.id, role.name, here.name));
    })
    .await;
    let (id, role, project) = wanted.unwrap();
    let profile = &synced.rows.resources[&format!("api_client:{id}")].profile;
    assert_eq!(
        (&profile["role_name"], &profile["project_names"]),
        (&json!(role), &json!([project]))
    );
}

/// What lies in a project is in the environment of that. Nothing else would tell that of a folder outside of projects.
#[tokio::test]
async fn a_loose_folder_names_its_environment() {
    let mut folders = Vec::new();
    let synced = synced(|w| folders = w.folders.clone()).await;
    let mut loose = 0;
    for folder in folders {
        let Some(row) = synced.rows.resources.get(&format!("folder:{}", folder.id)) else {
            continue;
        };
        let is_loose = folder.parent.is_none() && !folder.is_project;
        let expected = is_loose.then(|| json!("dev"));
        assert_eq!(row.profile.get("environment"), expected.as_ref(), "{folder:?}");
        loose += usize::from(is_loose);
    }
    assert!(loose > 0);
}

/// Profile, status and creation time stand twice: on the resource and in the trait.
#[tokio::test]
async fn traits_repeat_the_profile() {
    let synced = synced(|_| {}).await;
    let traits = [
        "collaborator",
        "environment_role",
        "privilege",
        "project",
        "folder",
        "collaborator_group",
    ]
    .into_iter()
    .chain(["project_role", "api_client", "api_client_role", "connection"]);
    for kind in traits {
        let (id, row) = synced
            .rows
            .resources
            .iter()
            .find(|(id, _)| id.split(':').next() == Some(kind))
            .unwrap();
        let repeated = row
            .annotations
            .iter()
            .find(|a| a["@"].as_str().unwrap().ends_with("Trait"))
            .unwrap();
        assert_eq!(repeated["profile"], row.profile, "{id}");
        assert_ne!(row.profile, json!({}), "{id}");
    }
}

/// Two environments never share a privilege, and all ids of roles end in their environment, where a run emits all.
#[tokio::test]
async fn ids_carry_their_environment_where_a_run_emits_all() {
    let mut shape = Shape::small(AccessModel::RbacV2);
    shape.environments = baton_workato::simulator::Env::ALL.to_vec();
    let synced = sync(Workspace::generate(&shape), Behavior::default(), &Options::everything())
        .await
        .unwrap();
    for (id, row) in &synced.rows.resources {
        let kind = id.split(':').next().unwrap();
        if matches!(kind, "environment_role" | "privilege") {
            let environment = row.profile["environment"].as_str().unwrap();
            assert!(id.ends_with(&format!("-{environment}")), "{id}");
        }
    }
    for (id, row) in synced
        .rows
        .grants
        .iter()
        .filter(|(_, g)| g.principal.starts_with("environment_role:"))
    {
        let environment = row.principal.rsplit('-').next().unwrap();
        let entitlement = id.split(":assigned").next().unwrap();
        assert!(
            entitlement.ends_with(&format!("-{environment}")),
            "{id} stays in its environment"
        );
    }
}
