//! Rows in the tables of v1: those of a v1 file as they were unpacked, or a copy of those of a v3 file.

use std::sync::Arc;

use rusqlite::Connection;

use super::unpacked::Unpacked;
use crate::baton::c1z::migrate;
use crate::baton::c1z::reads::Reads;
use crate::baton::c1z::rows::View;
use crate::baton::c1z::until::Until;
use crate::baton::c1z::whole::Near;
use crate::baton::error::Result;

/// See the module.
pub(super) struct Tables {
    // Declared before its file, so it closes first.
    pub(super) db: Connection,
    unpacked: Arc<Unpacked>,
    pub(super) near: Near,
    pub(super) until: Until,
}

impl Tables {
    pub(super) fn open(unpacked: Arc<Unpacked>, until: Until, reads: Arc<Reads>) -> Result<Self> {
        Ok(Tables {
            db: unpacked.connect()?,
            unpacked,
            near: Near::counted(reads),
            until,
        })
    }

    /// The same rows, for another thread.
    pub(super) fn again(&self, until: Until) -> Result<Self> {
        Self::open(Arc::clone(&self.unpacked), until, Arc::clone(&self.near.reads))
    }

    pub(super) fn view<'a>(&'a self, sync_id: &'a str) -> View<'a> {
        View {
            db: &self.db,
            sync_id,
            near: &self.near,
        }
    }

    /// Size of the database in bytes.
    pub(super) fn bytes(&self) -> Result<u64> {
        let number = |pragma: &str| self.db.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let bytes = number("pragma page_count")?.saturating_mul(number("pragma page_size")?);
        Ok(u64::try_from(bytes).unwrap_or_default())
    }

    /// Says so where several rows have one id.
    pub(super) fn warn_of_shared_ids(&self) -> Result<()> {
        let tables = migrate::tables_with_shared_ids(&self.db)?;
        if !tables.is_empty() {
            super::warn_of_shared_ids(&tables.join(", "));
        }
        Ok(())
    }
}
