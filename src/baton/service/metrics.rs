//! Numbers for Prometheus: what the service did since it started.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;

use crate::baton::lock::locked;
use crate::baton::sync::RequestCounts;
use crate::baton::sync::summary::Summary;

/// Name, type and meaning of every number, in the order they are printed.
const ALL: &[(&str, &str, &str)] = &[
    ("baton_ready", "gauge", "Whether ConductorOne heard the hello: 1, or 0."),
    (
        "baton_polls_total",
        "counter",
        "Times ConductorOne was asked for tasks.",
    ),
    ("baton_tasks_total", "counter", "Tasks by kind and result."),
    ("baton_tasks_running", "gauge", "Tasks being done."),
    ("baton_heartbeats_total", "counter", "Heartbeats by result."),
    ("baton_uploaded_bytes_total", "counter", "Bytes of uploaded files."),
    ("baton_syncs_total", "counter", "Full syncs by result."),
    ("baton_sync_rows", "gauge", "Rows of the last successful sync."),
    ("baton_sync_warnings", "gauge", "Warnings of the last successful sync."),
    (
        "baton_sync_duration_seconds",
        "gauge",
        "How long the last successful sync took.",
    ),
    (
        "baton_sync_last_success_timestamp_seconds",
        "gauge",
        "When the last successful sync ended.",
    ),
    (
        "baton_requests_total",
        "counter",
        "Requests to the workspace by quota family.",
    ),
    ("baton_request_retries_total", "counter", "Requests that were repeats."),
    (
        "baton_requests_throttled_total",
        "counter",
        "Requests answered with 429.",
    ),
    (
        "baton_request_wait_seconds_total",
        "counter",
        "Time during which requests waited for the quota or before a repeat.",
    ),
];

/// Shared by everything in the service.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Numbers>);

