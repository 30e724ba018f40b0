//! How many requests a sync needs: no list is read twice, and no call is made per person.

use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Shape, Workspace};

use super::sync;
use crate::support::oracle::Options;

#[tokio::test]
async fn no_request_is_made_twice() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy, AccessModel::Mixed] {
        let shape = Shape {
            model,
            ..Shape::default()
        };
        let synced = sync(Workspace::generate(&shape), Behavior::default(), &Options::everything())
            .await
            .unwrap();
        let mut paths: Vec<String> = synced
            .simulator
            .requests()
            .iter()
            .map(|r| format!("{:?} {}", r.environment, r.path))
            .collect();
        paths.sort();
        let before = paths.len();
        paths.dedup();
        assert_eq!(before, paths.len(), "{model:?}");
    }
}

/// 500 people and 20 projects, RBAC v2, one environment: at most 71 requests, groups, grants and API clients included.
#[tokio::test]
async fn five_hundred_people_need_few_requests() {
    let shape = Shape {
        people: 500,
        projects: 20,
        environments: vec![Env::Dev],
        ..Shape::default()
    };
    let workspace = Workspace::generate(&shape);
    let groups = workspace.groups.iter().filter(|g| !g.system).count();
    let roles = workspace.environment_roles.len();
    let project_roles = workspace.project_roles.len();
    let projects = workspace.projects.iter().filter(|p| p.env == Env::Dev).count();
    let synced = sync(workspace, Behavior::default(), &Options::default()).await.unwrap();
    let requests = synced.simulator.requests();
    let counts = [
        (Endpoint::Members, 1),
        (Endpoint::EnvironmentRoles, 1),
        (Endpoint::EnvironmentRole, roles),
        (Endpoint::Roles, 1),
        (Endpoint::ProjectRoles, 1),
        (Endpoint::ProjectRole, project_roles),
        (Endpoint::Groups, 1),
        (Endpoint::GroupMembers, groups),
        // Twenty rows may be as many as a limit allows: the next page is asked for.
        (Endpoint::Projects, 2),
        (Endpoint::Folders, 1),
        (Endpoint::ProjectProjectGrants, projects),
        (Endpoint::ApiClients, 1),
        (Endpoint::ApiClientRoles, 1),
    ];
    for (endpoint, count) in counts {
        assert_eq!(requests.to(endpoint), count, "{endpoint:?}");
    }
    let sampled = requests.to(Endpoint::MemberPrivileges);
    assert!(sampled <= 2 * roles, "{sampled} privilege calls for {roles} roles");
    assert!(requests.len() <= 71, "{} requests", requests.len());
    let counted: u64 = synced.summary.requests.values().map(|f| f.requests).sum();
    assert_eq!(counted, requests.len() as u64, "the summary counts what was sent");
}
