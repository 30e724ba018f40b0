//! The sync of a v3 file as rows of the v1 form: a private database that readers ask in the place of the file.
//!
//! Why not ask the v3 file itself: lists are paged by the number of a row, filters are SQL, and two syncs are compared
//! by walking both in one order. All of that exists once, over the tables of v1, and means the same for both forms.
//!
//! Rows come in the order of keys, in one transaction, and indexes follow when they are there. Grants are slim
//! (`baton/c1z/format.md 3`): what they are of and who has them are columns, and readers fill it in. Whole ones would
//! take five times the space.

use jiff::tz::TimeZone;
use prost::Message as _;
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use super::file::File;
use super::key::{Range, kind};
use super::read::Grants;
use super::{fault, join::Joins, record};
use crate::baton::c1z::{Limits, SyncType, expansion, migrate, timestamp};
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{
    CallStat, EntitlementRecord, ResourceRecord, ResourceTypeRecord, SyncRunRecord, SyncStatsRecord,
};
use crate::baton::proto::v2;
use crate::baton::resource;

const PUT_RUN: &str = "insert into v1_sync_runs (sync_id, started_at, ended_at, sync_token, sync_type, parent_sync_id, \
                       linked_sync_id, supports_diff, grants_backfilled, stats) \
                       values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9)";
const PUT_RESOURCE_TYPE: &str =
    "insert into v1_resource_types (external_id, data, sync_id, discovered_at) values (?1, ?2, ?3, ?4)";
const PUT_RESOURCE: &str = "insert into v1_resources (resource_type_id, external_id, parent_resource_type_id, \
                            parent_resource_id, data, sync_id, discovered_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const PUT_ENTITLEMENT: &str = "insert into v1_entitlements (resource_type_id, resource_id, external_id, data, sync_id, \
                               discovered_at) values (?1, ?2, ?3, ?4, ?5, ?6)";
const PUT_GRANT: &str = "insert into v1_grants (resource_type_id, resource_id, entitlement_id, \
                         principal_resource_type_id, principal_resource_id, external_id, data, sync_id, discovered_at, \
                         expansion, needs_expansion) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const PUT_ASSET: &str =
    "insert into v1_assets (external_id, content_type, data, sync_id, discovered_at) values (?1, ?2, ?3, ?4, ?5)";

/// Rows after which the size of the database is looked at.
const LOOK_EVERY: u32 = 256;

/// Fills a new database with the sync of a file, if it has one. It grows no larger than the limit for databases of v1
/// files, whatever the file expands to.
///
/// # Errors
/// `DataLoss` for a damaged file, `ResourceExhausted` above the limit or on a full disk.
pub(in crate::baton::c1z) fn fill(db: &Connection, file: &File, limits: &Limits) -> Result<()> {
    db.execute_batch("begin")?;
    migrate::create_tables(db)?;
    if let Some(run) = file.run()? {
        let zone = TimeZone::system();
        let copy = Copy {
            db,
            file,
            limits,
            started_at: local(&zone, run.started_at.as_ref())?.unwrap_or_default(),
            sync_id: &run.sync_id,
            zone,
            rows: 0,
        };
        copy.all(&run)?;
    }
    for table in ["v1_resource_types", "v1_sync_runs", "v1_grants", "v1_assets"] {
        migrate::index_as_found(db, table)?;
        check_size(db, limits)?;
    }
    Ok(db.execute_batch("commit")?)
}

/// Refuses a database that has grown above the limit.
fn check_size(db: &Connection, limits: &Limits) -> Result<()> {
    let number = |pragma: &str| db.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let bytes = number("pragma page_count")?.saturating_mul(number("pragma page_size")?);
    if u64::try_from(bytes).is_ok_and(|bytes| bytes > limits.max_decoded) {
        let limit = limits.max_decoded >> 20;
        return Err(fault::too_big(format!(
            "its rows take more than the limit of {limit} MiB"
        )));
    }
    Ok(())
}

struct Copy<'a> {
    db: &'a Connection,
    file: &'a File,
    limits: &'a Limits,
    sync_id: &'a str,
    /// Stands for times that records lack.
    started_at: String,
    zone: TimeZone,
    rows: u32,
}

