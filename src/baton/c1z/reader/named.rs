//! What grants name: the types of their principals, and entitlements that the file has no row of. Indexes are walked from one
//! name to the next, so that a million grants of one are one step.

use rusqlite::OptionalExtension as _;

use super::tables::Tables;
use super::{Asked, Reader};
use crate::baton::annotation;
use crate::baton::c1z::rows::{blob, decode, text};
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// Takes the id of an entitlement, and type and bare id of the resource that its grants say it is on.
pub type EachNamedEntitlement<'e> = &'e mut dyn FnMut(&str, (&str, &str)) -> Result<()>;

impl Reader {
    /// The types of everybody who holds something, each once, in their order.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn principal_types(&self, sync_id: &str) -> Result<Vec<String>> {
        match self.asked()? {
            Asked::Tables(tables) => tables.principal_types(sync_id),
            Asked::File(rows) => rows.principal_types(sync_id),
        }
    }

    /// Whether any resource of a type bears a user trait. Ends at the first one that does; of the others no message is read.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn has_user_trait(&self, sync_id: &str, resource_type: &str) -> Result<bool> {
        match self.asked()? {
            Asked::Tables(tables) => tables.has_user_trait(sync_id, resource_type),
            Asked::File(rows) => rows.has_user_trait(sync_id, resource_type),
        }
    }

    /// Calls `each` with every entitlement that grants name and the file has no row of.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`], and those of `each`.
    pub fn for_each_rowless_entitlement(&self, sync_id: &str, each: EachNamedEntitlement<'_>) -> Result<()> {
        match self.asked()? {
            Asked::Tables(tables) => tables.rowless_entitlements(sync_id, each),
            Asked::File(rows) => rows.for_each_rowless_entitlement(sync_id, each),
        }
    }
}

/// Whether the bytes of a resource can hold a user trait, and if so, whether they do.
pub(in crate::baton::c1z) fn may_bear_user_trait(bytes: &[u8]) -> bool {
    let name = <v2::UserTrait as annotation::Named>::NAME.as_bytes();
    let (Some(first), width) = (name.first(), name.len()) else {
        return false;
    };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let from = rest.get(at..).unwrap_or_default();
        if from.get(..width) == Some(name) {
            return true;
        }
        rest = from.get(1..).unwrap_or_default();
    }
    false
}

/// Whether a resource bears a user trait.
pub(in crate::baton::c1z) fn bears_user_trait(resource: &v2::Resource) -> bool {
    resource.annotations.iter().any(annotation::is::<v2::UserTrait>)
}

impl Tables {
    fn principal_types(&self, sync_id: &str) -> Result<Vec<String>> {
        let mut next = self.db.prepare_cached(
            "select principal_resource_type_id from v1_grants where principal_resource_type_id > ?1 \
             order by principal_resource_type_id limit 1",
        )?;
        let mut mine = self
            .db
            .prepare_cached("select 1 from v1_grants where principal_resource_type_id = ?1 and sync_id = ?2 limit 1")?;
        let (mut found, mut kind) = (Vec::new(), String::new());
        while let Some(behind) = next.query_row([&kind], |row| row.get(0)).optional()? {
            self.until.go_on()?;
            kind = behind;
            if mine.exists([kind.as_str(), sync_id])? {
                found.push(kind.clone());
            }
        }
        Ok(found)
    }

    fn has_user_trait(&self, sync_id: &str, resource_type: &str) -> Result<bool> {
        let mut resources = self.db.prepare_cached(
            "select external_id, data from v1_resources where resource_type_id = ?1 and sync_id = ?2",
        )?;
        let mut resources = resources.query([resource_type, sync_id])?;
        while let Some(row) = resources.next()? {
            self.until.go_on()?;
            let data = blob(row, 1)?;
            if may_bear_user_trait(data) && bears_user_trait(&decode(data, text(row, 0)?)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn rowless_entitlements(&self, sync_id: &str, each: EachNamedEntitlement<'_>) -> Result<()> {
        let mut next = self.db.prepare_cached(
            "select entitlement_id from v1_grants where entitlement_id > ?1 order by entitlement_id limit 1",
        )?;
        let mut known = self
            .db
            .prepare_cached("select 1 from v1_entitlements where external_id = ?1 and sync_id = ?2")?;
        let mut on = self.db.prepare_cached(
            "select distinct resource_type_id, resource_id from v1_grants where entitlement_id = ?1 and sync_id = ?2",
        )?;
        let mut id = String::new();
        while let Some(behind) = next.query_row([&id], |row| row.get(0)).optional()? {
            self.until.go_on()?;
            id = behind;
            if known.exists([id.as_str(), sync_id])? {
                continue;
            }
            let mut on = on.query([id.as_str(), sync_id])?;
            while let Some(row) = on.next()? {
                each(&id, (text(row, 0)?, text(row, 1)?))?;
            }
        }
        Ok(())
    }
}
