//! How many rows a sync has: as its writer stored it, else counted.

use serde_json::{Map, Value};

use super::list::{Heading, Line, List, Rows, sync_output};
use super::snapshot::Snapshot;
use crate::baton::c1z::SyncRun;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::json::Form;
use crate::baton::proto::c1::reader::v2 as reader;

/// Row counts of one sync.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// The document of the `stats` column (`baton/c1z/format.md 2.10`), stored or computed.
    pub document: Map<String, Value>,
}

impl Stats {
    /// Of a sync. Stored counts are trusted like every reader trusts them: when they know of a resource type. Then no
    /// row is looked at.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn of(snapshot: &Snapshot) -> Result<Stats> {
        if let Some(document) = stored(snapshot.run().stats.as_deref()) {
            return Ok(Stats { document });
        }
        let computed = snapshot.reader().stats_json(snapshot.run())?;
        let document =
            serde_json::from_str(&computed).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        Ok(Stats { document })
    }

    /// A total: `grants`.
    pub fn total(&self, what: &str) -> u64 {
        self.document.get(what).and_then(Value::as_u64).unwrap_or_default()
    }

    /// The rows of a resource type: `grants` of `role`.
    pub fn of_type(&self, what: &str, kind: &str) -> u64 {
        let by_type = self.document.get(&format!("{what}_by_resource_type"));
        by_type
            .and_then(|map| map.get(kind))
            .and_then(Value::as_u64)
            .unwrap_or_default()
    }

    /// As one line of JSON: the sync with its counts, as the published message `SyncRun` has them.
    ///
    /// # Errors
    /// `Internal` if the messages are not those that were compiled in.
    pub fn json(&self, snapshot: &Snapshot) -> Result<String> {
        Form::of("c1.reader.v2.SyncRun")?.line(&self.message(snapshot.run()))
    }

    fn message(&self, run: &SyncRun) -> reader::SyncRun {
        let run = sync_output(run);
        reader::SyncRun {
            id: run.id,
            started_at: run.started_at,
            ended_at: run.ended_at,
            sync_token: run.sync_token,
            sync_type: run.sync_type,
            parent_sync_id: run.parent_sync_id,
            stats: Some(reader::SyncStats {
                resource_types: number(&self.document, "resource_types"),
                resources: number(&self.document, "resources"),
                entitlements: number(&self.document, "entitlements"),
                grants: number(&self.document, "grants"),
                resources_by_resource_type: self.map("resources_by_resource_type", Value::as_i64),
                grants_by_resource_type: self.map("grants_by_resource_type", Value::as_i64),
                entitlements_by_resource_type: self.map("entitlements_by_resource_type", Value::as_i64),
                assets: number(&self.document, "assets"),
                step_durations_ms: self.map("step_durations_ms", Value::as_i64),
                connector_call_stats: self.map("connector_call_stats", calls),
                session_store_stats: self.map("session_store_stats", calls),
            }),
        }
    }

    /// An object of the document. What another writer put there in another form is left out.
    fn map<V, M: FromIterator<(String, V)>>(&self, key: &str, value: impl Fn(&Value) -> Option<V>) -> M {
        let entries = self.document.get(key).and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(|(k, v)| Some((k.clone(), value(v)?))).collect()
    }
}

fn number(object: &Map<String, Value>, key: &str) -> i64 {
    object.get(key).and_then(Value::as_i64).unwrap_or_default()
}

fn calls(value: &Value) -> Option<reader::CallStat> {
    let object = value.as_object()?;
    Some(reader::CallStat {
        count: number(object, "count"),
        total_ms: number(object, "total_ms"),
        max_ms: number(object, "max_ms"),
        errors: number(object, "errors"),
        timeouts: number(object, "timeouts"),
    })
}

/// Stored counts that can be used.
pub(crate) fn stored(stats: Option<&str>) -> Option<Map<String, Value>> {
    let document: Map<String, Value> = serde_json::from_str(stats?).ok()?;
    let types = document.get("resource_types").and_then(Value::as_u64)?;
    (types > 0).then_some(document)
}

const HEADINGS: &[Heading] = &[
    Heading::text("RESOURCE TYPE"),
    Heading::text("NAME"),
    Heading::number("RESOURCES"),
    Heading::number("ENTITLEMENTS"),
    Heading::number("GRANTS"),
];

/// The counts by resource type.
pub struct ByType<'s> {
    /// The rows, for the names of types.
    pub rows: &'s Rows<'s>,
    /// The counts.
    pub stats: &'s Stats,
    /// Whether a last line has the totals: people want it, spreadsheets would count it.
    pub total: bool,
}

impl List for ByType<'_> {
    fn key(&self) -> &'static str {
        "stats"
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "resource_type_id",
            "resource_type",
            "resources",
            "entitlements",
            "grants",
        ]
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        let (snapshot, stats) = (self.rows.snapshot(), self.stats);
        snapshot
            .reader()
            .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
                let counts = ["resources", "entitlements", "grants"].map(|what| stats.of_type(what, &kind.id));
                each(&Counts {
                    id: &kind.id,
                    name: &kind.display_name,
                    counts,
                })
            })?;
        if self.total {
            let counts = ["resources", "entitlements", "grants"].map(|what| stats.total(what));
            each(&Counts {
                id: "total",
                name: "",
                counts,
            })?;
        }
        Ok(())
    }
}

struct Counts<'c> {
    id: &'c str,
    name: &'c str,
    counts: [u64; 3],
}

impl Line for Counts<'_> {
    fn json(&self) -> Result<String> {
        let [resources, entitlements, grants] = self.counts;
        let line = serde_json::json!({
            "resourceType": self.id, "resources": resources, "entitlements": entitlements, "grants": grants,
        });
        Ok(line.to_string())
    }

    fn cells(&self) -> Result<Vec<String>> {
        self.record()
    }

    fn record(&self) -> Result<Vec<String>> {
        let mut record = vec![self.id.to_owned(), self.name.to_owned()];
        record.extend(self.counts.iter().map(ToString::to_string));
        Ok(record)
    }
}
