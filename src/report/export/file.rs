//! A file of an export while it is being written: under another name until it is whole, readable by its owner only.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::Written;
use crate::baton::error::{Context as _, Error, Result};

/// A file that appears under its name in [`OutFile::finish`], and not before.
pub(super) struct OutFile {
    file: BufWriter<File>,
    temporary: TempPath,
    target: PathBuf,
}

impl OutFile {
    pub(super) fn create(folder: &Path, name: &str) -> Result<OutFile> {
        let (file, temporary) = temporary(folder, name)?.into_parts();
        Ok(OutFile {
            file: BufWriter::with_capacity(128 << 10, file),
            temporary,
            target: folder.join(name),
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

/// An empty file, mode 0600, beside where it is to go.
pub(super) fn temporary(folder: &Path, name: &str) -> Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .tempfile_in(folder)
        .map_err(Error::from)
        .with_context(|| format!("create {}", folder.join(name).display()))
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
