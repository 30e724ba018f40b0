//! No write touches another right than the one that is named: what goes besides is given back, or named.

use baton_workato::ABOUT;
use baton_workato::baton::provision::Write;
use baton_workato::simulator::{
    AccessModel, Assigned, Behavior, Env, Fault, Grantee, Hits, ProjectGrant, RoleType, Shape, Workspace, is_no_access,
};

use serde_json::json;

use super::place::{Place, grant, revoke, said};
use super::table::{Row, rows};

fn replacing() -> Behavior {
    Behavior {
        assigned: Assigned::InPlaceOfOthers,
        ..Behavior::default()
    }
}

/// What everybody holds, in an order.
fn held(row: &Row) -> Vec<String> {
    let workspace: Workspace = row.place.simulator.workspace();
    let roles = workspace.people.iter().flat_map(|person| {
        let rows = person.roles.iter().filter(|held| !is_no_access(&held.role));
        rows.map(|held| {
            let is_newer = held.role_type == Some(RoleType::Environment);
            format!("{} {:?} {} {is_newer}", person.id, held.env, held.role)
        })
    });
    let grants = workspace.project_grants.iter();
    let grants = grants.map(|grant| format!("{} {} {:?}", grant.project, grant.role, grant.holder));
    let mut all: Vec<String> = roles.chain(grants).collect();
    all.sort();
    all
}

/// A server that takes the rows of a request in the place of those that are there loses nobody's.
#[tokio::test]
async fn what_a_change_takes_besides_is_given_back() {
    for row in rows().await {
        if !row.name.contains("role") {
            continue;
        }
        // As it is where others stay.
        row.place.write(&row.make).await.unwrap();
        let expected = held(&row);
        row.place.write(row.unmake.as_ref().unwrap()).await.unwrap();
        row.place.simulator.behave(replacing());
        let told = row.place.write(&row.make).await;
        let told =
            told.unwrap_or_else(|error| panic!("{}: {error}: {:?}", row.name, std::error::Error::source(&error)));
        assert!(said(&told)[0].contains(" → "), "{}: {told:?}", row.name);
        assert_eq!(held(&row), expected, "{}", row.name);
        let before: Vec<String> = held(&row);
        row.place.write(row.unmake.as_ref().unwrap()).await.unwrap();
        let after = held(&row);
        let gone = before.iter().filter(|right| !after.contains(right)).count();
        assert_eq!(gone, 1, "{}", row.name);
    }
}

/// And what cannot be given back is named.
#[tokio::test]
async fn what_cannot_be_given_back_is_named() {
    for row in rows().await {
        if !matches!(row.name, "environment role" | "project role of a person") {
            continue;
        }
        let script = replacing().script(row.requests[0], Hits::From(2), Fault::status(403));
        row.place.simulator.behave(script);
        let error = row.place.write(&row.make).await.unwrap_err();
        assert_eq!(ABOUT.code(error.code_id()), "BW-1323", "{}: {error}", row.name);
        assert!(
            error.to_string().contains("which nobody asked for"),
            "{}: {error}",
            row.name
        );
    }
}

/// The list of project roles and grants number them differently, and one number is another role's.
#[tokio::test]
async fn a_number_that_grants_use_for_another_role_gives_none() {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let projects: Vec<u64> = workspace
        .projects
        .iter()
        .filter(|p| p.env == Env::Dev)
        .map(|p| p.id)
        .collect();
    workspace.project_grants.clear();
    let [holder, nobody] = [0, 1].map(|at| workspace.people[at].id);
    let [first, second] = [0, 1].map(|at| workspace.project_roles[at].id);
    let [one, other] = [0, 1].map(|at| workspace.project_roles[at].name.clone());
    workspace.project_roles[0].grant_id = second.to_string();
    workspace.project_roles[1].grant_id = first.to_string();
    let given = |id: &str, project, role: &String| ProjectGrant {
        id: id.to_owned(),
        project,
        role: role.clone(),
        holder: Grantee::User(holder),
    };
    workspace.project_grants.push(given("pg-one", projects[0], &one));
    let place = Place::of(workspace.clone(), |_, _| {}).await;
    let on = place.resource("project", &projects[0].to_string()).await;
    let text = format!("{other} of {}", on.display_name);
    let rights = place.entitlements(&on).await;
    let right = rights.iter().find(|right| right.display_name == text).unwrap();
    let who = place.resource("collaborator", &nobody.to_string()).await;
    let error = place.write(&grant(right, &who)).await.unwrap_err();
    assert_eq!(ABOUT.code(error.code_id()), "BW-1321", "{error}");
    assert!(error.to_string().contains(&one), "{error}");
    assert_eq!((place.simulator.workspace(), place.changes()), (workspace.clone(), 0));

    // A grant of another project says how grants number it. This server takes it for the other one all the same: what it
    // gave is taken back, and not told as what was asked for.
    workspace.project_grants.push(given("pg-other", projects[1], &other));
    let place = Place::of(workspace.clone(), |_, _| {}).await;
    let error = place.write(&grant(right, &who)).await.unwrap_err();
    assert!(error.to_string().contains("which was taken back"), "{error}");
    assert_eq!(place.simulator.workspace(), workspace);
    assert_eq!(place.changes(), 2);
}

