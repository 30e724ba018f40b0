//! Families that the previous sync of the same file read: their refusal is a loss, not a missing checkbox.

use std::path::{Path, PathBuf};
use std::time::Duration;

use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::sync::summary::{Status, Summary};
use baton_workato::simulator::{
    AccessModel, AgentsShape, Behavior, Endpoint, Env, Fault, Hits, Shape, Simulator, Workspace,
};
use serde_json::{Value, json};

use super::cell::settings;
use crate::support::run;

/// A file that several syncs write.
struct Place {
    _folder: tempfile::TempDir,
    file: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        Place { _folder: folder, file }
    }

    async fn sync(&self, workspace: &Workspace, behavior: Behavior) -> Result<Summary, Error> {
        let simulator = Simulator::start(workspace.clone(), behavior).await.unwrap();
        let settings = settings(&simulator, |settings| settings.sync_connections = true);
        let mut options = run::options(&self.file);
        // Each sync has a server of its own, so none may be taken up by the next.
        options.resumable = false;
        run::workato_over(settings, &options, run::impatient()).await
    }

    async fn complete(&self, workspace: &Workspace) {
        let summary = self.sync(workspace, Behavior::default()).await.unwrap();
        assert_eq!(summary.status, Status::Complete, "{:?}", summary.warnings);
    }
}

fn bytes(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap()
}

fn causes(summary: &Summary) -> Vec<&'static str> {
    summary.warnings.iter().map(|w| w.cause).collect()
}

fn workspace(model: AccessModel) -> Workspace {
    Workspace::generate(&Shape {
        groups: 4,
        ..Shape::small(model)
    })
}

const FAMILIES: [(Endpoint, &str); 12] = [
    (Endpoint::EnvironmentRole, "Get environment role"),
    (Endpoint::ProjectRoles, "Project roles"),
    (Endpoint::ProjectRole, "Project roles"),
    (Endpoint::Groups, "Collaborator groups"),
    (Endpoint::GroupMembers, "Collaborator groups"),
    (Endpoint::Projects, "List projects"),
    (Endpoint::ProjectProjectGrants, "Project grants"),
    (Endpoint::Folders, "List folders"),
    (Endpoint::Connections, "Connections"),
    (Endpoint::ApiClients, "API clients"),
    (Endpoint::ApiClientRoles, "API client roles"),
    (Endpoint::MemberPrivileges, "Get collaborator privileges"),
];

#[tokio::test]
async fn a_family_that_answered_before_may_not_go_missing() {
    let workspace = workspace(AccessModel::RbacV2);
    for (endpoint, checkbox) in FAMILIES {
        let place = Place::new();
        place.complete(&workspace).await;
        let before = bytes(&place.file);
        for status in [401, 403] {
            let error = place
                .sync(&workspace, Behavior::default().deny(endpoint, status))
                .await
                .expect_err(&format!("{endpoint:?} {status}"));
            assert_eq!(error.kind(), Kind::PermissionDenied, "{endpoint:?} {status}: {error}");
            assert_eq!(error.fact_value("status"), Some(status.to_string().as_str()));
            assert!(error.to_string().contains("answered in the sync of 20"), "{error}");
            let hint = error.hint_text().unwrap();
            assert!(
                hint.contains(checkbox) && hint.contains("move the old file away"),
                "{hint}"
            );
            assert!(bytes(&place.file) == before, "{endpoint:?}: the old file is untouched");
        }
        place.complete(&workspace).await;
    }
}

#[tokio::test]
async fn a_family_that_never_answered_is_a_warning_every_time() {
    let workspace = workspace(AccessModel::RbacV2);
    for (endpoint, _) in FAMILIES {
        let place = Place::new();
        for _ in 0..2 {
            let denied = Behavior::default().deny(endpoint, 403);
            let summary = place.sync(&workspace, denied).await.unwrap();
            assert_eq!(summary.status, Status::CompleteWithWarnings);
            assert!(
                causes(&summary).contains(&"list-refused"),
                "{endpoint:?}: {:?}",
                summary.warnings
            );
        }
        // Once it answered, it counts.
        place.complete(&workspace).await;
        let denied = Behavior::default().deny(endpoint, 403);
        assert!(place.sync(&workspace, denied).await.is_err(), "{endpoint:?}");
    }
}

