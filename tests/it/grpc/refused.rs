//! What answered in a sync of this process and is refused now fails the call. The caller has nothing to tell an empty list
//! from access that was taken away.

use std::sync::Arc;

use baton_workato::baton::error::{Error, Result};
use baton_workato::baton::grpc::Switches;
use baton_workato::baton::http::HttpClient;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::simulator::{Behavior, Endpoint, Simulator, Workspace};
use baton_workato::workato::WorkatoConnector;

use super::Served;
use super::remote::Remote;
use crate::refusal::kinds::{KINDS, Kind, refusing, settings, workspace};
use crate::support::rows::Rows;
use crate::support::run;

struct Place {
    folder: tempfile::TempDir,
    simulator: Simulator,
    workspace: Workspace,
    served: Served,
}

impl Place {
    async fn new() -> Place {
        let workspace = workspace();
        let simulator = Simulator::start(workspace.clone(), Behavior::default()).await.unwrap();
        let http = Arc::new(HttpClient::new(run::impatient()).unwrap());
        let connector = Arc::new(WorkatoConnector::connect(settings(&simulator), &http));
        Place {
            folder: tempfile::tempdir().unwrap(),
            served: Served::plain(connector, Switches::default()).await,
            simulator,
            workspace,
        }
    }

    /// One sync of a caller that keeps nothing of those before.
    async fn sync(&self) -> Result<(Summary, Rows)> {
        let remote = Remote::connect(self.served.channel().await).await;
        let file = self.folder.path().join("sync.c1z");
        let synced = run::connector(remote, &run::options(&file)).await;
        let rows = synced.map(|summary| (summary, Rows::of_file(&file)));
        for name in ["sync.c1z", "sync.c1z.partial"] {
            let _ = std::fs::remove_file(self.folder.path().join(name));
        }
        rows
    }

    /// As [`Place::sync`], and the caller says that it is over.
    async fn whole(&self) -> Rows {
        let (summary, rows) = self.sync().await.unwrap();
        let remote = Remote::connect(self.served.channel().await).await;
        remote.cleanup(&summary.sync_id).await;
        rows
    }

    async fn fails(&self, what: &str) -> Error {
        match self.sync().await {
            Err(error) => error,
            Ok((_, rows)) => panic!("{what}: {} grants look like all there are", rows.grants.len()),
        }
    }
}

#[tokio::test]
async fn a_list_that_was_served_before_fails_the_call_when_it_is_refused() {
    for endpoint in [Endpoint::ProjectProjectGrants, Endpoint::Groups, Endpoint::ProjectRoles] {
        let place = Place::new().await;
        let wanted = place.whole().await;
        for status in [403, 404] {
            place.simulator.behave(Behavior::default().deny(endpoint, status));
            let error = place.fails(&format!("{endpoint:?} {status}")).await;
            let text = error.to_string();
            assert!(
                text.contains("answered in the sync of 20"),
                "{endpoint:?} {status}: {text}"
            );
            assert!(text.contains("in the client role"), "{endpoint:?} {status}: {text}");
        }
        // It answers again, and nothing was forgotten or made up meanwhile.
        place.simulator.behave(Behavior::default());
        assert_eq!(place.whole().await, wanted, "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_thing_that_was_served_before_fails_the_call_when_it_is_refused() {
    for kind in KINDS {
        let place = Place::new().await;
        place.whole().await;
        let requests = place.simulator.requests().0;
        let ids = kind.ids(&place.workspace);
        let asked = ids
            .iter()
            .find(|id| requests.iter().any(|request| request.path.starts_with(&kind.path(id))));
        let id = asked.unwrap();
        place.simulator.behave(refusing(kind, std::slice::from_ref(id), 403));
        let error = place.fails(&format!("{kind:?} {id}")).await;
        assert!(
            error.to_string().contains("answered in the sync of 20"),
            "{kind:?}: {error}"
        );
    }
}

/// A caller that vanishes says no end; a second one reads beside the first.
#[tokio::test]
async fn syncs_that_never_end_count_too() {
    let place = Place::new().await;
    place.sync().await.unwrap();
    let denied = Behavior::default().deny(Endpoint::ProjectProjectGrants, 403);
    place.simulator.behave(denied);
    for _ in 0..6 {
        let error = place.fails("without an end").await;
        assert!(error.to_string().contains("answered in the sync of 20"), "{error}");
    }
}

#[tokio::test]
async fn what_never_answered_is_left_out_as_before_and_what_was_deleted_is_no_loss() {
    let place = Place::new().await;
    let denied = Behavior::default().deny(Endpoint::ProjectProjectGrants, 403);
    place.simulator.behave(denied);
    let without = place.whole().await;
    assert_eq!(place.whole().await, without, "twice");
    place.simulator.behave(Behavior::default());
    assert!(place.whole().await.grants.len() > without.grants.len());

    let gone = Kind::ProjectGrants.ids(&place.workspace)[0].clone();
    place
        .simulator
        .change(|workspace| workspace.projects.retain(|project| project.id.to_string() != gone));
    let fewer = place.whole().await;
    assert!(!fewer.resources.keys().any(|id| *id == format!("project:{gone}")));
    place.whole().await;
}
