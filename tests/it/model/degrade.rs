//! A missing checkbox costs its own family only, and never silently (`workato/api.md 1.3`, `workato/model.md 12`).

use baton_workato::baton::sync::summary::Status;
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Shape, Workspace};

use super::sync;
use crate::support::oracle::{Choice, Options};

/// Each optional family refused with 401 and 403: the sync finishes, the summary names what is missing and the
/// checkbox to tick, and the other families are whole.
#[tokio::test]
async fn a_refused_family_is_a_warning_that_names_the_checkbox() {
    let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let whole = sync(workspace.clone(), Behavior::default(), &Options::default())
        .await
        .unwrap();
    let cases: [(Endpoint, &str, &[&str]); 9] = [
        (
            Endpoint::Groups,
            "Collaborator groups",
            &["collaborator_group", "project"],
        ),
        (
            Endpoint::GroupMembers,
            "Collaborator groups",
            &["collaborator_group", "project"],
        ),
        (Endpoint::ProjectRoles, "Project roles", &["project_role", "project"]),
        (Endpoint::ProjectProjectGrants, "Project grants", &["project"]),
        (Endpoint::Projects, "List projects", &["project", "folder"]),
        (Endpoint::Folders, "List folders", &["folder"]),
        (
            Endpoint::ApiClients,
            "API clients",
            &["api_client", "api_client_role", "api_key"],
        ),
        (Endpoint::ApiClientRoles, "API client roles", &["api_client_role"]),
        (
            Endpoint::MemberPrivileges,
            "Get collaborator privileges",
            &["privilege", "folder"],
        ),
    ];
    for (endpoint, checkbox, touched) in cases {
        for status in [401, 403] {
            let behavior = Behavior::default().deny(endpoint, status);
            let synced = sync(workspace.clone(), behavior, &Options::default()).await.unwrap();
            assert_eq!(synced.summary.status, Status::CompleteWithWarnings, "{endpoint:?}");
            let told = synced.summary.warnings.iter().any(|w| {
                w.cause == "list-refused" && w.message.contains(checkbox) && w.message.contains(&status.to_string())
            });
            assert!(told, "{endpoint:?} {status}: {:?}", synced.summary.warnings);
            for (resource_type, rows) in &whole.summary.rows {
                if !touched.contains(&resource_type.as_str()) {
                    assert_eq!(
                        rows, &synced.summary.rows[resource_type],
                        "{endpoint:?} leaves {resource_type} alone"
                    );
                }
            }
            let dangling = synced.rows.grants.keys().all(|id| whole.rows.grants.contains_key(id));
            assert!(dangling, "{endpoint:?} invents nothing");
        }
    }
}

/// Refused single roles lose their settings, nothing else.
#[tokio::test]
async fn a_refused_role_config_loses_the_config_alone() {
    let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let whole = sync(workspace.clone(), Behavior::default(), &Options::default())
        .await
        .unwrap();
    let behavior = Behavior::default()
        .deny(Endpoint::EnvironmentRole, 403)
        .deny(Endpoint::ProjectRole, 403);
    let synced = sync(workspace, behavior, &Options::default()).await.unwrap();
    assert_eq!(whole.summary.rows, synced.summary.rows);
    assert_eq!(whole.rows.grants, synced.rows.grants);
    assert!(
        synced
            .rows
            .resources
            .values()
            .all(|r| r.profile.get("config").is_none())
    );
    assert!(whole.rows.resources.values().any(|r| r.profile.get("config").is_some()));
    assert_eq!(synced.summary.warnings.len(), 2, "{:?}", synced.summary.warnings);
    let asked = synced.simulator.requests();
    for endpoint in [Endpoint::EnvironmentRole, Endpoint::ProjectRole] {
        assert!(asked.to(endpoint) <= 5, "{endpoint:?}: a few refusals are enough");
    }
}

/// TEST and PROD with the DEV token alone: people, roles, groups and privileges of that environment, and plain words
/// about the token that projects need (`workato/model.md 8`).
#[tokio::test]
async fn a_missing_environment_token_is_said_plainly() {
    let shape = Shape {
        environments: Env::ALL.to_vec(),
        ..Shape::small(AccessModel::RbacV2)
    };
    let options = Options {
        choice: Choice::One(Env::Prod),
        ..Options::default()
    };
    let synced = sync(Workspace::generate(&shape), Behavior::default(), &options)
        .await
        .unwrap();
    let rows = &synced.summary.rows;
    assert!(rows["collaborator"].resources > 0 && rows["environment_role"].grants > 0);
    assert!(rows["collaborator_group"].grants > 0 && rows["privilege"].resources > 0);
    assert_eq!((rows["project"].resources, rows["folder"].resources), (0, 0));
    let [warning] = synced.summary.warnings.as_slice() else {
        panic!("{:?}", synced.summary.warnings)
    };
    assert_eq!(warning.cause, "environment-token-missing");
    assert!(
        warning.message.contains("--workato-prod-api-key"),
        "{}",
        warning.message
    );
}

/// References to what no list returned are dropped and counted, one warning a cause with examples
/// (`workato/model.md 5`).
#[tokio::test]
async fn nothing_dangles() {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let gone = workspace.people.pop().unwrap();
    let group = workspace.groups.iter_mut().find(|g| !g.system).unwrap();
    group.members.push(gone.id);
    let folder = 999_999_999;
    for row in workspace.privileges.values_mut() {
        row.folder_ids = Some(vec![folder]);
    }
    let synced = sync(workspace, Behavior::default(), &Options::default()).await.unwrap();
    let rows = &synced.rows;
    for (id, grant) in &rows.grants {
        assert!(rows.resources.contains_key(&grant.principal), "{id}");
        assert!(
            rows.entitlements.keys().any(|e| id.starts_with(&format!("{e}:"))),
            "{id}"
        );
    }
    let causes: Vec<_> = synced
        .summary
        .warnings
        .iter()
        .map(|w| (w.cause, w.examples.join(" ")))
        .collect();
    let about = |cause: &str, example: &str| causes.iter().any(|(c, e)| *c == cause && e.contains(example));
    assert!(about("collaborator-not-listed", &gone.id.to_string()), "{causes:?}");
    assert!(about("folder-not-listed", &folder.to_string()), "{causes:?}");
}
