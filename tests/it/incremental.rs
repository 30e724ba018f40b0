//! `--incremental`: the rows of a full read from few requests, and a full read that says why wherever anything is in doubt.

mod counts;
mod doubts;
mod late;
mod random;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use baton_workato::ABOUT;
use baton_workato::baton::error::Result;
use baton_workato::baton::http::{Clock, HttpOptions};
use baton_workato::baton::sync::SyncOptions;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::simulator::{
    AccessModel, Behavior, Env, Grantee, Happened, ProjectGrant, Shape, Simulator, Workspace,
};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::model::settings;
use crate::support::oracle::Options;
use crate::support::rows::Rows;
use crate::support::run;

/// A clock that a test moves; pauses take no time.
struct Hands {
    wall: AtomicI64,
    now: Mutex<Instant>,
}

impl Clock for Hands {
    fn now(&self) -> Instant {
        *self.now.lock().unwrap()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_second(self.wall.load(Ordering::Relaxed)).unwrap()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        *self.now.lock().unwrap() += wait;
        Box::pin(tokio::task::yield_now())
    }

    fn random(&self) -> f64 {
        0.5
    }
}

/// A workspace that is synced again and again, into one file incrementally and into another one wholly.
struct House {
    simulator: Simulator,
    clock: Arc<Hands>,
    options: Options,
    /// Whether a sync that failed is taken up again, with what it read then.
    resumable: bool,
    folder: tempfile::TempDir,
}

impl House {
    /// One whose log goes back for days.
    async fn of(workspace: Workspace, options: Options) -> House {
        let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
        let house = House {
            simulator,
            clock: Arc::new(Hands {
                wall: AtomicI64::new("2026-11-08T08:00:00Z".parse::<Timestamp>().unwrap().as_second()),
                now: Mutex::new(Instant::now()),
            }),
            options,
            resumable: true,
            folder: tempfile::tempdir().unwrap(),
        };
        for hours in (1..=120).rev() {
            for env in Env::ALL {
                let at = house.clock.wall() - SignedDuration::from_hours(hours);
                house
                    .simulator
                    .happened(Happened::new(env, at, "user_login", "User", "101"));
            }
        }
        house
    }

    /// A handful of everything in DEV.
    async fn small() -> House {
        House::of(
            Workspace::generate(&Shape::small(AccessModel::RbacV2)),
            Options::default(),
        )
        .await
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("incremental.c1z")
    }

    fn answers(&self) -> PathBuf {
        self.folder.path().join("incremental.c1z.answers")
    }

    fn pass(&self, minutes: i64) {
        self.clock.wall.fetch_add(minutes * 60, Ordering::Relaxed);
    }

    /// A row of the log of DEV, now.
    fn row(&self, event: &str, kind: &str, id: impl Into<String>) -> Happened {
        Happened::new(Env::Dev, self.clock.wall(), event, kind, id)
    }

    async fn sync(&self, options: &SyncOptions) -> Result<Summary> {
        let http = HttpOptions {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ..HttpOptions::of(&ABOUT)
        };
        run::workato_over(settings(&self.simulator, &self.options), options, http).await
    }

    async fn incremental(&self) -> Result<Summary> {
        let options = SyncOptions {
            incremental: true,
            resumable: self.resumable,
            ..run::options(&self.file())
        };
        self.sync(&options).await
    }

    /// Swaps two people on a project, which is returned.
    fn swap(&self) -> String {
        let mut project = 0;
        self.simulator.change(|workspace| project = swap(workspace));
        project.to_string()
    }

    /// The rows of a full read of the workspace as it is.
    async fn whole(&self) -> Result<Rows> {
        let file = self.folder.path().join("whole.c1z");
        let options = SyncOptions {
            resumable: self.resumable,
            ..run::options(&file)
        };
        self.sync(&options).await?;
        Ok(Rows::of_file(&file))
    }

    /// Syncs incrementally and compares with a full read. Says how many requests it took, and why it was a full read.
    async fn compared(&self) -> (usize, Option<String>) {
        self.simulator.forget_requests();
        let summary = self.incremental().await.unwrap();
        let requests = self.simulator.requests().len();
        let told = summary.incremental.expect("it was asked for");
        assert_eq!(told.full_because.is_some(), told.reused == 0, "{told:?}");
        assert!(Rows::of_file(&self.file()) == self.whole().await.unwrap(), "{told:?}");
        (requests, told.full_because)
    }
}

/// Puts somebody in the place of whoever holds a role on a project and nowhere else, so that as many hold it as before.
/// Says on which project.
fn swap(workspace: &mut Workspace) -> u64 {
    let all = workspace.project_grants.clone();
    let holders = |role: &str| -> Vec<&Grantee> {
        let of_role = all.iter().filter(|grant| grant.role == role);
        of_role.map(|grant| &grant.holder).collect()
    };
    let holds_once = |grant: &&mut ProjectGrant| {
        let times = holders(&grant.role)
            .into_iter()
            .filter(|holder| **holder == grant.holder);
        matches!(grant.holder, Grantee::User(_)) && times.count() == 1
    };
    let mut grants = workspace.project_grants.iter_mut();
    let grant = grants.find(holds_once).expect("somebody holds something once");
    let others = workspace.people.iter().map(|person| Grantee::User(person.id));
    let mut others = others.filter(|person| !holders(&grant.role).contains(&person));
    grant.holder = others.next().expect("somebody does not hold it");
    grant.project
}
