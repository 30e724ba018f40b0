//! Reading the rows of one sync: what stores, readers and the self check share. Filters use columns, contents come
//! from blobs (`contract/c1z-format.md` 2.8).

use prost::Message;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::fault;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;

/// A grant that passes on what others hold: everyone with one of `expansion.entitlement_ids` also has
/// `entitlement_id`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expandable {
    /// The entitlement that is passed on.
    pub entitlement_id: String,
    /// Who holds it: the resource of the source entitlements.
    pub principal: v2::ResourceId,
    /// What the connector said.
    pub expansion: v2::GrantExpandable,
}

/// The rows of one sync.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) db: &'a Connection,
    pub(super) sync_id: &'a str,
}

impl View<'_> {
    /// One blob by external id.
    fn one<M: Message + Default>(&self, table: &str, external_id: &str) -> Result<Option<M>> {
        let sql = format!("select data from {table} where external_id = ?1 and sync_id = ?2");
        let data: Option<Vec<u8>> = self
            .db
            .prepare_cached(&sql)?
            .query_row([external_id, self.sync_id], |row| row.get(0))
            .optional()?;
        data.map(|bytes| decode(&bytes, external_id)).transpose()
    }

    pub(super) fn resource_type(&self, id: &str) -> Result<Option<v2::ResourceType>> {
        self.one("v1_resource_types", id)
    }

    pub(super) fn resource(&self, resource_type: &str, id: &str) -> Result<Option<v2::Resource>> {
        self.one("v1_resources", &format!("{resource_type}:{id}"))
    }

    pub(super) fn entitlement(&self, id: &str) -> Result<Option<v2::Entitlement>> {
        self.one("v1_entitlements", id)
    }

    pub(super) fn grant(&self, id: &str) -> Result<Option<v2::Grant>> {
        self.one("v1_grants", id)
    }

    /// Calls `each` with every row of the sync, in the order of rows.
    pub(super) fn scan(&self, table: &str, columns: &str, each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let sql = format!("select {columns} from {table} where sync_id = ?1 order by id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([self.sync_id])?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }

    pub(super) fn messages<M: Message + Default>(
        &self,
        table: &str,
        each: &mut dyn FnMut(M) -> Result<()>,
    ) -> Result<()> {
        self.scan(table, "external_id, data", &mut |row| {
            let external_id: String = row.get(0)?;
            each(decode(blob(row, 1)?, &external_id)?)
        })
    }

    pub(super) fn resources_page(&self, after: i64, limit: usize) -> Result<Vec<(i64, v2::Resource)>> {
        let mut statement = self.db.prepare_cached(
            "select id, external_id, data from v1_resources where sync_id = ?1 and id > ?2 order by id limit ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![self.sync_id, after, limit])?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            let external_id: String = row.get(1)?;
            page.push((row.get(0)?, decode(blob(row, 2)?, &external_id)?));
        }
        Ok(page)
    }

    pub(super) fn for_each_grant_of(
        &self,
        entitlement_id: &str,
        principal_types: Option<&[String]>,
        each: &mut dyn FnMut(v2::Grant) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.db.prepare_cached(
            "select principal_resource_type_id, external_id, data from v1_grants \
             where entitlement_id = ?1 and sync_id = ?2 order by id",
        )?;
        let mut rows = statement.query([entitlement_id, self.sync_id])?;
        while let Some(row) = rows.next()? {
            if let Some(wanted) = principal_types {
                let principal_type: String = row.get(0)?;
                if !wanted.contains(&principal_type) {
                    continue;
                }
            }
            let external_id: String = row.get(1)?;
            each(decode(blob(row, 2)?, &external_id)?)?;
        }
        Ok(())
    }

    pub(super) fn for_each_expandable(&self, each: &mut dyn FnMut(Expandable) -> Result<()>) -> Result<()> {
        let mut statement = self.db.prepare_cached(
            "select entitlement_id, principal_resource_type_id, principal_resource_id, expansion, external_id \
             from v1_grants where sync_id = ?1 and needs_expansion = 1 and length(expansion) > 0 \
             order by entitlement_id, external_id",
        )?;
        let mut rows = statement.query([self.sync_id])?;
        while let Some(row) = rows.next()? {
            let external_id: String = row.get(4)?;
            each(Expandable {
                entitlement_id: row.get(0)?,
                principal: v2::ResourceId {
                    resource_type: row.get(1)?,
                    resource: row.get(2)?,
                    ..Default::default()
                },
                expansion: decode(blob(row, 3)?, &external_id)?,
            })?;
        }
        Ok(())
    }

    pub(super) fn has_expandable(&self) -> Result<bool> {
        Ok(self
            .db
            .prepare_cached(
                "select exists (select 1 from v1_grants \
                 where sync_id = ?1 and needs_expansion = 1 and length(expansion) > 0)",
            )?
            .query_row([self.sync_id], |row| row.get(0))?)
    }
}

/// A blob column without copying it.
pub(super) fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8]> {
    row.get_ref(column)?
        .as_blob()
        .map_err(|e| Error::new(Kind::DataLoss, format!("column {column} is not a blob: {e}")).code(code::FILE_DAMAGED))
}

/// Parses the message of a row.
pub(super) fn decode<M: Message + Default>(bytes: &[u8], external_id: &str) -> Result<M> {
    M::decode(bytes).map_err(|e| fault::damaged(format!("row {external_id:?} cannot be parsed: {e}")))
}
