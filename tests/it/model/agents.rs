//! Agents and machine identities (`workato/agents.md`): rows, what they cost, what a plan without them costs, and what
//! must never be kept of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use baton_workato::ABOUT;
use baton_workato::baton::error::{Kind, Result};
use baton_workato::baton::http::{Clock, HttpOptions};
use baton_workato::baton::sync::summary::{Status, Summary};
use baton_workato::baton::sync::{Audience, SyncOptions};
use baton_workato::simulator::{
    AccessModel, AgentsShape, Behavior, Endpoint, Env, Fault, Hits, SECRETS, Shape, Simulator, Workspace,
};
use futures_util::future::BoxFuture;
use serde_json::json;

use super::{assert_rows, settings, sync};
use crate::support::oracle::{Options, expect};
use crate::support::rows::Rows;
use crate::support::run;

/// The lists that a plan may lack.
const LISTS: [Endpoint; 7] = [
    Endpoint::IdentityUsers,
    Endpoint::IdentityGroups,
    Endpoint::Genies,
    Endpoint::GenieClients,
    Endpoint::McpServers,
    Endpoint::PlatformClients,
    Endpoint::Collections,
];

/// What they are called.
const NAMES: [&str; 7] = [
    "identity users",
    "identity groups",
    "genies",
    "genie clients",
    "MCP servers",
    "API-platform clients",
    "API collections",
];

fn small() -> Workspace {
    Workspace::generate(&Shape {
        agents: Some(AgentsShape::demo()),
        ..Shape::small(AccessModel::RbacV2)
    })
}

fn without() -> Workspace {
    Workspace::generate(&Shape::small(AccessModel::RbacV2))
}

/// 40 MCP servers, 60 genies, 300 people, 25 groups, 30 clients with 3 keys each, in three environments.
#[tokio::test]
async fn a_large_estate_gives_the_rows_of_the_document_and_costs_a_request_for_each_thing() {
    let workspace = Workspace::generate(&Shape {
        people: 12,
        projects: 6,
        groups: 2,
        agents: Some(AgentsShape {
            users: 300,
            groups: 25,
            genies: 60,
            servers: 40,
            clients: 30,
            keys: 3,
        }),
        ..Shape::default()
    });
    let options = Options::everything();
    let synced = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
    assert_eq!(synced.summary.warnings, []);
    assert_eq!(synced.summary.not_readable, Vec::<String>::new());
    assert_rows(&expect(&workspace, &options), &synced.rows);
    let counted = |kind: &str| synced.summary.rows[kind].resources;
    let kinds = [
        ("mcp_server", 40),
        ("genie", 60),
        ("identity_user", 300),
        ("identity_group", 25),
        ("api_platform_client", 30),
    ];
    for (kind, count) in kinds {
        assert_eq!(counted(kind), count, "{kind}");
    }
    let asked = |endpoint| synced.simulator.requests().to(endpoint);
    let singles = [
        (Endpoint::McpServer, 40),
        (Endpoint::McpServerPolicies, 40),
        (Endpoint::Genie, 60),
        (Endpoint::IdentityGroupMembers, 25),
        (Endpoint::PlatformKeys, 30),
        (Endpoint::McpServers, 3),
        (Endpoint::PlatformClients, 3),
        (Endpoint::Collections, 3),
    ];
    for (endpoint, count) in singles {
        assert!(asked(endpoint) >= count, "{endpoint:?}");
        let once: BTreeMap<String, usize> = synced
            .simulator
            .requests()
            .iter()
            .filter(|r| r.endpoint == Some(endpoint))
            .fold(BTreeMap::new(), |mut all, request| {
                *all.entry(format!("{:?} {}", request.environment, request.path))
                    .or_default() += 1;
                all
            });
        // Nothing counts members: groups of more than a page are read until two passes agree.
        let most = if endpoint == Endpoint::IdentityGroupMembers {
            2
        } else {
            1
        };
        assert!(once.values().all(|times| *times <= most), "{endpoint:?}: {once:?}");
    }
    // Nothing counts the users: each token reads them until two passes agree.
    assert!(
        asked(Endpoint::IdentityUsers) <= 3 * 2 * 5,
        "{}",
        asked(Endpoint::IdentityUsers)
    );
}