#[tokio::test]
async fn revoking_one_project_role_leaves_the_others() {
    let place = Place::new(AccessModel::RbacV2).await;
    let project = place
        .simulator
        .workspace()
        .projects
        .iter()
        .find(|p| p.env == Env::Dev)
        .unwrap()
        .id;
    let people = place.simulator.workspace().people;
    let roles = place.simulator.workspace().project_roles;
    place.simulator.change(|workspace| {
        for (at, role) in roles.iter().take(2).enumerate() {
            workspace.project_grants.push(ProjectGrant {
                id: format!("pg-two-{at}"),
                project,
                role: role.name.clone(),
                holder: Grantee::User(people[5].id),
            });
        }
    });
    let on = place.resource("project", &project.to_string()).await;
    let text = format!("{} of {}", roles[0].name, on.display_name);
    let rights = place.entitlements(&on).await;
    let right = rights.iter().find(|right| right.display_name == text).unwrap();
    let who = place.resource("collaborator", &people[5].id.to_string()).await;
    place.write(&revoke(right, &who)).await.unwrap();
    let grants = place.simulator.workspace().project_grants;
    assert!(grants.iter().any(|grant| grant.id == "pg-two-1"));
    assert!(!grants.iter().any(|grant| grant.id == "pg-two-0"));
}

/// What somebody else does while a write is refused stays as they did it.
#[tokio::test]
async fn a_write_that_was_refused_gives_nothing_back() {
    let first_gone = || Fault::FirstRowGone;
    for row in rows().await {
        let (list, fault, status, is_grant) = match row.name {
            "group membership" => ("/api/user_groups/*/members", first_gone(), 404, false),
            "membership of an identity group" => ("/api/iam/user_groups/*/members", first_gone(), 404, false),
            "project role of a person" => ("/api/projects/*/project_grants", first_gone(), 404, false),
            "project role of a group" => {
                // Somebody gave the same group another role meanwhile.
                let Write::Grant(request) = &row.make else { panic!() };
                let holder = request.principal.as_ref().unwrap().id.clone().unwrap().resource;
                let fields = [
                    ("/data/0/id", json!("pg-of-another")),
                    ("/data/0/user", json!(null)),
                    ("/data/0/user_group", json!({"id": holder, "name": "x"})),
                    ("/data/0/project_role", json!({"id": "pr-2", "name": "Builder"})),
                ];
                let fields = fields.map(|(at, value)| (at.to_owned(), value)).to_vec();
                ("/api/projects/*/project_grants", Fault::Fields(fields), 409, true)
            }
            "environment role" => {
                let Write::Grant(request) = &row.make else { panic!() };
                let id = &request.principal.as_ref().unwrap().id.as_ref().unwrap().resource;
                let people = row.place.simulator.workspace().people;
                let at = people.iter().position(|person| person.id.to_string() == *id).unwrap();
                let roles = (0..people[at].roles.len()).filter(|held| people[at].roles[*held].env != Env::Prod);
                let fields = roles.map(|held| (format!("/data/{at}/roles/{held}/role_name"), json!("No access")));
                ("/api/members", Fault::Fields(fields.collect()), 409, true)
            }
            _ => continue,
        };
        let (write, request) = match is_grant {
            true => (&row.make, row.requests[0]),
            false => {
                row.place.write(&row.make).await.unwrap();
                (row.unmake.as_ref().unwrap(), row.requests[1])
            }
        };
        let (sent, before) = (row.place.changes(), row.place.simulator.workspace());
        let script = Behavior::default().script(request, Hits::Every, Fault::status(status));
        let meanwhile = script.script(&format!("GET {list}"), Hits::From(2), fault);
        row.place.simulator.behave(meanwhile);
        let error = row.place.write(write).await.expect_err(row.name);
        assert!(error.to_string().contains(&status.to_string()), "{}: {error}", row.name);
        assert_eq!(row.place.changes(), sent + 1, "{}", row.name);
        assert_eq!(row.place.simulator.workspace(), before, "{}", row.name);
    }
}
