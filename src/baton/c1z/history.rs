//! The syncs that a file holds, changed by hand: some taken out, some marked to be kept. Each is one step: the file is
//! claimed, and replaced when the new one is whole.

use std::path::Path;

use super::claim::Claim;
use super::envelope;
use super::save::Saved;
use super::steps::Steps;
use super::store::Store;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::memory;

/// Whether syncs can be taken out of the file at `target`, or marked: not in the v3 form, which has one.
///
/// # Errors
/// `Unimplemented` for a file of the v3 form.
pub fn check(target: &Path) -> Result<()> {
    envelope::check_holds_several(target).with_context(|| format!("open {}", target.display()))
}

/// Takes syncs out of the file at `target`, all or none. `temp_dir` is where its working copy lies, beside it by default.
///
/// # Errors
/// `NotFound` for one that is not in it, `FailedPrecondition` for one that is unfinished or kept, `Unavailable` when
/// another run works on the file; those of [`Store::open`] and [`Store::save`].
pub fn remove(target: &Path, temp_dir: Option<&Path>, sync_ids: &[&str], steps: &dyn Steps) -> Result<Saved> {
    change(target, temp_dir, sync_ids, steps, |store, sync_ids| {
        let runs = store.runs()?;
        for sync_id in sync_ids {
            let stays = runs
                .iter()
                .any(|run| run.sync_id == *sync_id && (run.ended_at.is_none() || run.is_kept()));
            if stays {
                let message = format!("sync {sync_id} has changed meanwhile: it is unfinished or kept");
                return Err(Error::new(Kind::FailedPrecondition, message).hint("nothing was changed; look again"));
            }
            store.remove(sync_id)?;
        }
        store.shrink()
    })
}

/// Marks syncs so that they stay however old they get, or takes the mark off. It stands in their tokens, as what this
/// program remembers does; other writers of the file do not know it.
///
/// # Errors
/// As [`remove`]; `FailedPrecondition` for a sync that is not finished.
pub fn mark(target: &Path, temp_dir: Option<&Path>, sync_ids: &[&str], kept: bool, steps: &dyn Steps) -> Result<Saved> {
    change(target, temp_dir, sync_ids, steps, |store, sync_ids| {
        for run in store
            .runs()?
            .iter()
            .filter(|run| sync_ids.contains(&run.sync_id.as_str()))
        {
            if run.ended_at.is_none() {
                let message = format!("sync {} is not finished", run.sync_id);
                return Err(Error::new(Kind::FailedPrecondition, message).code(code::NO_FINISHED_SYNC));
            }
            store.bind_sync(&run.sync_id)?;
            store.set_token(&memory::keep(&run.token, kept))?;
        }
        Ok(())
    })
}

fn change(
    target: &Path,
    temp_dir: Option<&Path>,
    sync_ids: &[&str],
    steps: &dyn Steps,
    work: impl FnOnce(&mut Store, &[&str]) -> Result<()>,
) -> Result<Saved> {
    // A file that is not there would be made.
    std::fs::metadata(target)
        .map_err(Error::from)
        .with_context(|| format!("open {}", target.display()))?;
    check(target)?;
    let _claim = Claim::take(target, temp_dir)?;
    let mut store = Store::open(target, temp_dir)?;
    // Before anything changes: a mistake in one of them changes nothing.
    for sync_id in sync_ids {
        store.bind_sync(sync_id)?;
    }
    work(&mut store, sync_ids).map_err(|error| store.named(error))?;
    store.save_with(steps)
}
