//! What a look costs, and what it does when the other side is slow, failing or out of quota.

use std::collections::BTreeMap;
use std::time::Duration;

use baton_workato::baton::diagnosis::{Diagnosis, Status, Verdict};
use baton_workato::baton::error::Kind;
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Fault, Hits, Quota};

use super::{all, bad, check, dev, diagnosed, simulator, within};

#[tokio::test]
async fn every_endpoint_is_asked_once_with_every_token() {
    for (model, dev_lists) in [
        (AccessModel::RbacV2, 15),
        (AccessModel::Legacy, 12),
        (AccessModel::Mixed, 15),
    ] {
        let simulator = simulator(model, Behavior::default()).await;
        diagnosed(&all(&simulator)).await;
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        for request in simulator.requests().iter() {
            assert_eq!(request.method, "GET");
            *counts.entry((request.environment, request.endpoint)).or_default() += 1;
        }
        // The older model knows no project grants: three projects refuse before that is believed.
        let refuses = |endpoint| model == AccessModel::Legacy && endpoint == Some(Endpoint::ProjectProjectGrants);
        for ((_, endpoint), count) in &counts {
            let expected = if refuses(*endpoint) { 3 } else { 1 };
            assert_eq!(*count, expected, "{counts:#?}");
        }
        let of_dev = counts
            .keys()
            .filter(|(e, _)| e.is_some_and(|e| e.as_str() == "dev"))
            .count();
        // Every token asks for the seven lists of what a plan may lack.
        // So it does for its audit log.
        let expected = (dev_lists + 8, dev_lists + 8 + 2 * (3 + 8));
        assert_eq!((of_dev, counts.len()), expected, "{counts:#?}");
    }
}

/// A refusal of one thing is no missing checkbox; three of them are.
#[tokio::test]
async fn a_thing_that_is_refused_is_not_taken_for_its_kind() {
    for (path, name) in [
        ("/api/projects/*/project_grants", "project grants"),
        ("/api/user_groups/*/members", "members of a collaborator group"),
        ("/api/members/*/privileges", "privileges of a collaborator"),
        ("/api/environment_roles/*", "an environment role"),
    ] {
        for (hits, status, asked) in [(Hits::First(1), Status::Ok, 2), (Hits::Every, Status::Warning, 3)] {
            let behavior = Behavior::default().script(path, hits, Fault::status(403));
            let simulator = simulator(AccessModel::RbacV2, behavior).await;
            let diagnosis = diagnosed(&dev(&simulator)).await;
            assert_eq!(check(&diagnosis, name, Some("dev")).status, status, "{path}");
            let (start, end) = path.split_once('*').unwrap();
            let is_one = |path: &str| path.starts_with(start) && path.split('?').next().unwrap().ends_with(end);
            let all = simulator.requests();
            let count = all
                .iter()
                .filter(|r| is_one(&r.path) && !r.path.starts_with(&format!("{start}?")))
                .count();
            // Small workspaces have no third of everything.
            assert!(count == asked || (count == 2 && asked == 3), "{path}: {count}");
        }
    }
}

