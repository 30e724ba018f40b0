//! A folder of a test's own, which goes with it.

use std::path::{Path, PathBuf};

pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The file that most tests sync into.
    pub fn file(&self) -> PathBuf {
        self.at("sync.c1z")
    }

    /// See [`names`].
    pub fn names(&self) -> Vec<String> {
        names(self.path())
    }
}

/// What lies in a folder, in order.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
