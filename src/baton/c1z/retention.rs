//! Which syncs a file keeps (`baton/c1z/format.md 4.5`): two finished full ones, counting the one about to finish,
//! and those that somebody marked to be kept.

use rusqlite::Connection;

use super::run::{self, SyncRun, SyncType};
use super::schema::{GRANTS, TABLES};
use crate::baton::error::Result;

/// Diff halves beyond this many are thinned out to the newest pair.
const KEEP_DIFFS: usize = 2;

/// What stays of a file's finished full syncs. What fits both parts goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The newest so many stay; at least 1. Marked ones stay besides.
    pub keep: usize,
    /// What ended at or after this time stays, in the layout of the file.
    pub since: Option<String>,
}

/// A sync that is about to finish in the file, whether or not it has a row there yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coming<'a> {
    /// Its id.
    pub sync_id: &'a str,
    /// What it holds.
    pub kind: SyncType,
}

/// The syncs that go by a rule, of all `runs` of a file in their order. Unfinished and marked ones never do, nor does
/// the full sync that finished last.
pub fn surplus<'r>(runs: &'r [SyncRun], rule: &Rule) -> Vec<&'r SyncRun> {
    superseded(runs, None, rule)
}

/// The syncs that go when `current`, which is in the file, finishes.
pub(super) fn superseded_by(db: &Connection, current: &str, keep: usize) -> Result<Vec<SyncRun>> {
    let runs = run::list(db)?;
    let kind = runs.iter().find(|r| r.sync_id == current).map(|r| &r.sync_type);
    let coming = Coming {
        sync_id: current,
        kind: kind.and_then(|kind| kind.parse().ok()).unwrap_or(SyncType::Partial),
    };
    let rule = Rule { keep, since: None };
    Ok(superseded(&runs, Some(coming), &rule).into_iter().cloned().collect())
}

/// The syncs that go, of `runs` in order of age.
pub(super) fn superseded<'r>(runs: &'r [SyncRun], coming: Option<Coming<'_>>, rule: &Rule) -> Vec<&'r SyncRun> {
    let is = |run: &SyncRun, kinds: &[SyncType]| kinds.iter().any(|k| k.as_str() == run.sync_type);
    let is_coming = |run: &SyncRun| coming.is_some_and(|coming| coming.sync_id == run.sync_id);
    let finished: Vec<&SyncRun> = runs
        .iter()
        .filter(|r| r.ended_at.is_some() && !is_coming(r) && !r.is_kept())
        .collect();
    let mut doomed: Vec<&SyncRun> = Vec::new();

    let one_more = coming.is_some_and(|coming| coming.kind == SyncType::Full);
    let full: Vec<&SyncRun> = finished.iter().copied().filter(|r| is(r, &[SyncType::Full])).collect();
    let excess = (full.len() + usize::from(one_more))
        .saturating_sub(rule.keep.max(1))
        .min(full.len());
    let is_old = |run: &&SyncRun| match (&rule.since, &run.ended_at) {
        (Some(since), Some(ended)) => ended < since,
        _ => true,
    };
    doomed.extend(full.iter().copied().take(excess).filter(is_old));

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
    doomed
}

/// Removes the rows of a sync from every table, its own row last.
pub(super) fn delete(db: &Connection, sync_id: &str) -> Result<()> {
    delete_from(db, GRANTS, sync_id)?;
    delete_all_but_grants(db, sync_id)
}

/// As [`delete`], without most of the work: its grants stay, of a sync that nothing else tells of any more.
pub(super) fn delete_all_but_grants(db: &Connection, sync_id: &str) -> Result<()> {
    let is_last = |name: &str| name == "v1_sync_runs";
    let tables = TABLES.iter().map(|t| t.name).filter(|t| *t != GRANTS && !is_last(t));
    tables
        .chain(["v1_sync_runs"])
        .try_for_each(|table| delete_from(db, table, sync_id))
}

fn delete_from(db: &Connection, table: &str, sync_id: &str) -> Result<()> {
    db.execute(&format!("delete from {table} where sync_id = ?1"), [sync_id])?;
    Ok(())
}
