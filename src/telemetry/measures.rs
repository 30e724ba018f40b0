//! Metrics, out of the spans as they end: what is traced is measured, and nothing is counted in two places.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram, Meter};
use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

/// Bounds of the buckets of requests, in seconds: those of the conventions, and the minutes that some answers take.
const OF_REQUESTS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
];
/// Bounds of the buckets of what takes longer, in seconds.
const OF_RUNS: [f64; 12] = [
    0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
];

/// What is measured.
#[derive(Debug)]
pub struct Measures {
    requests: Histogram<f64>,
    attempts: Counter<u64>,
    waits: Histogram<f64>,
    syncs: Histogram<f64>,
    steps: Histogram<f64>,
    rows: Counter<u64>,
    tasks: Histogram<f64>,
}

impl Measures {
    /// The instruments of a meter.
    pub fn new(meter: &Meter) -> Self {
        let seconds = |name: &'static str, about: &'static str, bounds: &[f64]| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(about)
                .with_boundaries(bounds.to_vec())
                .build()
        };
        Measures {
            requests: seconds(
                "http.client.request.duration",
                "Requests with all their attempts, by endpoint and the last status",
                &OF_REQUESTS,
            ),
            attempts: meter
                .u64_counter("baton.http.attempts")
                .with_description("Attempts of requests, by endpoint")
                .build(),
            waits: seconds("baton.wait.duration", "Waits for a quota, and before repeats", &OF_RUNS),
            syncs: seconds("baton.sync.duration", "Syncs, by kind and outcome", &OF_RUNS),
            steps: seconds("baton.sync.step.duration", "Steps of syncs", &OF_RUNS),
            rows: meter
                .u64_counter("baton.sync.rows")
                .with_description("Rows in the files of finished syncs, by kind")
                .build(),
            tasks: seconds(
                "baton.task.duration",
                "Tasks of ConductorOne, by kind and outcome",
                &OF_RUNS,
            ),
        }
    }

    fn measure(&self, span: &SpanData) {
        let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
        let took = took.as_secs_f64();
        let only = |keys: &[&str]| -> Vec<KeyValue> {
            let found = span.attributes.iter();
            found.filter(|one| keys.contains(&one.key.as_str())).cloned().collect()
        };
        let number = |key: &str| {
            let found = span.attributes.iter().find(|one| one.key.as_str() == key);
            found.and_then(|one| match one.value {
                Value::I64(number) => u64::try_from(number).ok(),
                _ => None,
            })
        };
        if span.span_kind == SpanKind::Client {
            let endpoint = ["http.request.method", "url.template"];
            let outcome = ["http.response.status_code", "error.type"];
            self.requests.record(took, &only(&[endpoint, outcome].concat()));
            self.attempts
                .add(number("baton.attempts").unwrap_or_default(), &only(&endpoint));
            return;
        }
        match &*span.name {
            "wait" => self.waits.record(took, &only(&["baton.wait", "baton.family"])),
            "sync" => {
                self.syncs.record(took, &only(&["baton.sync.type", "baton.outcome"]));
                for (kind, key) in [
                    ("resource", "baton.resources"),
                    ("entitlement", "baton.entitlements"),
                    ("grant", "baton.grants"),
                ] {
                    if let Some(count) = number(key) {
                        self.rows.add(count, &[KeyValue::new("baton.row", kind)]);
                    }
                }
            }
            "step" => self.steps.record(took, &only(&["baton.step"])),
            "task" => self.tasks.record(took, &only(&["baton.task", "baton.outcome"])),
            _ => {}
        }
    }
}

impl SpanProcessor for Measures {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.measure(&span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
