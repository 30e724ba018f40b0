//! The sync of a v3 file as a row of v1: of a store that is read for it alone, or told by the manifest.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::file::File;
use super::key::{Range, kind};
use super::moment::local;
use crate::baton::c1z::{SyncRun, SyncType};
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{CallStat, ResourceTypeRecord, SyncRunRecord, SyncStatsRecord};

/// The sync, if there is one.
///
/// # Errors
/// Those of the file.
pub(in crate::baton::c1z) fn run(file: &File) -> Result<Option<SyncRun>> {
    let Some(record) = file.run()? else {
        return Ok(None);
    };
    let mut stats = file.stats()?;
    if let Some(stats) = &mut stats {
        // In v1 a known type without resources is counted, too.
        file.records(&Range::of_kind(kind::RESOURCE_TYPE), &mut |row: ResourceTypeRecord| {
            stats.resources_by_resource_type.entry(row.external_id).or_default();
            Ok(())
        })?;
    }
    row(&TimeZone::system(), &record, stats.as_ref()).map(Some)
}

fn row(zone: &TimeZone, record: &SyncRunRecord, stats: Option<&SyncStatsRecord>) -> Result<SyncRun> {
    Ok(SyncRun {
        sync_id: record.sync_id.clone(),
        started_at: local(zone, record.started_at.as_ref())?.unwrap_or_default(),
        ended_at: local(zone, record.ended_at.as_ref())?,
        token: record.sync_token.clone(),
        sync_type: type_name(record.r#type),
        parent_sync_id: record.parent_sync_id.clone(),
        linked_sync_id: record.linked_sync_id.clone(),
        supports_diff: record.supports_diff,
        grants_backfilled: true,
        stats: stats.map(counts),
    })
}

/// As v1 stores it. A type that is not known is stored as what it is, and verified as unknown.
fn type_name(number: i32) -> String {
    let known = match number {
        1 => SyncType::Full,
        2 => SyncType::Partial,
        3 => SyncType::ResourcesOnly,
        4 => SyncType::PartialUpserts,
        5 => SyncType::PartialDeletions,
        other => return other.to_string(),
    };
    known.as_str().to_owned()
}

/// The counts as the `stats` column has them (`baton/c1z/format.md 2.10`): in its order, without what is zero or empty.
fn counts(stats: &SyncStatsRecord) -> String {
    let calls = |(name, stat): (&String, &CallStat)| {
        let members = [
            ("count", stat.count),
            ("total_ms", stat.total_ms),
            ("max_ms", stat.max_ms),
            ("errors", stat.errors),
            ("timeouts", stat.timeouts),
        ];
        let stat: Map<String, Value> = members
            .into_iter()
            .filter(|(_, number)| *number != 0)
            .map(|(key, number)| (key.to_owned(), json!(number)))
            .collect();
        (name.clone(), Value::Object(stat))
    };
    let members = [
        ("resource_types", json!(stats.resource_types)),
        ("resources", json!(stats.resources)),
        ("entitlements", json!(stats.entitlements)),
        ("grants", json!(stats.grants)),
        ("resources_by_resource_type", json!(stats.resources_by_resource_type)),
        (
            "grants_by_resource_type",
            json!(stats.grants_by_entitlement_resource_type),
        ),
        (
            "entitlements_by_resource_type",
            json!(stats.entitlements_by_resource_type),
        ),
        ("assets", json!(stats.assets)),
        ("step_durations_ms", json!(stats.step_durations_ms)),
        (
            "connector_call_stats",
            stats.connector_call_stats.iter().map(calls).collect(),
        ),
        (
            "session_store_stats",
            stats.session_store_stats.iter().map(calls).collect(),
        ),
    ];
    let document: Map<String, Value> = members
        .into_iter()
        .filter(|(_, value)| *value != json!(0) && *value != json!({}))
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    Value::Object(document).to_string()
}