/// Settings that leave a family out do not forget it.
#[tokio::test]
async fn a_family_that_was_not_asked_is_still_remembered() {
    let workspace = workspace(AccessModel::RbacV2);
    let place = Place::new();
    place.complete(&workspace).await;
    let simulator = Simulator::start(workspace.clone(), Behavior::default()).await.unwrap();
    let without = settings(&simulator, |_| {});
    run::workato_over(without, &run::options(&place.file), run::impatient())
        .await
        .unwrap();
    let denied = Behavior::default().deny(Endpoint::Connections, 401);
    assert_eq!(
        place.sync(&workspace, denied).await.unwrap_err().kind(),
        Kind::PermissionDenied
    );
}

/// One 404 is one thing that is gone; nothing but 404 is a family that is gone.
#[tokio::test]
async fn a_family_may_vanish_with_404_too() {
    let workspace = workspace(AccessModel::RbacV2);
    for endpoint in [
        Endpoint::GroupMembers,
        Endpoint::ProjectProjectGrants,
        Endpoint::MemberPrivileges,
    ] {
        let gone = Behavior::default().deny(endpoint, 404);
        let place = Place::new();
        let summary = place.sync(&workspace, gone.clone()).await.unwrap();
        assert!(
            causes(&summary).contains(&"list-refused"),
            "{endpoint:?}: {:?}",
            summary.warnings
        );
        place.complete(&workspace).await;
        let error = place.sync(&workspace, gone).await.unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{endpoint:?}: {error}");
    }
}

#[tokio::test]
async fn role_lists_may_not_go_missing_either() {
    let mixed = workspace(AccessModel::Mixed);
    for endpoint in [Endpoint::EnvironmentRoles, Endpoint::Roles] {
        let place = Place::new();
        place.complete(&mixed).await;
        let before = bytes(&place.file);
        let denied = Behavior::default().deny(endpoint, 401);
        let error = place.sync(&mixed, denied).await.unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{endpoint:?}: {error}");
        assert!(bytes(&place.file) == before);
    }
}

/// People hold environment roles by their own rows: the list must exist, also in a first sync.
#[tokio::test]
async fn held_environment_roles_must_be_listed() {
    let denied = Behavior::default().deny(Endpoint::EnvironmentRoles, 403);
    let error = Place::new()
        .sync(&workspace(AccessModel::Mixed), denied)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied);
    assert!(error.hint_text().unwrap().contains("Environment roles > List"));
}

/// A workspace that moves from legacy roles to RBAC v2 loses the old list for good.
#[tokio::test]
async fn a_migration_is_no_loss() {
    let place = Place::new();
    place.complete(&workspace(AccessModel::Legacy)).await;
    place.complete(&workspace(AccessModel::RbacV2)).await;
    let error = place.sync(&workspace(AccessModel::Legacy), Behavior::default()).await;
    assert_eq!(
        error.unwrap_err().kind(),
        Kind::PermissionDenied,
        "there is no way back"
    );
}

/// A client that is limited to fewer projects makes the others look deleted: only an answer that they are not there says
/// that they are.
#[tokio::test]
async fn a_project_that_is_in_no_list_any_more_is_only_gone_if_workato_says_so() {
    let whole = workspace(AccessModel::RbacV2);
    let path = "/api/projects";
    let narrowed = |status: Option<u16>| {
        let behavior = Behavior::default().script(path, Hits::Every, Fault::FirstRowGone);
        match status {
            Some(status) => {
                let first = whole.projects.iter().find(|project| project.env == Env::Dev).unwrap();
                let at = format!("{path}/{}/project_grants", first.id);
                behavior.script(&at, Hits::Every, Fault::Status(status, "{}".to_owned(), Vec::new()))
            }
            None => behavior,
        }
    };
    for status in [None, Some(403), Some(401)] {
        let place = Place::new();
        place.complete(&whole).await;
        for _ in 0..2 {
            let summary = place.sync(&whole, narrowed(status)).await.unwrap();
            assert!(
                causes(&summary).contains(&"no-longer-listed"),
                "{status:?}: {:?}",
                summary.warnings
            );
        }
    }
    let place = Place::new();
    place.complete(&whole).await;
    let summary = place.sync(&whole, narrowed(Some(404))).await.unwrap();
    assert!(
        !causes(&summary).contains(&"no-longer-listed"),
        "{:?}",
        summary.warnings
    );
    // Nothing is listed any more, so nobody asks for the grants of any project.
    let place = Place::new();
    place.complete(&whole).await;
    let none = Behavior::default().script(path, Hits::Every, Fault::EmptyPage);
    let summary = place.sync(&whole, none).await.unwrap();
    assert!(causes(&summary).contains(&"no-longer-listed"), "{:?}", summary.warnings);
}

