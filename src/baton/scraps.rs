//! Files that are on their way: half written, or unpacked to be worked on. Whoever makes one removes it. This room is
//! for ends that no owner lives to see: when the process leaves at once, and when it was killed.
//!
//! The names of such files say that this program made them, and what for. While its owner lives, a file is locked; the
//! lock ends with the process, however that ends. So whoever makes one of the same sort later can tell what is left of
//! the dead from what somebody is still writing, and a person's own file is never taken for either.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use crate::baton::lock::locked;

use tempfile::NamedTempFile;

use crate::baton::owner;

/// Letters and digits that tell one file from another.
const RANDOM: usize = 8;
/// The same in names of earlier releases.
const OLD_RANDOM: usize = 6;
/// How often a new file may be taken for one of the dead before it is locked.
const TRIES: usize = 20;
/// What SQLite may leave beside a database.
pub const SIDECARS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// A file that goes when the process leaves at once. Dropping this takes it off the list; the file is its owner's.
#[derive(Debug)]
pub struct Scrap {
    path: PathBuf,
    /// Locked as long as the owner lives.
    _lock: Option<File>,
}

impl Scrap {
    /// Puts a file on the list. Nobody else may ever have one of this name.
    pub fn new(path: &Path) -> Self {
        Self::on(&mut list(), path, None)
    }

    fn on(list: &mut List, path: &Path, lock: Option<File>) -> Self {
        // The process may go elsewhere before it leaves.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if list.is_over {
            // Whoever ends the process did not see this one.
            let _ = std::fs::remove_file(&path);
        }
        list.paths.insert(path.clone());
        Scrap { path, _lock: lock }
    }
}

impl Drop for Scrap {
    fn drop(&mut self) {
        list().paths.remove(&self.path);
    }
}

/// A sort of files on their way, by their names: something before the letters and digits, and something after them.
#[derive(Debug, Clone)]
pub struct Sort {
    before: String,
    random: usize,
    after: &'static str,
}

impl Sort {
    /// Files that will take the place of the one called `name`, beside it.
    pub fn replacing(name: &str) -> Self {
        Sort {
            before: format!(".{name}.baton-"),
            random: RANDOM,
            after: ".tmp",
        }
    }

    /// Databases, `owner` being whose they are.
    pub fn database(owner: &str) -> Self {
        Sort {
            before: format!("{owner}-"),
            random: RANDOM,
            after: ".db",
        }
    }

    /// As [`Sort::database`], with the names of earlier releases.
    pub fn old_database(owner: &str) -> Self {
        Sort {
            random: OLD_RANDOM,
            ..Sort::database(owner)
        }
    }

    /// Whether something is named like one.
    pub fn is_name(&self, name: &str) -> bool {
        let random = name
            .strip_prefix(self.before.as_str())
            .and_then(|rest| rest.strip_suffix(self.after));
        random.is_some_and(|random| random.len() == self.random && is_random(random))
    }

    /// Makes a new one, of mode 0600, that did not exist before. It is locked until its [`Scrap`] goes.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn create(&self, folder: &Path) -> io::Result<(NamedTempFile, Scrap)> {
        let mut tries = 0;
        loop {
            // Nobody ends the process between the file and its place on the list.
            let mut list = list();
            if list.is_over {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "the program ends"));
            }
            let file = tempfile::Builder::new()
                .prefix(&self.before)
                .rand_bytes(self.random)
                .suffix(self.after)
                .tempfile_in(folder)?;
            let lock = lock(file.as_file());
            tries += 1;
            // Whoever sweeps may have come between.
            if owner::is_at(file.as_file(), file.path()) || tries == TRIES {
                let scrap = Scrap::on(&mut list, file.path(), lock);
                return Ok((file, scrap));
            }
        }
    }

    /// Removes those in a folder whose owners are dead.
    pub fn sweep(&self, folder: &Path) {
        sweep(folder, &|name| self.is_name(name), false);
    }

    /// As [`Sort::sweep`], for whoever knows that nobody else may work on any.
    pub fn sweep_all(&self, folder: &Path) {
        sweep(folder, &|name| self.is_name(name), true);
    }
}

/// Whether this is what tells one file from another.
fn is_random(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether something is named like a file that will take the place of another.
pub fn is_temporary(name: &str) -> bool {
    let rest = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".tmp"));
    let parts = rest.and_then(|rest| rest.rsplit_once(".baton-"));
    parts.is_some_and(|(_, random)| random.len() == RANDOM && is_random(random))
}

