//! What is not seen is not gone: that a right is taken away already is said where the thing itself or a whole list says
//! so, and of nothing else.

use baton_workato::ABOUT;
use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::proto::v2;
use baton_workato::baton::provision::Write;
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{
    AccessModel, Assignment, Behavior, Env, Fault, Grantee, Hits, ProjectGrant, RoleType, Shape, Workspace,
};
use serde_json::json;

use super::place::{Place, bare, revoke, said};
use super::table::{estate, rows};

fn every(request: &str, fault: Fault) -> Behavior {
    Behavior::default().script(request, Hits::Every, fault)
}

fn failed_with_success() -> Fault {
    let body = json!({"data": [], "errors": [{"title": "timeout"}], "success": false});
    Fault::Status(200, body.to_string(), Vec::new())
}

fn assert_unclear(error: &Error) {
    assert_eq!(
        (error.kind(), ABOUT.code(error.code_id()).as_str()),
        (Kind::FailedPrecondition, "BW-1321"),
        "{error}"
    );
    assert!(error.hint_text().unwrap().starts_with("nothing was sent"), "{error}");
}

/// Every list that a revocation goes by.
fn lists(name: &str) -> &'static [&'static str] {
    match name {
        "group membership" => &["/api/user_groups", "/api/user_groups/*/members", "/api/members"],
        "project role of a person" | "project role of a group" => {
            &["/api/projects/*/project_grants", "/api/project_roles", "/api/projects"]
        }
        "membership of an identity group" => &["/api/iam/user_groups/*/members", "/api/iam/user_groups"],
        "group of a genie" => &["/api/agentic/genies"],
        "group of an MCP server" => &["/api/mcp/mcp_servers"],
        _ => &["/api/members"],
    }
}

#[tokio::test]
async fn a_list_that_says_it_failed_shows_nobody_gone() {
    for row in rows().await {
        let Some(unmake) = &row.unmake else { continue };
        row.place.write(&row.make).await.unwrap();
        let sent = row.place.changes();
        for list in lists(row.name) {
            row.place
                .simulator
                .behave(every(&format!("GET {list}"), failed_with_success()));
            let error = row.place.write(unmake).await.expect_err(list);
            assert_eq!(error.kind(), Kind::Unavailable, "{} {list}: {error}", row.name);
            assert_eq!(row.place.changes(), sent, "{} {list}", row.name);
            assert!((row.holds)(&row.place.simulator), "{} {list}", row.name);
        }
    }
}

/// A list of which every workspace has rows is not believed without any; what another list does not show is asked itself.
#[tokio::test]
async fn an_empty_list_shows_nobody_gone() {
    for row in rows().await {
        let Some(unmake) = &row.unmake else { continue };
        row.place.write(&row.make).await.unwrap();
        let sent = row.place.changes();
        for list in lists(row.name) {
            row.place
                .simulator
                .behave(every(&format!("GET {list}"), Fault::EmptyPage));
            let ended = row.place.write(unmake).await;
            let case = format!("{} {list}: {ended:?}", row.name);
            match *list {
                // Nothing says that these have rows.
                "/api/projects/*/project_grants" | "/api/iam/user_groups/*/members" => continue,
                "/api/projects" | "/api/agentic/genies" => {
                    assert!(said(&ended.unwrap())[0].contains(" → "), "{case}");
                    row.place.simulator.behave(Behavior::default());
                    row.place.write(&row.make).await.unwrap();
                    continue;
                }
                _ => {}
            }
            assert!(ended.is_err(), "{case}");
            assert_eq!(row.place.changes(), sent, "{case}");
            assert!((row.holds)(&row.place.simulator), "{case}");
        }
    }
}

fn right(write: &Write) -> (&v2::Entitlement, &v2::Resource) {
    let Write::Grant(request) = write else { panic!() };
    (
        request.entitlement.as_ref().unwrap(),
        request.principal.as_ref().unwrap(),
    )
}