/// What was read of each thing of a list is missed where that list has none of them any more.
#[tokio::test]
async fn things_that_answered_are_missed_where_their_list_is_empty() {
    let whole = Workspace::generate(&Shape {
        agents: Some(AgentsShape::demo()),
        groups: 4,
        ..Shape::small(AccessModel::RbacV2)
    });
    let everybody: Vec<Value> = (whole.groups.iter().filter(|group| group.system))
        .map(|group| json!({"id": group.id, "name": group.name, "system": true}))
        .collect();
    let everybody = json!({"data": everybody, "total": everybody.len()}).to_string();
    let none = || Fault::Status(200, r#"{"data":[],"total":0}"#.to_owned(), Vec::new());
    for (path, words, fault) in [
        ("/api/agentic/genies", "genies", none()),
        ("/api/mcp/mcp_servers", "MCP servers", none()),
        ("/api/iam/user_groups", "identity groups", none()),
        ("/api/v2/api_clients", "API-platform clients", none()),
        (
            "/api/user_groups",
            "collaborator groups",
            Fault::Status(200, everybody, Vec::new()),
        ),
    ] {
        let place = Place::new();
        place.sync(&whole, Behavior::default()).await.unwrap();
        for _ in 0..2 {
            let empty = Behavior::default().script(path, Hits::Every, fault.clone());
            let summary = place.sync(&whole, empty).await.unwrap();
            let missed = summary.warnings.iter().filter(|w| w.cause == "no-longer-listed");
            assert!(
                missed.clone().any(|w| w.message.starts_with(words)),
                "{path}: {:?}",
                summary.warnings
            );
        }
        // And not where they are there again, nor where they are said to be gone.
        let summary = place.sync(&whole, Behavior::default()).await.unwrap();
        assert!(
            !causes(&summary).contains(&"no-longer-listed"),
            "{path}: {:?}",
            summary.warnings
        );
        let gone = Behavior::default()
            .script(path, Hits::Every, fault)
            // Another list lies below that of the genies.
            .script("/api/agentic/genies/clients", Hits::Every, Fault::Stall(Duration::ZERO))
            .script(&format!("{path}/**"), Hits::Every, Fault::status(404));
        let summary = place.sync(&whole, gone).await.unwrap();
        assert!(
            !causes(&summary).contains(&"no-longer-listed"),
            "{path}: {:?}",
            summary.warnings
        );
    }
}

/// A client that lost its last key is in its list, and is not asked for keys.
#[tokio::test]
async fn a_client_without_keys_is_not_missed() {
    let mut workspace = Workspace::generate(&Shape {
        agents: Some(AgentsShape::demo()),
        ..Shape::small(AccessModel::RbacV2)
    });
    let place = Place::new();
    place.sync(&workspace, Behavior::default()).await.unwrap();
    let clients = workspace.estate.as_ref().unwrap().clients.len();
    for left in [clients - 1, 0] {
        for client in workspace.estate.as_mut().unwrap().clients.iter_mut().skip(left) {
            client.keys.clear();
        }
        let summary = place.sync(&workspace, Behavior::default()).await.unwrap();
        assert!(
            !causes(&summary).contains(&"no-longer-listed"),
            "{:?}",
            summary.warnings
        );
    }
}