/// Removes files of the given names from a folder, if they are this user's, nothing else, and nobody holds them. Where
/// locks are not what they are on Unix, they go only if the caller knows that nobody can hold them.
pub fn sweep(folder: &Path, is_name: &dyn Fn(&str) -> bool, nobody_else: bool) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if !name.to_str().is_some_and(is_name) {
            continue;
        }
        let path = entry.path();
        if is_left(&path).unwrap_or(false) || (cfg!(not(unix)) && nobody_else) {
            tracing::debug!(path = %path.display(), "Removed what an earlier run left.");
            let _ = std::fs::remove_file(&path);
            for suffix in SIDECARS {
                let _ = std::fs::remove_file(with_suffix(&path, suffix));
            }
        }
    }
}

/// The path with something behind it.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether a file is one of the dead: this user's alone, and locked by nobody.
#[cfg(unix)]
fn is_left(path: &Path) -> io::Result<bool> {
    let found = std::fs::symlink_metadata(path)?;
    if !(found.is_file() && owner::is_mine(&found) && owner::is_private(&found)) {
        return Ok(false);
    }
    let file = File::open(path)?;
    // A file system without locks says nothing about who lives.
    Ok(owner::is_at(&file, path) && file.try_lock().is_ok())
}

#[cfg(not(unix))]
fn is_left(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// A second handle on a file, which holds its lock. None where there are no locks, or where they would keep others from
/// writing.
#[cfg(unix)]
fn lock(file: &File) -> Option<File> {
    let own = file.try_clone().ok()?;
    own.try_lock().ok().map(|()| own)
}

#[cfg(not(unix))]
fn lock(_: &File) -> Option<File> {
    None
}

/// Removes every file on the list.
pub fn remove_all() {
    take(&mut list());
}

/// As [`remove_all`], and every file that is put on the list from now on: for whoever ends the process while others are
/// still at work.
pub fn remove_all_for_good() {
    let mut list = list();
    list.is_over = true;
    take(&mut list);
}

fn take(list: &mut List) {
    for path in std::mem::take(&mut list.paths) {
        // Owners that are still at work may have been faster.
        let _ = std::fs::remove_file(path);
    }
}

struct List {
    paths: BTreeSet<PathBuf>,
    is_over: bool,
}

fn list() -> MutexGuard<'static, List> {
    static LIST: Mutex<List> = Mutex::new(List {
        paths: BTreeSet::new(),
        is_over: false,
    });
    locked(&LIST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_sort_are_none_of_another() {
        let sort = Sort::replacing("x");
        assert!(sort.is_name(".x.baton-Ab3dE9xY.tmp"));
        for other in [
            ".x.c1z.baton-Ab3dE9xY.tmp",
            ".x.baton-Ab3dE9x.tmp",
            ".x.baton-Ab3dE9xYz.tmp",
            ".x.baton-Ab3dE.xY.tmp",
            ".x.baton-Ab3dE9xY.tmp.tmp",
            ".x.baton-backup.tmp",
            "x.baton-Ab3dE9xY.tmp",
            ".x.Ab3dE9xY.tmp",
        ] {
            assert!(!sort.is_name(other), "{other}");
        }
        let longer = Sort::replacing("x.baton-Ab3dE9xY.tmp");
        assert!(!longer.is_name(".x.baton-Ab3dE9xY.tmp") && !sort.is_name(".x.baton-Ab3dE9xY.tmp.baton-Ab3dE9xY.tmp"));
        assert!(Sort::database("c1z-0a").is_name("c1z-0a-Ab3dE9xY.db"));
        assert!(!Sort::database("c1z-0a").is_name("c1z-0a-read-Ab3dE9xY.db"));
        let old = Sort::old_database("c1z-0a");
        assert!(old.is_name("c1z-0a-Ab3dE9.db") && !old.is_name("c1z-0a-Ab3dE9xY.db"));
        assert!(!old.is_name("c1z-0ab-b3dE9.db") && !old.is_name("c1z-0a-mine.db") && !old.is_name("c1z-0a-Ab3.E9.db"));
    }

    #[cfg(unix)]
    #[test]
    fn the_living_keep_their_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (mine, other) = (Sort::replacing("x"), Sort::replacing("x.c1z"));
        let left = |name: &str, mode| {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let dead = left(".x.baton-00000000.tmp", 0o600);
        let of_another = left(".x.c1z.baton-00000000.tmp", 0o600);
        let readable = left(".x.baton-11111111.tmp", 0o644);
        let linked = left(".x.baton-22222222.tmp", 0o600);
        std::fs::hard_link(&linked, folder.path().join("precious")).unwrap();
        let (file, scrap) = mine.create(folder.path()).unwrap();
        mine.sweep(folder.path());
        assert!(!dead.exists());
        for kept in [&of_another, &readable, &linked, file.path()] {
            assert!(kept.exists(), "{}", kept.display());
        }
        // The lock is that of the file, not of a handle on it.
        let (handle, path) = file.into_parts();
        drop(handle);
        mine.sweep(folder.path());
        assert!(path.exists());
        drop(scrap);
        mine.sweep(folder.path());
        assert!(!path.exists());
        other.sweep(folder.path());
        assert!(!of_another.exists());
    }
}
