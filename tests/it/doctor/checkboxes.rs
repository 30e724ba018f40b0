//! With each checkbox missing in turn, exactly that one is named, in every access model; and a real sync does what the
//! diagnosis said.

use std::collections::BTreeSet;

use baton_workato::baton::diagnosis::{Diagnosis, Status, Verdict};
use baton_workato::baton::error::Kind;
use baton_workato::baton::sync::summary;
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Happened};
use baton_workato::workato::settings::{PrivilegesMode, Settings};

use super::{all, bad, check, dev, diagnosed, examined, missing, simulator};
use crate::support::run;

const COLLABORATORS: &str = "Admin > Workspace collaborators > Collaborators";

/// The checkbox of every endpoint that a sync reads, as `workato/api.md 1.3` has it.
fn checkbox(endpoint: Endpoint) -> Option<String> {
    let text = |text: &str| Some(text.to_owned());
    match endpoint {
        Endpoint::Members => Some(format!("{COLLABORATORS} > Get collaborators")),
        Endpoint::MemberPrivileges => Some(format!("{COLLABORATORS} > Get collaborator privileges")),
        Endpoint::Roles => text("Admin > Workspace collaborators > Collaborator roles > List non-system roles"),
        Endpoint::EnvironmentRoles => {
            text("Admin > Workspace collaborators > Environment roles > List environment roles")
        }
        Endpoint::EnvironmentRole => text("Admin > Workspace collaborators > Environment roles > Get environment role"),
        Endpoint::ProjectRoles | Endpoint::ProjectRole => text("Admin > Workspace collaborators > Project roles"),
        Endpoint::Groups | Endpoint::GroupMembers => text("Admin > Workspace collaborators > Collaborator groups"),
        Endpoint::ProjectProjectGrants => text("Admin > Workspace collaborators > Project grants"),
        Endpoint::Projects => text("Projects > Projects & folders > List projects"),
        Endpoint::Folders => text("Projects > Projects & folders > List folders"),
        Endpoint::Connections => text("Projects > Connections > List"),
        Endpoint::ApiClients => text("Admin > Developer API clients > API clients > List API clients"),
        Endpoint::ApiClientRoles => text("Admin > Developer API clients > API client roles > List API client roles"),
        _ => None,
    }
}

/// Whether the workspace has what the endpoint answers: what it has not is not missed.
fn exists(endpoint: Endpoint, model: AccessModel) -> bool {
    let legacy = endpoint == Endpoint::Roles;
    let v2 = matches!(
        endpoint,
        Endpoint::EnvironmentRoles
            | Endpoint::EnvironmentRole
            | Endpoint::ProjectRoles
            | Endpoint::ProjectRole
            | Endpoint::Groups
            | Endpoint::GroupMembers
            | Endpoint::ProjectProjectGrants
    );
    match model {
        AccessModel::RbacV2 => !legacy,
        AccessModel::Legacy => !v2,
        AccessModel::Mixed => true,
    }
}

/// What a sync with these settings does.
async fn synced(settings: &Settings, file: &std::path::Path) -> Verdict {
    match run::workato(settings.clone(), file).await {
        Ok(summary) if summary.status == summary::Status::Complete => Verdict::Complete,
        Ok(_) => Verdict::Incomplete,
        Err(_) => Verdict::Fails,
    }
}

/// `and_sync`: a real sync is held against every diagnosis, which takes its time.
async fn each_in_turn(model: AccessModel, status: u16, and_sync: bool) {
    let simulator = simulator(model, Behavior::default()).await;
    let settings = Settings {
        sync_connections: true,
        ..all(&simulator)
    };
    let mut tried = 0;
    for endpoint in Endpoint::ALL {
        let Some(checkbox) = checkbox(endpoint) else { continue };
        simulator.behave(Behavior::default().deny(endpoint, status));
        let diagnosis = diagnosed(&settings).await;
        let what = format!(
            "{endpoint:?} refused with {status} in {model:?}: {:#?}",
            bad(&diagnosis)
        );
        let expected: BTreeSet<String> = exists(endpoint, model).then_some(checkbox).into_iter().collect();
        assert_eq!(missing(&diagnosis), expected, "{what}");
        if and_sync {
            let folder = tempfile::tempdir().unwrap();
            let sync = synced(&settings, &folder.path().join("x.c1z")).await;
            assert_eq!(diagnosis.verdict(), sync, "{what}");
        }
        if !expected.is_empty() {
            assert_eq!(diagnosis.gravest(), Some(Kind::PermissionDenied), "{what}");
            for check in bad(&diagnosis) {
                assert!(check.code.unwrap().digits().starts_with("12"), "{what}");
                assert!(
                    check.lost.is_some() && check.todo.as_ref().unwrap().starts_with("tick "),
                    "{what}"
                );
            }
        }
        tried += 1;
    }
    assert_eq!(tried, 15);
}

#[tokio::test]
async fn in_a_workspace_of_rbac_v2() {
    each_in_turn(AccessModel::RbacV2, 401, true).await;
    each_in_turn(AccessModel::RbacV2, 403, false).await;
}

#[tokio::test]
async fn in_a_legacy_workspace() {
    each_in_turn(AccessModel::Legacy, 401, true).await;
    each_in_turn(AccessModel::Legacy, 403, false).await;
}

#[tokio::test]
async fn in_a_mixed_workspace() {
    each_in_turn(AccessModel::Mixed, 401, true).await;
}

