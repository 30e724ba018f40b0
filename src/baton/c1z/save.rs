//! Replacing a file in one step: the old one stays whole until the new one is complete on disk
//! (`baton/c1z/format.md 1.4`).

use std::path::{Path, PathBuf};

use super::steps::{Steps, Writing};
use super::{claim, fault, scratch};
use crate::baton::error::{Context as _, Result};
use crate::baton::target;

/// A saved file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Writes a file of mode 0600 beside `target`, flushes it to disk and puts it in the place of `target`, by the given steps. A link is
/// followed, so that what it points to is replaced, or made. On failure `target` stays as it was and nothing is left beside it.
///
/// # Errors
/// Those of `write` and of the steps; `ResourceExhausted` when the disk is full.
pub fn replace_file(
    target: &Path,
    steps: &dyn Steps,
    write: impl FnOnce(&mut Writing<'_>) -> Result<u64>,
) -> Result<Saved> {
    let real = target::file(target).map_err(claim::hinted)?;
    let folder = scratch::folder_of(&real);
    let name = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (mut file, _scrap) = steps
        .create(folder, &name)
        .map_err(fault::disk_of_target)
        .with_context(|| format!("create a file in {}", folder.display()))?;
    let mut writing = Writing {
        file: file.as_file_mut(),
        steps,
    };
    let written = || format!("write the new file in {}", folder.display());
    let bytes = write(&mut writing)
        .map_err(fault::beside_target)
        .with_context(written)?;
    steps
        .flush(file.as_file())
        .map_err(fault::disk_of_target)
        .with_context(written)?;
    steps
        .put_in_place(file, &real)
        .map_err(fault::disk_of_target)
        .with_context(|| format!("put the new file in the place of {}", real.display()))?;
    // The file is in place already; a file system that cannot flush folders is no reason to call it a failure.
    if let Err(error) = steps.flush_folder(folder) {
        tracing::debug!(folder = %folder.display(), %error, "The folder could not be flushed.");
    }
    Ok(Saved {
        path: target.to_owned(),
        bytes,
    })
}
