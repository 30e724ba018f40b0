//! Events from the audit log: each at least once, with one id, whatever the size of pages; silence is never "nothing".

mod feed;
mod follow;
mod history;
mod hook;
mod late;
mod leaks;
mod place;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_workato::baton::connector::{Connector, SyncContext};
use baton_workato::baton::error::{Kind, Result};
use baton_workato::baton::http::HttpClient;
use baton_workato::baton::proto::v2;
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{
    AccessModel, Behavior, Endpoint, Env, Fault, Happened, Hits, Shape, Simulator, Workspace,
};
use baton_workato::workato::settings::EnvironmentChoice;
use baton_workato::workato::{WorkatoConnector, code};
use jiff::{SignedDuration, Timestamp};

use crate::support::run::{impatient, settings};

const CHANGES: &str = "workato_changes";
const USAGE: &str = "workato_usage";

async fn start(behavior: Behavior) -> (Simulator, WorkatoConnector) {
    let shape = Shape {
        environments: Env::ALL.to_vec(),
        ..Shape::small(AccessModel::RbacV2)
    };
    let simulator = Simulator::start(Workspace::generate(&shape), behavior).await.unwrap();
    let mut settings = settings(&simulator.base_url());
    settings.dev_token = Secret::new(simulator.token(Env::Dev));
    settings.prod_token = Some(Secret::new(simulator.token(Env::Prod)));
    settings.environment = EnvironmentChoice::All;
    let http = Arc::new(HttpClient::new(impatient()).unwrap());
    let connector = WorkatoConnector::connect(settings, &http);
    (simulator, connector)
}

/// Reads until there is no more, and counts how often each event was told; says where to go on.
async fn read(
    connector: &WorkatoConnector,
    feed: &str,
    cursor: &str,
    size: u32,
    told: &mut BTreeMap<String, (u32, v2::Event)>,
) -> Result<String> {
    let mut cursor = cursor.to_owned();
    loop {
        let asked = v2::ListEventsRequest {
            cursor,
            page_size: size,
            event_feed_id: feed.to_owned(),
            ..Default::default()
        };
        let answer = connector.list_events(&SyncContext::detached(), &asked).await?;
        assert!(answer.cursor.len() <= 4096);
        for event in answer.events {
            let entry = told.entry(event.id.clone()).or_insert_with(|| (0, event.clone()));
            assert_eq!(entry.1, event, "one id, one event");
            entry.0 += 1;
        }
        cursor = answer.cursor;
        if !answer.has_more {
            return Ok(cursor);
        }
    }
}

