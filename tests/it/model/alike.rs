//! Ids that stand for more than one thing: nothing is lost without a word.

use baton_workato::simulator::{AccessModel, AgentsShape, Behavior, Env, Fault, Hits, Shape, Workspace};
use serde_json::json;

use super::{Synced, sync};
use crate::support::oracle::Options;

fn causes(synced: &Synced) -> Vec<&'static str> {
    synced.summary.warnings.iter().map(|w| w.cause).collect()
}

/// Both parts of a privilege may hold hyphens.
#[tokio::test]
async fn privileges_of_one_name_are_two() {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    for row in workspace.privileges.values_mut() {
        row.privileges.insert("A-B".to_owned(), vec!["C".to_owned()]);
        row.privileges.insert("A".to_owned(), vec!["B-C".to_owned()]);
    }
    let synced = sync(workspace, Behavior::default(), &Options::default()).await.unwrap();
    let names: Vec<&str> = (synced.rows.resources.keys())
        .filter_map(|id| id.strip_prefix("privilege:"))
        .filter(|id| id.starts_with("A-"))
        .collect();
    assert_eq!(names, ["A-B-C--1", "A-B-C--3"]);
    for name in names {
        let right = format!("privilege:{name}:assigned:");
        assert!(synced.rows.grants.keys().any(|id| id.starts_with(&right)), "{name}");
    }
    assert_eq!(causes(&synced), ["privileges-alike"]);
}

/// Two environments may know a group by one id and see different people in it, and other things that are not the same.
#[tokio::test]
async fn what_environments_describe_differently_is_told() {
    let mut workspace = Workspace::generate(&Shape {
        people: 8,
        projects: 3,
        agents: Some(AgentsShape {
            users: 60,
            groups: 6,
            genies: 3,
            servers: 4,
            clients: 3,
            keys: 1,
        }),
        ..Shape::default()
    });
    let estate = workspace.estate.as_mut().unwrap();
    let mut group = estate.groups.iter().find(|g| g.env == Env::Dev).unwrap().clone();
    let outside = estate.users.iter().find(|user| !group.members.contains(&user.id));
    let outside = outside.unwrap().id.clone();
    let mut inside = group.members.clone();
    inside.push(outside.clone());
    (group.env, group.members) = (Env::Test, vec![outside]);
    let id = group.id.clone();
    group.name = "Another".to_owned();
    estate.groups.push(group);
    let mut server = estate.servers.iter().find(|s| s.env == Env::Dev).unwrap().clone();
    (server.env, server.name) = (Env::Test, "Another".to_owned());
    let server_id = server.id.clone();
    estate.servers.push(server);
    let synced = sync(workspace, Behavior::default(), &Options::everything())
        .await
        .unwrap();
    for user in inside {
        let grant = format!("identity_group:{id}:member:identity_user:{user}");
        assert!(synced.rows.grants.contains_key(&grant), "{grant}");
    }
    let told: Vec<&String> = (synced.summary.warnings.iter())
        .filter(|w| w.cause == "environments-differ")
        .flat_map(|w| &w.examples)
        .collect();
    let server = format!("MCP servers: id {server_id} of dev, not of test");
    assert!(told.contains(&&server), "{told:?}");
    assert!(
        told.iter().any(|example| example.contains("more elsewhere than in")),
        "{told:?}"
    );
    // Members of all environments were taken: nothing is said to be missing.
    assert!(
        !told.iter().any(|example| example.starts_with("identity groups: id")),
        "{told:?}"
    );
    assert_eq!(
        causes(&synced).iter().filter(|c| **c != "environments-differ").count(),
        0
    );
}

/// Two grants of one id are two grants, and a list of projects that names one twice is told.
#[tokio::test]
async fn rows_of_one_id_that_differ_are_told_by_a_sync() {
    let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let (first, second) = (workspace.people[0].id, workspace.people[1].id);
    let role = &workspace.project_roles[0];
    let grant = |user| json!({"id": "pg-1", "user": {"id": user}, "project_role": {"id": role.id, "name": role.name}});
    let body = json!({"data": [grant(first), grant(second)], "total": 2});
    let project = workspace.projects[0].id;
    let behavior = Behavior::default().script(
        &format!("/api/projects/{project}/project_grants"),
        Hits::Every,
        Fault::Status(200, body.to_string(), Vec::new()),
    );
    let synced = sync(workspace, behavior, &Options::default()).await.unwrap();
    let holders = synced
        .rows
        .grants
        .keys()
        .filter(|id| id.starts_with(&format!("project:{project}:")));
    let holders: Vec<&String> = holders.filter(|id| id.contains(":collaborator:")).collect();
    for person in [first, second] {
        let end = format!(":collaborator:{person}");
        assert!(holders.iter().any(|id| id.ends_with(&end)), "{person}: {holders:?}");
    }
    assert_eq!(causes(&synced), ["rows-differ"]);
}