/// A client that sees less than before, or people whom no list shows, take nothing away.
#[tokio::test]
async fn a_project_says_itself_whether_it_is_gone() {
    for row in rows()
        .await
        .into_iter()
        .filter(|row| row.name.starts_with("project role"))
    {
        let unmake = row.unmake.as_ref().unwrap();
        row.place.write(&row.make).await.unwrap();
        let blind = || every("GET /api/projects", Fault::EmptyPage);
        let grants = "GET /api/projects/*/project_grants";
        row.place
            .simulator
            .behave(blind().script(grants, Hits::Every, Fault::status(403)));
        let error = row.place.write(unmake).await.unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{error}");
        assert!((row.holds)(&row.place.simulator));

        row.place.simulator.behave(blind());
        let (entitlement, principal) = right(&row.make);
        let nobody = bare(principal.id.as_ref().unwrap());
        let told = row.place.write(&revoke(entitlement, &nobody)).await.unwrap();
        assert!(said(&told)[0].ends_with("Project admin → no role"), "{told:?}");
        assert!(!(row.holds)(&row.place.simulator));
        row.place
            .simulator
            .behave(blind().script(grants, Hits::Every, Fault::status(404)));
        let told = row.place.write(unmake).await.unwrap();
        assert!(said(&told)[0].ends_with("gone already"), "{told:?}");
    }
}

/// Grants that a sync counts as not understood, and drops, are not none.
#[tokio::test]
async fn a_grant_that_is_not_understood_is_not_gone() {
    let row = rows()
        .await
        .into_iter()
        .find(|row| row.name == "project role of a person")
        .unwrap();
    let unmake = row.unmake.as_ref().unwrap();
    row.place.write(&row.make).await.unwrap();
    let sent = row.place.changes();
    let project = right(&row.make)
        .0
        .resource
        .as_ref()
        .unwrap()
        .id
        .clone()
        .unwrap()
        .resource;
    let replaced = |text: &str, by: &str| Fault::Replaced(text.to_owned(), by.to_owned());
    for fault in [
        replaced("Project admin", "Project owner"),
        replaced("\"project_role\"", "\"project_roles\""),
        replaced(&format!("\"id\":{project}"), "\"id\":999999"),
        replaced("\"user\"", "\"person\""),
    ] {
        let grants = "GET /api/projects/*/project_grants";
        row.place.simulator.behave(every(grants, fault.clone()));
        let error = row
            .place
            .write(unmake)
            .await
            .map(|told| said(&told))
            .expect_err(&format!("{fault:?}"));
        assert_unclear(&error);
        assert_eq!(row.place.changes(), sent, "{fault:?}");
    }
    // The role is in no list, and the grant names it still.
    let gone = replaced("Project admin", "Project owner");
    row.place.simulator.behave(every("GET /api/project_roles", gone));
    assert_unclear(&row.place.write(unmake).await.unwrap_err());
    assert_eq!(row.place.changes(), sent);
    assert!((row.holds)(&row.place.simulator));
}

