//! Files that are on their way: half written, or unpacked to be worked on. Whoever owns one removes it. This list is for
//! an end that no owner lives to see, when the process leaves at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file that goes when the process leaves at once. Dropping this takes it off the list; the file is its owner's.
#[derive(Debug)]
pub struct Scrap(PathBuf);

impl Scrap {
    /// Puts a file on the list. Nobody else may ever have one of this name.
    pub fn new(path: &Path) -> Self {
        // The process may go elsewhere before it leaves.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        list().insert(path.clone());
        Scrap(path)
    }
}

impl Drop for Scrap {
    fn drop(&mut self) {
        list().remove(&self.0);
    }
}

/// Removes every file on the list. To be called by whoever ends the process.
pub fn remove_all() {
    for path in std::mem::take(&mut *list()) {
        // Owners that are still at work may have been faster.
        let _ = std::fs::remove_file(path);
    }
}

fn list() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    static LIST: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}
