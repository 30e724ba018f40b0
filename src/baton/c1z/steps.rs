//! The steps of replacing a file, one by one, so that a test can make each of them fail.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::baton::scraps::{Scrap, Sort};

/// What replacing a file asks of the file system. Every step has the one real implementation; [`Disk`] keeps them all.
pub trait Steps: Send + Sync {
    /// Creates an empty file of mode 0600 beside the target `name`. It removes itself unless it is put in place.
    ///
    /// # Errors
    /// Those of the file system, here and below.
    fn create(&self, folder: &Path, name: &str) -> io::Result<(NamedTempFile, Scrap)> {
        Sort::replacing(name).create(folder)
    }

    /// Writes some of `chunk` and says how much.
    ///
    /// # Errors
    /// `StorageFull` on a full disk.
    fn write(&self, file: &mut File, chunk: &[u8]) -> io::Result<usize> {
        file.write(chunk)
    }

    /// Makes what was written outlive a power cut.
    ///
    /// # Errors
    /// Those of the file system.
    fn flush(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Puts the file in the place of the target, in one step.
    ///
    /// # Errors
    /// Those of the file system; the file is gone then.
    fn put_in_place(&self, file: NamedTempFile, target: &Path) -> io::Result<()> {
        file.persist(target).map(drop).map_err(|e| e.error)
    }

    /// Makes the new name outlive a power cut.
    ///
    /// # Errors
    /// Those of the file system.
    fn flush_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder).and_then(|f| f.sync_all())
    }
}

/// The file system as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Steps for Disk {}

/// The new file while it is written.
pub struct Writing<'a> {
    pub(super) file: &'a mut File,
    pub(super) steps: &'a dyn Steps,
}

impl Write for Writing<'_> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.steps.write(self.file, chunk)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
