//! Questions of a reader to the file itself: nothing is unpacked but the frames that hold the rows of the answer, and of the
//! indexes that lead to them.
//!
//! Rows come in the order of keys, as the copy in the tables of v1 has them. A row that an index leads to and that is not there, or
//! is another one than its key says, is damage: an answer is never made shorter by it.

mod grants;
mod named;
mod odd;
mod rowless;
mod sieve;
mod verified;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;
use prost::Message;

use super::file::{File, Ids};
use super::join::Joins;
use super::key::{self, Range, kind};
use super::read::{Entitlements, Resources};
use super::record::{self, EntitlementName, ResourceName};
use crate::baton::c1z::reader::EachEntitlementName;
use crate::baton::c1z::stats::{self, Counted};
use crate::baton::c1z::until::Until;
use crate::baton::c1z::{EntitlementFilter, ResourceFilter, SyncRun, SyncType, TypeCounts};
use crate::baton::error::Result;
use crate::baton::pebble::Cursor;
use crate::baton::proto::c1::storage::v3::{EntitlementRecord, ResourceTypeRecord};
use crate::baton::proto::v2;
use odd::Odd;

/// The rows of the sync in a file.
pub(in crate::baton::c1z) struct Rows {
    file: File,
    zone: TimeZone,
    run: Option<SyncRun>,
    until: Until,
    odd: Arc<Odd>,
    joins: RefCell<Joins>,
    /// For single rows, by kind: the next question is often about one nearby.
    cursors: RefCell<HashMap<u8, Cursor>>,
}

impl Rows {
    /// The rows of a file. Its sync is read; everything else waits for a question.
    ///
    /// # Errors
    /// Those of the file, here and below.
    pub(in crate::baton::c1z) fn of(file: File, until: Until) -> Result<Self> {
        let run = super::run(&file)?;
        Ok(Self::with(file, run, until, Arc::default()))
    }

    fn with(file: File, run: Option<SyncRun>, until: Until, odd: Arc<Odd>) -> Self {
        Rows {
            zone: TimeZone::system(),
            run,
            until,
            odd,
            joins: RefCell::new(Joins::new(&file)),
            cursors: RefCell::default(),
            file,
        }
    }

    /// The same rows, for another thread.
    pub(in crate::baton::c1z) fn again(&self, until: Until) -> Self {
        Self::with(self.file.clone(), self.run.clone(), until, Arc::clone(&self.odd))
    }

    /// The file.
    pub(in crate::baton::c1z) fn file(&self) -> &File {
        &self.file
    }

    /// The sync, if there is one.
    pub(in crate::baton::c1z) fn run(&self) -> Option<&SyncRun> {
        self.run.as_ref()
    }

    /// Whether the rows are those of a sync.
    fn are_of(&self, sync_id: &str) -> bool {
        self.run.as_ref().is_some_and(|run| run.sync_id == sync_id)
    }

    fn is_structured(&self) -> bool {
        self.file.ids() == Ids::Structured
    }

    /// A time as v1 has it; that of the sync stands for one that a record lacks.
    fn time(&self, at: Option<&prost_types::Timestamp>) -> Result<String> {
        let started_at = || self.run.as_ref().map_or_else(String::new, |run| run.started_at.clone());
        Ok(super::moment::local(&self.zone, at)?.unwrap_or_else(started_at))
    }

    /// The value of a key.
    fn value(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let kind = key.get(1).copied().unwrap_or_default();
        let mut cursors = self.cursors.borrow_mut();
        let cursor = cursors.entry(kind).or_insert_with(|| self.file.store().cursor());
        let value = cursor.get(key)?;
        if value.is_some() {
            self.file.note(key);
        }
        Ok(value)
    }

    fn record<M: Message + Default>(&self, key: &[u8]) -> Result<Option<M>> {
        let value = self.value(key)?;
        value.map(|value| record::decode(&value, key)).transpose()
    }

    pub(in crate::baton::c1z) fn for_each_resource_type(
        &self,
        sync_id: &str,
        each: &mut dyn FnMut(v2::ResourceType) -> Result<()>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        self.file.for_each_resource_type(each)
    }

