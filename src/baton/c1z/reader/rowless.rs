//! Principals of grants that have no row: asked without keeping anybody in memory, for a million people may hold something.

use rusqlite::Connection;

use super::tables::Tables;
use super::{Asked, Reader};
use crate::baton::c1z::rows::text;
use crate::baton::error::Result;

/// Takes type and bare id of a principal.
pub type EachPrincipal<'e> = &'e mut dyn FnMut(&str, &str) -> Result<()>;

impl Reader {
    /// Calls `each` with every principal of a grant of the sync that the file has no resource of, by type and bare id, in their
    /// order. Both ends are read in the order of an index, side by side.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`], and those of `each`.
    pub fn for_each_rowless_principal(&self, sync_id: &str, each: EachPrincipal<'_>) -> Result<()> {
        match self.asked()? {
            Asked::Tables(tables) => tables.rowless(sync_id, each),
            Asked::File(rows) => rows.for_each_rowless_principal(sync_id, each),
        }
    }
}

impl Tables {
    fn rowless(&self, sync_id: &str, each: EachPrincipal<'_>) -> Result<()> {
        let mut kinds = self.db.prepare_cached(
            "select distinct principal_resource_type_id from v1_grants order by principal_resource_type_id",
        )?;
        let kinds = kinds.query_map([], |row| row.get(0))?;
        for kind in kinds.collect::<rusqlite::Result<Vec<String>>>()? {
            self.rowless_of(sync_id, &kind, each)?;
        }
        Ok(())
    }

    /// Those of one type: within it, resources are in the order of their bare ids. An id may begin like that of another type,
    /// whose name has a colon.
    fn rowless_of(&self, sync_id: &str, kind: &str, each: EachPrincipal<'_>) -> Result<()> {
        let mut principals = self.db.prepare_cached(
            "select distinct principal_resource_id from v1_grants where principal_resource_type_id = ?1 \
             order by principal_resource_id",
        )?;
        let mut known = self.db.prepare_cached(
            "select external_id from v1_resources where external_id >= ?1 || ':' and external_id < ?1 || ';' \
             and +resource_type_id = ?1 and sync_id = ?2 order by external_id",
        )?;
        let mut principals = principals.query([kind])?;
        let mut known = known.query([kind, sync_id])?;
        // The bare id of the resource that comes next.
        let mut next: Option<String> = None;
        let mut is_over = false;
        while let Some(principal) = principals.next()? {
            self.until.go_on()?;
            let id = text(principal, 0)?;
            while !is_over && next.as_deref().is_none_or(|next| next < id) {
                match known.next()? {
                    Some(row) => {
                        let bare = text(row, 0)?.get(kind.len() + 1..).unwrap_or_default();
                        let next = next.get_or_insert_default();
                        next.clear();
                        next.push_str(bare);
                    }
                    None => {
                        is_over = true;
                        next = None;
                    }
                }
            }
            if next.as_deref() != Some(id) && self.is_rowless(sync_id, kind, id)? {
                each(kind, id)?;
            }
        }
        Ok(())
    }

    /// Whether somebody whose id, with the type before it, is that of no resource holds something in this sync, and has no row
    /// by the bare id either, as other writers have them.
    fn is_rowless(&self, sync_id: &str, kind: &str, id: &str) -> Result<bool> {
        Ok(holds(&self.db, sync_id, kind, id)? && !has_bare_row(&self.db, sync_id, kind, id)?)
    }
}

fn holds(db: &Connection, sync_id: &str, kind: &str, id: &str) -> Result<bool> {
    let sql = "select 1 from v1_grants \
               where principal_resource_type_id = ?1 and principal_resource_id = ?2 and sync_id = ?3";
    Ok(db.prepare_cached(sql)?.exists([kind, id, sync_id])?)
}

fn has_bare_row(db: &Connection, sync_id: &str, kind: &str, id: &str) -> Result<bool> {
    let sql = "select 1 from v1_resources where external_id = ?2 and resource_type_id = ?1 and sync_id = ?3";
    Ok(db.prepare_cached(sql)?.exists([kind, id, sync_id])?)
}
