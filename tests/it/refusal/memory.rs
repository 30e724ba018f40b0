//! What answered in an earlier sync of the same file may not refuse now: a single thing as little as a family.

use std::path::PathBuf;

use baton_workato::ABOUT;
use baton_workato::baton::error::Kind as ErrorKind;
use baton_workato::baton::sync::summary::{Status, Summary};
use baton_workato::simulator::{Behavior, Endpoint, Fault, Hits, Simulator, Workspace};

use super::kinds::{KINDS, Kind, refusing, sync, workspace};

struct Place {
    _folder: tempfile::TempDir,
    file: PathBuf,
    simulator: Simulator,
    workspace: Workspace,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace();
        Place {
            file: folder.path().join("sync.c1z"),
            _folder: folder,
            simulator: Simulator::start(workspace.clone(), Behavior::default()).await.unwrap(),
            workspace,
        }
    }

    async fn complete(&self) {
        self.simulator.behave(Behavior::default());
        let summary = self.sync().await.unwrap();
        assert_eq!(summary.status, Status::Complete, "{:?}", summary.warnings);
    }

    async fn sync(&self) -> Result<Summary, baton_workato::baton::error::Error> {
        sync(&self.simulator, &self.file, 4).await
    }

    /// The ids that were asked for, in the order of the list.
    fn asked(&self, kind: Kind) -> Vec<String> {
        let requests = self.simulator.requests().0;
        let ids = kind.ids(&self.workspace);
        let was = |id: &&String| requests.iter().any(|r| r.path.starts_with(&kind.path(id)));
        ids.iter().filter(was).cloned().collect()
    }
}

#[tokio::test]
async fn a_thing_that_answered_before_may_not_go_missing() {
    for kind in KINDS {
        let place = Place::new().await;
        place.complete().await;
        let asked = place.asked(kind);
        let before = std::fs::read(&place.file).unwrap();
        for (id, status) in [(asked.first(), 403), (asked.get(1), 401), (asked.last(), 404)] {
            let id = id.unwrap();
            // What an unfinished sync has is not asked again.
            let _ = std::fs::remove_file(place.file.with_extension("c1z.partial"));
            place.simulator.behave(refusing(kind, std::slice::from_ref(id), status));
            let error = place.sync().await.expect_err(&format!("{kind:?} {id} {status}"));
            let name = format!("{kind:?} {id} {status}: {error}");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{name}");
            assert_eq!(ABOUT.code(error.code_id()), "BW-1006", "{name}");
            assert!(error.to_string().contains("which answered in the sync of 20"), "{name}");
            assert!(
                error.to_string().contains(" > "),
                "the checkbox is in the message: {name}"
            );
            assert!(error.hint_text().unwrap().contains("move the old file away"), "{name}");
            assert!(std::fs::read(&place.file).unwrap() == before, "{name}");
        }
        // It answers again, and the unfinished sync goes on.
        place.complete().await;
    }
}

/// One that never answered is named every time; once it did, it counts.
#[tokio::test]
async fn a_thing_that_never_answered_is_named_every_time() {
    let place = Place::new().await;
    let ids = Kind::ProjectGrants.ids(&place.workspace);
    for _ in 0..2 {
        place.simulator.behave(refusing(Kind::ProjectGrants, &ids[2..3], 403));
        let summary = place.sync().await.unwrap();
        let causes: Vec<_> = summary.warnings.iter().map(|w| (w.cause, w.count)).collect();
        assert_eq!(causes, [("project-refused", 1)]);
    }
    place.complete().await;
    place.simulator.behave(refusing(Kind::ProjectGrants, &ids[2..3], 403));
    place.sync().await.unwrap_err();
}

/// What is deleted in Workato is no loss; what is new and refuses is named.
#[tokio::test]
async fn things_come_and_go() {
    let place = Place::new().await;
    place.complete().await;
    let ids = Kind::ProjectGrants.ids(&place.workspace);
    place
        .simulator
        .change(|workspace| workspace.projects.retain(|p| p.id.to_string() != ids[0]));
    let mut added = place.workspace.projects[1].clone();
    added.id = 99_999_999;
    added.folder_id = 88_888_888;
    place.simulator.change(|workspace| workspace.projects.push(added));
    place
        .simulator
        .behave(refusing(Kind::ProjectGrants, &["99999999".to_owned()], 403));
    let summary = place.sync().await.unwrap();
    let causes: Vec<_> = summary.warnings.iter().map(|w| w.cause).collect();
    assert!(causes.contains(&"project-refused"), "{:?}", summary.warnings);
}

/// A sync that does not ask leaves the memory as it is.
#[tokio::test]
async fn what_is_not_asked_is_not_forgotten() {
    let place = Place::new().await;
    place.complete().await;
    let ids = Kind::ProjectGrants.ids(&place.workspace);
    let options = baton_workato::baton::sync::SyncOptions {
        resource_types: vec!["collaborator".to_owned()],
        ..crate::support::run::options(&place.file)
    };
    let settings = super::kinds::settings(&place.simulator);
    crate::support::run::workato_over(settings, &options, crate::support::run::impatient())
        .await
        .unwrap();
    place.simulator.behave(refusing(Kind::ProjectGrants, &ids[1..2], 403));
    let error = place.sync().await.unwrap_err();
    assert!(error.to_string().contains("answered in the sync of"), "{error}");
}

/// The advice can be followed: without the old file the sync goes on, although an unfinished one lies there.
#[tokio::test]
async fn a_new_file_begins_anew() {
    let place = Place::new().await;
    place.complete().await;
    place
        .simulator
        .behave(Behavior::default().deny(Endpoint::ProjectProjectGrants, 403));
    place.sync().await.unwrap_err();
    std::fs::remove_file(&place.file).unwrap();
    let summary = place.sync().await.unwrap();
    assert!(summary.resumed.is_some());
    assert!(
        summary.warnings.iter().any(|w| w.cause == "list-refused"),
        "{:?}",
        summary.warnings
    );
}

/// A refusal between two answers of the same thing passes with the next run.
#[tokio::test]
async fn a_refusal_that_passes_costs_one_run() {
    let place = Place::new().await;
    place.complete().await;
    let once = Behavior::default().script("/api/projects/*/project_grants", Hits::Nth(3), Fault::status(403));
    place.simulator.behave(once);
    place.sync().await.unwrap_err();
    let summary = place.sync().await.unwrap();
    assert!(summary.resumed.is_some());
    assert_eq!(summary.status, Status::Complete, "{:?}", summary.warnings);
}
