//! Indexes of older files (see [`Ids::External`](super::super::Ids::External)), whose rows end with the id that a connector
//! gave. Readers ask two of them, so a gap would be a person with less access than there is.

use std::cmp::Ordering;
use std::path::Path;

use super::super::file::File;
use super::super::key::{self, Range, index, kind};
use super::super::record::grant_id;
use super::super::write::Sorter;
use super::{Each, place, say};
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{EntitlementRecord, GrantRecord, ResourceRecord};

/// Bytes of rows that are held in memory before they are sorted on disk.
const HELD: usize = 16 << 20;

/// The rows that the indexes should have.
pub(super) struct OldIndexes(Sorter);

impl OldIndexes {
    pub(super) fn new(folder: &Path) -> Self {
        OldIndexes(Sorter::new(folder, HELD))
    }

    fn add(&mut self, index: u8, parts: &[&str]) -> Result<()> {
        self.0.add(&key::indexed(index, parts), &[])
    }

    pub(super) fn resource(&mut self, row: &ResourceRecord) -> Result<()> {
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
        self.add(index::ON, &[&on.resource_type_id, &on.resource_id, &row.external_id])?;
        Ok(key::record(kind::ENTITLEMENT, &[&row.external_id]))
    }

    pub(super) fn grant(&mut self, row: &GrantRecord) -> Result<Vec<u8>> {
        let of = row.entitlement.clone().unwrap_or_default();
        let to = row.principal.clone().unwrap_or_default();
        let (to_type, to) = (to.resource_type_id.as_str(), to.resource_id.as_str());
        let id = grant_id(row);
        self.add(index::ENTITLEMENT, &[&of.entitlement_id, to_type, to, &id])?;
        self.add(index::PRINCIPAL, &[to_type, to, &id])?;
        self.add(index::PRINCIPAL_TYPE, &[to_type, &id])?;
        self.add(index::GRANTED_ON, &[&of.resource_type_id, &of.resource_id, &id])?;
        Ok(key::record(kind::GRANT, &[&id]))
    }

    /// Compares them with those of the file.
    pub(super) fn compare(self, file: &File, each: Each<'_>) -> Result<()> {
        let Range(start, _) = Range::of_index(index::PARENT);
        let Range(_, end) = Range::of_index(index::GRANTED_ON);
        let has_gaps = !file.has_principal_index()?;
        let of_waiting = Range::of_index(index::NEEDS_EXPANSION);
        let mut found = file.store().scan(&start, Some(&end))?;
        let mut wanted = self.0.finish()?;
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
