//! The sync of a v1 database as a v3 file: what `as_v1` does, turned around.
//!
//! Whatever v1 says that v3 has no place for is counted in [`Left`]. What v3 has one place for and v1 says twice (grants
//! of one entitlement to one principal) becomes one row that says both, or, where both cannot be said, an error.

mod twins;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use jiff::tz::TimeZone;
use prost_types::Timestamp;
use rusqlite::Row;

use self::twins::Names;
use super::moment::absolute;
use super::record::{Grant, bare_resource};
use super::write::{Complete, Derived, Lost, Writer};
use super::{fault, key};
use crate::baton::c1z::derived::Held;
use crate::baton::c1z::rows::{View, blob, decode, text};
use crate::baton::c1z::whole::{Stored, message};
use crate::baton::c1z::{SyncRun, SyncType};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::storage::v3::{AssetRecord, SessionRecord, SyncRunRecord, SyncType as Number};
use crate::baton::proto::v2;
use crate::baton::{entitlement, resource};

/// What a sync of the v1 form says that its v3 file does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Of resources.
    pub lost: Lost,
    /// Grants that became one with another grant of the same entitlement to the same principal: their ids are gone.
    pub merged_grants: u64,
    /// Entitlements and grants that brought along a copy of something that has no row in the sync. Its id stays, its name
    /// does not.
    pub copies: u64,
}

impl Left {
    /// Each kind of thing with its count, for people; nothing when all was kept.
    pub fn named(&self) -> Vec<(u64, &'static str)> {
        let all = [
            (self.lost.external_ids, "external ids of resources"),
            (
                self.lost.baton_resources,
                "marks of resources that ConductorOne knows already",
            ),
            (self.lost.creation_sources, "notes of what made a resource"),
            (
                self.merged_grants,
                "ids of grants that became one with another of the same entitlement and principal",
            ),
            (
                self.copies,
                "copies of things that have no row of their own: their ids stay, their names do not",
            ),
        ];
        all.into_iter().filter(|(count, _)| *count > 0).collect()
    }
}

/// Makes a v3 file of a sync, which is only to be written, with the grants that are `held` besides. `folder` is where rows are sorted that are too many for memory.
///
/// # Errors
/// `DataLoss` for a row that cannot be parsed, `FailedPrecondition` for grants that cannot become one,
/// `InvalidArgument` for a row without the ids that its key is made of, `ResourceExhausted` when the disk is full.
pub(in crate::baton::c1z) fn build(
    view: View<'_>,
    run: &SyncRun,
    folder: &Path,
    held: Option<&Held>,
) -> Result<(Complete, Left)> {
    let mut copy = Copy {
        view,
        writer: Writer::new(Some(folder)),
        zone: TimeZone::system(),
        resources: HashSet::new(),
        entitlements: HashSet::new(),
        grants: 0,
        left: Left::default(),
    };
    copy.messages(|copy, row: v2::ResourceType, at| copy.writer.put_resource_type(row, at))?;
    copy.messages(Copy::resource)?;
    copy.messages(Copy::entitlement)?;
    copy.grants()?;
    copy.assets()?;
    if run.ended_at.is_none() {
        copy.sessions()?;
    }
    let derived = held.filter(|held| !held.is_empty()).map(Derived::new).transpose()?;
    if let Some(derived) = &derived {
        copy.derived(derived)?;
    }
    let record = record(view, run, &copy.zone)?;
    let Copy {
        writer,
        mut left,
        grants,
        ..
    } = copy;
    left.lost = writer.lost();
    let complete = writer.build(&record, derived.as_ref())?;
    // Rows with one key become one. Whatever was not seen to be such must not vanish in that way.
    let wanted = grants - left.merged_grants;
    match complete.grants.map(u64::try_from) {
        Some(counted) if counted != Ok(wanted) => {
            let message = format!(
                "{} of {wanted} grants have a row of their own",
                complete.grants.unwrap_or_default()
            );
            Err(Error::new(Kind::Internal, message).code(code::ROWS_BROKEN))
        }
        _ => Ok((complete, left)),
    }
}

struct Copy<'a> {
    view: View<'a>,
    writer: Writer,
    zone: TimeZone,
    /// Hashes of what has a row.
    resources: HashSet<u64>,
    entitlements: HashSet<u64>,
    grants: u64,
    left: Left,
}

