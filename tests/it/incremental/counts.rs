//! How few requests it takes.

use baton_workato::baton::c1z::Engine;
use baton_workato::baton::sync::SyncOptions;
use baton_workato::simulator::{Endpoint, Env, Shape, Workspace};

use super::House;
use crate::support::oracle::Options;
use crate::support::rows::Rows;
use crate::support::run;

fn shape(people: usize, projects: usize) -> Shape {
    Shape {
        people,
        projects,
        environments: vec![Env::Dev],
        ..Shape::default()
    }
}

#[tokio::test]
async fn five_hundred_people_and_twenty_projects() {
    let house = House::of(Workspace::generate(&shape(500, 20)), Options::default()).await;
    let (first, why) = house.compared().await;
    assert!(first > 60, "{first}");
    assert_eq!(why.unwrap(), "the file has no earlier full sync");
    let mut least = usize::MAX;
    for _ in 0..5 {
        house.pass(60);
        house.simulator.happened(house.row("user_login", "User", "101"));
        let (requests, why) = house.compared().await;
        assert_eq!(why, None);
        assert!(requests <= 15, "{requests}");
        least = least.min(requests);
    }

    let project = house.swap();
    house
        .simulator
        .happened(house.row("project_updated", "Project", project));
    house.simulator.forget_requests();
    let (requests, why) = house.compared().await;
    assert_eq!(why, None);
    assert!(requests <= least + 3, "{requests}, {least} before");

    // It counts once.
    let (requests, why) = house.compared().await;
    assert_eq!((requests, why), (least, None));
}

#[tokio::test]
async fn two_thousand_people_and_three_hundred_projects() {
    let house = House::of(Workspace::generate(&shape(2_000, 300)), Options::default()).await;
    house.incremental().await.unwrap();
    let (requests, why) = house.compared().await;
    assert_eq!(why, None);
    assert!(requests <= 20, "{requests}");
}

/// Each environment has its log, its lists and one answer about a project that is asked for again.
#[tokio::test]
async fn three_environments() {
    let house = House::of(Workspace::generate(&Shape::default()), Options::everything()).await;
    let (first, _) = house.compared().await;
    let (requests, why) = house.compared().await;
    assert_eq!(why, None);
    assert!(requests * 2 < first, "{requests} of {first}");
    house.simulator.forget_requests();
    house.incremental().await.unwrap();
    let requests = house.simulator.requests();
    assert_eq!(requests.to(Endpoint::ProjectProjectGrants), 3);
    assert_eq!(requests.to(Endpoint::GroupMembers), 1);
    assert_eq!(requests.to(Endpoint::MemberPrivileges), 1);
    assert_eq!(requests.to(Endpoint::EnvironmentRole), 1);
    assert_eq!(requests.to(Endpoint::ProjectRole), 0);
}

/// The form of the file that has room for one sync.
#[tokio::test]
async fn a_v3_file_goes_on_as_well() {
    let house = House::small().await;
    let options = SyncOptions {
        incremental: true,
        engine: Some(Engine::Pebble),
        ..run::options(&house.file())
    };
    house.sync(&options).await.unwrap();
    let told = house.sync(&options).await.unwrap().incremental.unwrap();
    assert!(told.reused > 0, "{told:?}");
    assert!(Rows::of_file(&house.file()) == house.whole().await.unwrap());
}
