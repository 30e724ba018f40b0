//! A family that refuses, or answers, keeps doing so for the whole of a sync, also when that is stopped and resumed
//! while a checkbox is ticked or cleared: one family never gives a half picture.

use std::path::Path;

use baton_workato::baton::error::{Kind, Result};
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Fault, Hits, Shape, Simulator, Workspace};

use crate::support::rows::Rows;
use crate::support::run;

async fn sync(simulator: &Simulator, file: &Path) -> Result<Summary> {
    let settings = baton_workato::workato::settings::Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        ..run::settings(&simulator.base_url())
    };
    // One worker: the lists are asked one after the other.
    let options = baton_workato::baton::sync::SyncOptions {
        workers: 1,
        ..run::options(file)
    };
    run::workato_over(settings, &options, run::impatient()).await
}

fn workspace() -> Workspace {
    let shape = Shape {
        groups: 3,
        projects: 3,
        ..Shape::small(AccessModel::RbacV2)
    };
    Workspace::generate(&shape)
}

/// What stops a sync for good: no refusal, and nothing that is tried again.
const STOP: u16 = 422;

/// A family that refused is missing as a whole, and the warning says so, although the checkbox is ticked by now. The
/// next sync has everything.
#[tokio::test]
async fn a_family_that_refused_before_the_stop_is_not_asked_after_it() {
    let (grants, members) = ("/api/projects/*/project_grants", "/api/user_groups/*/members");
    for (endpoint, late) in [
        (Endpoint::ProjectRoles, grants),
        (Endpoint::MemberPrivileges, grants),
        (Endpoint::ProjectProjectGrants, members),
    ] {
        let refusing = Behavior::default().deny(endpoint, 403);
        let stop = refusing.script(late, Hits::From(2), Fault::status(STOP));
        let simulator = Simulator::start(workspace(), stop).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        let error = sync(&simulator, &file).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument, "{error:?}");
        assert!(
            simulator.requests().to(endpoint) > 0,
            "{endpoint:?} is asked before the stop"
        );

        simulator.behave(Behavior::default());
        simulator.forget_requests();
        let summary = sync(&simulator, &file).await.unwrap();
        assert!(summary.resumed.is_some(), "{endpoint:?}");
        assert_eq!(simulator.requests().to(endpoint), 0, "{endpoint:?} refused before");
        let refused = summary.warnings.iter().filter(|w| w.cause == "list-refused");
        assert_eq!(refused.count(), 1, "{endpoint:?}: {:?}", summary.warnings);
        let rows = Rows::of_file(&file);
        assert!(!rows.grants.keys().any(|id| brings(endpoint, id)), "{endpoint:?}");

        let next = sync(&simulator, &file).await.unwrap();
        assert_eq!(next.warnings, [], "{endpoint:?}");
        let rows = Rows::of_file(&file);
        assert!(rows.grants.keys().any(|id| brings(endpoint, id)), "{endpoint:?}");
    }
}

/// Whether the grant is there because of what the endpoint answers.
fn brings(endpoint: Endpoint, grant: &str) -> bool {
    grant.starts_with(match endpoint {
        Endpoint::MemberPrivileges => "privilege:",
        _ => "project:",
    })
}

/// The other way round it is a loss, as within one run: the groups that were read have members, the others would
/// seem to have none.
#[tokio::test]
async fn a_family_that_answered_before_the_stop_may_not_refuse_after_it() {
    let stop = Behavior::default().script("/api/user_groups/*/members", Hits::From(2), Fault::status(STOP));
    let simulator = Simulator::start(workspace(), stop).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    sync(&simulator, &file).await.unwrap_err();

    simulator.behave(Behavior::default().deny(Endpoint::GroupMembers, 403));
    let error = sync(&simulator, &file).await.unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
    assert!(
        error.to_string().contains("answered before this sync was stopped"),
        "{error}"
    );
    assert!(!file.exists());

    simulator.behave(Behavior::default());
    let summary = sync(&simulator, &file).await.unwrap();
    assert!(summary.resumed.is_some());
    assert_eq!(summary.warnings, []);
}
