//! Who holds what, without the messages: counting over a million grants reads an index of them, not their rows.

use super::tables::Tables;
use super::{Asked, Reader};
use crate::baton::c1z::reads::Sort;
use crate::baton::c1z::rows::{blob, decode, text};
use crate::baton::c1z::whole::{Stored as _, message};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;

/// One grant by its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding<'r> {
    /// The number of the row, for [`Reader::grant_at`].
    pub row: i64,
    /// The entitlement's id.
    pub entitlement: &'r str,
    /// Type and bare id of what that is on, where several may have its id; else empty: the id tells.
    pub on: (&'r str, &'r str),
    /// The principal's type.
    pub principal_type: &'r str,
    /// The principal's bare id.
    pub principal: &'r str,
}

/// A grant of an entitlement, and whether somebody gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<'r> {
    /// The principal's type.
    pub principal_type: &'r str,
    /// The principal's bare id.
    pub principal: &'r str,
    /// Whether somebody gave it, rather than it following from something else.
    pub direct: bool,
}

/// A grant message of which only the sources are parsed: most of one is the resources it repeats.
#[derive(Clone, PartialEq, prost::Message)]
struct OnlySources {
    #[prost(message, optional, tag = "5")]
    sources: Option<v2::GrantSources>,
}

impl OnlySources {
    /// `baton/c1z/format.md 5`: no sources, or its own entitlement among them.
    fn are_direct(&self, entitlement: &str) -> bool {
        let sources = self.sources.as_ref().map(|s| &s.sources);
        sources.is_none_or(|sources| sources.is_empty() || sources.contains_key(entitlement))
    }
}

/// How the rows of one sync are told from those of others.
enum Of {
    /// They are the only ones between two numbers: the index alone tells.
    Rows(i64, i64),
    /// Every row has to be looked at.
    Sync,
}

const COLUMNS: &str = "id, entitlement_id, principal_resource_type_id, principal_resource_id";

