//! Envelopes, ids and models.

use baton_workato::workato::api_client::ApiClientRow;
use baton_workato::workato::api_client_role::ApiClientRoleRow;
use baton_workato::workato::client::{self, endpoint};
use baton_workato::workato::collaborator::{Member, MemberId};
use baton_workato::workato::connection::ConnectionRow;
use baton_workato::workato::diagnosis::workspace::WorkspaceDetails;
use baton_workato::workato::environment_role::EnvironmentRoleRow;
use baton_workato::workato::folder::{FolderId, FolderRow};
use baton_workato::workato::group::{GroupId, GroupMember, UserGroup};
use baton_workato::workato::privilege::PrivilegeRow;
use baton_workato::workato::project::{ProjectGrant, ProjectRow};
use baton_workato::workato::project_role::ProjectRoleRow;
use baton_workato::workato::role::LegacyRole;

use std::collections::BTreeMap;

use super::scripted::*;

#[tokio::test]
async fn members_with_every_field_and_with_none() {
    let (server, client) = answering(
        r#"{"data":[
            {"id":4711,"grant_type":"team","external_id":null,"name":"Ada","email":"ada@example.org","time_zone":"Berlin",
             "created_at":"2025-03-01T09:00:00.123-08:00","brand_new":{"a":[1]},
             "roles":[{"environment_type":"dev","role_name":"Member","role_type":"environment"},{"environment_type":"test"}],
             "last_activity_log":{"id":99,"event_type":"user_login","created_at":"2026-11-02T08:00:00.000-08:00"}},
            {"id":"4712","grant_type":null,"roles":null,"name":null,"last_activity_log":null},
            {"id":4713}],"total":3}"#,
    )
    .await;
    let members = client.everything::<Member>(&endpoint::MEMBERS).await.unwrap();
    assert_eq!(members.len(), 3);
    let ada = &members[0];
    assert_eq!(ada.id, MemberId::from("4711"));
    assert_eq!(ada.id.as_str(), "4711");
    assert_eq!(ada.roles[0].role_name.as_deref(), Some("Member"));
    assert_eq!(ada.roles[1].role_type, None);
    assert_eq!(
        ada.last_activity_log.as_ref().unwrap().event_type.as_deref(),
        Some("user_login")
    );
    assert_eq!(
        client::timestamp(ada.created_at.as_deref().unwrap()),
        Some("2025-03-01T17:00:00.123Z".parse().unwrap())
    );
    assert_eq!(members[1].id.to_string(), "4712");
    assert!(members[1].roles.is_empty() && members[2].roles.is_empty());

    // Rows are kept as JSON between steps of a sync.
    let kept = serde_json::to_string(&members).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Member>>(&kept).unwrap(), members);

    let head = server.heads.lock().unwrap()[0].to_lowercase();
    assert!(head.starts_with("get /api/members http/1.1\r\n"), "no query: {head}");
    assert!(head.contains(&format!("authorization: bearer {}", TOKEN.to_lowercase())));
    assert!(
        head.contains(&format!("user-agent: baton-workato/{}\r\n", env!("CARGO_PKG_VERSION"))),
        "{head}"
    );
    assert!(head.contains("accept-encoding: gzip"));
}

#[tokio::test]
async fn privileges_take_null_lists_and_single_words() {
    let (server, client) = answering(
        r#"{"data":[{"environment_type":"dev","name":"R","privileges":{"Recipes":["read","run"],"Folders":null,"Policies":"all"},
            "folder_ids":[1,"2"]},{"environment_type":"prod","privileges":null,"folder_ids":null}]}"#,
    )
    .await;
    let rows = client
        .everything::<PrivilegeRow>(endpoint::MEMBER_PRIVILEGES.of("7"))
        .await
        .unwrap();
    assert_eq!(rows[0].privileges["Recipes"], ["read", "run"]);
    assert!(rows[0].privileges["Folders"].is_empty());
    assert_eq!(rows[0].privileges["Policies"], ["all"]);
    assert_eq!(rows[0].folder_ids, [FolderId::from(1), FolderId::from(2)]);
    assert!(rows[1].privileges.is_empty() && rows[1].folder_ids.is_empty());
    assert_eq!(server.targets(), ["/api/members/7/privileges"]);
}

#[tokio::test]
async fn project_grants_of_people_and_groups() {
    let (_, client) = answering(
        r#"{"data":[
            {"id":"pg-1","project":{"id":1001,"name":"Billing","environment":{"id":77,"type":"dev"}},
             "project_role":{"id":"pr-1","name":"Project operator"},"user":null,"user_group":{"id":"ug-1","name":"F"}},
            {"id":"pg-2","project":{"id":1001},"project_role":{"id":5},"user":{"id":3,"name":null,"email":"x@y"}}],
            "total":2,"page":{"number":1,"size":100}}"#,
    )
    .await;
    let page = client
        .page::<ProjectGrant>(endpoint::PROJECT_GRANTS.of("1001"), 1)
        .await
        .unwrap();
    assert_eq!((page.next, page.total), (None, Some(2)));
    let environment = page.rows[0].project.as_ref().unwrap().environment.as_ref().unwrap();
    assert_eq!(environment.kind.as_deref(), Some("dev"));
    assert!(page.rows[0].user.is_none());
    assert_eq!(page.rows[0].user_group.as_ref().unwrap().id, GroupId::from("ug-1"));
    assert_eq!(page.rows[1].user.as_ref().unwrap().id.as_str(), "3");
    assert_eq!(page.rows[1].project_role.as_ref().unwrap().id.as_str(), "5");
}

