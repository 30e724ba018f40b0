//! How many rows a sync has: as its writer stored it, else counted.

use serde_json::{Map, Value};

use super::list::{Heading, Line, List, Rows, sync_output};
use super::snapshot::Snapshot;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::json::Form;

/// Row counts of one sync.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// The document of the `stats` column (`contract/c1z-format.md` 2.10), stored or computed.
    pub document: Map<String, Value>,
    /// Whether the writer of the file stored it.
    pub stored: bool,
}

impl Stats {
    /// Of a sync. Stored counts are trusted like every reader trusts them: when they know of a resource type. Then no
    /// row is looked at.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn of(snapshot: &Snapshot) -> Result<Stats> {
        if let Some(document) = stored(snapshot.run().stats.as_deref()) {
            return Ok(Stats { document, stored: true });
        }
        let computed = snapshot.reader().stats_json(snapshot.run())?;
        let document =
            serde_json::from_str(&computed).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        Ok(Stats {
            document,
            stored: false,
        })
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

    /// As one line of JSON: the counts, and the sync they are of.
    ///
    /// # Errors
    /// `Internal` if the messages are not those that were compiled in.
    pub fn json(&self, snapshot: &Snapshot) -> Result<String> {
        let sync = Form::of("baton.v1.SyncOutput")?.line(&sync_output(snapshot.run()))?;
        let stats = Value::Object(self.document.clone());
        Ok(format!(
            "{{\"sync\":{sync},\"stored\":{},\"stats\":{stats}}}",
            self.stored
        ))
    }
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