impl Reader {
    /// Calls `each` with every grant of a sync. Ordered by entitlement, principal type and principal; in a v3 file in the
    /// order of keys, in which what entitlements are on comes first, or in older ones the ids of grants.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_holding(&self, sync_id: &str, each: &mut dyn FnMut(Holding<'_>) -> Result<()>) -> Result<()> {
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.for_each_holding(sync_id, each),
        };
        let condition = match tables.rows_of(sync_id)? {
            // The plus keeps SQLite from looking every row up by its number.
            Of::Rows(first, last) => format!("?1 <> '' and +id between {first} and {last}"),
            Of::Sync => "sync_id = ?1".to_owned(),
        };
        let order = "entitlement_id, principal_resource_type_id, principal_resource_id, id";
        tables.holdings(
            &format!("select {COLUMNS} from v1_grants where {condition} order by {order}"),
            [sync_id],
            each,
        )
    }

    /// Calls `each` with every grant on a resource, in the order of rows.
    ///
    /// # Errors
    /// As [`Reader::for_each_holding`].
    pub fn for_each_holding_on(
        &self,
        sync_id: &str,
        resource_type: &str,
        resource: &str,
        each: &mut dyn FnMut(Holding<'_>) -> Result<()>,
    ) -> Result<()> {
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.for_each_holding_on(sync_id, resource_type, resource, each),
        };
        tables.holdings(
            &format!(
                "select {COLUMNS} from v1_grants \
                 where resource_type_id = ?2 and resource_id = ?3 and sync_id = ?1 order by id"
            ),
            [sync_id, resource_type, resource],
            each,
        )
    }

    /// Calls `each` with every grant to a principal, in the order of rows.
    ///
    /// # Errors
    /// As [`Reader::for_each_holding`].
    pub fn for_each_holding_of(
        &self,
        sync_id: &str,
        principal_type: &str,
        principal: &str,
        each: &mut dyn FnMut(Holding<'_>) -> Result<()>,
    ) -> Result<()> {
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.for_each_holding_of(sync_id, principal_type, principal, each),
        };
        tables.holdings(
            &format!(
                "select {COLUMNS} from v1_grants \
                 where principal_resource_type_id = ?2 and principal_resource_id = ?3 and sync_id = ?1 order by id"
            ),
            [sync_id, principal_type, principal],
            each,
        )
    }

    /// The grant of a row.
    ///
    /// # Errors
    /// As [`Reader::for_each_holding`].
    pub fn grant_at(&self, row: i64) -> Result<Option<v2::Grant>> {
        let tables = self.numbered()?;
        let sql = format!("select {}, sync_id from v1_grants where id = ?1", v2::Grant::COLUMNS);
        let mut statement = tables.db.prepare_cached(&sql)?;
        let mut rows = statement.query([row])?;
        match rows.next()? {
            Some(row) => {
                let sync_id: String = row.get("sync_id")?;
                Ok(Some(message(row, tables.view(&sync_id))?))
            }
            None => Ok(None),
        }
    }

    /// Calls `each` with every grant of an entitlement, in the order of rows.
    ///
    /// # Errors
    /// As [`Reader::for_each_holding`].
    pub fn for_each_given(
        &self,
        sync_id: &str,
        entitlement_id: &str,
        each: &mut dyn FnMut(Given<'_>) -> Result<()>,
    ) -> Result<()> {
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.for_each_given(sync_id, entitlement_id, each),
        };
        let mut statement = tables.db.prepare_cached(
            "select principal_resource_type_id, principal_resource_id, external_id, data from v1_grants \
             where entitlement_id = ?1 and sync_id = ?2 order by id",
        )?;
        let mut rows = statement.query([entitlement_id, sync_id])?;
        while let Some(row) = rows.next()? {
            self.until.go_on()?;
            let sources: OnlySources = decode(blob(row, 3)?, text(row, 2)?)?;
            tables.near.reads.count(Sort::Grant);
            each(Given {
                principal_type: text(row, 0)?,
                principal: text(row, 1)?,
                direct: sources.are_direct(entitlement_id),
            })?;
        }
        Ok(())
    }

    /// Whether somebody gave the grant of a row; nothing where there is no such row.
    ///
    /// # Errors
    /// As [`Reader::for_each_holding`].
    pub fn is_direct_at(&self, row: i64) -> Result<Option<bool>> {
        let tables = self.numbered()?;
        let sql = "select entitlement_id, external_id, data from v1_grants where id = ?1";
        let mut statement = tables.db.prepare_cached(sql)?;
        let mut rows = statement.query([row])?;
        match rows.next()? {
            Some(row) => {
                let external_id: String = row.get(1)?;
                let sources: OnlySources = decode(blob(row, 2)?, &external_id)?;
                tables.near.reads.count(Sort::Grant);
                let entitlement: String = row.get(0)?;
                Ok(Some(sources.are_direct(&entitlement)))
            }
            None => Ok(None),
        }
    }

    /// Rows by their numbers: nobody knows one before there are numbers.
    fn numbered(&self) -> Result<&Tables> {
        match self.asked()? {
            Asked::Tables(tables) => Ok(tables),
            Asked::File(_) => Err(Error::new(
                Kind::Internal,
                "a row is asked for by its number before rows have numbers",
            )),
        }
    }
}

impl Tables {
    fn holdings<const N: usize>(
        &self,
        sql: &str,
        values: [&str; N],
        each: &mut dyn FnMut(Holding<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            self.until.go_on()?;
            each(Holding {
                row: row.get(0)?,
                entitlement: text(row, 1)?,
                on: ("", ""),
                principal_type: text(row, 2)?,
                principal: text(row, 3)?,
            })?;
        }
        Ok(())
    }

    /// The rows of one sync mostly follow each other; the count shows whether they do.
    fn rows_of(&self, sync_id: &str) -> Result<Of> {
        let sql = "select min(id), max(id), count(*) from v1_grants where sync_id = ?1";
        let (first, last, mine): (Option<i64>, Option<i64>, i64) = self
            .db
            .prepare_cached(sql)?
            .query_row([sync_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Of::Sync);
        };
        let sql = "select count(*) from v1_grants where +id between ?1 and ?2";
        let between: i64 = self
            .db
            .prepare_cached(sql)?
            .query_row([first, last], |row| row.get(0))?;
        Ok(if between == mine {
            Of::Rows(first, last)
        } else {
            Of::Sync
        })
    }
}
