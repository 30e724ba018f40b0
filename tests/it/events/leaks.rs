//! Tokens that leaked: found where the logs say so, fine where they would say so, and otherwise not known.

use std::collections::BTreeSet;

use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Happened, Shape, Simulator, Workspace};
use jiff::Timestamp;
use serde_json::Value;

use super::place::Place;

/// Clients of DEV whose tokens are of these times, in their order, and then one of TEST, which has no token here.
async fn place(made: &[&str]) -> (Place, Vec<String>) {
    let shape = Shape {
        environments: Env::ALL.to_vec(),
        api_clients: made.len() + 1,
        ..Shape::small(AccessModel::RbacV2)
    };
    let mut workspace = Workspace::generate(&shape);
    for (at, client) in workspace.api_clients.iter_mut().enumerate() {
        client.env = if at < made.len() { Env::Dev } else { Env::Test };
        client.token_updated_at = made.get(at).or(made.last()).map(|at| (*at).to_owned());
    }
    let ids = workspace
        .api_clients
        .iter()
        .map(|client| client.id.to_string())
        .collect();
    let place = Place {
        folder: tempfile::tempdir().unwrap(),
        simulator: Simulator::start(workspace, Behavior::default()).await.unwrap(),
    };
    (place, ids)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn leak(env: Env, when: &str, client: &str) -> Happened {
    Happened::new(env, at(when), "token_leaked", "ApiClient", client)
}

/// The clients that are found, and those of which it is not known; nothing where the file does not say.
async fn judged(place: &Place, arguments: &[&str]) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let sync = [&["--workato-env", "all", "--log-level", "error", "--fresh"], arguments].concat();
    let synced = place.run(&sync).await;
    assert_eq!(synced.code, 0, "{}", synced.err);
    let told = place.run(&["findings", "-o", "json"]).await;
    let document: Value = serde_json::from_str(&told.out).unwrap();
    let all = document["findings"].as_array().unwrap();
    let finding = all.iter().find(|finding| finding["key"] == "leaked-credentials")?;
    let ids = |name: &str, id: fn(&Value) -> &Value| -> BTreeSet<String> {
        let list = finding[name].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter()
            .map(|one| id(one)["id"].as_str().unwrap().to_owned())
            .collect()
    };
    Some((
        ids("items", |item| &item["thing"]),
        ids("unknown", |unknown| &unknown["thing"]),
    ))
}

fn set(ids: &[&String]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).clone()).collect()
}

#[tokio::test]
async fn a_leak_is_found_fine_or_not_known() {
    let made = [
        "2026-10-05T00:00:00Z",
        "2026-10-20T00:00:00Z",
        "2026-10-05T00:00:00Z",
        "2026-09-01T00:00:00Z",
    ];
    let (place, ids) = place(&made).await;
    // The log goes back to the first of October.
    place.simulator.happened(Happened::new(
        Env::Dev,
        at("2026-10-01T00:00:00Z"),
        "user_login",
        "User",
        "5",
    ));
    place
        .simulator
        .happened(leak(Env::Dev, "2026-10-10T00:00:00Z", &ids[0]));
    // This one was made anew since.
    place
        .simulator
        .happened(leak(Env::Dev, "2026-10-10T00:00:00Z", &ids[1]));

    assert_eq!(judged(&place, &[]).await, None, "nobody asked");
    let asked = |place: &Place| place.simulator.requests().to(Endpoint::ActivityLogs);
    assert_eq!(asked(&place), 0, "it costs nothing where it is not wanted");

    let (found, unknown) = judged(&place, &["--sync-leaked-tokens"]).await.unwrap();
    assert_eq!(found, set(&[&ids[0]]));
    // Older than the log, and of an environment without a token.
    assert_eq!(unknown, set(&[&ids[3], &ids[4]]));
    assert_eq!(asked(&place), 3, "two answers of DEV, and one of PROD, which is empty");
}

#[tokio::test]
async fn without_a_log_that_can_be_believed_nothing_is_known() {
    let (place, ids) = place(&["2026-10-05T00:00:00Z"]).await;
    let all = set(&ids.iter().collect::<Vec<_>>());
    let nothing = Some((BTreeSet::new(), all));
    // Empty.
    assert_eq!(judged(&place, &["--sync-leaked-tokens"]).await, nothing);
    // Refused.
    place
        .simulator
        .happened(leak(Env::Dev, "2026-10-10T00:00:00Z", &ids[0]));
    place
        .simulator
        .behave(Behavior::default().deny(Endpoint::ActivityLogs, 403));
    assert_eq!(judged(&place, &["--sync-leaked-tokens"]).await, nothing);
    let strict = [
        "--workato-env",
        "all",
        "--fresh",
        "--sync-leaked-tokens",
        "--fail-on-warnings",
    ];
    let strict = place.run(&strict).await;
    assert_eq!(strict.code, 9, "{}", strict.err);
    assert!(strict.err.contains("Get audit log"), "{}", strict.err);
    // A leak of something that has a number of its own.
    place.simulator.behave(Behavior::default());
    place.simulator.forget_events();
    place.simulator.happened(Happened::new(
        Env::Dev,
        at("2026-09-01T00:00:00Z"),
        "token_leaked",
        "ApiAccessProfile",
        &*ids[0],
    ));
    assert_eq!(judged(&place, &["--sync-leaked-tokens"]).await, nothing);
}