    pub(in crate::baton::c1z) fn for_each_resource_where(
        &self,
        sync_id: &str,
        filter: &ResourceFilter<'_>,
        each: &mut dyn FnMut(v2::Resource) -> Result<()>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        let which = match (filter.parent, filter.resource_type) {
            (Some((kind, id)), _) => Resources::ChildrenOf(kind, id),
            (None, Some(kind)) => Resources::OfType(kind),
            (None, None) => Resources::All,
        };
        self.file.for_each_resource(which, &mut |resource| {
            self.until.go_on()?;
            let kind = resource.id.as_ref().map(|id| id.resource_type.as_str());
            match filter.resource_type {
                Some(wanted) if kind != Some(wanted) => Ok(()),
                _ => each(resource),
            }
        })
    }

    pub(in crate::baton::c1z) fn for_each_entitlement_where(
        &self,
        sync_id: &str,
        filter: &EntitlementFilter<'_>,
        each: &mut dyn FnMut(v2::Entitlement) -> Result<()>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        let which = match (filter.resource_type, filter.resource) {
            (Some(kind), Some(id)) => Entitlements::On(kind, id),
            (Some(kind), None) => Entitlements::OnType(kind),
            (None, _) => Entitlements::All,
        };
        self.file.for_each_entitlement(which, &mut |entitlement| {
            self.until.go_on()?;
            let on = entitlement.resource.as_ref().and_then(|on| on.id.as_ref());
            match filter.resource {
                Some(wanted) if on.map(|id| id.resource.as_str()) != Some(wanted) => Ok(()),
                _ => each(entitlement),
            }
        })
    }

    pub(in crate::baton::c1z) fn resource_type(&self, sync_id: &str, id: &str) -> Result<Option<v2::ResourceType>> {
        if !self.are_of(sync_id) {
            return Ok(None);
        }
        let row: Option<ResourceTypeRecord> = self.record(&key::record(kind::RESOURCE_TYPE, &[id]))?;
        Ok(row.map(record::resource_type))
    }

    pub(in crate::baton::c1z) fn resource(&self, sync_id: &str, kind: &str, id: &str) -> Result<Option<v2::Resource>> {
        if !self.are_of(sync_id) {
            return Ok(None);
        }
        Ok(self
            .record(&key::record(kind::RESOURCE, &[kind, id]))?
            .map(record::resource))
    }

    pub(in crate::baton::c1z) fn entitlement(&self, sync_id: &str, id: &str) -> Result<Option<v2::Entitlement>> {
        if !self.are_of(sync_id) {
            return Ok(None);
        }
        let row: Option<EntitlementRecord> = match self.file.ids() {
            Ids::External => self.record(&key::record(kind::ENTITLEMENT, &[id]))?,
            Ids::Structured => self.entitlement_record(id)?,
        };
        row.map(|row| self.joins.borrow_mut().entitlement(record::entitlement(row)))
            .transpose()
    }

    pub(in crate::baton::c1z) fn entitlement_on(
        &self,
        sync_id: &str,
        on: (&str, &str),
        id: &str,
    ) -> Result<Option<v2::Entitlement>> {
        if !self.are_of(sync_id) {
            return Ok(None);
        }
        let key = match self.file.ids() {
            Ids::External => key::record(kind::ENTITLEMENT, &[id]),
            Ids::Structured => key::record(kind::ENTITLEMENT, &key::entitlement(on.0, on.1, id)),
        };
        let row: Option<EntitlementRecord> = self.record(&key)?;
        let is_on = |row: &EntitlementRecord| {
            let said = row.resource.as_ref();
            said.is_some_and(|said| (said.resource_type_id.as_str(), said.resource_id.as_str()) == on)
        };
        row.filter(is_on)
            .map(|row| self.joins.borrow_mut().entitlement(record::entitlement(row)))
            .transpose()
    }

    /// The first entitlement of an id in the order of keys.
    fn entitlement_record(&self, id: &str) -> Result<Option<EntitlementRecord>> {
        let mut found = None;
        for tuple in self.tuples_of(id)? {
            let Some(row) = self.record(&key::of_tuple(kind::ENTITLEMENT, &tuple))? else {
                continue;
            };
            if found.is_some() {
                self.odd.warn_of_shared_ids();
                break;
            }
            found = Some(row);
        }
        Ok(found)
    }

