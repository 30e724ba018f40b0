//! Row counts of a sync, and the `stats` column made of them (`baton/c1z/format.md 2.10`).

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::rows::View;
use super::run::SyncType;
use crate::baton::error::Result;

/// Rows of one resource type. Entitlements and grants count at the type of the resource they are on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TypeCounts {
    /// Resources of the type.
    pub resources: u64,
    /// Entitlements on them.
    pub entitlements: u64,
    /// Grants on them.
    pub grants: u64,
}

/// Counts by resource type, every stored type included.
pub(super) fn counts(view: View<'_>) -> Result<BTreeMap<String, TypeCounts>> {
    counts_with(view, &grants_by_type(view)?)
}

/// As [`counts`], with the grants counted before.
pub(super) fn counts_with(view: View<'_>, grants: &BTreeMap<String, u64>) -> Result<BTreeMap<String, TypeCounts>> {
    let mut counts: BTreeMap<String, TypeCounts> = BTreeMap::new();
    view.scan("v1_resource_types", "external_id", &mut |row| {
        counts.insert(row.get(0)?, TypeCounts::default());
        Ok(())
    })?;
    for (resource_type, count) in by_type(view, "v1_resources")? {
        counts.entry(resource_type).or_default().resources = count;
    }
    for (resource_type, count) in by_type(view, "v1_entitlements")? {
        counts.entry(resource_type).or_default().entitlements = count;
    }
    for (resource_type, count) in grants {
        counts.entry(resource_type.clone()).or_default().grants = *count;
    }
    Ok(counts)
}

/// Grants by the resource type they are on. The rows of one sync mostly follow each other. Then their numbers alone say which rows of an index are theirs, and
/// counting reads no row: those of a million grants are a gigabyte and a half.
pub(super) fn grants_by_type(view: View<'_>) -> Result<BTreeMap<String, u64>> {
    let sql = "select min(id), max(id), count(*) from v1_grants where sync_id = ?1";
    let (first, last, total): (Option<i64>, Option<i64>, i64) = view
        .db
        .prepare_cached(sql)?
        .query_row([view.sync_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    // The plus keeps SQLite from looking every row up by its number.
    let sql = "select resource_type_id, count(*) from v1_grants where +id between ?1 and ?2 group by resource_type_id";
    let mut statement = view.db.prepare_cached(sql)?;
    let rows = statement.query_map([first, last], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
    let counts: BTreeMap<String, u64> = rows.collect::<rusqlite::Result<_>>()?;
    if counts.values().sum::<u64>() == unsigned(total) {
        return Ok(counts);
    }
    by_type(view, "v1_grants")
}

fn by_type(view: View<'_>, table: &str) -> Result<BTreeMap<String, u64>> {
    let sql = format!("select resource_type_id, count(*) from {table} where sync_id = ?1 group by resource_type_id");
    let mut statement = view.db.prepare_cached(&sql)?;
    let rows = statement.query_map([view.sync_id], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn row_count(db: &Connection, table: &str, sync_id: &str) -> Result<u64> {
    let sql = format!("select count(*) from {table} where sync_id = ?1");
    Ok(db.query_row(&sql, [sync_id], |row| row.get(0)).map(unsigned)?)
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// The JSON that other writers store: their key order, zero members left out, a 0 for every known type among the
/// resources, only occurring types among entitlements and grants, rows of unknown types in no map.
pub(super) fn json(view: View<'_>, kind: SyncType) -> Result<String> {
    json_with(view, kind, &grants_by_type(view)?)
}

/// As [`json`], with the grants counted before.
pub(super) fn json_with(view: View<'_>, kind: SyncType, grants: &BTreeMap<String, u64>) -> Result<String> {
    let mut known = BTreeMap::new();
    view.scan("v1_resource_types", "external_id", &mut |row| {
        known.insert(row.get::<_, String>(0)?, 0u64);
        Ok(())
    })?;
    let only_known = |mut map: BTreeMap<String, u64>| {
        map.retain(|resource_type, _| known.contains_key(resource_type));
        map
    };
    let total = |table: &str| row_count(view.db, table, view.sync_id);

    let mut resources = known.clone();
    resources.extend(only_known(by_type(view, "v1_resources")?));
    let mut stats = Map::new();
    put(&mut stats, "resource_types", total("v1_resource_types")?);
    put(&mut stats, "resources", total("v1_resources")?);
    if kind == SyncType::ResourcesOnly {
        put_map(&mut stats, "resources_by_resource_type", resources);
    } else {
        put(&mut stats, "entitlements", total("v1_entitlements")?);
        put(&mut stats, "grants", grants.values().sum());
        put_map(&mut stats, "resources_by_resource_type", resources);
        put_map(&mut stats, "grants_by_resource_type", only_known(grants.clone()));
        let entitlements = only_known(by_type(view, "v1_entitlements")?);
        put_map(&mut stats, "entitlements_by_resource_type", entitlements);
    }
    put(&mut stats, "assets", total("v1_assets")?);
    Ok(Value::Object(stats).to_string())
}

fn put(stats: &mut Map<String, Value>, key: &str, count: u64) {
    if count > 0 {
        stats.insert(key.to_owned(), count.into());
    }
}

fn put_map(stats: &mut Map<String, Value>, key: &str, map: BTreeMap<String, u64>) {
    if !map.is_empty() {
        stats.insert(
            key.to_owned(),
            map.into_iter()
                .map(|(k, v)| (k, Value::from(v)))
                .collect::<Map<_, _>>()
                .into(),
        );
    }
}
