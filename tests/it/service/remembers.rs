//! The real program remembers what answered, in the process and across a restart: what refuses then fails the task, and
//! nothing is uploaded.

use std::path::{Path, PathBuf};

use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;
use baton_workato::simulator::{Behavior, Endpoint, Env, Fault, Hits, Shape, Simulator, Workspace};

use super::kill::{program, terminate};
use super::secure::Secure;
use super::stand_in::TenantBehavior;

struct Place {
    folder: tempfile::TempDir,
    secure: Secure,
    simulator: Simulator,
    child: Option<std::process::Child>,
}

impl Place {
    async fn new(behavior: Behavior) -> Self {
        let shape = Shape {
            people: 12,
            projects: 4,
            groups: 3,
            ..Shape::default()
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        let mut place = Place {
            folder,
            secure: Secure::start(TenantBehavior::default()).await,
            simulator: Simulator::start(Workspace::generate(&shape), behavior).await.unwrap(),
            child: None,
        };
        place.start();
        place
    }

    fn start(&mut self) {
        self.child = Some(program(self.folder.path(), &self.secure, &self.simulator));
    }

    async fn restart(&mut self) {
        self.stop().await;
        self.start();
    }

    async fn stop(&mut self) {
        let child = self.child.take().unwrap();
        assert_eq!(terminate(child).await, Some(0), "{}", self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The file in which it remembers.
    fn memory(&self) -> PathBuf {
        let entries = std::fs::read_dir(self.folder.path().join("tmp")).unwrap();
        let mut found = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        found.next().expect("it remembers")
    }

    /// What an unfinished sync has is not asked again.
    fn forget_unfinished(&self) {
        for entry in std::fs::read_dir(self.folder.path().join("tmp")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "partial") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    /// Hands out a full sync: `Ok` if it was uploaded, else what ConductorOne was told.
    async fn task(&self) -> Result<(), String> {
        let id = self.secure.stand_in.task(TaskType::SyncFull(Default::default()));
        let is_done = |seen: &super::stand_in::Seen| seen.ended.contains_key(&id);
        self.secure.stand_in.until("the task is done", is_done).await;
        let seen = self.secure.stand_in.seen();
        let ended = &seen.ended[&id][0];
        assert_eq!(seen.uploads.contains_key(&id), ended.succeeded(), "{}", self.log());
        match ended.succeeded() {
            true => Ok(()),
            false => Err(ended.message.status.clone().unwrap().message),
        }
    }

    fn one_project_refused(&self, at: usize) -> Behavior {
        let projects = self.simulator.workspace().projects;
        let mut ids: Vec<String> = projects
            .iter()
            .filter(|p| p.env == Env::Dev)
            .map(|p| p.id.to_string())
            .collect();
        ids.sort();
        let path = format!("/api/projects/{}/project_grants", ids[at]);
        Behavior::default().script(&path, Hits::Every, Fault::status(403))
    }
}

fn is_loss(told: &Result<(), String>, checkbox: &str) {
    let text = told.as_ref().expect_err("it is a loss");
    assert!(
        text.contains("which answered in the sync of") && text.contains(checkbox),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answered_before_may_not_be_uploaded_as_missing() {
    let mut place = Place::new(Behavior::default()).await;
    place.task().await.unwrap();
    let refused = [
        (
            Behavior::default().deny(Endpoint::ProjectProjectGrants, 403),
            "Project grants",
        ),
        (Behavior::default().deny(Endpoint::Groups, 401), "Collaborator groups"),
        (
            Behavior::default().deny(Endpoint::GroupMembers, 403),
            "Collaborator groups",
        ),
        (place.one_project_refused(2), "Project grants"),
    ];
    for (behavior, checkbox) in &refused {
        place.simulator.behave(behavior.clone());
        is_loss(&place.task().await, checkbox);
        place.forget_unfinished();
    }
    // A process that begins knows it from the file.
    for (behavior, checkbox) in &refused {
        place.restart().await;
        place.simulator.behave(behavior.clone());
        is_loss(&place.task().await, checkbox);
        place.forget_unfinished();
    }
    place.simulator.behave(Behavior::default());
    place.task().await.unwrap();
    // The way that the hint names.
    place.simulator.behave(refused[0].0.clone());
    is_loss(&place.task().await, refused[0].1);
    place.stop().await;
    assert!(
        place.log().contains(&format!("remove {}", place.memory().display())),
        "{}",
        place.log()
    );
    std::fs::remove_file(place.memory()).unwrap();
    place.start();
    place.task().await.unwrap();
    place.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_answered_is_uploaded_with_a_warning() {
    let mut place = Place::new(Behavior::default().deny(Endpoint::ProjectProjectGrants, 403)).await;
    for _ in 0..2 {
        place.task().await.unwrap();
        place.restart().await;
    }
    place.simulator.behave(place.one_project_refused(1));
    place.task().await.unwrap();
    assert!(place.log().contains("project-refused"), "{}", place.log());
    // From now on it counts, but for the one project.
    place.task().await.unwrap();
    place.simulator.behave(place.one_project_refused(0));
    is_loss(&place.task().await, "Project grants");
    place.stop().await;
}

fn owner_only(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).unwrap().mode() & 0o777 == 0o600
}

/// A memory that cannot be understood does not say that nothing answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_memory_lets_no_refusal_pass() {
    let mut place = Place::new(Behavior::default()).await;
    place.task().await.unwrap();
    assert!(owner_only(&place.memory()));
    place.stop().await;
    std::fs::write(place.memory(), "{\"version\":1,\"of").unwrap();
    place.start();
    place.simulator.behave(Behavior::default().deny(Endpoint::Groups, 403));
    let text = place.task().await.unwrap_err();
    assert!(
        text.contains("is not known, since") && text.contains("Collaborator groups"),
        "{text}"
    );
    assert!(place.log().contains("BW-0720"), "{}", place.log());
    // A whole sync makes it good.
    place.simulator.behave(Behavior::default());
    place.task().await.unwrap();
    place.restart().await;
    place.simulator.behave(Behavior::default().deny(Endpoint::Groups, 403));
    is_loss(&place.task().await, "Collaborator groups");
    place.stop().await;
}
