//! The sync of a v3 file as rows of the v1 form: a private database that readers ask in the place of the file.
//!
//! Most questions are answered by the file itself ([`Rows`](super::Rows)). What needs rows with numbers, or all rows in another
//! order than that of their keys, asks this database: pages of a browser, and two syncs that are compared.
//!
//! Rows come in the order of keys, in one transaction, and indexes follow when they are there. Grants are slim
//! (`baton/c1z/format.md 3`): what they are of and who has them are columns, and readers fill it in. Whole ones, as a file
//! for others gets them, take five times the space.

use jiff::tz::TimeZone;
use prost::Message as _;
use rusqlite::{Connection, params};

use super::file::File;
use super::key::{Range, kind};
use super::moment::local;
use super::read::Grants;
use super::{fault, join::Joins, record};
use crate::baton::c1z::{Limits, SyncRun, migrate, run};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::storage::v3::{EntitlementRecord, ResourceRecord, ResourceTypeRecord, SyncRunRecord};
use crate::baton::resource;

const PUT_VERIFIED: &str = "update v1_sync_runs set ingest_invariant_generation = ?2, ingest_invariant_coverage = ?3, \
                            ingest_invariant_mode = ?4 where sync_id = ?1";
const PUT_SESSION: &str = "insert into v1_connector_sessions (sync_id, key, value) values (?1, ?2, ?3)";
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

/// What grants carry of what they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::baton::c1z) enum Carry {
    /// Nothing: columns say it, and rows of their own say more.
    Nothing,
    /// Copies of their entitlement and principal, as older readers want them.
    Copies,
}

/// Fills a new database with the sync of a file, if it has one. It grows no larger than the limit for databases of v1
/// files, whatever the file expands to.
///
/// # Errors
/// `DataLoss` for a damaged file, `ResourceExhausted` above the limit or on a full disk.
pub(in crate::baton::c1z) fn fill(db: &Connection, file: &File, limits: &Limits, carry: Carry) -> Result<()> {
    db.execute_batch("begin")?;
    migrate::create_tables(db)?;
    if let (Some(record), Some(run)) = (file.run()?, super::run(file)?) {
        let copy = Copy {
            db,
            file,
            limits,
            carry,
            started_at: &run.started_at,
            sync_id: &run.sync_id,
            zone: TimeZone::system(),
            rows: 0,
        };
        copy.all(&run, &record)?;
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
    carry: Carry,
    sync_id: &'a str,
    /// Stands for times that records lack.
    started_at: &'a str,
    zone: TimeZone,
    rows: u32,
}

impl Copy<'_> {
    fn all(mut self, run: &SyncRun, record: &SyncRunRecord) -> Result<()> {
        run::insert(self.db, run)?;
        self.verified(record)?;
        self.resource_types()?;
        self.resources()?;
        self.entitlements()?;
        // Grants look up what they name.
        let mut has_shared_ids = false;
        for table in ["v1_resources", "v1_entitlements"] {
            has_shared_ids |= migrate::index_as_found(self.db, table)?;
        }
        self.grants(has_shared_ids || self.carry == Carry::Copies)?;
        self.assets()?;
        self.sessions()
    }

    /// What somebody checked when the rows came in.
    fn verified(&self, record: &SyncRunRecord) -> Result<()> {
        if record.ingest_invariant_generation.is_empty() {
            return Ok(());
        }
        let coverage = serde_json::to_string(&record.ingest_invariant_coverage)
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        self.db.execute(
            PUT_VERIFIED,
            params![
                record.sync_id,
                record.ingest_invariant_generation,
                coverage,
                record.ingest_invariant_mode
            ],
        )?;
        Ok(())
    }

    fn sessions(&mut self) -> Result<()> {
        let (db, file) = (self.db, self.file);
        let mut statement = db.prepare(PUT_SESSION)?;
        file.for_each_session(&mut |row| {
            statement.execute(params![self.sync_id, row.key, row.value])?;
            self.count()
        })
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
            let row = row.settled();
            let (mut grant, expansion) = (row.grant, row.expansion.map(|e| e.encode_to_vec()));
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
                row.needs_expansion
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
        Ok(local(&self.zone, at)?.unwrap_or_else(|| self.started_at.to_owned()))
    }

    fn count(&mut self) -> Result<()> {
        self.rows = self.rows.wrapping_add(1);
        match self.rows.is_multiple_of(LOOK_EVERY) {
            true => check_size(self.db, self.limits),
            false => Ok(()),
        }
    }
}
