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
    let mut types = Vec::new();
    view.scan("v1_resource_types", "external_id", &mut |row| {
        types.push(row.get(0)?);
        Ok(())
    })?;
    let counted = Counted {
        types,
        resources: by_type(view, "v1_resources")?,
        entitlements: by_type(view, "v1_entitlements")?,
        grants: grants.clone(),
        assets: 0,
    };
    Ok(counted.by_type())
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
    let mut types = Vec::new();
    view.scan("v1_resource_types", "external_id", &mut |row| {
        types.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    let counted = Counted {
        types,
        resources: by_type(view, "v1_resources")?,
        entitlements: match kind {
            SyncType::ResourcesOnly => BTreeMap::new(),
            _ => by_type(view, "v1_entitlements")?,
        },
        grants: grants.clone(),
        assets: row_count(view.db, "v1_assets", view.sync_id)?,
    };
    Ok(document(&counted, kind))
}

/// Rows of a sync.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// The ids of the types that are stored.
    pub(super) types: Vec<String>,
    /// Resources by type.
    pub(super) resources: BTreeMap<String, u64>,
    /// Entitlements by the type of the resource they are on; likewise grants.
    pub(super) entitlements: BTreeMap<String, u64>,
    pub(super) grants: BTreeMap<String, u64>,
    pub(super) assets: u64,
}

impl Counted {
    /// By resource type, every stored type included.
    pub(super) fn by_type(self) -> BTreeMap<String, TypeCounts> {
        let mut counts: BTreeMap<String, TypeCounts> = BTreeMap::new();
        for id in self.types {
            counts.insert(id, TypeCounts::default());
        }
        for (resource_type, count) in self.resources {
            counts.entry(resource_type).or_default().resources = count;
        }
        for (resource_type, count) in self.entitlements {
            counts.entry(resource_type).or_default().entitlements = count;
        }
        for (resource_type, count) in self.grants {
            counts.entry(resource_type).or_default().grants = count;
        }
        counts
    }
}

/// The JSON of rows that were counted.
pub(super) fn document(counted: &Counted, kind: SyncType) -> String {
    let zero: BTreeMap<String, u64> = counted.types.iter().map(|id| (id.clone(), 0)).collect();
    let only_known = |map: &BTreeMap<String, u64>| {
        let known = map
            .iter()
            .filter(|(resource_type, _)| zero.contains_key(*resource_type));
        known
            .map(|(id, count)| (id.clone(), *count))
            .collect::<BTreeMap<_, _>>()
    };
    let mut resources = zero.clone();
    resources.extend(only_known(&counted.resources));
    let mut stats = Map::new();
    put(&mut stats, "resource_types", counted.types.len() as u64);
    put(&mut stats, "resources", counted.resources.values().sum());
    if kind == SyncType::ResourcesOnly {
        put_map(&mut stats, "resources_by_resource_type", resources);
    } else {
        put(&mut stats, "entitlements", counted.entitlements.values().sum());
        put(&mut stats, "grants", counted.grants.values().sum());
        put_map(&mut stats, "resources_by_resource_type", resources);
        put_map(&mut stats, "grants_by_resource_type", only_known(&counted.grants));
        put_map(
            &mut stats,
            "entitlements_by_resource_type",
            only_known(&counted.entitlements),
        );
    }
    put(&mut stats, "assets", counted.assets);
    Value::Object(stats).to_string()
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
