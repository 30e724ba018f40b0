//! One thing refuses, or several do: at every place of the list, with every number of workers, and after a stop.

use std::collections::BTreeSet;

use baton_workato::ABOUT;
use baton_workato::baton::error::Kind as ErrorKind;
use baton_workato::baton::sync::summary::{Status, Summary};
use baton_workato::baton::warning::Warning;
use baton_workato::simulator::{Behavior, Endpoint, Fault, Hits, Simulator};

use super::kinds::{KINDS, Kind, refusing, sync, workspace, workspace_of};
use crate::support::rows::Rows;

const WORKERS: [usize; 3] = [1, 4, 16];

struct Synced {
    summary: Summary,
    rows: Rows,
}

async fn synced(simulator: &Simulator, workers: usize) -> Synced {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let summary = sync(simulator, &file, workers).await.unwrap();
    let rows = Rows::of_file(&file);
    Synced { summary, rows }
}

fn about<'s>(summary: &'s Summary, cause: &str) -> Vec<&'s Warning> {
    summary.warnings.iter().filter(|w| w.cause == cause).collect()
}

/// Which places of a list of `count` things refuse.
fn positions(count: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = (0..count).map(|at| vec![at]).collect();
    all.extend([vec![0, 1], vec![count - 2, count - 1], vec![0, count - 1], vec![1, 3]]);
    all.push(vec![0, 1, 2]);
    all.push((0..count - 1).collect());
    all
}

#[tokio::test]
async fn one_refusal_is_one_refusal_at_every_place_and_with_any_number_of_workers() {
    let workspace = workspace();
    let simulator = Simulator::start(workspace.clone(), Behavior::default()).await.unwrap();
    let whole = synced(&simulator, 4).await;
    assert_eq!(whole.summary.status, Status::Complete, "{:?}", whole.summary.warnings);
    for kind in KINDS {
        let ids = kind.ids(&workspace);
        assert!(ids.len() >= 4, "{kind:?}: {ids:?}");
        for (number, places) in positions(ids.len()).into_iter().enumerate() {
            // Of people only some are asked; where nearly all refuse, nobody who would answer may be among them.
            if kind == Kind::Privileges && places.len() > 3 {
                continue;
            }
            let refused: Vec<String> = places.iter().map(|at| ids[*at].clone()).collect();
            let status = [403, 401, 404][number % 3];
            let mut first: Option<Synced> = None;
            for workers in WORKERS {
                let name = format!("{kind:?} {places:?} {status} with {workers} workers");
                simulator.behave(refusing(kind, &refused, status));
                simulator.forget_requests();
                let now = synced(&simulator, workers).await;
                let asked = simulator.requests().0;
                let asked: BTreeSet<&String> = refused
                    .iter()
                    .filter(|id| {
                        let path = kind.path(id);
                        asked.iter().any(|r| r.path.starts_with(&path) && r.status == status)
                    })
                    .collect();
                // Privileges are asked of a few only; who refuses there is not always asked.
                assert!(
                    kind == Kind::Privileges || asked.len() == refused.len(),
                    "{name}: {asked:?}"
                );
                check(kind, &refused, asked.len(), &whole, &now, &name);
                match &first {
                    None => first = Some(now),
                    Some(first) => {
                        assert_eq!(first.summary.warnings, now.summary.warnings, "{name}");
                        assert_eq!(first.summary.status, now.summary.status, "{name}");
                        assert_eq!(first.rows, now.rows, "{name}");
                    }
                }
            }
        }
    }
}

