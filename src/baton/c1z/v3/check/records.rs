//! Row by row: whether a key is one that a store may have, whether its record says what it may, in the usual encoding, and
//! under the key that its ids make.

use super::super::key::{self, index, kind};
use super::super::record;
use super::super::rules;
use super::super::write::Writer;
use super::encoding::Encoding;
use super::old::OldIndexes;
use super::{Each, place, say};
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{
    AssetRecord, EntitlementRecord, GrantRecord, ResourceRecord, ResourceTypeRecord, SessionRecord,
};

pub(super) const RUN: &str = "c1.storage.v3.SyncRunRecord";
pub(super) const STATS: &str = "c1.storage.v3.SyncStatsRecord";
const RESOURCE_TYPE: &str = "c1.storage.v3.ResourceTypeRecord";
const RESOURCE: &str = "c1.storage.v3.ResourceRecord";
const ENTITLEMENT: &str = "c1.storage.v3.EntitlementRecord";
const GRANT: &str = "c1.storage.v3.GrantRecord";
const ASSET: &str = "c1.storage.v3.AssetRecord";
const SESSION: &str = "c1.storage.v3.SessionRecord";

/// The encoding of every record.
pub(super) fn encoding() -> Result<Encoding> {
    Encoding::of(&[RUN, STATS, RESOURCE_TYPE, RESOURCE, ENTITLEMENT, GRANT, ASSET, SESSION])
}

/// What is known of the rows so far.
pub(super) struct Records {
    /// Takes what a record means for the indexes.
    pub(super) writer: Writer,
    /// In its place for files whose keys end with ids of a connector.
    pub(super) old: Option<OldIndexes>,
    pub(super) encoding: Encoding,
    pub(super) sync_id: String,
    /// Whether the file is of the current engine: what older ones chose among encodings is not known.
    pub(super) is_current: bool,
}

impl Records {
    /// Looks at one row.
    pub(super) fn check(&mut self, key: &[u8], value: &[u8], each: Each<'_>) -> Result<()> {
        let (wrong, wanted) = match (key.get(1).copied().unwrap_or_default(), key.get(2)) {
            _ if key == key::RUN => (self.encoding_of(RUN, value), None),
            _ if key == key::STATS => (self.encoding_of(STATS, value), None),
            (kind::RESOURCE_TYPE, Some(0)) => {
                let row: ResourceTypeRecord = record::decode(value, key)?;
                if let Some(old) = &mut self.old {
                    old.resource_type();
                }
                let wrong = self.wrong(RESOURCE_TYPE, value, rules::resource_type(&row));
                (wrong, Some(self.writer.mark(kind::RESOURCE_TYPE, &row.external_id)?))
            }
            (kind::RESOURCE, Some(0)) => {
                let row: ResourceRecord = record::decode(value, key)?;
                if let Some(old) = &mut self.old {
                    old.resource(&row)?;
                }
                let wrong = self.wrong(RESOURCE, value, rules::resource(&row));
                (wrong, Some(self.writer.mark_resource(&row)?))
            }
            (kind::ENTITLEMENT, Some(0)) => {
                let row: EntitlementRecord = record::decode(value, key)?;
                let wanted = match &mut self.old {
                    Some(old) => old.entitlement(&row)?,
                    None => self.writer.mark_entitlement(&row)?,
                };
                (self.wrong(ENTITLEMENT, value, rules::entitlement(&row)), Some(wanted))
            }
            (kind::GRANT, Some(0)) => {
                let row: GrantRecord = record::decode(value, key)?;
                let wanted = match &mut self.old {
                    Some(old) => old.grant(&row)?,
                    None => self.writer.mark_grant(&row)?,
                };
                (self.wrong(GRANT, value, rules::grant(&row)), Some(wanted))
            }
            (kind::ASSET, Some(0)) => {
                let row: AssetRecord = record::decode(value, key)?;
                if let Some(old) = &mut self.old {
                    old.asset();
                }
                let wrong = self.wrong(ASSET, value, rules::asset(&row, &self.sync_id));
                (wrong, Some(self.writer.mark(kind::ASSET, &row.external_id)?))
            }
            (kind::SESSION, Some(0)) => {
                let row: SessionRecord = record::decode(value, key)?;
                let wrong = self.wrong(SESSION, value, rules::session(&row, &self.sync_id));
                (wrong, Some(key::record(kind::SESSION, &[&row.sync_id, &row.key])))
            }
            (kind::INDEX, Some(number)) if key.get(3) == Some(&0) => (self.of_index(*number), None),
            (kind::DIGEST, Some(_)) => (Vec::new(), None),
            (kind::MARK, _) if key::MARKS.contains(&key) => (Vec::new(), None),
            _ => (vec!["no row has such a key".to_owned()], None),
        };
        for what in wrong {
            say(&mut *each, place(key), what)?;
        }
        if wanted.is_some_and(|wanted| wanted != key) {
            say(&mut *each, place(key), "its key is not that of what it holds")?;
        }
        Ok(())
    }

    fn wrong(&self, name: &str, value: &[u8], broken: Vec<&'static str>) -> Vec<String> {
        let mut wrong = self.encoding_of(name, value);
        wrong.extend(broken.into_iter().map(str::to_owned));
        wrong
    }

    fn encoding_of(&self, name: &str, value: &[u8]) -> Vec<String> {
        self.encoding.check(name, value, self.is_current)
    }

    fn of_index(&self, number: u8) -> Vec<String> {
        let current = [index::PARENT, index::PRINCIPAL, index::NEEDS_EXPANSION, index::HASH];
        let is_used = match self.old {
            Some(_) => (index::PARENT..=index::GRANTED_ON).contains(&number),
            None => current.contains(&number),
        };
        if is_used {
            Vec::new()
        } else {
            vec!["it is of an index that its engine does not have".to_owned()]
        }
    }
}
