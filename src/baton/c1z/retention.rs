//! Which syncs a file keeps (`contract/c1z-format.md` 4.5): two finished full ones, counting the one about to finish.

use rusqlite::Connection;

use super::run::{self, SyncRun, SyncType};
use super::schema::TABLES;
use crate::baton::error::{Context as _, Result};

/// Diff halves beyond this many are thinned out to the newest pair.
const KEEP_DIFFS: usize = 2;

/// Deletes what is old; unfinished syncs and `current` never.
pub(super) fn clean_up(db: &Connection, current: &str, keep: usize) -> Result<()> {
    let runs = run::list(db)?;
    superseded(&runs, current, keep)
        .iter()
        .try_for_each(|sync_id| delete(db, sync_id).with_context(|| format!("delete the old sync {sync_id}")))
}

/// The ids of the syncs to delete, of `runs` in order of age.
fn superseded(runs: &[SyncRun], current: &str, keep: usize) -> Vec<String> {
    let is = |run: &SyncRun, kinds: &[SyncType]| kinds.iter().any(|k| k.as_str() == run.sync_type);
    let finished: Vec<&SyncRun> = runs
        .iter()
        .filter(|r| r.ended_at.is_some() && r.sync_id != current)
        .collect();
    let mut doomed: Vec<&SyncRun> = Vec::new();

    let current_is_full = runs.iter().any(|r| r.sync_id == current && is(r, &[SyncType::Full]));
    let full: Vec<&SyncRun> = finished.iter().copied().filter(|r| is(r, &[SyncType::Full])).collect();
    let excess = (full.len() + usize::from(current_is_full))
        .saturating_sub(keep.max(1))
        .min(full.len());
    doomed.extend(full.iter().take(excess));

    // What ended before the newest deleted full sync began is older than everything that stays.
    if let Some(newest_deleted) = doomed.last().copied() {
        doomed.extend(finished.iter().filter(|r| {
            is(r, &[SyncType::Partial, SyncType::ResourcesOnly])
                && r.ended_at
                    .as_ref()
                    .is_some_and(|ended| *ended < newest_deleted.started_at)
        }));
    }

    let diffs: Vec<&SyncRun> = finished
        .iter()
        .copied()
        .filter(|r| is(r, &[SyncType::PartialUpserts, SyncType::PartialDeletions]))
        .collect();
    if let (true, Some(newest)) = (diffs.len() > KEEP_DIFFS, diffs.last()) {
        doomed.extend(
            diffs
                .iter()
                .filter(|r| r.sync_id != newest.sync_id && r.sync_id != newest.linked_sync_id),
        );
    }
    doomed.into_iter().map(|r| r.sync_id.clone()).collect()
}

/// Removes the rows of a sync from every table, its own row last.
fn delete(db: &Connection, sync_id: &str) -> Result<()> {
    let tables = TABLES.iter().map(|t| t.name).filter(|t| *t != "v1_sync_runs");
    for table in tables.chain(["v1_sync_runs"]) {
        db.execute(&format!("delete from {table} where sync_id = ?1"), [sync_id])?;
    }
    Ok(())
}
