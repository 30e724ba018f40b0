//! Whatever is in doubt makes a full read that says so, and the rows are those of one.

use std::os::unix::fs::PermissionsExt;

use baton_workato::baton::error::Kind;
use baton_workato::baton::http::Clock as _;
use baton_workato::baton::sync::SyncOptions;
use baton_workato::simulator::{Behavior, Endpoint, Env, Fault, Happened, Hits};
use jiff::SignedDuration;

use super::House;
use crate::support::oracle::Privileges;
use crate::support::rows::Rows;
use crate::support::run;

/// A house that was synced once.
async fn begun() -> House {
    let house = House::small().await;
    house.incremental().await.unwrap();
    house.pass(30);
    house
}

/// Makes sure that the next sync is a full read for this reason, and that the one after it is none.
async fn doubts(house: &House, why: &str) {
    let (_, said) = house.compared().await;
    let said = said.unwrap_or_default();
    assert!(said.contains(why), "{said:?} instead of {why:?}");
    assert_eq!(house.compared().await.1, None, "after {why}");
}

#[tokio::test]
async fn rows_of_the_log_that_bear_on_everything() {
    for (kind, event, why) in [
        (
            "UserGroup",
            "user_group_members_added",
            "of a type that is not known (UserGroup)",
        ),
        (
            "ProjectGrant",
            "project_grant_updated",
            "of a type that is not known (ProjectGrant)",
        ),
        ("", "something", "does not say what it is about"),
        (
            "ManagedUserGrant",
            "member_removed",
            "about ManagedUserGrant (member_removed)",
        ),
        ("MemberInvitation", "accepted", "about MemberInvitation"),
        ("PrivilegeGroup", "updated", "about PrivilegeGroup"),
        ("TeamProfile", "updated", "about TeamProfile"),
        (
            "User",
            "delegated_admin_added",
            "meaning is not known (delegated_admin_added)",
        ),
        ("Project", "project_updated", "a project that no list has (4711)"),
    ] {
        let house = begun().await;
        house.simulator.happened(house.row(event, kind, "4711"));
        doubts(&house, why).await;
    }
}

#[tokio::test]
async fn rows_of_the_log_that_bear_on_nothing() {
    let house = begun().await;
    for (kind, event) in [
        ("User", "user_login"),
        ("User", "user_logout"),
        ("ApiClient", "token_regenerated"),
        ("SharedAccount", "connection_updated"),
        ("Flow", "recipe_started"),
        ("Adapter", "connector_updated"),
    ] {
        house.simulator.happened(house.row(event, kind, "4711"));
    }
    assert_eq!(house.compared().await.1, None);
}

#[tokio::test]
async fn a_log_that_cannot_be_believed() {
    let house = begun().await;
    house
        .simulator
        .behave(Behavior::default().deny(Endpoint::ActivityLogs, 403));
    let (_, why) = house.compared().await;
    let why = why.unwrap();
    assert!(why.starts_with("the audit log of dev cannot be read"), "{why}");
    assert!(!house.answers().exists(), "there is nothing to go by");
    house.simulator.behave(Behavior::default());
    doubts(&house, "no answers of the sync before").await;

    house.simulator.forget_events();
    let (_, why) = house.compared().await;
    assert!(why.unwrap().contains("has no row at all"));
    house.simulator.happened(house.row("user_login", "User", "101"));
    doubts(&house, "no answers of the sync before").await;

    // It begins anew, without the row that was there.
    house.simulator.forget_events();
    for minute in 0..90 {
        let at = house.clock.wall() - SignedDuration::from_mins(minute);
        house
            .simulator
            .happened(Happened::new(Env::Dev, at, "user_login", "User", "101"));
    }
    house.simulator.happened(house.row("user_login", "User", "101"));
    doubts(&house, "does not show row").await;
}

#[tokio::test]
async fn a_log_that_is_longer_than_anybody_reads() {
    let house = begun().await;
    for _ in 0..2_100 {
        house.simulator.happened(house.row("user_login", "User", "101"));
    }
    let (_, why) = house.compared().await;
    assert!(why.unwrap().contains("than are looked through"));
}

#[tokio::test]
async fn lists_that_are_not_as_they_were() {
    let house = begun().await;
    house
        .simulator
        .change(|workspace| workspace.people[4].name = Some("Somebody Else".to_owned()));
    doubts(&house, "the list of people is not as it was").await;
    house.simulator.change(|workspace| _ = workspace.people.pop());
    doubts(&house, "the list of people is not as it was").await;
    house.simulator.change(|workspace| {
        let role = workspace.environment_roles.last_mut().unwrap();
        role.updated_at = Some("2026-11-08T08:10:00Z".to_owned());
    });
    doubts(&house, "the list of environment roles is not as it was").await;
    house
        .simulator
        .change(|workspace| workspace.project_roles.last_mut().unwrap().name = "New name".to_owned());
    house.simulator.change(|workspace| {
        let known: Vec<String> = workspace.project_roles.iter().map(|role| role.name.clone()).collect();
        workspace.project_grants.retain(|grant| known.contains(&grant.role));
    });
    doubts(&house, "the list of project roles is not as it was").await;
    house
        .simulator
        .change(|workspace| workspace.groups[0].name = "Renamed".to_owned());
    doubts(&house, "the list of groups is not as it was").await;
}

