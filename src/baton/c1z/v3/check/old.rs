//! Indexes of older files (see [`Ids::External`](super::super::Ids::External)), whose rows end with the id that a connector
//! gave. Readers ask two of them, so a gap would be a person with less access than there is.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use super::super::file::File;
use super::super::key::{self, Range, index, kind};
use super::super::record::grant_id;
use super::super::write::Sorter;
use super::{Each, counts_of, place, say};
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{
    EntitlementRecord, GrantRecord, ResourceRecord, SyncRunRecord, SyncStatsRecord,
};

/// Bytes of rows that are held in memory before they are sorted on disk.
const HELD: usize = 16 << 20;

/// The rows that the indexes should have, and how many records there are.
pub(super) struct OldIndexes {
    rows: Sorter,
    counts: SyncStatsRecord,
}

impl OldIndexes {
    pub(super) fn new(folder: &Path) -> Self {
        OldIndexes {
            rows: Sorter::new(folder, HELD),
            counts: SyncStatsRecord::default(),
        }
    }

    fn add(&mut self, index: u8, parts: &[&str]) -> Result<()> {
        self.rows.add(&key::indexed(index, parts), &[])
    }

    pub(super) fn resource_type(&mut self) {
        self.counts.resource_types += 1;
    }

    pub(super) fn asset(&mut self) {
        self.counts.assets += 1;
    }

    pub(super) fn resource(&mut self, row: &ResourceRecord) -> Result<()> {
        self.counts.resources += 1;
        count(&mut self.counts.resources_by_resource_type, &row.resource_type_id);
        match &row.parent {
            Some(of) if !of.resource_id.is_empty() => self.add(
                index::PARENT,
                &[
                    &of.resource_type_id,
                    &of.resource_id,
                    &row.resource_type_id,
                    &row.resource_id,
                ],
            ),
            _ => Ok(()),
        }
    }

    /// Returns the key that the record should have; so below.
    pub(super) fn entitlement(&mut self, row: &EntitlementRecord) -> Result<Vec<u8>> {
        let on = row.resource.clone().unwrap_or_default();
        self.counts.entitlements += 1;
        count(&mut self.counts.entitlements_by_resource_type, &on.resource_type_id);
        self.add(index::ON, &[&on.resource_type_id, &on.resource_id, &row.external_id])?;
        Ok(key::record(kind::ENTITLEMENT, &[&row.external_id]))
    }

    pub(super) fn grant(&mut self, row: &GrantRecord) -> Result<Vec<u8>> {
        let of = row.entitlement.clone().unwrap_or_default();
        let to = row.principal.clone().unwrap_or_default();
        self.counts.grants += 1;
        count(
            &mut self.counts.grants_by_entitlement_resource_type,
            &of.resource_type_id,
        );
        let (to_type, to) = (to.resource_type_id.as_str(), to.resource_id.as_str());
        let id = grant_id(row);
        self.add(index::ENTITLEMENT, &[&of.entitlement_id, to_type, to, &id])?;
        self.add(index::PRINCIPAL, &[to_type, to, &id])?;
        self.add(index::PRINCIPAL_TYPE, &[to_type, &id])?;
        self.add(index::GRANTED_ON, &[&of.resource_type_id, &of.resource_id, &id])?;
        Ok(key::record(kind::GRANT, &[&id]))
    }

    /// Compares the counts with those of the file, which need not have any.
    pub(super) fn compare_counts(
        &mut self,
        stored: Option<SyncStatsRecord>,
        run: &SyncRunRecord,
        each: Each<'_>,
    ) -> Result<()> {
        self.counts.sync_id.clone_from(&run.sync_id);
        match stored {
            Some(stored) if counts_of(&stored) != self.counts => say(each, "counts", "they are not those of the rows"),
            _ => Ok(()),
        }
    }

    /// Compares them with those of the file.
    pub(super) fn compare(self, file: &File, each: Each<'_>) -> Result<()> {
        let Range(start, _) = Range::of_index(index::PARENT);
        let Range(_, end) = Range::of_index(index::GRANTED_ON);
        let has_gaps = !file.has_principal_index()?;
        let of_waiting = Range::of_index(index::NEEDS_EXPANSION);
        let mut found = file.store().scan(&start, Some(&end))?;
        let mut wanted = self.rows.finish()?;
        let mut has_found = found.advance()?;
        let mut next = wanted.next()?.map(|(key, _)| key.to_vec());
        loop {
            let order = match (&next, has_found) {
                (None, false) => return Ok(()),
                (None, true) => Ordering::Less,
                (Some(_), false) => Ordering::Greater,
                (Some(wanted), true) => found.key().cmp(wanted),
            };
            let is_of_waiting =
                has_found && found.key() >= of_waiting.0.as_slice() && found.key() < of_waiting.1.as_slice();
            if order.is_lt() && !is_of_waiting {
                say(&mut *each, place(found.key()), "no record makes this row")?;
            } else if order.is_gt()
                && let Some(wanted) = &next
                && !(has_gaps && wanted.get(2) == Some(&index::PRINCIPAL))
            {
                say(&mut *each, place(wanted), "the row is missing")?;
            } else if order.is_eq() && !found.value()?.is_empty() {
                say(&mut *each, place(found.key()), "its value is not what the records make")?;
            }
            if order.is_le() {
                has_found = found.advance()?;
            }
            if order.is_ge() {
                next = wanted.next()?.map(|(key, _)| key.to_vec());
            }
        }
    }
}

fn count(counts: &mut BTreeMap<String, i64>, kind: &str) {
    *counts.entry(kind.to_owned()).or_default() += 1;
}