#[tokio::test]
async fn every_list_reads_its_envelope_and_the_twin_of_it() {
    let array = format!("[{}]", rows(1, 2));
    let twins = [
        (
            "data",
            vec![
                format!(r#"{{"data":{array},"total":2,"page":{{"number":1,"size":100}}}}"#),
                array.clone(),
            ],
        ),
        ("array", vec![array.clone(), format!(r#"{{"result":{array}}}"#)]),
        (
            "result",
            vec![
                format!(r#"{{"result":{{"count":2,"items":{array}}}}}"#),
                format!(r#"{{"result":{{"items":{array}}}}}"#),
                format!(r#"{{"result":{array}}}"#),
            ],
        ),
    ];
    for (envelope, bodies) in twins {
        for body in bodies {
            let sent = body.clone();
            let server = Server::start(move |_, _| json(&sent)).await;
            let c = workato(&server, options(&FakeClock::new()));
            let counts = match envelope {
                "data" => vec![
                    c.everything::<Member>(&endpoint::MEMBERS).await.unwrap().len(),
                    c.page::<EnvironmentRoleRow>(&endpoint::ENVIRONMENT_ROLES, 1)
                        .await
                        .unwrap()
                        .rows
                        .len(),
                    c.page::<ProjectRoleRow>(&endpoint::PROJECT_ROLES, 1)
                        .await
                        .unwrap()
                        .rows
                        .len(),
                    c.page::<UserGroup>(&endpoint::USER_GROUPS, 1).await.unwrap().rows.len(),
                    c.page::<GroupMember>(endpoint::USER_GROUP_MEMBERS.of("am-1"), 1)
                        .await
                        .unwrap()
                        .rows
                        .len(),
                    c.page::<ProjectGrant>(endpoint::PROJECT_GRANTS.of("1"), 1)
                        .await
                        .unwrap()
                        .rows
                        .len(),
                ],
                "array" => vec![
                    c.page::<LegacyRole>(&endpoint::LEGACY_ROLES, 1)
                        .await
                        .unwrap()
                        .rows
                        .len(),
                    c.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.unwrap().rows.len(),
                    c.page::<FolderRow>(&endpoint::FOLDERS, 1).await.unwrap().rows.len(),
                    c.everything::<ConnectionRow>(&endpoint::CONNECTIONS)
                        .await
                        .unwrap()
                        .len(),
                ],
                _ => vec![
                    c.page::<ApiClientRow>(&endpoint::API_CLIENTS, 1)
                        .await
                        .unwrap()
                        .rows
                        .len(),
                    c.page::<ApiClientRoleRow>(&endpoint::API_CLIENT_ROLES, 1)
                        .await
                        .unwrap()
                        .rows
                        .len(),
                ],
            };
            assert!(
                counts.iter().all(|count| *count == 2),
                "{envelope}: {counts:?} of {body}"
            );
        }
    }
}

#[tokio::test]
async fn single_objects_bare_or_wrapped() {
    for body in [
        r#"{"id":9,"name":"R","type":"system","created_at":null,"config":{"team":{"privileges":"all"}}}"#,
        r#"{"data":{"id":9,"name":"R","type":"system","config":{"team":{"privileges":"all"}}}}"#,
    ] {
        let (_, client) = answering(body).await;
        let role = client
            .object::<EnvironmentRoleRow>(endpoint::ENVIRONMENT_ROLE.of("9"))
            .await
            .unwrap();
        assert_eq!(role.kind.as_deref(), Some("system"));
        assert_eq!(role.config.unwrap()["team"]["privileges"], "all");
    }
    let (_, client) = answering(r#"{"id":1,"name":"Acme","root_folder_id":55,"company_name":null}"#).await;
    assert_eq!(
        client
            .object::<WorkspaceDetails>(&endpoint::WORKSPACE_DETAILS)
            .await
            .unwrap()
            .root_folder_id,
        Some(FolderId::from(55))
    );
}

#[tokio::test]
async fn the_token_of_an_api_client_is_not_kept() {
    let (_, client) = answering(
        r#"{"result":{"count":1,"items":[{"id":1,"api_privilege_group_id":4,"all_folders":false,"folder_ids":[],
            "ip_allow_list":["10.0.0.0/8"],"token":{"updated_at":"2026-01-01T00:00:00Z","value":"wrkaus-secret"}}]}}"#,
    )
    .await;
    let page = client.page::<ApiClientRow>(&endpoint::API_CLIENTS, 1).await.unwrap();
    assert!(page.rows[0].token.as_ref().unwrap().updated_at.is_some());
    assert!(!serde_json::to_string(&page.rows).unwrap().contains("wrkaus-secret"));
}

#[tokio::test]
async fn the_table_covers_every_family_and_says_where_to_tick() {
    let families: BTreeMap<&str, usize> = endpoint::ENDPOINTS.iter().fold(BTreeMap::new(), |mut all, e| {
        *all.entry(e.family).or_default() += 1;
        assert!(e.path.starts_with("/api/") && e.checkbox.contains(" > "));
        all
    });
    assert_eq!(
        families.into_iter().collect::<Vec<_>>(),
        [
            ("API clients", 2),
            ("API platform", 3),
            ("MCP servers", 3),
            ("Workato Identity", 3),
            ("audit log", 1),
            ("collaborator groups", 2),
            ("collaborators", 2),
            ("connections", 1),
            ("environment roles", 2),
            ("folders and projects", 2),
            ("genie clients", 1),
            ("genies", 2),
            ("legacy roles", 1),
            ("project grants", 1),
            ("project roles", 2),
            ("workspace details", 1),
        ]
    );
}