#[tokio::test]
async fn a_grant_that_the_log_does_not_tell_of_changes_a_count() {
    let house = begun().await;
    house.simulator.change(|workspace| {
        let role = workspace.project_grants[0].role.clone();
        workspace.project_grants.retain(|grant| grant.role != role);
    });
    doubts(&house, "another number of holders").await;
}

/// Counts are as before, and the log is silent. One answer of each kind is asked for again every time, so that a log that
/// does not tell is found out; a day is the end in any case.
#[tokio::test]
async fn a_log_that_does_not_tell_is_found_out() {
    let house = begun().await;
    house.swap();
    let mut found_out = None;
    for _ in 0..house.simulator.workspace().projects.len() {
        let summary = house.incremental().await.unwrap();
        found_out = summary.incremental.unwrap().full_because;
        if found_out.is_some() {
            break;
        }
    }
    assert!(found_out.unwrap().contains("and the audit log does not tell"));
    assert!(Rows::of_file(&house.file()) == house.whole().await.unwrap());
}

#[tokio::test]
async fn a_day_and_a_clock_that_goes_back() {
    let house = begun().await;
    house.pass(24 * 60 - 31);
    assert_eq!(house.compared().await.1, None);
    house.pass(1);
    doubts(&house, "more than a day ago").await;
    house.pass(-10);
    doubts(&house, "the clock of this machine was put back").await;
}

#[tokio::test]
async fn answers_that_are_not_of_this_sync() {
    let mut house = begun().await;
    house.sync(&run::options(&house.file())).await.unwrap();
    doubts(&house, "of another sync").await;

    house.options.privileges = Privileges::Off;
    doubts(&house, "other settings (privileges)").await;

    let mode = std::fs::metadata(house.answers()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut bytes = std::fs::read(house.answers()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(house.answers(), bytes).unwrap();
    doubts(&house, "cannot be used: it is damaged").await;

    std::fs::remove_file(house.answers()).unwrap();
    doubts(&house, "no answers of the sync before").await;

    std::fs::set_permissions(house.answers(), PermissionsExt::from_mode(0o640)).unwrap();
    let (_, why) = house.compared().await;
    assert!(why.unwrap().contains("others can read or change it"));
}

/// What a full read would not lose, this does not lose either.
#[tokio::test]
async fn a_checkbox_that_is_cleared_is_noticed() {
    for endpoint in [
        Endpoint::ProjectProjectGrants,
        Endpoint::GroupMembers,
        Endpoint::MemberPrivileges,
        Endpoint::EnvironmentRole,
    ] {
        let house = begun().await;
        house.whole().await.unwrap();
        house.simulator.behave(Behavior::default().deny(endpoint, 403));
        let error = house.incremental().await.unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{endpoint:?}: {error}");
        assert_eq!(
            error.code_id(),
            house.whole().await.unwrap_err().code_id(),
            "{endpoint:?}"
        );
        house.simulator.behave(Behavior::default());
        house.compared().await;
    }
}

/// A group or a project that is not as it was is read again, and nothing else.
#[tokio::test]
async fn one_thing_that_changed() {
    let house = begun().await;
    house.compared().await;
    let (least, _) = house.compared().await;
    let somebody = house.simulator.workspace().people[7].id;
    house.simulator.change(|workspace| {
        let group = workspace.groups.iter_mut().find(|group| !group.system).unwrap();
        match group.members.iter().position(|id| *id == somebody) {
            Some(at) => _ = group.members.remove(at),
            None => group.members.push(somebody),
        }
    });
    let (requests, why) = house.compared().await;
    assert_eq!(why, None);
    assert!(requests <= least + 1, "{requests}, {least} before");
    house
        .simulator
        .change(|workspace| workspace.projects[1].name = "Renamed".to_owned());
    let (requests, why) = house.compared().await;
    assert_eq!(why, None);
    assert!(requests <= least + 1, "{requests}, {least} before");
}

/// What was sure when a sync began need not be when another run goes on with it.
#[tokio::test]
async fn an_unfinished_one_is_not_resumed() {
    let house = begun().await;
    house
        .simulator
        .behave(Behavior::default().script("/api/developer_api_clients", Hits::Every, Fault::Html(500)));
    house.incremental().await.unwrap_err();
    house.simulator.behave(Behavior::default());
    let summary = house.incremental().await.unwrap();
    assert!(summary.resumed.is_none());
    assert!(summary.started_fresh_because.unwrap().contains("took over answers"));
    assert!(Rows::of_file(&house.file()) == house.whole().await.unwrap());

    // A full read is, and leaves nothing to take over: what it went by is not known any more.
    std::fs::remove_file(house.answers()).unwrap();
    house
        .simulator
        .behave(Behavior::default().script("/api/developer_api_clients", Hits::Every, Fault::Html(500)));
    house.incremental().await.unwrap_err();
    house.simulator.behave(Behavior::default());
    let summary = house.incremental().await.unwrap();
    assert!(summary.resumed.is_some());
    assert_eq!(
        summary.incremental.unwrap().full_because.unwrap(),
        "an earlier run began this sync"
    );
    doubts(&house, "no answers of the sync before").await;
}

/// Nobody asked for it: nothing is kept, and the log is not read.
#[tokio::test]
async fn without_the_flag_nothing_is_kept() {
    let house = House::small().await;
    let options = SyncOptions {
        incremental: false,
        ..run::options(&house.file())
    };
    for _ in 0..2 {
        assert!(house.sync(&options).await.unwrap().incremental.is_none());
    }
    assert!(!house.answers().exists());
    assert_eq!(house.simulator.requests().to(Endpoint::ActivityLogs), 0);
}
