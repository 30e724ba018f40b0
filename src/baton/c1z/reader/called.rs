//! What rows are called, without the rest of them: looking for equal names reads every resource, but little of each.

use super::tables::Tables;
use super::{Asked, Reader};
use crate::baton::c1z::reads::Sort;
use crate::baton::c1z::rows::{blob, decode};
use crate::baton::error::Result;

/// A message of which only the name is parsed: resources and entitlements have it under the same number.
#[derive(Clone, PartialEq, prost::Message)]
struct Called {
    #[prost(string, tag = "3")]
    display_name: String,
}

/// Takes type and bare id of the resource, id and display name of an entitlement.
pub type EachEntitlementName<'e> = &'e mut dyn FnMut((&str, &str), &str, &str) -> Result<()>;

impl Reader {
    /// Calls `each` with type, bare id and display name of every resource of a sync, in the order of rows.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_resource_name(
        &self,
        sync_id: &str,
        each: &mut dyn FnMut(&str, &str, &str) -> Result<()>,
    ) -> Result<()> {
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.for_each_resource_name(sync_id, each),
        };
        tables.called("v1_resources", "''", sync_id, &mut |row| {
            let bare = row.external_id.strip_prefix(row.resource_type.as_str());
            let bare = bare.and_then(|rest| rest.strip_prefix(':'));
            each(&row.resource_type, bare.unwrap_or(&row.external_id), &row.display_name)
        })
    }

    /// Calls `each` with type and bare id of the resource, id and display name of every entitlement of a sync, in the
    /// order of rows.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_entitlement_name(&self, sync_id: &str, each: EachEntitlementName<'_>) -> Result<()> {
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.for_each_entitlement_name(sync_id, each),
        };
        tables.called("v1_entitlements", "resource_id", sync_id, &mut |row| {
            let on = (row.resource_type.as_str(), row.resource.as_str());
            each(on, &row.external_id, &row.display_name)
        })
    }
}

impl Tables {
    fn called(
        &self,
        table: &str,
        resource: &str,
        sync_id: &str,
        each: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let columns = format!("resource_type_id, {resource}, external_id, data");
        let sql = format!("select {columns} from {table} where sync_id = ?1 order by id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([sync_id])?;
        while let Some(row) = rows.next()? {
            let external_id: String = row.get(2)?;
            let called: Called = decode(blob(row, 3)?, &external_id)?;
            self.near.reads.count(Sort::Name);
            each(Row {
                resource_type: row.get(0)?,
                resource: row.get(1)?,
                external_id,
                display_name: called.display_name,
            })?;
        }
        Ok(())
    }
}

struct Row {
    resource_type: String,
    resource: String,
    external_id: String,
    display_name: String,
}