#[tokio::test]
async fn what_fails_is_asked_twice_and_hides_nothing_else() {
    let behavior = Behavior::default().script("/api/user_groups", Hits::Every, Fault::status(503));
    let simulator = simulator(AccessModel::RbacV2, behavior).await;
    let diagnosis = diagnosed(&dev(&simulator)).await;
    let [failed] = bad(&diagnosis)[..] else {
        panic!("{diagnosis:#?}")
    };
    assert_eq!(
        (failed.name.as_str(), failed.status),
        ("collaborator groups", Status::Failed)
    );
    assert!(failed.seen.contains("503"), "{}", failed.seen);
    assert_eq!(diagnosis.gravest(), Some(Kind::Unavailable));
    assert_eq!(simulator.requests().count("/api/user_groups"), 2);
    assert_eq!(check(&diagnosis, "project roles", Some("dev")).status, Status::Ok);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_waited_for() {
    let stall = Fault::Stall(Duration::from_secs(3_600));
    let behavior = Behavior::default().script("/api/folders", Hits::Every, stall);
    let simulator = simulator(AccessModel::RbacV2, behavior).await;
    let findings = within(Duration::from_secs(3), &dev(&simulator), None).await;
    let diagnosis = Diagnosis(findings.checks);
    let [failed] = bad(&diagnosis)[..] else {
        panic!("{diagnosis:#?}")
    };
    assert_eq!(
        (failed.name.as_str(), diagnosis.gravest()),
        ("folders", Some(Kind::DeadlineExceeded))
    );
    assert!(failed.seen.contains("within 3 s"), "{}", failed.seen);
}

#[tokio::test]
async fn quota_headers_are_shown() {
    let quota = |calls| {
        Behavior::default().quota(Quota {
            calls,
            ..Quota::default()
        })
    };
    let simulator = simulator(AccessModel::RbacV2, quota(60)).await;
    let diagnosis = diagnosed(&dev(&simulator)).await;
    let left = check(&diagnosis, "requests left", None);
    assert_eq!((left.status, diagnosis.verdict()), (Status::Ok, Verdict::Complete));
    assert!(left.seen.starts_with("58 "), "{}", left.seen);

    simulator.behave(quota(4));
    assert_eq!(
        check(&diagnosed(&dev(&simulator)).await, "requests left", None).status,
        Status::Warning
    );
}

/// A sync waits for quota, so it is no failure; but nothing can be said of what was not answered.
#[tokio::test]
async fn a_quota_that_is_used_up_is_said_and_not_waited_for() {
    let behavior = Behavior::default().quota(Quota {
        calls: 1,
        ..Quota::default()
    });
    let simulator = simulator(AccessModel::RbacV2, behavior).await;
    let diagnosis = diagnosed(&dev(&simulator)).await;
    assert_eq!(diagnosis.verdict(), Verdict::Incomplete, "{:#?}", bad(&diagnosis));
    assert_eq!(diagnosis.gravest(), Some(Kind::Unavailable));
    let left = check(&diagnosis, "requests left", None);
    assert!(
        left.seen.contains("is used up") && left.seen.contains("collaborators"),
        "{}",
        left.seen
    );
    let privileges = check(&diagnosis, "privileges of a collaborator", Some("dev"));
    assert_eq!(privileges.status, Status::Warning);
    assert_eq!(
        privileges.lost.as_deref(),
        Some("nothing: a sync waits, but it could not be looked at")
    );
}

#[tokio::test]
async fn a_clock_that_is_off_is_found() {
    for (ahead, status) in [
        (0, Status::Ok),
        (20, Status::Ok),
        (-600, Status::Warning),
        (86_400, Status::Warning),
    ] {
        let behavior = Behavior {
            clock_ahead: ahead,
            ..Behavior::default()
        };
        let simulator = simulator(AccessModel::RbacV2, behavior).await;
        let diagnosis = diagnosed(&dev(&simulator)).await;
        assert_eq!(check(&diagnosis, "clock", None).status, status, "{ahead}");
    }
}

#[tokio::test]
async fn somebody_else_who_answers_is_not_taken_for_workato() {
    for fault in [
        Fault::Html(200),
        Fault::Html(404),
        Fault::Redirect("https://login.example.com/".to_owned()),
        Fault::Reset,
    ] {
        let behavior = Behavior::default().script("/**", Hits::Every, fault.clone());
        let simulator = simulator(AccessModel::RbacV2, behavior).await;
        let diagnosis = diagnosed(&dev(&simulator)).await;
        let [failed] = bad(&diagnosis)[..] else {
            panic!("{fault:?} {diagnosis:#?}")
        };
        assert_eq!(
            (failed.name.as_str(), failed.status),
            ("data center", Status::Failed),
            "{fault:?}"
        );
        assert!(failed.todo.is_some());
        let permissions = diagnosis.0.iter().filter(|check| check.needs.is_some());
        assert!(permissions.clone().count() > 10 && permissions.into_iter().all(|c| c.status == Status::Skipped));
        assert!(simulator.requests().len() <= 2, "nothing else is asked");
    }
}

#[tokio::test]
async fn nobody_there_is_said_once() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let mut settings = dev(&simulator);
    settings.base_url.set_port(Some(9)).unwrap();
    let diagnosis = diagnosed(&settings).await;
    let [failed] = bad(&diagnosis)[..] else {
        panic!("{diagnosis:#?}")
    };
    assert_eq!(
        (failed.name.as_str(), diagnosis.gravest()),
        ("data center", Some(Kind::Unavailable))
    );
    assert!(failed.seen.contains("connection refused"), "{}", failed.seen);
}
