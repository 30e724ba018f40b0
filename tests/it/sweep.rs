//! The equality sweep: wherever a sync is stopped, the file before stays whole and the next run makes the same rows.
//!
//! `cargo test` stops at a sample. `BATON_WORKATO_SWEEP` asks for more: `all` stops at every request in every way,
//! `kill9:1000` kills the program at so many random moments, `all,kill9:1000` does both.

mod kill9;
mod requests;
mod saving;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::Arc;
use std::time::Duration;

use baton_workato::ABOUT;
use baton_workato::baton::c1z::{Reader, SyncType};
use baton_workato::baton::error::Result;
use baton_workato::baton::http::{HttpClient, HttpOptions, RetryPolicy};
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::baton::sync::{self, Audience, SyncEnvironment};
use baton_workato::simulator::Workspace;
use baton_workato::simulator::{AccessModel, Behavior, Env, Logged, Shape, Simulator};
use baton_workato::workato::WorkatoConnector;
use baton_workato::workato::settings::Settings;

use crate::support::place::names;
use crate::support::program::syncing;
use crate::support::rows::Rows;
use crate::support::run::{environment, options, settings};

/// Lists read at the same time.
const WORKERS: usize = 4;

/// What the long form is asked to do.
fn asked_for(what: &str) -> Option<String> {
    let wishes = std::env::var("BATON_WORKATO_SWEEP").unwrap_or_default();
    let mut found = None;
    for wish in wishes.split(',').filter(|wish| !wish.is_empty()) {
        let (name, value) = wish.split_once(':').unwrap_or((wish, ""));
        assert!(["all", "kill9"].contains(&name), "BATON_WORKATO_SWEEP={wishes}");
        if name == what {
            found = Some(value.to_owned());
        }
    }
    found
}

/// A workspace, a file of its state before, and what a sync of it that nothing disturbs makes of that file.
struct Scene {
    simulator: Simulator,
    before: Vec<u8>,
    rows: Rows,
    /// Requests of the undisturbed sync.
    requests: Vec<Logged>,
}

impl Scene {
    async fn new() -> Scene {
        let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
        let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
        let place = Place::empty();
        place.sync(&simulator, &environment()).await.unwrap();
        let before = std::fs::read(place.file()).unwrap();
        let rows_before = Rows::of_file(&place.file());
        simulator.change(|workspace| {
            workspace.people.pop();
            workspace.people.remove(1);
            workspace.groups.pop();
            workspace.project_grants.pop();
        });
        simulator.forget_requests();
        let summary = place.sync(&simulator, &environment()).await.unwrap();
        assert_eq!((summary.resumed, summary.started_fresh_because), (None, None));
        let rows = Rows::of_file(&place.file());
        assert_ne!(rows, rows_before);
        let requests = simulator.requests().0;
        assert!((20..200).contains(&requests.len()), "{} requests", requests.len());
        assert!(repeated(&requests).is_empty());
        simulator.forget_requests();
        Scene {
            simulator,
            before,
            rows,
            requests,
        }
    }

    /// A folder with the file of the state before.
    fn place(&self) -> Place {
        let place = Place::empty();
        std::fs::write(place.file(), &self.before).unwrap();
        self.simulator.forget_requests();
        place
    }

    /// The file before is there byte for byte, and it opens.
    fn assert_untouched(&self, folder: &Path, case: &str) {
        let file = folder.join("sync.c1z");
        assert!(std::fs::read(&file).unwrap() == self.before, "{case}: the file changed");
        let reader = Reader::open(&file, None).unwrap();
        let finished = reader.runs().unwrap();
        assert!(
            finished
                .iter()
                .all(|run| run.ended_at.is_some() && run.sync_type == SyncType::Full.as_str()),
            "{case}"
        );
    }

    /// The sync is in the file, complete, and equal to the undisturbed one; nothing lies beside it.
    fn assert_complete(&self, folder: &Path, case: &str) {
        self.assert_sealed(folder, case);
        assert_eq!(names(folder), ["sync.c1z"], "{case}");
    }

    /// As [`Self::assert_complete`], but for the settings of roles, which a failing workspace costs.
    fn assert_complete_but_for_settings(&self, folder: &Path, case: &str) {
        let mut rows = Rows::of_file(&folder.join("sync.c1z"));
        for (id, row) in &mut rows.resources {
            let whole = &self.rows.resources[id];
            if row.profile.get("config").is_none() && whole.profile.get("config").is_some() {
                *row = whole.clone();
            }
        }
        assert!(rows == self.rows, "{case}: the rows differ");
        assert_eq!(names(folder), ["sync.c1z"], "{case}");
    }

    fn assert_sealed(&self, folder: &Path, case: &str) {
        let file = folder.join("sync.c1z");
        let reader = Reader::open(&file, None).unwrap();
        let run = reader.latest_full().unwrap().expect("a finished full sync");
        assert!(reader.verify(&run.sync_id).unwrap().is_empty(), "{case}");
        assert!(Rows::of_file(&file) == self.rows, "{case}: the rows differ");
    }
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn empty() -> Self {
        Place {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self) -> PathBuf {
        self.path().join("sync.c1z")
    }

    /// A sync in this process by a connector that knows nothing of those before it, and repeats no request.
    async fn sync(&self, simulator: &Simulator, environment: &SyncEnvironment) -> Result<Summary> {
        let settings = Settings {
            dev_token: Secret::new(simulator.token(Env::Dev)),
            ..settings(&simulator.base_url())
        };
        let http = Arc::new(
            HttpClient::new(HttpOptions {
                retry: RetryPolicy::never(),
                ..HttpOptions::of(&ABOUT)
            })
            .unwrap(),
        );
        let connector = Arc::new(WorkatoConnector::connect(settings, &http));
        let mut options = options(&self.file());
        options.workers = WORKERS;
        // As the program writes it, which is compared with this one.
        options.audience = Audience::AnyReader;
        sync::run(connector, &options, environment).await
    }

    /// The program, not yet started.
    fn program(&self, simulator: &Simulator) -> Command {
        syncing(self.path(), simulator, WORKERS)
    }

    /// Runs the program to its end, which must be a good one.
    async fn run(&self, simulator: &Simulator, case: &str) {
        let output = finished(self.program(simulator).spawn().unwrap()).await;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{case}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Waits without blocking the simulator, which runs on this thread.
async fn finished(child: Child) -> Output {
    tokio::task::spawn_blocking(|| child.wait_with_output().unwrap())
        .await
        .unwrap()
}

/// Those that were asked before.
fn repeated<'a>(requests: impl IntoIterator<Item = &'a Logged>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let paths = requests.into_iter().map(|r| r.path.as_str());
    paths.filter(|path| !seen.insert(*path)).collect()
}

/// Waits for something that another thread or process does soon.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