impl Copy<'_> {
    /// Hands every message of a kind to `put`, with the time it was first seen.
    fn messages<M: Stored>(&mut self, put: fn(&mut Self, M, Timestamp) -> Result<()>) -> Result<()> {
        let view = self.view;
        let columns = format!("{}, discovered_at", M::COLUMNS);
        view.scan(M::TABLE, &columns, &mut |row| {
            let at = self.at(row)?;
            put(self, message(row, view)?, at)
        })
    }

    fn resource(&mut self, row: v2::Resource, at: Timestamp) -> Result<()> {
        let (kind, id) = resource::key(&row);
        self.resources.insert(known(&[kind, id]));
        self.writer.put_resource(row, at)
    }

    fn entitlement(&mut self, row: v2::Entitlement, at: Timestamp) -> Result<()> {
        self.entitlements.insert(known(&[&row.id]));
        let is_copy = row.resource.as_ref().is_some_and(|on| self.is_only_copy(on));
        self.left.copies += u64::from(is_copy);
        self.writer.put_entitlement(row, at)
    }

    /// Whether a resource says more than its id here, and nowhere else.
    fn is_only_copy(&self, resource: &v2::Resource) -> bool {
        let (kind, id) = resource::key(resource);
        !resource.display_name.is_empty() && !self.resources.contains(&known(&[kind, id]))
    }

    fn grants(&mut self) -> Result<()> {
        let view = self.view;
        let columns = format!("{}, expansion, needs_expansion, discovered_at", v2::Grant::COLUMNS);
        let mut seen = HashSet::new();
        let mut twins: BTreeMap<Names, Option<Grant>> = BTreeMap::new();
        view.scan("v1_grants", &columns, &mut |row| {
            let grant = self.grant(row)?;
            self.grants += 1;
            self.left.copies += u64::from(self.has_copy(&grant.grant));
            if !seen.insert(hash_of(&grant.grant)) {
                twins.insert(Names::of(&grant.grant), None);
            }
            self.writer.put_grant(grant)
        })?;
        if twins.is_empty() {
            return Ok(());
        }
        view.scan("v1_grants", &columns, &mut |row| {
            let grant = self.grant(row)?;
            if let Some(both) = twins.get_mut(&Names::of(&grant.grant)) {
                let merged = match both.take() {
                    Some(before) => {
                        self.left.merged_grants += 1;
                        twins::merge(before, grant)?
                    }
                    None => grant,
                };
                *both = Some(merged);
            }
            Ok(())
        })?;
        // Of rows with one key the last counts.
        twins
            .into_values()
            .flatten()
            .try_for_each(|grant| self.writer.put_grant(grant))
    }

    /// A grant with what its columns say that its message does not. What both name are rows of their own.
    fn grant(&self, row: &Row<'_>) -> Result<Grant> {
        let mut grant: v2::Grant = decode(blob(row, 1)?, text(row, 0)?)?;
        let or = |said: &mut String, column: usize| -> Result<()> {
            if said.is_empty() {
                text(row, column)?.clone_into(said);
            }
            Ok(())
        };
        or(&mut grant.id, 0)?;
        let entitlement = grant.entitlement.get_or_insert_default();
        or(&mut entitlement.id, 2)?;
        let on = entitlement.resource.get_or_insert_default().id.get_or_insert_default();
        or(&mut on.resource_type, 3)?;
        or(&mut on.resource, 4)?;
        let principal = grant
            .principal
            .get_or_insert_with(|| bare_resource(String::new(), String::new()));
        let to = principal.id.get_or_insert_default();
        or(&mut to.resource_type, 5)?;
        or(&mut to.resource, 6)?;
        let expansion: Option<Vec<u8>> = row.get("expansion")?;
        let expansion = expansion.filter(|bytes| !bytes.is_empty());
        Ok(Grant {
            expansion: expansion.map(|bytes| decode(&bytes, &grant.id)).transpose()?,
            needs_expansion: row.get("needs_expansion")?,
            discovered_at: Some(self.at(row)?),
            grant,
        })
    }

    fn has_copy(&self, grant: &v2::Grant) -> bool {
        let entitlement = grant.entitlement.as_ref();
        entitlement.is_some_and(|e| !e.display_name.is_empty() && !self.entitlements.contains(&known(&[&e.id])))
            || grant.principal.as_ref().is_some_and(|to| self.is_only_copy(to))
    }

    /// Counts derived grants in. Their entitlements are rows of their own.
    fn derived(&mut self, derived: &Derived<'_>) -> Result<()> {
        self.grants += derived.len() as u64;
        for holder in derived.holders()? {
            if holder.is_named && !self.resources.contains(&holder.hash) {
                self.left.copies += holder.grants;
            }
        }
        Ok(())
    }

    fn assets(&mut self) -> Result<()> {
        let view = self.view;
        let columns = "external_id, content_type, data, discovered_at";
        view.scan("v1_assets", columns, &mut |row| {
            self.writer.put_asset(&AssetRecord {
                sync_id: view.sync_id.to_owned(),
                external_id: row.get(0)?,
                content_type: row.get(1)?,
                data: row.get(2)?,
                discovered_at: Some(self.at(row)?),
            })
        })
    }

    fn sessions(&mut self) -> Result<()> {
        let view = self.view;
        view.scan("v1_connector_sessions", "key, value", &mut |row| {
            self.writer.put_session(&SessionRecord {
                sync_id: view.sync_id.to_owned(),
                key: row.get(0)?,
                value: row.get(1)?,
            })
        })
    }

    fn at(&self, row: &Row<'_>) -> Result<Timestamp> {
        let column = row.as_ref().column_index("discovered_at")?;
        absolute(&self.zone, text(row, column)?)
    }
}

