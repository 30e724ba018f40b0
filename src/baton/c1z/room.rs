//! Room in the working copy: syncs that go, grants that are not rows yet, and holes in the database.
//!
//! Most rows are grants. Those of a sync that goes stay where they are until the end, when the working copy is made anew
//! without them: SQLite would take each out of eight trees, one by one.

use super::retention::{self, Coming, Rule};
use super::run::{self, SyncRun, SyncType};
use super::scratch::{self, Scratch};
use super::store::{Store, no_sync};
use super::{Engine, anew};
use crate::baton::error::{Context as _, Error, Kind, Result};

impl Store {
    /// Deletes the syncs that the file does not keep beside the one being written. [`Store::finish_sync`] does so too;
    /// done before rows are written, they take the place of the old ones, and nothing need be copied to shrink the file.
    ///
    /// # Errors
    /// As [`Store::set_token`].
    pub fn make_room(&mut self) -> Result<()> {
        self.writing()?;
        let sync_id = self.sync_id.clone().ok_or_else(no_sync)?;
        if self.engine == Engine::Pebble {
            return run::keep_only(&self.db, &sync_id);
        }
        if self.policy.skip_cleanup {
            return Ok(());
        }
        for run in retention::superseded_by(&self.db, &sync_id, self.policy.keep)? {
            let delete = || match self.held {
                Some(_) => retention::delete_all_but_grants(&self.db, &run.sync_id),
                None => retention::delete(&self.db, &run.sync_id),
            };
            delete().with_context(|| format!("delete the old sync {}", run.sync_id))?;
            if self.held.is_some() {
                self.leaving.push(run.sync_id);
            }
        }
        Ok(())
    }

    /// The syncs that go when a sync of this kind, not begun here yet, is finished and sealed.
    ///
    /// # Errors
    /// Those of the file.
    pub fn leaving(&self, kind: SyncType) -> Result<Vec<SyncRun>> {
        let runs = run::list(&self.db)?;
        if self.engine == Engine::Pebble {
            return Ok(runs);
        }
        if self.policy.skip_cleanup {
            return Ok(Vec::new());
        }
        let rule = Rule {
            keep: self.policy.keep,
            since: None,
        };
        let coming = Coming { sync_id: "", kind };
        Ok(retention::superseded(&runs, Some(coming), &rule)
            .into_iter()
            .cloned()
            .collect())
    }

    /// Takes a sync out of the file with all its rows. It reaches the file with the next [`Store::save`].
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn remove(&mut self, sync_id: &str) -> Result<()> {
        self.ensure_transaction()?;
        retention::delete(&self.db, sync_id).with_context(|| format!("delete the sync {sync_id}"))
    }

    /// Takes out what is left of syncs that go, and makes rows of the grants that are held: from here on the database has
    /// everything, and nothing else.
    ///
    /// # Errors
    /// As [`Store::put_grants`].
    pub(super) fn settle(&mut self) -> Result<()> {
        for sync_id in std::mem::take(&mut self.leaving) {
            self.remove(&sync_id)?;
        }
        self.put_held()
    }

    pub(super) fn holds_any(&self) -> bool {
        self.held.as_ref().is_some_and(|held| !held.is_empty())
    }

    /// Goes on with a copy in which the grants that are held are rows, and those of syncs that go are gone. `false`: there
    /// was neither, or that takes [`Store::settle`].
    pub(super) fn make_anew(&mut self) -> Result<bool> {
        if !self.holds_any() && self.leaving.is_empty() {
            return Ok(false);
        }
        let Some(held) = self.held.take() else { return Ok(false) };
        self.commit()?;
        let sync_id = self.sync_id.clone().ok_or_else(no_sync)?;
        let sort = scratch::writing(&self.target);
        let made = anew::with_held(&self.db, &held, &sync_id, &self.leaving, &self.folder, &sort)
            .context("write the grants that expansion found");
        if let Some(fresh) = made? {
            self.near.clear();
            self.leaving.clear();
            self.db = fresh.connect()?;
            self.scratch = Some(fresh);
            return Ok(true);
        }
        self.held = Some(held);
        Ok(false)
    }

    /// Gives back the room of what was removed.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full.
    pub(super) fn shrink(&mut self) -> Result<()> {
        self.commit()?;
        self.vacuum().context("shrink the database")
    }

    /// Whether more than a tenth of the pages are unused.
    pub(super) fn has_slack(&self) -> Result<bool> {
        let pages = |pragma: &str| self.db.query_row(pragma, [], |row| row.get::<_, i64>(0));
        Ok(pages("pragma freelist_count")?.saturating_mul(10) > pages("pragma page_count")?)
    }

    /// Rewrites the database without holes into a second working copy and goes on with that one. Unlike a plain
    /// VACUUM this needs no space in the system's temporary folder.
    fn vacuum(&mut self) -> Result<()> {
        if self.scratch.is_none() {
            return Ok(self.db.execute_batch("vacuum")?);
        }
        let (fresh, _) = Scratch::create(&self.folder, &scratch::writing(&self.target))?;
        let path = fresh
            .path()
            .to_str()
            .ok_or_else(|| Error::new(Kind::Unknown, "the path of the working copy is not UTF-8"))?;
        self.db.execute("vacuum into ?1", [path])?;
        self.db = fresh.connect()?;
        self.scratch = Some(fresh);
        Ok(())
    }
}
