//! A sync of a few resources: what it has is what a full sync has of them, and it costs few requests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use baton_workato::ABOUT;
use baton_workato::baton::bid;
use baton_workato::baton::c1z::Reader;
use baton_workato::baton::error::{Kind, Result};
use baton_workato::baton::http::{HttpClient, HttpOptions};
use baton_workato::baton::proto::v2;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::baton::sync::{self, Scope, Scoped, SyncEnvironment, SyncOptions};
use baton_workato::simulator::{AccessModel, AgentsShape, Behavior, Endpoint, Env, Shape, Simulator, Workspace};
use baton_workato::workato::WorkatoConnector;
use serde_json::json;

use crate::model::settings;
use crate::support::oracle::Options;
use crate::support::program::{output, program};
use crate::support::rows::Rows;
use crate::support::run;

fn unexpanded(file: &Path) -> SyncOptions {
    SyncOptions {
        skip_expansion: true,
        ..run::options(file)
    }
}

async fn part(simulator: &Simulator, file: &Path, ids: &[&str]) -> Result<Summary> {
    let resources: Vec<v2::Resource> = ids
        .iter()
        .map(|id| v2::Resource {
            id: Some(bid::resource(id).unwrap().0),
            ..v2::Resource::default()
        })
        .collect();
    let http = Arc::new(HttpClient::new(HttpOptions::of(&ABOUT)).unwrap());
    let connector = Arc::new(WorkatoConnector::connect(
        settings(simulator, &Options::everything()),
        &http,
    ));
    let scope = Scope {
        targets: Scope::targets(&resources),
        ..Scope::default()
    };
    let options = SyncOptions {
        partial: true,
        resumable: false,
        ..unexpanded(file)
    };
    let environment = SyncEnvironment {
        requests: Arc::new(move || http.counts()),
        ..SyncEnvironment::quiet()
    };
    sync::run(Arc::new(Scoped::new(connector, scope)), &options, &environment).await
}

fn rows_of_part(file: &Path) -> Rows {
    let reader = Reader::open(file, None).unwrap();
    let run = reader.runs().unwrap().pop().unwrap();
    assert_eq!(run.sync_type, "partial");
    Rows::of_sync(&reader, &run.sync_id)
}

fn below<T: Clone>(rows: &BTreeMap<String, T>, resource: &str) -> BTreeMap<String, T> {
    let prefix = format!("{resource}:");
    let on = rows.iter().filter(|(id, _)| id.starts_with(&prefix));
    on.map(|(id, row)| (id.clone(), row.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_every_type_is_as_in_a_full_sync() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let shape = Shape {
            agents: Some(AgentsShape::demo()),
            ..Shape::small(model)
        };
        let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole.c1z");
        run::workato_with(settings(&simulator, &Options::everything()), &unexpanded(&whole))
            .await
            .unwrap();
        let whole = Rows::of_file(&whole);
        let mut of_type: BTreeMap<&str, &str> = BTreeMap::new();
        for id in whole.resources.keys() {
            of_type.insert(id.split_once(':').unwrap().0, id);
        }
        assert!(of_type.len() > 10, "{of_type:?}");
        for (kind, id) in of_type {
            let file = folder.path().join(format!("{kind}.c1z"));
            let summary = part(&simulator, &file, &[id]).await.unwrap();
            let part = rows_of_part(&file);
            assert_eq!(part.entitlements, below(&whole.entitlements, id), "{id}");
            assert_eq!(part.grants, below(&whole.grants, id), "{id} {:?}", summary.warnings);
            for (of, row) in &part.resources {
                assert_eq!(Some(row), whole.resources.get(of), "{id}");
            }
            let mut wanted: BTreeSet<&str> = part.grants.values().map(|grant| grant.principal.as_str()).collect();
            wanted.insert(id);
            let mut outer = vec![id];
            while let Some(inner) = outer.pop() {
                let parent = whole.resources[inner].parent.as_str();
                if !parent.is_empty() && wanted.insert(parent) {
                    outer.push(parent);
                }
            }
            for related in wanted {
                assert!(part.resources.contains_key(related), "{id} without {related}");
            }
            // A full sync of this workspace takes several times as many (`.github/docs/nightly.md`).
            let requests = summary.total_requests().requests;
            assert!(requests <= 40, "{id}: {requests}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_warning_and_what_could_not_be_read_is_no_absence() {
    let shape = Shape::small(AccessModel::RbacV2);
    let workspace = Workspace::generate(&shape);
    let folder = tempfile::tempdir().unwrap();
    let group = format!("collaborator_group:{}", workspace.groups[0].id);
    let simulator = Simulator::start(workspace.clone(), Behavior::default()).await.unwrap();
    let file = folder.path().join("gone.c1z");
    let summary = part(&simulator, &file, &["collaborator_group:none", &group])
        .await
        .unwrap();
    assert_eq!(summary.warnings.len(), 1, "{:?}", summary.warnings);
    assert!(rows_of_part(&file).resources.contains_key(&group));

    let behavior = Behavior::default().deny(Endpoint::Groups, 403);
    let simulator = Simulator::start(workspace, behavior).await.unwrap();
    let file = folder.path().join("refused.c1z");
    let error = part(&simulator, &file, &[&group]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("is not known"), "{error}");
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_lies_beside_the_whole_and_never_in_its_place() {
    let shape = Shape::small(AccessModel::RbacV2);
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = async |arguments: &[&str]| {
        let mut command = program();
        command
            .current_dir(folder.path())
            .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
            .env("BATON_WORKATO_BASE_URL", simulator.base_url())
            .args(["--log-level", "error"])
            .args(arguments);
        let output = output(command).await;
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(run(&["-f", "one.c1z"]).await.0, 0);
    let person = simulator.workspace().people[0].id;
    let (code, told) = run(&[
        "-f",
        "one.c1z",
        "--sync-resources",
        &format!("bid:r:collaborator/{person}"),
    ])
    .await;
    assert_eq!(code, 0, "{told}");
    let reader = Reader::open(&folder.path().join("one.c1z"), None).unwrap();
    let runs = reader.runs().unwrap();
    let kinds: Vec<&str> = runs.iter().map(|run| run.sync_type.as_str()).collect();
    assert_eq!(kinds, ["full", "partial"]);
    assert_eq!(runs[1].parent_sync_id, runs[0].sync_id);
    assert_eq!(reader.latest_full().unwrap().unwrap().sync_id, runs[0].sync_id);

    assert_eq!(run(&["-f", "v3.c1z", "--storage-engine", "pebble"]).await.0, 0);
    let before = std::fs::read(folder.path().join("v3.c1z")).unwrap();
    for arguments in [
        &["-f", "v3.c1z", "--sync-resources", "project:1"][..],
        &[
            "-f",
            "one.c1z",
            "--storage-engine",
            "pebble",
            "--sync-resources",
            "project:1",
        ],
        &["-f", "one.c1z", "--sync-resources", "bid:r:project"],
        &[
            "-f",
            "one.c1z",
            "--sync-resources",
            "project:1",
            "--sync-resource-types",
            "role",
        ],
        &["-f", "one.c1z", "--skip-grants"],
    ] {
        let (code, told) = run(arguments).await;
        assert_eq!(code, 2, "{arguments:?}: {told}");
    }
    assert_eq!(std::fs::read(folder.path().join("v3.c1z")).unwrap(), before);
    assert_eq!(json!(reader.runs().unwrap().len()), json!(2));
}
