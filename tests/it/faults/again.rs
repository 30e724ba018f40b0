//! A sync that a fault stopped is taken up by the next run of the same command. What made no sense, or was refused,
//! is asked for again: the second run must not fail on the pages that the first one kept.

use baton_workato::baton::sync::summary::Status;
use baton_workato::simulator::{AccessModel, Endpoint, Fault, Hits, Shape, Simulator, Workspace};

use super::cell::{Digest, baseline, settings};
use super::sites::{self, Site};
use crate::support::run;

/// Syncs with a fault, which must fail, and again without it.
async fn fails_then_is_whole(site: &Site, path: &str, hits: Hits, fault: Fault) {
    let whole = baseline(site, site.behavior.clone()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let behavior = site.behavior.clone().script(path, hits, fault.clone());
    let simulator = Simulator::start(site.workspace.clone(), behavior).await.unwrap();
    let options = run::options(&file);
    let sync = || run::workato_over(settings(&simulator, site.bend), &options, run::impatient());
    let error = sync().await.expect_err(&format!("{path} {fault:?}"));
    assert!(!file.exists(), "{error}");
    simulator.behave(site.behavior.clone());
    let summary = sync().await.unwrap_or_else(|error| panic!("{path} {fault:?}: {error}"));
    assert_eq!(summary.status, Status::Complete, "{path}: {:?}", summary.warnings);
    assert!(Digest::of_file(&file) == whole, "{path} {fault:?}");
}

#[tokio::test]
async fn a_stopped_sync_does_not_keep_what_stopped_it() {
    let (rbac, wide) = (sites::rbac(), sites::wide());
    let bracketed = |path: &str| format!("{path}?page[number]=2");
    for fault in [
        Fault::RepeatedPage,
        Fault::status(403),
        Fault::Html(200),
        Fault::TruncatedJson,
    ] {
        for path in [
            "/api/user_groups",
            "/api/environment_roles",
            "/api/projects/*/project_grants",
        ] {
            fails_then_is_whole(&rbac, &bracketed(path), Hits::Every, fault.clone()).await;
        }
        fails_then_is_whole(&wide, "/api/projects?page=2", Hits::Every, fault.clone()).await;
    }
    // Two readings of the list are inconsistent, in all their pages.
    fails_then_is_whole(&rbac, "/api/user_groups", Hits::From(2), Fault::EmptyPage).await;
}

/// The checkbox was taken away and is ticked again.
#[tokio::test]
async fn a_family_that_comes_back_goes_on() {
    let mixed = Site {
        workspace: Workspace::generate(&Shape::small(AccessModel::Mixed)),
        ..sites::rbac()
    };
    for (site, endpoint) in [
        (&sites::rbac(), Endpoint::GroupMembers),
        (&mixed, Endpoint::EnvironmentRoles),
        (&mixed, Endpoint::Roles),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        let simulator = Simulator::start(site.workspace.clone(), site.behavior.clone())
            .await
            .unwrap();
        let options = run::options(&file);
        let sync = || run::workato_over(settings(&simulator, site.bend), &options, run::impatient());
        sync().await.unwrap();
        let whole = Digest::of_file(&file);
        simulator.behave(site.behavior.clone().deny(endpoint, 403));
        sync().await.unwrap_err();
        assert!(
            Digest::of_file(&file) == whole,
            "{endpoint:?}: the old file is untouched"
        );
        simulator.behave(site.behavior.clone());
        assert_eq!(sync().await.unwrap().status, Status::Complete, "{endpoint:?}");
        assert!(Digest::of_file(&file) == whole, "{endpoint:?}");
    }
}