impl Copy<'_> {
    fn all(mut self, run: &SyncRunRecord) -> Result<()> {
        self.resource_types()?;
        self.run(run)?;
        self.resources()?;
        self.entitlements()?;
        // Grants look up what they name.
        let mut has_shared_ids = false;
        for table in ["v1_resources", "v1_entitlements"] {
            has_shared_ids |= migrate::index_as_found(self.db, table)?;
        }
        self.grants(has_shared_ids)?;
        self.assets()
    }

    fn run(&self, run: &SyncRunRecord) -> Result<()> {
        let stats = match self.file.stats()? {
            Some(stats) => Some(counts(&self.with_known_types(stats)?)),
            None => None,
        };
        self.db.execute(
            PUT_RUN,
            params![
                run.sync_id,
                self.started_at,
                local(&self.zone, run.ended_at.as_ref())?,
                run.sync_token,
                type_name(run.r#type),
                run.parent_sync_id,
                run.linked_sync_id,
                run.supports_diff,
                stats,
            ],
        )?;
        Ok(())
    }

    /// In v1 a known type without resources is counted, too.
    fn with_known_types(&self, mut stats: SyncStatsRecord) -> Result<SyncStatsRecord> {
        let mut statement = self.db.prepare("select external_id from v1_resource_types")?;
        for id in statement.query_map([], |row| row.get(0))? {
            stats.resources_by_resource_type.entry(id?).or_default();
        }
        Ok(stats)
    }

    fn resource_types(&mut self) -> Result<()> {
        let (db, file) = (self.db, self.file);
        let mut statement = db.prepare(PUT_RESOURCE_TYPE)?;
        file.records(&Range::of_kind(kind::RESOURCE_TYPE), &mut |row: ResourceTypeRecord| {
            let at = self.time(row.discovered_at.as_ref())?;
            let message = record::resource_type(row);
            statement.execute(params![message.id, message.encode_to_vec(), self.sync_id, at])?;
            self.count()
        })
    }

    fn resources(&mut self) -> Result<()> {
        let (db, file) = (self.db, self.file);
        let mut statement = db.prepare(PUT_RESOURCE)?;
        file.records(&Range::of_kind(kind::RESOURCE), &mut |row: ResourceRecord| {
            let at = self.time(row.discovered_at.as_ref())?;
            let message = record::resource(row);
            let id = message.id.clone().unwrap_or_default();
            let parent = message.parent_resource_id.as_ref();
            statement.execute(params![
                id.resource_type,
                resource::external_id(&id),
                parent.map(|p| &p.resource_type),
                parent.map(|p| &p.resource),
                message.encode_to_vec(),
                self.sync_id,
                at
            ])?;
            self.count()
        })
    }

    fn entitlements(&mut self) -> Result<()> {
        let (db, file) = (self.db, self.file);
        let mut statement = db.prepare(PUT_ENTITLEMENT)?;
        let mut joins = Joins::new(file);
        file.records(&Range::of_kind(kind::ENTITLEMENT), &mut |row: EntitlementRecord| {
            let at = self.time(row.discovered_at.as_ref())?;
            let message = joins.entitlement(record::entitlement(row))?;
            let (on, id) = message.resource.as_ref().map(resource::key).unwrap_or_default();
            statement.execute(params![on, id, message.id, message.encode_to_vec(), self.sync_id, at])?;
            self.count()
        })
    }

    /// Where several rows have one id, what a grant names cannot be found by it, so the grant carries it.
    fn grants(&mut self, whole: bool) -> Result<()> {
        let (db, file) = (self.db, self.file);
        let mut put = db.prepare(PUT_GRANT)?;
        let mut is_there =
            db.prepare("select exists (select 1 from v1_resources where external_id = ?1 and sync_id = ?2)")?;
        let mut each = |row: record::Grant| {
            let mut grant = row.grant;
            // Files of mid 2026 may have it where connectors put it.
            let annotated = expansion::split(&mut grant);
            let needs_expansion = row.needs_expansion || (row.expansion.is_none() && annotated.is_some());
            let expansion = row.expansion.or(annotated).filter(passes_on).map(|e| e.encode_to_vec());
            let entitlement = grant.entitlement.take().unwrap_or_default();
            let principal = grant.principal.take().unwrap_or_default();
            let (on, on_id) = entitlement.resource.as_ref().map(resource::key).unwrap_or_default();
            let (to, to_id) = resource::key(&principal);
            if whole {
                grant.entitlement = Some(entitlement.clone());
                grant.principal = Some(principal.clone());
            } else if principal.parent_resource_id.is_some() {
                // The grant knows the parent of a principal. It counts where there is no row that says more.
                let external_id = format!("{to}:{to_id}");
                let found: bool = is_there.query_row([&external_id, self.sync_id], |row| row.get(0))?;
                grant.principal = (!found).then(|| principal.clone());
            }
            put.execute(params![
                on,
                on_id,
                entitlement.id,
                to,
                to_id,
                grant.id,
                grant.encode_to_vec(),
                self.sync_id,
                self.time(row.discovered_at.as_ref())?,
                expansion,
                needs_expansion && expansion.is_some()
            ])?;
            self.count()
        };
        match whole {
            true => file.for_each_grant(Grants::All, &mut each),
            false => file.for_each_bare_grant(Grants::All, &mut each),
        }
    }

    fn assets(&mut self) -> Result<()> {
        let (db, file) = (self.db, self.file);
        let mut statement = db.prepare(PUT_ASSET)?;
        file.for_each_asset(&mut |row| {
            let at = self.time(row.discovered_at.as_ref())?;
            statement.execute(params![row.external_id, row.content_type, row.data, self.sync_id, at])?;
            self.count()
        })
    }

    fn time(&self, at: Option<&prost_types::Timestamp>) -> Result<String> {
        Ok(local(&self.zone, at)?.unwrap_or_else(|| self.started_at.clone()))
    }

    fn count(&mut self) -> Result<()> {
        self.rows = self.rows.wrapping_add(1);
        match self.rows.is_multiple_of(LOOK_EVERY) {
            true => check_size(self.db, self.limits),
            false => Ok(()),
        }
    }
}

/// One that names nothing passes nothing on; v1 has no column for it.
fn passes_on(expansion: &v2::GrantExpandable) -> bool {
    expansion.entitlement_ids.iter().any(|id| !id.trim().is_empty())
}

/// Times of v1 are those of a wall clock, here of this machine's, as other programs convert them.
fn local(zone: &TimeZone, at: Option<&prost_types::Timestamp>) -> Result<Option<String>> {
    let Some(at) = at else {
        return Ok(None);
    };
    let moment = jiff::Timestamp::new(at.seconds, at.nanos)
        .map_err(|error| fault::damaged(format!("it has a time that is none: {error}")))?;
    Ok(Some(timestamp::text(zone.to_datetime(moment))))
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