/// The others are read, and what is missing is named.
fn check(kind: Kind, refused: &[String], asked: usize, whole: &Synced, now: &Synced, name: &str) {
    let told = about(&now.summary, kind.cause());
    let count: u64 = told.iter().map(|w| w.count).sum();
    assert_eq!(count, asked as u64, "{name}: {:?}", now.summary.warnings);
    assert!(
        about(&now.summary, "list-refused").is_empty(),
        "{name}: {:?}",
        now.summary.warnings
    );
    assert!(told.iter().all(|w| !w.examples.is_empty()), "{name}: {told:?}");
    // Others answer: to tick a checkbox would help nobody.
    assert!(
        told.iter().all(|w| w.message.contains("no checkbox is missing")),
        "{name}: {told:?}"
    );
    let mut missing = whole.rows.grants.keys().filter(|id| !now.rows.grants.contains_key(*id));
    if refused.iter().any(|id| kind.owns(id).is_some()) {
        let is_owned = |id: &str| refused.iter().any(|one| id.starts_with(&kind.owns(one).unwrap()));
        // Whoever is in a group has what the group has.
        let by_group = |id: &str| kind == Kind::GroupMembers && id.starts_with("project:");
        let missing: Vec<&String> = missing.collect();
        assert!(!missing.is_empty(), "{name}");
        for id in &missing {
            assert!(is_owned(id) || by_group(id), "{name}: {id} is missing");
        }
        for id in now.rows.grants.keys() {
            assert!(!is_owned(id), "{name}: {id} is there");
        }
    } else if about(&now.summary, "privileges-unknown").is_empty() {
        assert_eq!(missing.next(), None, "{name}");
    } else {
        // Nobody else holds the role: what it may do is not known, and that is said.
        assert_eq!(kind, Kind::Privileges, "{name}");
        assert!(missing.all(|id| id.starts_with("privilege:")), "{name}");
        return;
    }
    if kind == Kind::Folders {
        let lost = whole.rows.resources.len() - now.rows.resources.len();
        assert!(
            lost <= whole
                .rows
                .resources
                .keys()
                .filter(|id| id.starts_with("folder:"))
                .count()
        );
    } else {
        let ids = |synced: &Synced| synced.rows.resources.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(ids(whole), ids(now), "{name}");
    }
}

/// Where every thing refuses, the family does: a few questions stand for all, however many workers there are.
#[tokio::test]
async fn where_everything_refuses_a_few_questions_are_enough() {
    let workspace = workspace_of(120);
    for (endpoint, kind, status) in [
        (Endpoint::ProjectProjectGrants, Kind::ProjectGrants, 403),
        (Endpoint::GroupMembers, Kind::GroupMembers, 401),
        (Endpoint::MemberPrivileges, Kind::Privileges, 404),
        (Endpoint::EnvironmentRole, Kind::EnvironmentRole, 403),
        (Endpoint::ProjectRole, Kind::ProjectRole, 404),
    ] {
        let simulator = Simulator::start(workspace.clone(), Behavior::default().deny(endpoint, status))
            .await
            .unwrap();
        let mut first = None;
        for workers in WORKERS {
            simulator.forget_requests();
            let now = synced(&simulator, workers).await;
            let asked = simulator.requests().to(endpoint);
            assert_eq!(
                asked,
                5.min(kind.ids(&workspace).len()),
                "{endpoint:?} with {workers} workers"
            );
            let told = about(&now.summary, "list-refused");
            assert_eq!(told.len(), 1, "{endpoint:?}: {:?}", now.summary.warnings);
            assert!(
                told[0].message.contains(&format!("answered {status}")),
                "{}",
                told[0].message
            );
            assert!(about(&now.summary, kind.cause()).is_empty());
            let first = first.get_or_insert_with(|| now.rows.clone());
            assert_eq!(*first, now.rows, "{endpoint:?} with {workers} workers");
        }
    }
}

/// A refusal of one costs one more question, which shows that the others answer; at the head of the list not even that.
#[tokio::test]
async fn a_refusal_costs_little() {
    let workspace = workspace_of(40);
    let ids = Kind::ProjectGrants.ids(&workspace);
    let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
    for (at, more) in [(0, 0), (1, 1), (39, 1)] {
        for workers in WORKERS {
            simulator.behave(refusing(Kind::ProjectGrants, &ids[at..=at], 403));
            simulator.forget_requests();
            synced(&simulator, workers).await;
            let asked = simulator.requests().to(Endpoint::ProjectProjectGrants);
            assert_eq!(asked, 40 + more, "{at} with {workers} workers");
        }
    }
}