    pub(in crate::baton::c1z) fn grant(&self, sync_id: &str, id: &str) -> Result<Option<v2::Grant>> {
        if !self.are_of(sync_id) {
            return Ok(None);
        }
        Ok(self.file.grant(id)?.map(|row| row.settled().grant))
    }

    pub(in crate::baton::c1z) fn for_each_resource_name(
        &self,
        sync_id: &str,
        each: &mut dyn FnMut(&str, &str, &str) -> Result<()>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        let range = Range::of_kind(kind::RESOURCE);
        self.file.names(&range, &mut |row: ResourceName| {
            each(&row.resource_type, &row.id, &row.display_name)
        })
    }

    pub(in crate::baton::c1z) fn for_each_entitlement_name(
        &self,
        sync_id: &str,
        each: EachEntitlementName<'_>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        let range = Range::of_kind(kind::ENTITLEMENT);
        self.file.names(&range, &mut |row: EntitlementName| {
            let on = row.resource.unwrap_or_default();
            each((&on.resource_type_id, &on.resource_id), &row.id, &row.display_name)
        })
    }

    /// Rows by resource type, counted from the keys where they tell.
    fn counted(&self) -> Result<Counted> {
        let mut counted = Counted::default();
        self.file
            .records(&Range::of_kind(kind::RESOURCE_TYPE), &mut |row: ResourceTypeRecord| {
                counted.types.push(row.external_id);
                Ok(())
            })?;
        self.count(kind::RESOURCE, &mut counted.resources)?;
        if self.is_structured() {
            self.count(kind::ENTITLEMENT, &mut counted.entitlements)?;
            self.count(kind::GRANT, &mut counted.grants)?;
        } else {
            self.file
                .names(&Range::of_kind(kind::ENTITLEMENT), &mut |row: EntitlementName| {
                    let on = row.resource.unwrap_or_default().resource_type_id;
                    *counted.entitlements.entry(on).or_default() += 1;
                    Ok(())
                })?;
            self.file
                .records(&Range::of_kind(kind::GRANT), &mut |row: record::GrantOrigin| {
                    let on = row.entitlement.unwrap_or_default().resource_type_id;
                    *counted.grants.entry(on).or_default() += 1;
                    Ok(())
                })?;
        }
        self.file.walk(&Range::of_kind(kind::ASSET), &mut |_| {
            counted.assets += 1;
            Ok(())
        })?;
        Ok(counted)
    }

    /// Counts rows by the first part of their keys.
    fn count(&self, kind: u8, counts: &mut BTreeMap<String, u64>) -> Result<()> {
        let mut open: (Vec<u8>, u64) = Default::default();
        let mut close = |open: &mut (Vec<u8>, u64)| -> Result<()> {
            if open.1 > 0 {
                *counts.entry(key::text(&open.0)?.into_owned()).or_default() += open.1;
            }
            open.1 = 0;
            Ok(())
        };
        self.file.walk(&Range::of_kind(kind), &mut |row| {
            self.until.go_on()?;
            let part = key::parts(key::tuple_of(row.key())).next().unwrap_or_default();
            if part != open.0 {
                close(&mut open)?;
                open.0 = part.to_vec();
            }
            open.1 += 1;
            Ok(())
        })?;
        close(&mut open)
    }

    pub(in crate::baton::c1z) fn counts(&self, sync_id: &str) -> Result<BTreeMap<String, TypeCounts>> {
        match self.are_of(sync_id) {
            true => Ok(self.counted()?.by_type()),
            false => Ok(BTreeMap::new()),
        }
    }

    pub(in crate::baton::c1z) fn stats_json(&self, run: &SyncRun) -> Result<String> {
        let kind = run.sync_type.parse().unwrap_or(SyncType::Full);
        let counted = match self.are_of(&run.sync_id) {
            true => self.counted()?,
            false => Counted::default(),
        };
        Ok(stats::document(&counted, kind))
    }
}