/// Traits and profiles: what the protocol has for agents, keys and programs.
#[tokio::test]
async fn agents_keys_and_programs_carry_their_traits() {
    let simulator = Simulator::start(small(), Behavior::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let options = SyncOptions {
        audience: Audience::ConductorOne,
        ..run::options(&file)
    };
    run::workato_with(settings(&simulator, &Options::default()), &options)
        .await
        .unwrap();
    let rows = Rows::of_file(&file);
    let row = |id: &str| {
        let row = rows.resources.get(id).unwrap_or_else(|| panic!("{id}"));
        (json!(row.annotations).to_string(), row.profile.clone())
    };
    let (traits, profile) = row("genie:gin-500");
    assert!(traits.contains("AgentTrait"), "{traits}");
    assert_eq!(
        (&profile["state"], &profile["environment"]),
        (&json!("running"), &json!("dev"))
    );
    let (traits, profile) = row("mcp_server:mcps-701");
    assert!(traits.contains("AppTrait"), "{traits}");
    assert_eq!(profile["authentication_method"], "token");
    assert_eq!(profile["ip_allow_list"], json!([]));
    assert!(!rows.entitlements.contains_key("mcp_server:mcps-701:use"));
    // An id that is a number stays one.
    assert_eq!(row("mcp_server:703").1["id"], json!(703));
    for id in ["genie_client:gincl-300", "api_platform_client:60"] {
        let (traits, _) = row(id);
        assert!(
            traits.contains("NonHumanIdentityTrait") && traits.contains("UserTrait"),
            "{id}: {traits}"
        );
    }
    let (traits, profile) = row("api_key:60-1");
    assert!(traits.contains("SecretTrait"), "{traits}");
    assert_eq!(
        (&profile["active"], &profile["client"]),
        (&json!(true), &json!("Partner portal"))
    );
    assert!(row("api_key:developer-9000").1["last_rotated_at"].is_string());
}

/// A workspace whose plan has nothing of it: one request for each list, no warning, one line; not asked again for a day.
#[tokio::test]
async fn a_plan_without_agents_costs_one_request_for_each_list_and_none_for_a_day() {
    let simulator = Simulator::start(without(), Behavior::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let at = |time: &'static str| wall(&simulator, &file, time);
    let asked = || LISTS.map(|endpoint| simulator.requests().to(endpoint));

    let first = at("2026-11-08T08:00:00Z").await.unwrap();
    assert_eq!((first.status, first.not_readable), (Status::Complete, all_names()));
    assert_eq!(asked(), [1; 7]);

    let second = at("2026-11-09T07:59:00Z").await.unwrap();
    assert_eq!(second.not_readable, all_names(), "still said");
    assert_eq!(asked(), [1; 7], "within a day");

    // The day counts from the answer, not from the last sync.
    let third = at("2026-11-09T08:00:00Z").await.unwrap();
    assert_eq!(third.status, Status::Complete);
    assert_eq!(asked(), [2; 7], "after a day");

    // Now the plan has them.
    let estate = small().estate;
    simulator.change(|workspace| workspace.estate = estate);
    let fourth = at("2026-11-09T09:00:00Z").await.unwrap();
    assert_eq!(fourth.rows["genie"].resources, 0, "not asked yet");
    let fifth = at("2026-11-10T08:00:00Z").await.unwrap();
    assert_eq!(fifth.not_readable, Vec::<String>::new());
    assert_eq!(fifth.rows["genie"].resources, 5);

    // What answered once may not vanish.
    simulator.change(|workspace| workspace.estate = None);
    let lost = at("2026-11-10T09:00:00Z").await.unwrap_err();
    assert_eq!(lost.kind(), Kind::PermissionDenied);
    assert!(lost.to_string().contains("answered in the sync of"), "{lost}");
    assert_eq!(
        Rows::of_file(&file)
            .resources
            .keys()
            .filter(|id| id.starts_with("genie:"))
            .count(),
        5
    );
}

fn all_names() -> Vec<String> {
    let mut all = NAMES.map(String::from);
    all.sort();
    all.into()
}

async fn wall(simulator: &Simulator, file: &Path, time: &str) -> Result<Summary> {
    let options = HttpOptions {
        clock: Arc::new(At(time.parse().unwrap(), Mutex::new(Instant::now()))),
        ..HttpOptions::of(&ABOUT)
    };
    run::workato_over(settings(simulator, &Options::default()), &run::options(file), options).await
}

/// A calendar that stands still, and waits that take no time.
struct At(jiff::Timestamp, Mutex<Instant>);

impl Clock for At {
    fn now(&self) -> Instant {
        *self.1.lock().unwrap()
    }

    fn wall(&self) -> jiff::Timestamp {
        self.0
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        *self.1.lock().unwrap() += wait;
        Box::pin(tokio::task::yield_now())
    }

    fn random(&self) -> f64 {
        0.5
    }
}

/// Each list refused in each way that a checkbox or a plan may refuse: it is named, the others are whole, and nothing
/// that needs it looks empty without a word.
#[tokio::test]
async fn a_list_that_never_answered_is_named_and_is_no_warning() {
    for (endpoint, name) in LISTS.into_iter().zip(NAMES) {
        for status in [401, 402, 403, 404, 422] {
            let script = Behavior::default().script(endpoint.path(), Hits::Every, Fault::status(status));
            let synced = sync(small(), script, &Options::default()).await.unwrap();
            assert_eq!(synced.summary.not_readable, [name], "{status}");
            let told: Vec<&str> = synced.summary.warnings.iter().map(|w| w.cause).collect();
            let expected: &[&str] = match endpoint {
                Endpoint::IdentityGroups => &["identity-group-not-listed"],
                Endpoint::IdentityUsers => &["identity-user-not-listed"],
                Endpoint::Collections => &["api-collection-not-listed"],
                _ => &[],
            };
            assert_eq!(told, expected, "{name} {status}");
            if endpoint == Endpoint::IdentityGroups {
                // Whom the agents are open to is still there, by what the agents say.
                assert!(
                    synced
                        .rows
                        .grants
                        .keys()
                        .any(|id| id.starts_with("genie:") && id.contains(":identity_group:"))
                );
            }
        }
    }
}

/// What is no list at all is a warning where it never answered, and is not kept for a refusal.
#[tokio::test]
async fn a_list_that_answers_what_cannot_be_used_is_a_warning() {
    let odd = [
        Fault::status(500),
        Fault::Html(200),
        Fault::Status(200, r#"{"data":{"id":1}}"#.to_owned(), Vec::new()),
    ];
    for fault in odd {
        let script = Behavior::default().script("/api/mcp/mcp_servers", Hits::Every, fault.clone());
        let simulator = Simulator::start(small(), script).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        let summary = wall(&simulator, &file, "2026-11-08T08:00:00Z").await.unwrap();
        let told: Vec<&str> = summary.warnings.iter().map(|w| w.cause).collect();
        assert_eq!(told, ["feature-unusable"], "{fault:?}");
        assert_eq!(summary.rows["genie"].resources, 5);
        // The fault passed: nobody waits for a day.
        simulator.behave(Behavior::default());
        let next = wall(&simulator, &file, "2026-11-08T08:01:00Z").await.unwrap();
        assert_eq!((next.status, next.rows["mcp_server"].resources), (Status::Complete, 5));
        // It answered before: now the same fault ends the sync.
        simulator.behave(Behavior::default().script("/api/mcp/mcp_servers", Hits::Every, fault.clone()));
        wall(&simulator, &file, "2026-11-08T08:02:00Z").await.unwrap_err();
    }
}

/// A server that cannot be reached says nothing about a plan.
#[tokio::test]
async fn a_gateway_that_is_down_says_nothing_about_a_plan() {
    let script = Behavior::default().script("/api/agentic/genies", Hits::Every, Fault::status(503));
    let simulator = Simulator::start(small(), script).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = wall(&simulator, &folder.path().join("sync.c1z"), "2026-11-08T08:00:00Z")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
}

/// Fields that say who may use a thing and cannot be read: the thing is there, and it is said that its users are not.
#[tokio::test]
async fn who_may_use_it_is_never_nobody_because_a_field_is_odd() {
    let cases = [
        ("/api/agentic/genies/gin-500", "/data/user_groups"),
        ("/api/mcp/mcp_servers/mcps-700", "/data/idp_user_group_ids"),
    ];
    for (path, field) in cases {
        for value in [json!(null), json!("all"), json!([{"id": {}}])] {
            let fault = Fault::Fields(vec![(field.to_owned(), value.clone())]);
            let script = Behavior::default().script(path, Hits::Every, fault);
            let synced = sync(small(), script, &Options::default()).await.unwrap();
            let told = synced.summary.warnings.iter().any(|w| w.cause == "audience-unknown");
            assert!(told, "{path} {value}: {:?}", synced.summary.warnings);
        }
    }
}

/// Addresses with a token, tokens and prompts stand in the answers, and in nothing that is written.
#[tokio::test]
async fn secrets_of_the_answers_are_in_no_file() {
    let simulator = Simulator::start(small(), Behavior::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    run::workato(settings(&simulator, &Options::default()), &file)
        .await
        .unwrap();
    for path in [
        "/api/mcp/mcp_servers/mcps-700",
        "/api/agentic/genies/gin-500",
        "/api/v2/api_clients/60/api_keys",
    ] {
        assert!(simulator.requests().count(path) > 0, "{path}");
    }
    let rows = format!("{:?}", Rows::of_file(&file));
    for secret in SECRETS {
        assert!(!rows.contains(secret), "{secret}");
    }
    assert_eq!(simulator.workspace().environments, [Env::Dev]);
}
