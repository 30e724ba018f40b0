//! What lies at a target whose next file has one sync only: the syncs it holds, without their rows, which nobody needs.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::policy::Policy;
use super::run::{self, SyncRun};
use super::scratch::{self, Scratch};
use super::{envelope, fault, migrate, sound, v3};
use crate::baton::error::Result;
use crate::baton::pebble::DiskFile;

/// The syncs of the file at `target`, oldest first; none where there is no file. What is needed to read them lies in
/// `folder` meanwhile.
///
/// # Errors
/// `DataLoss` for a damaged file, `Unimplemented` for one that is not read: it is not replaced either.
pub(super) fn runs(target: &Path, folder: &Path, policy: &Policy) -> Result<Vec<SyncRun>> {
    if let Some(file) = envelope::open_v3(target) {
        let file = v3::File::of(Arc::new(DiskFile::new(file)?), &policy.limits, Some(folder))?;
        return Ok(v3::run(&file)?.into_iter().collect());
    }
    let scratch = Scratch::unpack(target, folder, &scratch::writing(target), policy)?;
    if !scratch.is_filled() {
        return Ok(Vec::new());
    }
    let db = scratch.connect()?;
    sound::check_database(&db, File::open(scratch.path())?)?;
    migrate::prepare(&db).map_err(|error| fault::asked(error, scratch.path()))?;
    run::list(&db)
}
