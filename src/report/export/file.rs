//! A file of an export while it is being written: under another name until it is whole, readable by its owner only.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::Written;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::scraps::{Scrap, Sort};
use crate::baton::target;

/// A file that appears under its name in [`OutFile::finish`], and not before.
pub(super) struct OutFile {
    file: BufWriter<File>,
    temporary: TempPath,
    target: PathBuf,
    _scrap: Scrap,
}

impl OutFile {
    pub(super) fn create(folder: &Path, name: &str) -> Result<OutFile> {
        let Fresh { file, target, _scrap } = temporary(folder, name)?;
        let (file, temporary) = file.into_parts();
        Ok(OutFile {
            file: BufWriter::with_capacity(128 << 10, file),
            temporary,
            target,
            _scrap,
        })
    }

    pub(super) fn finish(mut self, rows: u64) -> Result<Written> {
        let target = self.target.clone();
        let finish = || {
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            put(self.temporary, &self.target, rows)
        };
        finish().with_context(|| format!("write {}", target.display()))
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// A file that is to take the place of another.
pub(super) struct Fresh {
    /// Empty, of mode 0600, beside where it is to go.
    pub file: NamedTempFile,
    /// Where that is.
    pub target: PathBuf,
    pub _scrap: Scrap,
}

/// An empty file beside where it is to go. A link there stays, and what it points to is replaced, as for every other
/// file that the program writes.
pub(super) fn temporary(folder: &Path, name: &str) -> Result<Fresh> {
    let path = folder.join(name);
    let target = target::file(&path).map_err(|error| error.hint("move it away, or choose another --out"))?;
    let sort = Sort::replacing(name);
    sort.sweep(target::folder_of(&target));
    let (file, _scrap) = sort
        .create(target::folder_of(&target))
        .map_err(|error| full(error.into()))
        .with_context(|| format!("create {}", path.display()))?;
    Ok(Fresh { file, target, _scrap })
}

/// Says what to do when the disk is full.
pub(super) fn full(error: Error) -> Error {
    match error.kind() {
        Kind::ResourceExhausted => error.hint("free some space on that volume, or choose another --out"),
        _ => error,
    }
}

/// Gives a finished file its name.
pub(super) fn put(temporary: TempPath, target: &Path, rows: u64) -> Result<Written> {
    temporary.persist(target).map_err(|error| Error::from(error.error))?;
    Ok(Written {
        path: target.to_owned(),
        bytes: std::fs::metadata(target)?.len(),
        rows,
    })
}
