//! Bytes a connector keeps for the length of a sync (`baton/c1z/format.md 6.1`).

use rusqlite::{OptionalExtension as _, params};

use super::store::Store;
use crate::baton::error::Result;

impl Store {
    /// The value of a key.
    ///
    /// # Errors
    /// `FailedPrecondition` without a sync.
    pub fn session_get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let view = self.view()?;
        Ok(view
            .db
            .prepare_cached("select value from v1_connector_sessions where sync_id = ?1 and key = ?2")?
            .query_row([view.sync_id, key], |row| row.get(0))
            .optional()?)
    }

    /// Sets a key.
    ///
    /// # Errors
    /// As [`Store::session_get`].
    pub fn session_set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let (db, sync_id, _) = self.writing()?;
        db.prepare_cached(
            "insert into v1_connector_sessions (sync_id, key, value) values (?1, ?2, ?3) \
             on conflict (sync_id, key) do update set value = excluded.value",
        )?
        .execute(params![sync_id, key, value])?;
        Ok(())
    }

    /// Forgets all keys of the sync. [`Store::finish_sync`] does so too: no sealed file carries them.
    ///
    /// # Errors
    /// As [`Store::session_get`].
    pub fn session_clear(&mut self) -> Result<()> {
        let (db, sync_id, _) = self.writing()?;
        db.execute("delete from v1_connector_sessions where sync_id = ?1", [sync_id])?;
        Ok(())
    }
}
