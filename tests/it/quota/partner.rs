//! Customers of a partner, who share what its token is allowed.

use std::collections::BTreeMap;

use baton_workato::baton::http::Allowance;
use baton_workato::simulator::{Customer, Family, MembersForm};
use baton_workato::workato::client::Customer as Id;
use baton_workato::workato::managed_users::Paces;

use super::*;

const FIRST: u64 = 501;

async fn partner(time: &Time, customers: usize, quota: Quota) -> Simulator {
    let customers = (0..customers).map(|n| Customer {
        id: FIRST + n as u64,
        external_id: None,
        workspace: simulator::Workspace::generate(&Shape {
            // One has much more than the others.
            people: if n == 0 { 60 } else { 4 },
            projects: if n == 0 { 12 } else { 1 },
            groups: 1,
            folders_per_project: 0,
            loose_folders: 0,
            custom_roles: 1,
            api_clients: 1,
            environments: vec![Env::Dev],
            seed: n as u64,
            ..Shape::default()
        }),
        members: MembersForm::Array,
    });
    Simulator::start_partner(customers.collect(), behavior(time, quota))
        .await
        .unwrap()
}

async fn sync_of(
    time: &Time,
    simulator: &Simulator,
    allowance: &Allowance,
    id: u64,
    privileges: PrivilegesMode,
) -> Summary {
    let options_of_http = HttpOptions {
        clock: Arc::new(time.clone()),
        allowance: Some(allowance.clone()),
        ..HttpOptions::of(&ABOUT)
    };
    let http = Arc::new(HttpClient::new(options_of_http).unwrap());
    let settings = Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        customer: Some(Id::parse(&id.to_string()).unwrap()),
        privileges,
        ..settings(&simulator.base_url())
    };
    let connector = Arc::new(WorkatoConnector::connect(settings, &http));
    let environment = SyncEnvironment {
        requests: Arc::new(move || http.counts()),
        ..environment()
    };
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder.path().join("sync.c1z"));
    sync::run(connector, &options, &environment).await.unwrap()
}

/// What the partner's token is allowed in truth.
fn allowed() -> Quota {
    let second = Duration::from_secs(1);
    Quota {
        others: vec![
            (Family::EnvironmentRoles, 10, second),
            (Family::ProjectRoles, 10, second),
            (Family::Groups, 10, second),
            (Family::ApiClients, 1000, Duration::from_secs(60)),
        ],
        ..Quota::default()
    }
}

#[tokio::test]
async fn customers_take_no_longer_than_the_quota_of_their_token_asks_for() {
    const CUSTOMERS: usize = 100;
    let time = Time::new();
    let simulator = partner(&time, CUSTOMERS, allowed()).await;
    let paces = Paces::new(NonZeroU32::new(60).map(Pace::per_minute), false, 1);
    let allowance = paces.allowance();
    let ids = (0..CUSTOMERS as u64).map(|n| FIRST + n);
    let syncs = stream::iter(ids)
        .map(|id| sync_of(&time, &simulator, &allowance, id, PrivilegesMode::Off))
        .buffer_unordered(8)
        .collect::<Vec<Summary>>();
    let summaries = time.run(syncs).await;
    assert_eq!(simulator.requests().answered(429), 0, "all keep one pace together");
    let mut requests = BTreeMap::<&str, u64>::new();
    for summary in &summaries {
        for (family, counts) in &summary.requests {
            *requests.entry(family).or_default() += counts.requests;
        }
    }
    // What is said before is never more than what it takes, and what it takes is what the requests ask for.
    let (said, family) = paces.floor(CUSTOMERS).unwrap();
    // What is allowed more is over long before.
    let more = [
        "environment roles",
        "project roles",
        "collaborator groups",
        "API clients",
    ];
    let usual = requests.iter().filter(|(family, _)| !more.contains(family));
    let gravest = usual.map(|(_, count)| floor(*count)).max().unwrap();
    assert!(more.iter().all(|family| requests[family] < 1000), "{requests:?}");
    let took = time.elapsed();
    assert!(said <= took, "{said:?} by {family}, {took:?}");
    assert!(
        (gravest..=gravest * 110 / 100).contains(&took),
        "{took:?} of {gravest:?}: {requests:?}"
    );
}

#[tokio::test]
async fn one_customer_with_many_requests_keeps_no_other_waiting() {
    let time = Time::new();
    let simulator = partner(&time, 6, Quota::default()).await;
    let allowance = Paces::new(NonZeroU32::new(30).map(Pace::per_minute), true, 1).allowance();
    // The first asks for the privileges of each of its sixty people.
    let ended = Mutex::new(Vec::new());
    let large = async {
        sync_of(&time, &simulator, &allowance, FIRST, PrivilegesMode::Exact).await;
        ended.lock().unwrap().push((FIRST, time.elapsed()));
    };
    let small = join_all((1..6).map(|n| {
        let (time, simulator, allowance, ended) = (&time, &simulator, &allowance, &ended);
        async move {
            // They come when the first has used up what there is, and waits.
            time.sleep(Duration::from_secs(5)).await;
            sync_of(time, simulator, allowance, FIRST + n, PrivilegesMode::Exact).await;
            ended.lock().unwrap().push((FIRST + n, time.elapsed()));
        }
    }));
    time.run(async { tokio::join!(large, small) }).await;
    let ended = ended.into_inner().unwrap();
    assert_eq!(ended.last().unwrap().0, FIRST, "{ended:?}");
    // Five customers with some five requests of the family each: their part of two windows.
    let last_small = ended.iter().rev().find(|(id, _)| *id != FIRST).unwrap().1;
    assert!(last_small <= Duration::from_secs(62 * 2), "{ended:?}");
    assert!(ended.last().unwrap().1 >= Duration::from_secs(60 * 2), "{ended:?}");
}