#[tokio::test]
async fn a_member_beyond_the_list_of_a_group_is_not_gone() {
    let row = rows()
        .await
        .into_iter()
        .find(|row| row.name == "group membership")
        .unwrap();
    let unmake = row.unmake.as_ref().unwrap();
    row.place.write(&row.make).await.unwrap();
    let sent = row.place.changes();
    let members = "GET /api/user_groups/*/members";
    let none = Fault::Status(200, r#"{"data":[]}"#.to_owned(), Vec::new());
    row.place.simulator.behave(every(members, none));
    assert_unclear(&row.place.write(unmake).await.unwrap_err());
    assert_eq!(row.place.changes(), sent);
    assert!((row.holds)(&row.place.simulator));
}

/// An agent beyond the end of a list that is cut.
#[tokio::test]
async fn an_agent_that_no_list_shows_is_asked_itself() {
    let place = estate().await;
    let genies = place.simulator.workspace().estate.unwrap().genies;
    let genie = genies.into_iter().find(|genie| !genie.groups.is_empty()).unwrap();
    let on = place.resource("genie", &genie.id).await;
    let entitlement = place.entitlements(&on).await.remove(0);
    let group = place.resource("identity_group", &genie.groups[0]).await;
    place
        .simulator
        .behave(every("GET /api/agentic/genies", Fault::EmptyPage));
    let told = place.write(&revoke(&entitlement, &group)).await.unwrap();
    assert!(said(&told)[0].ends_with("may use → may not use"), "{told:?}");
    let held = super::table::audience_of(&place.simulator, &genie.id);
    assert!(!held.contains(&genie.groups[0]));
}

fn with_rows(model: AccessModel, rows: &[(&str, RoleType)]) -> (Workspace, u64) {
    let mut workspace = Workspace::generate(&Shape::small(model));
    let person = &mut workspace.people[0];
    person.roles.retain(|held| held.env != Env::Dev);
    person.roles.extend(rows.iter().map(|(role, kind)| Assignment {
        env: Env::Dev,
        role: (*role).to_owned(),
        role_type: Some(*kind),
    }));
    let id = person.id;
    (workspace, id)
}

/// "No access" would take every role that somebody has in an environment.
#[tokio::test]
async fn a_role_that_would_not_go_alone_stays() {
    for (model, held, kind, id) in [
        (
            AccessModel::RbacV2,
            [
                ("Member", RoleType::Environment),
                ("Environment admin", RoleType::Environment),
            ],
            "environment_role",
            ["1", "3"],
        ),
        (
            AccessModel::Mixed,
            [
                ("Operator", RoleType::PrivilegeGroup),
                ("Environment admin", RoleType::Environment),
            ],
            "role",
            ["Operator", "Operator"],
        ),
    ] {
        let (workspace, person) = with_rows(model, &held);
        let place = Place::of(workspace.clone(), |_, _| {}).await;
        for id in id {
            let on = place.resource(kind, id).await;
            let entitlement = place.entitlements(&on).await.remove(0);
            let who = place.resource("collaborator", &person.to_string()).await;
            let error = place.write(&revoke(&entitlement, &who)).await.unwrap_err();
            assert_eq!(
                (error.kind(), ABOUT.code(error.code_id()).as_str()),
                (Kind::FailedPrecondition, "BW-1327"),
                "{error}"
            );
        }
        assert_eq!((place.simulator.workspace(), place.changes()), (workspace, 0));
    }
}

/// What is deleted is an id.
#[tokio::test]
async fn an_id_of_two_grants_is_not_deleted() {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let project = workspace.projects.iter().find(|p| p.env == Env::Dev).unwrap().id;
    workspace.project_grants.retain(|grant| grant.project != project);
    let [one, other] = [0, 1].map(|at| workspace.people[at].id);
    let roles: Vec<String> = workspace.project_roles.iter().map(|role| role.name.clone()).collect();
    for (at, person) in [one, other].into_iter().enumerate() {
        workspace.project_grants.push(ProjectGrant {
            id: "pg-same".to_owned(),
            project,
            role: roles[at].clone(),
            holder: Grantee::User(person),
        });
    }
    let place = Place::of(workspace.clone(), |_, _| {}).await;
    let on = place.resource("project", &project.to_string()).await;
    let rights = place.entitlements(&on).await;
    for (at, person) in [one, other].into_iter().enumerate() {
        let text = format!("{} of {}", roles[at], on.display_name);
        let right = rights.iter().find(|right| right.display_name == text).unwrap();
        let who = place.resource("collaborator", &person.to_string()).await;
        let error = place.write(&revoke(right, &who)).await.unwrap_err();
        assert_eq!(ABOUT.code(error.code_id()), "BW-1321", "{error}");
        assert!(error.to_string().contains("pg-same"), "{error}");
    }
    assert_eq!((place.simulator.workspace(), place.changes()), (workspace, 0));
}

/// A list of people, or of roles, that is known not to be whole: a sync takes it and says so.
#[tokio::test]
async fn a_list_that_may_have_been_cut_shows_nobody_gone() {
    for row in rows().await {
        let concerned = [
            "environment role",
            "legacy role",
            "group membership",
            "project role of a person",
            "account deletion",
        ];
        if !concerned.contains(&row.name) {
            continue;
        }
        let more = Fault::Fields(vec![("/has_more".to_owned(), json!(true))]);
        row.place.simulator.behave(every("GET /api/members", more));
        let mut writes = vec![row.make.clone()];
        if row.unmake.is_some() {
            let (entitlement, principal) = right(&row.make);
            // Beyond the end of what is answered.
            let mut nobody = principal.id.clone().unwrap();
            nobody.resource = "999999".to_owned();
            writes.push(revoke(entitlement, &bare(&nobody)));
        }
        for write in &writes {
            let error = row
                .place
                .write(write)
                .await
                .map(|told| said(&told))
                .expect_err(row.name);
            assert_eq!(error.kind(), Kind::Unavailable, "{}: {error}", row.name);
            assert_eq!(row.place.changes(), 0, "{}", row.name);
        }
    }
    let row = rows().await.remove(0);
    let twice = ["/data/0/id", "/data/1/id"].map(|at| (at.to_owned(), json!(1)));
    let fields = twice.into_iter().chain([("/total".to_owned(), json!(null))]).collect();
    row.place
        .simulator
        .behave(every("GET /api/environment_roles", Fault::Fields(fields)));
    let error = row.place.write(&row.make).await.unwrap_err();
    assert_eq!((error.kind(), row.place.changes()), (Kind::Unavailable, 0), "{error}");
}

/// Somebody who was invited may have the number of somebody else: their grant is not that one's.
#[tokio::test]
async fn a_grant_of_another_address_is_not_theirs() {
    let row = rows()
        .await
        .into_iter()
        .find(|row| row.name == "project role of a person")
        .unwrap();
    let place = &row.place;
    let unmake = row.unmake.as_ref().unwrap();
    place.write(&row.make).await.unwrap();
    let (sent, before) = (place.changes(), place.simulator.workspace());
    let person = right(&row.make).1.id.clone().unwrap().resource;
    let email = before
        .people
        .iter()
        .find(|p| p.id.to_string() == person)
        .and_then(|p| p.email.clone());
    let grants = "GET /api/projects/*/project_grants";
    let other = Fault::Replaced(email.unwrap(), "invited@example.org".to_owned());
    let second = Fault::Replaced("\"user\":{".to_owned(), "\"user\":{\"user_id\":999999,".to_owned());
    for fault in [other, second] {
        place.simulator.behave(every(grants, fault.clone()));
        let suspend = Write::Act(v2::InvokeActionRequest {
            name: "suspend_collaborator".to_owned(),
            args: Some(prost_types::Struct {
                fields: [(
                    "resource_id".to_owned(),
                    prost_types::Value {
                        kind: Some(prost_types::value::Kind::StringValue(person.clone())),
                    },
                )]
                .into(),
            }),
            ..Default::default()
        });
        for write in [unmake, &row.make, &suspend] {
            let ended = place.write(write).await.map(|told| said(&told));
            assert_unclear(&ended.expect_err(&format!("{fault:?}")));
            assert_eq!((place.changes(), place.simulator.workspace()), (sent, before.clone()));
        }
    }
    place.simulator.behave(Behavior::default());
    place.write(unmake).await.unwrap();
    assert!(!(row.holds)(&place.simulator));
}

/// Rows of identity groups are told by the same rule as a sync tells them.
#[tokio::test]
async fn a_member_of_another_address_is_neither_in_nor_gone() {
    let row = rows()
        .await
        .into_iter()
        .find(|row| row.name == "membership of an identity group")
        .unwrap();
    let place = &row.place;
    place.write(&row.make).await.unwrap();
    let sent = place.changes();
    let id = right(&row.make).1.id.clone().unwrap().resource;
    let users = place.simulator.workspace().estate.unwrap().users;
    let email = users.into_iter().find(|user| user.id == id).unwrap().email.unwrap();
    let members = "GET /api/iam/user_groups/*/members";
    place
        .simulator
        .behave(every(members, Fault::Replaced(email, "other@example.org".to_owned())));
    assert_unclear(&place.write(row.unmake.as_ref().unwrap()).await.unwrap_err());
    assert_eq!(place.changes(), sent);
    // It is not held for certain, so it is asked for, and what comes of it is not told as done.
    place.write(&row.make).await.unwrap_err();
    assert_eq!(place.changes(), sent + 1);
}

/// An id without its environment is looked for in all of them, whichever the run emits.
#[tokio::test]
async fn a_project_of_another_environment_is_not_gone() {
    let row = rows()
        .await
        .into_iter()
        .find(|row| row.name == "project role of a person")
        .unwrap();
    row.place.write(&row.make).await.unwrap();
    let (entitlement, principal) = right(&row.make);
    let mut entitlement = entitlement.clone();
    let on = entitlement.resource.as_mut().unwrap();
    on.profile = None;
    let place = Place::of(row.place.simulator.workspace(), |settings, simulator| {
        settings.prod_token = Some(Secret::new(simulator.token(Env::Prod)));
    })
    .await;
    let told = place.write(&revoke(&entitlement, principal)).await.unwrap();
    assert!(said(&told)[0].ends_with("Project admin → no role"), "{told:?}");
    // Without the token of its environment nothing is said.
    let place = Place::of(row.place.simulator.workspace(), |_, _| {}).await;
    let error = place.write(&revoke(&entitlement, principal)).await.unwrap_err();
    assert_eq!(
        (error.kind(), place.changes()),
        (Kind::FailedPrecondition, 0),
        "{error}"
    );
}