/// By name and labels.
type Numbers = BTreeMap<(&'static str, String), f64>;

impl Metrics {
    /// Whether ConductorOne heard the hello.
    pub fn ready(&self, is_ready: bool) {
        self.set("baton_ready", &[], f64::from(u8::from(is_ready)));
    }

    /// ConductorOne was asked.
    pub fn poll(&self, result: &str) {
        self.add("baton_polls_total", &[("result", result)], 1.0);
    }

    /// A task began, or ended with `-1`.
    pub fn running(&self, change: i8) {
        self.add("baton_tasks_running", &[], f64::from(change));
    }

    /// A task ended.
    pub fn task(&self, kind: &str, succeeded: bool) {
        self.add("baton_tasks_total", &[("kind", kind), ("result", word(succeeded))], 1.0);
    }

    /// A heartbeat was sent.
    pub fn heartbeat(&self, succeeded: bool) {
        self.add("baton_heartbeats_total", &[("result", word(succeeded))], 1.0);
    }

    /// A file was uploaded.
    #[expect(clippy::cast_precision_loss, reason = "files are smaller than 2^53 bytes")]
    pub fn uploaded(&self, bytes: u64) {
        self.add("baton_uploaded_bytes_total", &[], bytes as f64);
    }

    /// A sync failed.
    pub fn sync_failed(&self) {
        self.add("baton_syncs_total", &[("result", word(false))], 1.0);
    }

    /// A sync ended well.
    #[expect(clippy::cast_precision_loss, reason = "no sync has 2^53 rows")]
    pub fn sync_succeeded(&self, summary: &Summary, now: Timestamp) {
        self.add("baton_syncs_total", &[("result", word(true))], 1.0);
        self.lock().retain(|(name, _), _| *name != "baton_sync_rows");
        for (resource_type, rows) in &summary.rows {
            let numbers = [
                ("resource", rows.resources),
                ("entitlement", rows.entitlements),
                ("grant", rows.grants),
            ];
            for (kind, number) in numbers {
                let labels = [("resource_type", resource_type.as_str()), ("kind", kind)];
                self.set("baton_sync_rows", &labels, number as f64);
            }
        }
        self.set("baton_sync_warnings", &[], summary.warnings.len() as f64);
        self.set("baton_sync_duration_seconds", &[], summary.elapsed_ms as f64 / 1_000.0);
        let at = now.as_second() as f64;
        self.set("baton_sync_last_success_timestamp_seconds", &[], at);
    }

    /// Everything, with the label `workspace` where there is a name for it.
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    pub fn numbers(&self, workspace: Option<&str>, requests: &RequestCounts) -> Numbers {
        let mut numbers = self.lock().clone();
        for (family, counts) in requests() {
            let label = labels(&[("family", &family)]);
            let all = [
                ("baton_requests_total", counts.requests as f64),
                ("baton_request_retries_total", counts.retries as f64),
                ("baton_requests_throttled_total", counts.throttled as f64),
                ("baton_request_wait_seconds_total", counts.waited_ms as f64 / 1_000.0),
            ];
            numbers.extend(all.map(|(name, number)| ((name, label.clone()), number)));
        }
        let Some(workspace) = workspace else { return numbers };
        let whose = labels(&[("workspace", workspace)]);
        let both = |others: String| match (whose.strip_suffix('}'), others.strip_prefix('{')) {
            (Some(whose), Some(others)) => format!("{whose},{others}"),
            _ => whose.clone(),
        };
        let numbers = numbers.into_iter();
        numbers
            .map(|((name, others), number)| ((name, both(others)), number))
            .collect()
    }

    fn add(&self, name: &'static str, with: &[(&str, &str)], number: f64) {
        *self.lock().entry((name, labels(with))).or_default() += number;
    }

    fn set(&self, name: &'static str, with: &[(&str, &str)], number: f64) {
        self.lock().insert((name, labels(with)), number);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), f64>> {
        locked(&self.0)
    }
}

/// Numbers in the text form of Prometheus.
pub fn render(numbers: &Numbers) -> String {
    let mut text = String::new();
    for (name, kind, help) in ALL {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        let of_it = numbers.range((*name, String::new())..);
        for ((_, labels), number) in of_it.take_while(|((n, _), _)| n == name) {
            let _ = writeln!(text, "{name}{labels} {number}");
        }
    }
    text
}

fn word(succeeded: bool) -> &'static str {
    if succeeded { "success" } else { "failure" }
}

/// `{name="value",…}` with what Prometheus wants escaped; nothing without labels.
fn labels(all: &[(&str, &str)]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let each: Vec<String> = all
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    format!("{{{}}}", each.join(","))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn numbers_are_printed_below_their_meaning() {
        let metrics = Metrics::default();
        metrics.task("grant", true);
        metrics.task("grant", true);
        metrics.task("full \"sync\"", false);
        metrics.running(1);
        metrics.running(-1);
        let requests: RequestCounts = Arc::new(BTreeMap::new);
        let text = render(&metrics.numbers(None, &requests));
        let tasks = "# HELP baton_tasks_total Tasks by kind and result.\n# TYPE baton_tasks_total counter\n\
                     baton_tasks_total{kind=\"full \\\"sync\\\"\",result=\"failure\"} 1\n\
                     baton_tasks_total{kind=\"grant\",result=\"success\"} 2\n";
        assert!(text.contains(tasks), "{text}");
        assert!(text.contains("baton_tasks_running 0\n"), "{text}");
        let mut both = metrics.numbers(Some("acme"), &requests);
        both.extend(Metrics::default().numbers(Some("globex"), &requests));
        metrics.ready(true);
        both.extend(metrics.numbers(Some("globex"), &requests));
        let text = render(&both);
        for line in [
            "baton_tasks_total{workspace=\"acme\",kind=\"grant\",result=\"success\"} 2\n",
            "baton_tasks_total{workspace=\"globex\",kind=\"grant\",result=\"success\"} 2\n",
            "baton_tasks_running{workspace=\"acme\"} 0\n",
            "baton_ready{workspace=\"globex\"} 1\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert_eq!(text.matches("# TYPE baton_tasks_total ").count(), 1);
    }
}
