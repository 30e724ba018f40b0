//! Reading the rows of one sync: what stores, readers and the self check share. Filters use columns, contents come
//! from blobs (`baton/c1z/format.md 2.8`).

use prost::Message;
use rusqlite::{Connection, Row};

use super::fault;
use super::reads::Sort;
use super::whole::{Near, Stored, message};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;

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

/// Which of the grants that pass something on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// Those that expansion is to look at.
    Waiting,
    /// All: what has been expanded, by a writer that says so, leads somewhere all the same.
    Any,
}

/// The rows of one sync.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) db: &'a Connection,
    pub(super) sync_id: &'a str,
    pub(super) near: &'a Near,
}

impl View<'_> {
    /// One row by external id.
    fn one<M: Stored>(&self, external_id: &str) -> Result<Option<M>> {
        let sql = format!(
            "select {} from {} where external_id = ?1 and sync_id = ?2",
            M::COLUMNS,
            M::TABLE
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([external_id, self.sync_id])?;
        rows.next()?.map(|row| message(row, *self)).transpose()
    }

    pub(super) fn resource_type(&self, id: &str) -> Result<Option<v2::ResourceType>> {
        self.one(id)
    }

    pub(super) fn resource(&self, resource_type: &str, id: &str) -> Result<Option<v2::Resource>> {
        // Type and id of another resource may be spelled the same.
        let found: Option<v2::Resource> = self.one(&format!("{resource_type}:{id}"))?;
        Ok(found.filter(|found| found.id.is_none() || resource::key(found) == (resource_type, id)))
    }

    pub(super) fn entitlement(&self, id: &str) -> Result<Option<v2::Entitlement>> {
        self.one(id)
    }

    /// The entitlement of this id that says to be on this resource. In a copy of a v3 file several rows may have the id.
    pub(super) fn entitlement_on(&self, on: (&str, &str), id: &str) -> Result<Option<v2::Entitlement>> {
        let sql = format!(
            "select {} from {} where external_id = ?1 and sync_id = ?2",
            v2::Entitlement::COLUMNS,
            v2::Entitlement::TABLE
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([id, self.sync_id])?;
        while let Some(row) = rows.next()? {
            let found: v2::Entitlement = message(row, *self)?;
            if found.resource.as_ref().map(resource::key) == Some(on) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(super) fn grant(&self, id: &str) -> Result<Option<v2::Grant>> {
        self.one(id)
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

    pub(super) fn messages<M: Stored>(&self, each: &mut dyn FnMut(M) -> Result<()>) -> Result<()> {
        self.scan(M::TABLE, M::COLUMNS, &mut |row| each(message(row, *self)?))
    }

    pub(super) fn for_each_grant_of(
        &self,
        entitlement_id: &str,
        principal_types: Option<&[String]>,
        each: &mut dyn FnMut(v2::Grant) -> Result<()>,
    ) -> Result<()> {
        let sql = format!(
            "select {} from v1_grants where entitlement_id = ?1 and sync_id = ?2 order by id",
            v2::Grant::COLUMNS
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([entitlement_id, self.sync_id])?;
        while let Some(row) = rows.next()? {
            if let Some(wanted) = principal_types {
                let principal_type: String = row.get("principal_resource_type_id")?;
                if !wanted.contains(&principal_type) {
                    continue;
                }
            }
            each(message(row, *self)?)?;
        }
        Ok(())
    }

    /// Grants that pass something on: those that wait for expansion, or all of them.
    pub(super) fn for_each_expandable(
        &self,
        which: Passing,
        each: &mut dyn FnMut(Expandable) -> Result<()>,
    ) -> Result<()> {
        let condition = match which {
            Passing::Waiting => "needs_expansion = 1",
            Passing::Any => "expansion is not null",
        };
        let mut statement = self.db.prepare_cached(&format!(
            "select entitlement_id, principal_resource_type_id, principal_resource_id, expansion, external_id \
             from v1_grants where sync_id = ?1 and {condition} and length(expansion) > 0 \
             order by entitlement_id, external_id"
        ))?;
        let mut rows = statement.query([self.sync_id])?;
        while let Some(row) = rows.next()? {
            let external_id: String = row.get(4)?;
            self.near.reads.count(Sort::Grant);
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

/// A text column without copying it.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str> {
    row.get_ref(column)?
        .as_str()
        .map_err(|e| Error::new(Kind::DataLoss, format!("column {column} is not a text: {e}")).code(code::FILE_DAMAGED))
}

/// Parses the message of a row.
pub(super) fn decode<M: Message + Default>(bytes: &[u8], external_id: &str) -> Result<M> {
    M::decode(bytes).map_err(|e| fault::damaged(format!("row {external_id:?} cannot be parsed: {e}")))
}