/// A hash of some texts, to know them again by.
fn known(parts: &[&str]) -> u64 {
    let mut bytes = Vec::with_capacity(96);
    key::put_tuple(&mut bytes, parts);
    twox_hash::XxHash64::oneshot(0, &bytes)
}

/// As [`known`], of what a grant of the v3 form is known by.
fn hash_of(grant: &v2::Grant) -> u64 {
    let (entitlement, to) = (grant.entitlement.as_ref(), grant.principal.as_ref());
    let (on, on_id) = entitlement.map(entitlement::on).unwrap_or_default();
    let (to, to_id) = to.map(resource::key).unwrap_or_default();
    let id = entitlement.map(|e| e.id.as_str()).unwrap_or_default();
    known(&[on, on_id, id, to, to_id])
}

/// The record of a sync.
fn record(view: View<'_>, run: &SyncRun, zone: &TimeZone) -> Result<SyncRunRecord> {
    let number = match run.sync_type.parse::<SyncType>() {
        Ok(SyncType::Full) => Number::Full.into(),
        Ok(SyncType::Partial) => Number::Partial.into(),
        Ok(SyncType::ResourcesOnly) => Number::ResourcesOnly.into(),
        Ok(SyncType::PartialUpserts) => Number::PartialUpserts.into(),
        Ok(SyncType::PartialDeletions) => Number::PartialDeletions.into(),
        // One that a file of the v3 form had, and no version knows.
        Err(error) => run.sync_type.parse().map_err(|_| fault::damaged(error.to_string()))?,
    };
    let verified = "select ingest_invariant_generation, ingest_invariant_coverage, ingest_invariant_mode \
                    from v1_sync_runs where sync_id = ?1";
    let (generation, coverage, mode): (String, String, String) =
        view.db.query_row(verified, [view.sync_id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    Ok(SyncRunRecord {
        sync_id: run.sync_id.clone(),
        r#type: number,
        parent_sync_id: run.parent_sync_id.clone(),
        started_at: Some(absolute(zone, &run.started_at)?),
        ended_at: run.ended_at.as_deref().map(|at| absolute(zone, at)).transpose()?,
        sync_token: run.token.clone(),
        supports_diff: run.supports_diff,
        linked_sync_id: run.linked_sync_id.clone(),
        ingest_invariant_generation: generation,
        // Whatever is not a list of names means: not verified.
        ingest_invariant_coverage: serde_json::from_str(&coverage).unwrap_or_default(),
        ingest_invariant_mode: mode,
        ..SyncRunRecord::default()
    })
}
