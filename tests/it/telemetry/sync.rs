//! A whole sync as a collector sees it.

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::baton::c1z::Reader;
use baton_workato::simulator::{Behavior, Endpoint, Fault, Hits};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;

use super::receiver::{Manner, Receiver, attribute, text};
use super::{ends_well, told, workspace};
use crate::support::place::Place;
use crate::support::program::syncing;

/// How often a histogram was recorded, by one attribute.
fn counted(metrics: &[Metric], name: &str, by: &str) -> BTreeMap<String, u64> {
    let metric = metrics.iter().find(|metric| metric.name == name);
    let Some(metric::Data::Histogram(histogram)) = metric.and_then(|metric| metric.data.as_ref()) else {
        panic!("no histogram {name}");
    };
    let mut counts = BTreeMap::new();
    for point in &histogram.data_points {
        *counts
            .entry(attribute(&point.attributes, by).unwrap_or_default())
            .or_default() += point.count;
    }
    counts
}

/// A counter, by one attribute.
fn summed(metrics: &[Metric], name: &str, by: &str) -> BTreeMap<String, u64> {
    let metric = metrics.iter().find(|metric| metric.name == name);
    let Some(metric::Data::Sum(sum)) = metric.and_then(|metric| metric.data.as_ref()) else {
        panic!("no counter {name}");
    };
    let mut counts = BTreeMap::new();
    for point in &sum.data_points {
        let Some(number_data_point::Value::AsInt(count)) = point.value else {
            panic!("{name} counts whole things");
        };
        *counts
            .entry(attribute(&point.attributes, by).unwrap_or_default())
            .or_default() += count as u64;
    }
    counts
}

