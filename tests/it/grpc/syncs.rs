//! Outside syncers get what an in-process sync gets, and cost as many requests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use baton_workato::ABOUT;
use baton_workato::baton::connector::Connector as _;
use baton_workato::baton::grpc::Switches;
use baton_workato::baton::http::{HttpClient, HttpOptions};
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Requests, Shape, Simulator, Workspace};
use baton_workato::workato::WorkatoConnector;
use baton_workato::workato::settings::{EnvironmentChoice, Settings};

use super::Served;
use super::remote::Remote;
use crate::support::rows::Rows;
use crate::support::run;

pub const MODELS: [AccessModel; 3] = [AccessModel::RbacV2, AccessModel::Legacy, AccessModel::Mixed];

/// A workspace, and settings that read all of its environments.
pub async fn workspace(model: AccessModel) -> (Simulator, Settings) {
    let shape = Shape {
        model,
        people: 30,
        projects: 5,
        ..Shape::default()
    };
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    let settings = Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        test_token: Some(Secret::new(simulator.token(Env::Test))),
        prod_token: Some(Secret::new(simulator.token(Env::Prod))),
        environment: EnvironmentChoice::All,
        ..run::settings(&simulator.base_url())
    };
    (simulator, settings)
}

/// A connector of its own: every sync that is compared has one.
pub fn connector(settings: Settings) -> Arc<WorkatoConnector> {
    let http = Arc::new(HttpClient::new(HttpOptions::of(&ABOUT)).unwrap());
    Arc::new(WorkatoConnector::connect(settings, &http))
}

/// How often each endpoint was asked.
fn costs(requests: &Requests) -> BTreeMap<Option<Endpoint>, usize> {
    let mut costs = BTreeMap::new();
    for request in requests.iter() {
        *costs.entry(request.endpoint).or_default() += 1;
    }
    costs
}

async fn in_process(
    simulator: &Simulator,
    settings: Settings,
    folder: &Path,
) -> (Rows, BTreeMap<Option<Endpoint>, usize>) {
    simulator.forget_requests();
    let file = folder.join("in-process.c1z");
    run::workato(settings, &file).await.unwrap();
    (Rows::of_file(&file), costs(&simulator.requests()))
}

#[tokio::test]
async fn a_sync_over_grpc_has_the_rows_and_the_costs_of_one_in_process() {
    for model in MODELS {
        let folder = tempfile::tempdir().unwrap();
        let (simulator, settings) = workspace(model).await;
        let (wanted, costs_in_process) = in_process(&simulator, settings.clone(), folder.path()).await;
        for rows in [wanted.resources.len(), wanted.entitlements.len(), wanted.grants.len()] {
            assert!(rows > 20, "{model:?} has rows to compare");
        }
        for page_size in [0, 7] {
            let served = Served::plain(connector(settings.clone()), Switches::default()).await;
            let mut remote = Remote::connect(served.channel().await).await;
            remote.page_size = page_size;
            simulator.forget_requests();
            let file = folder.path().join(format!("grpc-{page_size}.c1z"));
            run::connector(remote, &run::options(&file)).await.unwrap();
            assert_eq!(Rows::of_file(&file), wanted, "{model:?}, pages of {page_size}");
            let costs_over_grpc = costs(&simulator.requests());
            assert_eq!(costs_over_grpc, costs_in_process, "{model:?}, pages of {page_size}");
        }
    }
}

#[tokio::test]
async fn callers_that_name_no_sync_get_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (simulator, settings) = workspace(AccessModel::RbacV2).await;
    let (wanted, costs_in_process) = in_process(&simulator, settings.clone(), folder.path()).await;
    let served = Served::plain(connector(settings), Switches::default()).await;
    for round in 0..2 {
        let mut remote = Remote::connect(served.channel().await).await;
        remote.names_syncs = false;
        simulator.forget_requests();
        let file = folder.path().join(format!("{round}.c1z"));
        run::connector(remote, &run::options(&file)).await.unwrap();
        assert_eq!(Rows::of_file(&file), wanted);
        assert_eq!(
            costs(&simulator.requests()),
            costs_in_process,
            "validation begins a new sync: round {round}"
        );
    }
}

#[tokio::test]
async fn two_syncs_at_a_time_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (simulator, settings) = workspace(AccessModel::RbacV2).await;
    let (wanted, costs_in_process) = in_process(&simulator, settings.clone(), folder.path()).await;
    let served = Served::plain(connector(settings), Switches::default()).await;
    simulator.forget_requests();
    let (a, b) = (folder.path().join("a.c1z"), folder.path().join("b.c1z"));
    let sync = async |file: &Path| {
        let remote = Remote::connect(served.channel().await).await;
        run::connector(remote, &run::options(file)).await.unwrap();
        Rows::of_file(file)
    };
    let (a, b) = tokio::join!(sync(&a), sync(&b));
    assert_eq!((&a, &b), (&wanted, &wanted));
    // The first validation may be taken over by the other's sync; nothing is asked more often than by two syncs apart.
    for (endpoint, count) in costs(&simulator.requests()) {
        assert!(count <= 3 * costs_in_process[&endpoint], "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_later_sync_sees_the_workspace_as_it_is_then() {
    let folder = tempfile::tempdir().unwrap();
    let (simulator, settings) = workspace(AccessModel::RbacV2).await;
    let served = Served::plain(connector(settings.clone()), Switches::default()).await;
    let sync = async |name: &str| {
        let remote = Remote::connect(served.channel().await).await;
        let file = folder.path().join(name);
        let summary = run::connector(remote, &run::options(&file)).await.unwrap();
        Remote::connect(served.channel().await)
            .await
            .cleanup(&summary.sync_id)
            .await;
        Rows::of_file(&file)
    };
    let before = sync("before.c1z").await;
    simulator.change(|workspace| workspace.people[0].name = Some("Somebody Else".to_owned()));
    let after = sync("after.c1z").await;
    let names = |rows: &Rows| {
        rows.resources
            .values()
            .filter(|r| r.display_name == "Somebody Else")
            .count()
    };
    assert_eq!((names(&before), names(&after)), (0, 1));
    assert_eq!(after, in_process(&simulator, settings, folder.path()).await.0);
}

#[tokio::test]
async fn metadata_says_what_the_connector_can_do() {
    let (_simulator, settings) = workspace(AccessModel::RbacV2).await;
    let connector = connector(settings);
    let served = Served::plain(Arc::clone(&connector), Switches::default()).await;
    let remote = Remote::connect(served.channel().await).await;
    assert_eq!(remote.metadata().display_name, "Workato");
    let capabilities = remote.metadata().capabilities.unwrap();
    let types: Vec<String> = capabilities
        .resource_type_capabilities
        .iter()
        .map(|c| c.resource_type.as_ref().unwrap().id.clone())
        .collect();
    assert!(types.is_sorted() && types.len() == connector.resource_types().len());
    assert_eq!(remote.resource_types(), connector.resource_types());
}
