//! `workato/model.md 7`: privileges without one call per person.

use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Shape, Workspace};

use super::{assert_no_warnings, assert_rows, sync};
use crate::support::oracle::{Options, Privileges, expect};

fn options(privileges: Privileges) -> Options {
    Options {
        privileges,
        ..Options::everything()
    }
}

#[tokio::test]
async fn sampling_gives_the_rows_of_exact_reading_for_a_fraction_of_the_calls() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let workspace = Workspace::generate(&Shape {
            people: 120,
            model,
            ..Shape::default()
        });
        let exact = sync(workspace.clone(), Behavior::default(), &options(Privileges::Exact))
            .await
            .unwrap();
        let sampled = sync(workspace.clone(), Behavior::default(), &options(Privileges::Sampled))
            .await
            .unwrap();
        assert_eq!(exact.rows, sampled.rows, "{model:?}");
        let calls = |s: &super::Synced| s.simulator.requests().to(Endpoint::MemberPrivileges);
        let holders = workspace
            .people
            .iter()
            .filter(|p| p.roles.iter().any(|r| !baton_workato::simulator::is_no_access(&r.role)))
            .count();
        assert_eq!(
            calls(&exact),
            holders,
            "people with no role, or only No access, need no call"
        );
        let tuples: std::collections::BTreeSet<_> = workspace
            .people
            .iter()
            .flat_map(|p| &p.roles)
            .filter(|r| !baton_workato::simulator::is_no_access(&r.role))
            .map(baton_workato::simulator::Assignment::tuple)
            .collect();
        // Those who may have folders of their own are asked as well where they are few.
        let few = 30;
        assert!(
            calls(&sampled) <= 2 * tuples.len() + few,
            "two holders per role at most, and a few for their folders"
        );
        assert!(
            calls(&sampled).saturating_sub(few) * 3 < calls(&exact),
            "{} of {}",
            calls(&sampled),
            calls(&exact)
        );
        assert_no_warnings(&sampled);
    }
}

#[tokio::test]
async fn off_reads_nobody() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let workspace = Workspace::generate(&Shape::small(model));
        let synced = sync(workspace.clone(), Behavior::default(), &options(Privileges::Off))
            .await
            .unwrap();
        assert_eq!(synced.simulator.requests().to(Endpoint::MemberPrivileges), 0);
        assert_rows(&expect(&workspace, &options(Privileges::Off)), &synced.rows);
        assert_eq!(
            synced.summary.rows["privilege"].resources > 0,
            model == AccessModel::Legacy
        );
    }
}

/// Holders who differ: every holder of that role is read, each gets what they have, and a warning says so.
#[tokio::test]
async fn a_mismatch_falls_back_to_one_call_per_holder() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let shape = Shape {
            people: 40,
            projects: 8,
            drift: true,
            ..Shape::small(model)
        };
        let workspace = Workspace::generate(&shape);
        let sampled = sync(workspace.clone(), Behavior::default(), &options(Privileges::Sampled))
            .await
            .unwrap();
        assert_rows(&expect(&workspace, &options(Privileges::Sampled)), &sampled.rows);
        let differ: Vec<_> = sampled
            .summary
            .warnings
            .iter()
            .filter(|w| w.cause == "privileges-differ")
            .collect();
        assert_eq!(
            differ.iter().map(|w| w.count).sum::<u64>(),
            2,
            "{model:?}: {:?}",
            sampled.summary.warnings
        );
        let exact = sync(workspace.clone(), Behavior::default(), &options(Privileges::Exact))
            .await
            .unwrap();
        assert_eq!(exact.rows, sampled.rows, "{model:?}");
    }
}

/// A person whose answer is empty proves nothing: another holder is asked.
#[tokio::test]
async fn an_empty_answer_is_not_taken_for_no_privileges() {
    let workspace = Workspace::generate(&Shape {
        people: 30,
        ..Shape::small(AccessModel::RbacV2)
    });
    let whole = sync(workspace.clone(), Behavior::default(), &options(Privileges::Sampled))
        .await
        .unwrap();
    let first = whole
        .simulator
        .requests()
        .iter()
        .find(|r| r.endpoint == Some(Endpoint::MemberPrivileges))
        .map(|r| r.path.clone())
        .unwrap();
    let empty = baton_workato::simulator::Fault::Status(
        200,
        r#"{"data":[]}"#.into(),
        vec![("content-type".into(), "application/json".into())],
    );
    let behavior = Behavior::default().script(&first, baton_workato::simulator::Hits::Every, empty);
    let synced = sync(workspace, behavior, &options(Privileges::Sampled)).await.unwrap();
    assert_eq!(whole.rows, synced.rows);
}