fn at(minutes: i64) -> Timestamp {
    let day: Timestamp = "2026-11-02T08:00:00Z".parse().unwrap();
    day + SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn every_event_is_told_once_under_any_size_of_pages_with_late_rows() {
    for size in [2, 3, 7, 100] {
        let (simulator, connector) = start(Behavior::default().cap(Endpoint::ActivityLogs, 5)).await;
        let mut ids = Vec::new();
        let mut told = BTreeMap::new();
        let mut cursor = String::new();
        for round in 0..4_i64 {
            for n in 0..8_i64 {
                let env = if n % 3 == 0 { Env::Prod } else { Env::Dev };
                let row = Happened::new(
                    env,
                    // Later than the overlap of an hour none is promised to be told.
                    at(round * 12 + n),
                    "developer_api_client_updated",
                    "ApiClient",
                    "903",
                );
                // Some are shown only after the reading that they belong to.
                let row = row.late(if n % 4 == 1 { 9 } else { 0 });
                ids.push(format!("{}-{}", env.as_str(), simulator.happened(row)));
            }
            cursor = read(&connector, CHANGES, &cursor, size, &mut told).await.unwrap();
        }
        for _ in 0..10 {
            cursor = read(&connector, CHANGES, &cursor, size, &mut told).await.unwrap();
        }
        let counted: Vec<(&String, u32)> = told.iter().map(|(id, (times, _))| (id, *times)).collect();
        ids.sort();
        assert_eq!(
            counted,
            ids.iter().map(|id| (id, 1)).collect::<Vec<_>>(),
            "pages of {size}"
        );
    }
}

#[tokio::test]
async fn a_row_is_told_as_what_it_proves() {
    let (simulator, connector) = start(Behavior::default()).await;
    let workspace = simulator.workspace();
    let person = workspace
        .people
        .iter()
        .find(|p| p.email.is_some() && p.roles.iter().any(|r| r.env == Env::Dev && !r.role.starts_with("No")))
        .unwrap();
    let email = person.email.clone().unwrap();
    for row in [
        Happened::new(Env::Dev, at(0), "user_login", "User", "5").by(999_999, "Lin", &email),
        Happened::new(Env::Dev, at(1), "user_login", "User", "5").by(5, "Nobody", "nobody@example.org"),
        Happened::new(Env::Dev, at(2), "token_leaked", "ApiClient", "903"),
        Happened::new(Env::Dev, at(3), "recipe_started", "Flow", "12"),
        Happened::new(Env::Dev, at(4), "something_new", "NewThing", "13"),
        Happened::new(
            Env::Dev,
            at(5),
            "member_role_changed",
            "ManagedUserGrant",
            person.id.to_string(),
        ),
    ] {
        simulator.happened(row);
    }
    let (mut usage, mut changes) = (BTreeMap::new(), BTreeMap::new());
    read(&connector, USAGE, "", 100, &mut usage).await.unwrap();
    read(&connector, CHANGES, "", 100, &mut changes).await.unwrap();

    assert_eq!(usage.len(), 1, "nobody uses nothing");
    let Some(v2::event::Event::UsageEvent(used)) = usage.into_values().next().and_then(|(_, event)| event.event) else {
        panic!("a sign-in is use");
    };
    assert_eq!(used.actor_resource.unwrap().id.unwrap().resource, person.id.to_string());
    let target = used.target_resource.unwrap().id.unwrap();
    assert!(
        target.resource_type == "environment_role" && target.resource.ends_with("-dev"),
        "{target:?}"
    );

    let changed = changes.into_values().filter_map(|(_, event)| match event.event {
        Some(v2::event::Event::ResourceChangeEvent(change)) => change.resource_id,
        _ => None,
    });
    let changed: Vec<(String, String)> = changed.map(|id| (id.resource_type, id.resource)).collect();
    let wanted = [
        ("api_client", "903".to_owned()),
        ("NewThing", "13".to_owned()),
        ("collaborator", person.id.to_string()),
    ];
    assert_eq!(changed, wanted.map(|(kind, id)| (kind.to_owned(), id)));
}

#[tokio::test]
async fn silence_is_never_taken_for_nothing() {
    let (simulator, connector) = start(Behavior::default()).await;
    let mut told = BTreeMap::new();
    let error = read(&connector, CHANGES, "", 100, &mut told).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code_id()),
        (Kind::FailedPrecondition, code::AUDIT_LOG_UNUSABLE)
    );

    let now = Timestamp::now();
    simulator.happened(Happened::new(Env::Dev, now, "x", "Folder", "1"));
    let cursor = read(&connector, CHANGES, "", 100, &mut told).await.unwrap();
    simulator.behave(Behavior::default().script("/api/activity_logs", Hits::Every, Fault::EmptyPage));
    let error = read(&connector, CHANGES, &cursor, 100, &mut told).await.unwrap_err();
    assert!(error.to_string().contains("does not show row"), "{error}");

    simulator.behave(Behavior::default().deny(Endpoint::ActivityLogs, 403));
    let error = read(&connector, CHANGES, &cursor, 100, &mut told).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("Get audit log"), "{error:?}");

    simulator.behave(Behavior::default());
    simulator.happened(Happened::new(Env::Dev, now, "y", "Folder", "2"));
    read(&connector, CHANGES, &cursor, 100, &mut told).await.unwrap();
    assert_eq!(told.values().map(|(times, _)| *times).collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn a_feed_or_cursor_that_there_is_not_is_refused() {
    let (_simulator, connector) = start(Behavior::default()).await;
    let mut told = BTreeMap::new();
    let unknown = read(&connector, "", "", 100, &mut told).await.unwrap_err();
    assert_eq!(unknown.kind(), Kind::NotFound);
    let foreign = read(&connector, USAGE, "{}", 100, &mut told).await.unwrap_err();
    assert_eq!(foreign.kind(), Kind::InvalidArgument);
    let feeds: Vec<String> = connector.event_feeds().into_iter().map(|feed| feed.id).collect();
    assert_eq!(feeds, [USAGE, CHANGES]);
}
