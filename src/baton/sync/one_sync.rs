//! What a target of the v3 form cannot do, which has one sync: told before the first request, so that nothing is lost that
//! somebody asked to keep.

use super::sync_target::SyncTarget;
use crate::baton::c1z::{Engine, Store};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// Looks at a target that is open, and was of the form `before`. A form that was asked for and will not be had is warned of.
///
/// # Errors
/// A number of syncs to keep that such a file cannot hold (exit code 2); `FailedPrecondition` for a sync in it that is kept
/// however old it gets.
pub fn check(store: &Store, wanted: &SyncTarget, before: Option<Engine>) -> Result<()> {
    if store.engine() == Engine::Sqlite {
        return Ok(());
    }
    let file = wanted.file.display();
    if let Some(keep) = wanted.keep.filter(|keep| *keep > 1) {
        let message = format!("--keep {keep} cannot hold for {file}: the v3 form (Pebble) has exactly one sync");
        let hint = match before {
            Some(Engine::Pebble) => {
                "leave --keep (BATON_KEEP_SYNC_COUNT) out: each sync replaces the one before; or sync into another --file, which \
                 is v1 and holds several; `convert --to v1` makes one of this"
            }
            _ => {
                "leave --keep (BATON_KEEP_SYNC_COUNT) out: each sync replaces the one before; or leave --storage-engine \
                 (BATON_STORAGE_ENGINE) out, for the v1 form holds several"
            }
        };
        return Err(Error::new(Kind::Unknown, message).code(code::ONE_SYNC).hint(hint));
    }
    if let Some(kept) = store.runs()?.iter().find(|run| run.is_kept()) {
        let message = format!(
            "the sync {} in {file} is kept, however old it gets, and the v3 form (Pebble) has exactly one sync",
            kept.sync_id
        );
        return Err(Error::new(Kind::FailedPrecondition, message)
            .code(code::ONE_SYNC)
            .hint("choose another --file for this sync; this one stays as it is"));
    }
    if wanted.engine == Some(Engine::Sqlite) {
        tracing::warn!(
            code = code::ONE_SYNC.number(),
            file = %file,
            "The file is of the v3 form (Pebble) and stays so, though --storage-engine asks for sqlite; `convert --to v1` makes a \
             v1 file of it."
        );
    }
    Ok(())
}