/// Workspace details are asked for their name only.
#[tokio::test]
async fn what_no_sync_needs_is_no_loss() {
    let simulator = simulator(
        AccessModel::RbacV2,
        Behavior::default().deny(Endpoint::WorkspaceDetails, 403),
    )
    .await;
    let findings = examined(&dev(&simulator), None).await;
    let diagnosis = Diagnosis(findings.checks);
    assert_eq!(diagnosis.verdict(), Verdict::Complete, "{:#?}", bad(&diagnosis));
    let details = check(&diagnosis, "workspace details", Some("dev"));
    assert_eq!(details.status, Status::Skipped);
    assert_eq!(
        details.needs.as_deref(),
        Some("Admin > Workspace details > Get details")
    );
    assert_eq!(findings.workspace.name, None);
}

/// No sync needs an audit log, so it is no loss; but what is not known is not called well, and an empty log says nothing.
#[tokio::test]
async fn an_audit_log_is_readable_refused_or_was_never_seen_with_a_row() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let at: jiff::Timestamp = "2026-11-02T08:00:00Z".parse().unwrap();
    simulator.happened(Happened::new(Env::Prod, at, "user_login", "User", "5"));
    let diagnosis = diagnosed(&all(&simulator)).await;
    let log = |environment| check(&diagnosis, "the audit log", Some(environment));
    assert_eq!(
        (log("prod").status, log("prod").seen.as_str()),
        (Status::Ok, "readable")
    );
    assert_eq!(log("dev").status, Status::Skipped);
    assert!(
        log("dev").seen.contains("what happens is not known"),
        "{}",
        log("dev").seen
    );
    let checkbox = "Admin > Environment management > Audit log > Get audit log";
    assert_eq!(log("dev").needs.as_deref(), Some(checkbox));

    simulator.behave(Behavior::default().deny(Endpoint::ActivityLogs, 403));
    let diagnosis = diagnosed(&all(&simulator)).await;
    assert_eq!(diagnosis.verdict(), Verdict::Complete, "{:#?}", bad(&diagnosis));
    for environment in ["dev", "test", "prod"] {
        let log = check(&diagnosis, "the audit log", Some(environment));
        assert_eq!(log.status, Status::Skipped);
        let words = format!("client role of the {} API client", environment.to_uppercase());
        assert!(log.seen.contains(checkbox) && log.seen.contains(&words), "{}", log.seen);
    }
}

/// A role list that is refused is told from one that the workspace does not have.
#[tokio::test]
async fn both_role_lists_refused_names_the_one_that_is_there() {
    let refused = Behavior::default()
        .deny(Endpoint::EnvironmentRoles, 401)
        .deny(Endpoint::Roles, 401);
    for (model, name, other) in [
        (AccessModel::RbacV2, "environment roles", "collaborator roles"),
        (AccessModel::Legacy, "collaborator roles", "environment roles"),
    ] {
        let simulator = simulator(model, refused.clone()).await;
        let diagnosis = diagnosed(&dev(&simulator)).await;
        assert_eq!(
            check(&diagnosis, name, Some("dev")).status,
            Status::Failed,
            "{diagnosis:#?}"
        );
        assert_eq!(
            check(&diagnosis, other, Some("dev")).status,
            Status::Skipped,
            "{diagnosis:#?}"
        );
        assert_eq!(check(&diagnosis, "access model", None).status, Status::Skipped);
    }
}

/// What the previous sync of the same file read may not be refused now: the sync fails, and so says the diagnosis.
#[tokio::test]
async fn what_the_last_sync_read_is_missed_by_the_next() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let simulator = simulator(model, Behavior::default()).await;
        let settings = Settings {
            sync_connections: true,
            privileges: PrivilegesMode::Sampled,
            ..all(&simulator)
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.c1z");
        assert_eq!(synced(&settings, &file).await, Verdict::Complete);
        for endpoint in Endpoint::ALL {
            if checkbox(endpoint).is_none() || !exists(endpoint, model) {
                continue;
            }
            simulator.behave(Behavior::default().deny(endpoint, 403));
            let diagnosis = Diagnosis(examined(&settings, Some(&file)).await.checks);
            let what = format!("{endpoint:?} in {model:?}: {:#?}", bad(&diagnosis));
            assert_eq!(diagnosis.verdict(), Verdict::Fails, "{what}");
            // A folder of its own: what a failed sync has read is there for the next one.
            let own = tempfile::tempdir().unwrap();
            let copy = own.path().join("x.c1z");
            std::fs::copy(&file, &copy).unwrap();
            assert_eq!(synced(&settings, &copy).await, Verdict::Fails, "{what}");
        }
        simulator.behave(Behavior::default());
        let diagnosis = Diagnosis(examined(&settings, Some(&file)).await.checks);
        assert_eq!(diagnosis.verdict(), Verdict::Complete, "{:#?}", bad(&diagnosis));
    }
}

/// Switched off is not missing.
#[tokio::test]
async fn what_is_switched_off_is_not_asked() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let settings = Settings {
        privileges: PrivilegesMode::Off,
        disable_custom_roles_sync: true,
        ..dev(&simulator)
    };
    let diagnosis = diagnosed(&settings).await;
    assert_eq!(diagnosis.verdict(), Verdict::Complete, "{:#?}", bad(&diagnosis));
    for (name, flag) in [
        ("privileges of a collaborator", "--privileges"),
        ("collaborator roles", "--disable-custom-roles-sync"),
        ("connections", "--sync-connections"),
    ] {
        let check = check(&diagnosis, name, Some("dev"));
        assert_eq!(check.status, Status::Skipped);
        assert!(check.seen.contains(flag), "{}", check.seen);
    }
    let asked = simulator.requests();
    assert_eq!(
        asked.to(Endpoint::MemberPrivileges) + asked.to(Endpoint::Roles) + asked.to(Endpoint::Connections),
        0
    );
}