/// The checkbox is cleared while the sync runs: not so many single refusals, but a loss.
#[tokio::test]
async fn a_family_that_stops_answering_fails_the_sync() {
    let workspace = workspace_of(12);
    for (path, from) in [
        ("/api/projects/*/project_grants", 2),
        ("/api/projects/*/project_grants", 7),
        ("/api/user_groups/*/members", 3),
        ("/api/members/*/privileges", 2),
        ("/api/environment_roles/*", 2),
        ("/api/folders?parent_id=*", 4),
    ] {
        for (status, workers) in [(403, 1), (401, 16), (404, 4)] {
            let behavior = Behavior::default().script(path, Hits::From(from), Fault::status(status));
            let simulator = Simulator::start(workspace.clone(), behavior).await.unwrap();
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("sync.c1z");
            let error = sync(&simulator, &file, workers).await.unwrap_err();
            let name = format!("{path} from {from} with {workers}: {error}");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{name}");
            assert!(error.to_string().contains("answered earlier in this sync"), "{name}");
            assert_eq!(ABOUT.code(error.code_id()), "BW-1006", "{name}");
            assert!(!file.exists(), "{name}");
        }
    }
}

/// The rows and warnings are those of a sync that was never stopped, wherever it was.
#[tokio::test]
async fn a_stop_changes_nothing() {
    let workspace = workspace();
    for kind in [
        Kind::ProjectGrants,
        Kind::GroupMembers,
        Kind::Folders,
        Kind::EnvironmentRole,
    ] {
        let ids = kind.ids(&workspace);
        for places in [vec![0], vec![2], vec![0, 1], vec![ids.len() - 1]] {
            let refused: Vec<String> = places.iter().map(|at| ids[*at].clone()).collect();
            let simulator = Simulator::start(workspace.clone(), refusing(kind, &refused, 403))
                .await
                .unwrap();
            let straight = synced(&simulator, 1).await;
            for (stop, workers) in [(2, 1), (4, 1), (3, 16)] {
                let stopping = refusing(kind, &refused, 403).script(
                    "/api/projects/*/project_grants",
                    Hits::From(stop),
                    Fault::status(422),
                );
                simulator.behave(stopping);
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("sync.c1z");
                sync(&simulator, &file, workers).await.unwrap_err();
                simulator.behave(refusing(kind, &refused, 403));
                let summary = sync(&simulator, &file, workers).await.unwrap();
                let name = format!("{kind:?} {places:?} stopped at {stop} with {workers}");
                assert!(summary.resumed.is_some(), "{name}");
                assert_eq!(summary.warnings, straight.summary.warnings, "{name}");
                assert_eq!(Rows::of_file(&file), straight.rows, "{name}");
            }
        }
    }
}

/// What a table was made of stays so: the second half of its rows fits to the first.
#[tokio::test]
async fn a_folder_that_refused_before_the_stop_is_not_asked_after_it() {
    let workspace = workspace();
    let ids = Kind::Folders.ids(&workspace);
    let refused = &ids[1..2];
    let stopping = refusing(Kind::Folders, refused, 403).script(
        "/api/projects/*/project_grants",
        Hits::From(2),
        Fault::status(422),
    );
    let simulator = Simulator::start(workspace, stopping).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    sync(&simulator, &file, 1).await.unwrap_err();
    simulator.behave(Behavior::default());
    simulator.forget_requests();
    let summary = sync(&simulator, &file, 1).await.unwrap();
    assert_eq!(simulator.requests().to(Endpoint::Folders), 0);
    assert_eq!(about(&summary, "folder-refused").len(), 1, "{:?}", summary.warnings);
    let next = sync(&simulator, &file, 1).await.unwrap();
    assert_eq!(next.warnings, []);
}

/// Gone is what a list that is read now does not have. It is no refusal, wherever it stood.
#[tokio::test]
async fn what_disappeared_is_gone_and_not_refused() {
    let workspace = workspace();
    let ids = Kind::ProjectGrants.ids(&workspace);
    for at in 0..ids.len() {
        for workers in WORKERS {
            // The list that is read again, if any is, is the second.
            let gone = refusing(Kind::ProjectGrants, &ids[at..=at], 404);
            let simulator = Simulator::start(workspace.clone(), gone).await.unwrap();
            let vanishing = async {
                while simulator.requests().to(Endpoint::Projects) == 0 {
                    tokio::task::yield_now().await;
                }
                simulator.change(|workspace| workspace.projects.retain(|p| p.id.to_string() != ids[at]));
            };
            let (now, ()) = tokio::join!(synced(&simulator, workers), vanishing);
            let told = about(&now.summary, "project-gone");
            assert_eq!(told.len(), 1, "{at}: {:?}", now.summary.warnings);
            assert!(about(&now.summary, "project-refused").is_empty(), "{at}");
            assert!(about(&now.summary, "list-refused").is_empty(), "{at}");
        }
    }
}
