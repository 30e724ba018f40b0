//! Replacing a file in one step: the old one stays whole until the new one is complete on disk
//! (`contract/c1z-format.md` 1.4).

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{fault, scratch};
use crate::baton::error::{Context as _, Result};

/// A saved file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Writes a file of mode 0600 beside `target`, flushes it to disk and puts it in the place of `target`. A link is
/// followed, so that what it points to is replaced. On failure `target` stays as it was and nothing is left beside it.
///
/// # Errors
/// Those of `write`; `ResourceExhausted` when the disk is full.
pub fn replace_file(target: &Path, write: impl FnOnce(&mut File) -> Result<u64>) -> Result<Saved> {
    let real = std::fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    let folder = scratch::folder_of(&real);
    let name = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut file = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(fault::disk)
        .with_context(|| format!("create a file in {}", folder.display()))?;
    let bytes = write(file.as_file_mut()).map_err(fault::when_full)?;
    file.as_file().sync_all().map_err(fault::disk)?;
    file.persist(&real).map_err(|e| fault::disk(e.error))?;
    // The file is in place already; a file system that cannot flush folders is no reason to call it a failure.
    if let Err(error) = File::open(folder).and_then(|f| f.sync_all()) {
        tracing::debug!(folder = %folder.display(), %error, "The folder could not be flushed.");
    }
    Ok(Saved {
        path: target.to_owned(),
        bytes,
    })
}
