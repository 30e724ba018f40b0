//! Rows in the tables of v1: those of a v1 file as they were unpacked, or a copy of those of a v3 file.

use std::sync::Arc;

use rusqlite::Connection;

use super::unpacked::Unpacked;
use crate::baton::c1z::migrate;
use crate::baton::c1z::rows::View;
use crate::baton::c1z::until::Until;
use crate::baton::c1z::whole::Near;
use crate::baton::error::Result;

/// See the module.
pub(super) struct Tables {
    // Declared before its file, so it closes first.
    pub(super) db: Connection,
    pub(super) unpacked: Arc<Unpacked>,
    near: Near,
    pub(super) until: Until,
}

impl Tables {
    pub(super) fn open(unpacked: Arc<Unpacked>, until: Until) -> Result<Self> {
        Ok(Tables {
            db: unpacked.connect()?,
            unpacked,
            near: Near::default(),
            until,
        })
    }

    /// The same rows, for another thread.
    pub(super) fn again(&self, until: Until) -> Result<Self> {
        Self::open(Arc::clone(&self.unpacked), until)
    }

    pub(super) fn view<'a>(&'a self, sync_id: &'a str) -> View<'a> {
        View {
            db: &self.db,
            sync_id,
            near: &self.near,
        }
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