fn attempts(span: &Span) -> u64 {
    attribute(&span.attributes, "baton.attempts").unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_requests_waits_lines_and_rows_of_a_sync_arrive() {
    let simulator = workspace(
        Behavior::default()
            .script("/api/projects", Hits::First(1), Fault::status(503))
            .deny(Endpoint::Connections, 403),
    )
    .await;
    let receiver = Receiver::start(Manner::Takes).await;
    let place = Place::new();
    let mut command = told(place.path(), &simulator, "debug", &receiver.address.to_string());
    command.arg("--sync-connections");
    let err = ends_well(command).await;
    assert!(!err.contains(super::LOSS), "{err}");
    let seen = receiver.seen();
    assert_eq!(seen.peers.len(), 1, "one connection for all");
    for sender in seen.senders() {
        assert_eq!(
            attribute(&sender.attributes, "service.name").as_deref(),
            Some("baton-workato-server")
        );
    }

    let spans = seen.spans();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let [sync] = named("sync")[..] else {
        panic!("one sync");
    };
    assert!(
        spans
            .iter()
            .all(|span| span.trace_id == sync.trace_id || span.name == "request"),
        "one trace"
    );
    assert_eq!(
        attribute(&sync.attributes, "baton.outcome").as_deref(),
        Some("complete")
    );
    assert_eq!(attribute(&sync.attributes, "baton.sync.type").as_deref(), Some("full"));
    let steps: BTreeSet<String> = named("step")
        .iter()
        .map(|step| {
            assert_eq!(step.parent_span_id, sync.span_id);
            attribute(&step.attributes, "baton.step").unwrap()
        })
        .collect();
    let wanted = [
        "Validate",
        "ResourceTypes",
        "Resources",
        "Entitlements",
        "Grants",
        "Expansion",
        "Save",
    ];
    assert_eq!(steps, wanted.map(str::to_owned).into());

    // Every request that the workspace saw is in a span, and no span has one that it did not see.
    let requests: Vec<&Span> = spans.iter().filter(|span| span.kind == 3).collect();
    let log = simulator.requests();
    assert_eq!(
        requests.iter().map(|span| attempts(span)).sum::<u64>(),
        log.len() as u64
    );
    let repeated: Vec<&&Span> = requests.iter().filter(|span| attempts(span) > 1).collect();
    assert!(!repeated.is_empty(), "503 was met");
    let mut by_status: BTreeMap<String, usize> = BTreeMap::new();
    for span in &requests {
        let of = |key| attribute(&span.attributes, key);
        let template = of("url.template").unwrap();
        assert!(
            template.starts_with("/api/")
                && !template
                    .replace("/v2/", "/")
                    .contains(|c: char| c == '?' || c.is_ascii_digit()),
            "{template}"
        );
        assert_eq!(span.name, format!("GET {template}"));
        assert_eq!(of("http.request.method").as_deref(), Some("GET"));
        let status = of("http.response.status_code").unwrap();
        assert_eq!(status == "403", template == "/api/connections", "{template}");
        *by_status.entry(status).or_default() += 1;
    }
    for (status, count) in by_status {
        assert_eq!(count, log.answered(status.parse().unwrap()), "HTTP {status}");
    }
    let waits = named("wait");
    assert!(
        waits.iter().any(
            |wait| attribute(&wait.attributes, "baton.wait").as_deref() == Some("retry")
                && repeated.iter().any(|request| request.span_id == wait.parent_span_id)
        ),
        "{waits:?}"
    );

    let metrics = seen.metrics();
    let by_template = counted(&metrics, "http.client.request.duration", "url.template");
    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    for span in &requests {
        *wanted
            .entry(attribute(&span.attributes, "url.template").unwrap())
            .or_default() += 1;
    }
    assert_eq!(by_template, wanted);
    let by_status = counted(&metrics, "http.client.request.duration", "http.response.status_code");
    assert_eq!(by_status["403"], log.to(Endpoint::Connections) as u64);
    let attempts = summed(&metrics, "baton.http.attempts", "http.request.method");
    assert_eq!(attempts, BTreeMap::from([("GET".to_owned(), log.len() as u64)]));
    assert_eq!(counted(&metrics, "baton.wait.duration", "baton.wait")["retry"], 1);
    assert_eq!(
        counted(&metrics, "baton.sync.duration", "baton.outcome"),
        BTreeMap::from([("complete".to_owned(), 1)])
    );
    assert_eq!(counted(&metrics, "baton.sync.step.duration", "baton.step").len(), 7);
    let reader = Reader::open(&place.file(), None).unwrap();
    let run = reader.latest_full().unwrap().unwrap();
    let rows = summed(&metrics, "baton.sync.rows", "baton.row");
    let held = reader.counts(&run.sync_id).unwrap();
    let total = |count: fn(&baton_workato::baton::c1z::TypeCounts) -> u64| held.values().map(count).sum::<u64>();
    assert_eq!(
        rows,
        BTreeMap::from([
            ("resource".to_owned(), total(|c| c.resources)),
            ("entitlement".to_owned(), total(|c| c.entitlements)),
            ("grant".to_owned(), total(|c| c.grants)),
        ])
    );

    // The lines of the log, from its level on, and each of those inside the sync with its trace.
    let lines = seen.lines();
    let printed = err.lines().filter(|line| line.contains("\"level\":\"debug\"")).count();
    assert!(printed > 10 && lines.len() >= printed, "{} of {printed}", lines.len());
    let begun = lines.iter().filter(|line| {
        let body = line.body.as_ref().and_then(text);
        body.as_deref() == Some("Step started.") && line.trace_id == sync.trace_id
    });
    assert!(begun.count() >= 6);

    let token = simulator.token(baton_workato::simulator::Env::Dev);
    assert!(!seen.contains(&token), "no token");
    for part in token.split(['.', '-']).filter(|part| part.len() > 8) {
        assert!(!seen.contains(part), "not a part of it: {part}");
    }
    let spans = format!("{spans:?}");
    for person in simulator
        .workspace()
        .people
        .iter()
        .filter_map(|person| person.email.as_ref())
    {
        assert!(!spans.contains(person), "nobody's address: {person}");
    }
}

/// What is printed is the same with a collector and without.
#[tokio::test(flavor = "multi_thread")]
async fn no_line_of_the_log_changes() {
    let simulator = workspace(Behavior::default()).await;
    let receiver = Receiver::start(Manner::Takes).await;
    let words = |err: String| {
        let mut lines: Vec<String> = err
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Map<String, Value>>(line).ok())
            .map(|line| {
                let keys: Vec<&String> = line.keys().collect();
                format!("{:?} {:?} {keys:?}", line.get("level"), line.get("msg"))
            })
            .collect();
        lines.sort();
        lines
    };
    let (with, without) = (Place::new(), Place::new());
    let told = ends_well(told(with.path(), &simulator, "info", &receiver.address.to_string())).await;
    let mut alone = syncing(without.path(), &simulator, 4);
    alone
        .env("BATON_LOG_FORMAT", "json")
        .args(["--workato-requests-per-minute", "100000", "--log-level", "info"]);
    let alone = words(ends_well(alone).await);
    assert!(alone.len() > 5, "{alone:?}");
    assert_eq!(words(told), alone);
    assert!(receiver.seen().calls >= 3);
}

/// Where people see warnings only, the collector gets the traces all the same, and no more lines than they.
#[tokio::test(flavor = "multi_thread")]
async fn lines_follow_the_level_of_the_log_and_traces_do_not() {
    let simulator = workspace(Behavior::default()).await;
    let receiver = Receiver::start(Manner::Takes).await;
    let place = Place::new();
    ends_well(told(place.path(), &simulator, "error", &receiver.address.to_string())).await;
    let seen = receiver.seen();
    assert_eq!(seen.lines().len(), 0);
    assert!(seen.spans().len() > 10);
    assert_eq!(seen.peers.len(), 1);
}
