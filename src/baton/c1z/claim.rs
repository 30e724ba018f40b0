//! The claim on a target: one run at a time works towards a file, and the others can say who it is.
//!
//! Whoever opens a [`Store`](super::Store) to save it takes the claim first. It is a lock of the operating system on
//! `<file>.partial.lock`, so it ends with its process, however that ends.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{fault, scratch, timestamp};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::scraps::{Scrap, Sort, with_suffix as beside};
use crate::baton::{host, owner, scraps, target};

/// How often the lock file may vanish between opening and locking it before something else must be wrong.
const TRIES: usize = 20;

/// What follows the target's name in that of its unfinished sync.
const PARTIAL: &str = ".partial";
/// The same for its lock file.
const LOCK: &str = ".partial.lock";
/// How names end that no target may have.
const RESERVED: [&str; 5] = [PARTIAL, LOCK, ".partial-journal", ".partial-wal", ".partial-shm"];

/// The claim of this process on one target. Ends on drop.
#[derive(Debug)]
pub struct Claim {
    partial: PathBuf,
    lock_path: PathBuf,
    lock: Option<File>,
    _scrap: Option<Scrap>,
}

/// Who holds a claim, as its lock file says.
#[derive(Debug, Serialize, Deserialize)]
struct LockHolder {
    process: u32,
    host: String,
    since: String,
}

impl Claim {
    /// Claims the file at `target`, which need not exist, and removes what dead runs left beside it.
    ///
    /// # Errors
    /// `Unavailable` when another run holds it (the message says who); `Unknown` when the folder does not exist or the
    /// target is no plain file.
    pub fn take(target: &Path, temp_dir: Option<&Path>) -> Result<Claim> {
        let claim = || -> Result<Claim> {
            let real = real_path(target)?;
            let partial = beside(&real, PARTIAL);
            let lock_path = beside(&real, LOCK);
            let lock = lock(&lock_path, target)?;
            // Left behind it does no harm; but then nobody says that this run has ended.
            let _scrap = lock.as_ref().filter(|_| cfg!(unix)).map(|_| Scrap::new(&lock_path));
            let claim = Claim {
                partial,
                lock_path,
                lock,
                _scrap,
            };
            if claim.lock.is_some() {
                sweep(&real, target, temp_dir);
            }
            Ok(claim)
        };
        claim().with_context(|| format!("open {}", target.display()))
    }

    /// Where the unfinished sync lies.
    pub fn partial_path(&self) -> &Path {
        &self.partial
    }

    /// Removes the unfinished sync, whatever is left of it. Close it first.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn discard(&self) -> Result<()> {
        // The database goes last: without it the others mean nothing, with it alone SQLite would miss them.
        for suffix in scraps::SIDECARS.into_iter().rev().chain([""]) {
            let path = beside(&self.partial, suffix);
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(fault::disk_of_target(error)).with_context(|| format!("remove {}", path.display()));
                }
            }
        }
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Removed while it is still locked: who opened it meanwhile sees that its path is gone and starts over.
        if self.lock.is_some() && cfg!(unix) {
            let _ = std::fs::remove_file(&self.lock_path);
        }
    }
}

/// Where the lock file of a target lies while somebody holds its claim.
///
/// # Errors
/// As [`Claim::take`], where the target can be nothing.
pub(in crate::baton) fn lock_path(target: &Path) -> Result<PathBuf> {
    Ok(beside(&real_path(target)?, LOCK))
}

/// Where the unfinished sync of a target lies, if there is one.
///
/// # Errors
/// As [`lock_path`].
pub(in crate::baton) fn partial_path(target: &Path) -> Result<PathBuf> {
    Ok(beside(&real_path(target)?, PARTIAL))
}

/// The target without links, so that two names of one file are one claim. Saving follows links too.
///
/// A name that this program gives to files on their way is none: such a file could be removed, or taken for what it is
/// not, by a run on the target that the name belongs to.
fn real_path(target: &Path) -> Result<PathBuf> {
    let real = target::file(target).map_err(hinted)?;
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    let is_taken = RESERVED.iter().any(|end| name.ends_with(end))
        || scraps::is_temporary(&name)
        || scratch::is_name(&name)
        || super::reader::is_kept(&name);
    if is_taken {
        let taken = format!(
            "{} is named like a file that this program makes beside another",
            target.display()
        );
        return Err(Error::new(Kind::Unknown, taken)
            .code(code::SETTING_VALUE)
            .hint("choose another --file"));
    }
    Ok(real)
}

/// Says what to do about a target that nothing can be written to.
pub(in crate::baton) fn hinted(error: Error) -> Error {
    match error.code_id() {
        code::FOLDER_MISSING => error.hint("create it, or choose another --file"),
        _ => error.hint("choose another --file"),
    }
}

/// Opens and locks the lock file. `None` where the file system has no locks.
fn lock(path: &Path, target: &Path) -> Result<Option<File>> {
    for _ in 0..TRIES {
        let Some(Opened { mut file, is_new }) = open_private(path)? else {
            continue;
        };
        match file.try_lock() {
            Ok(()) if !owner::is_at(&file, path) => {}
            // Nobody holds it, so it is left over; and nothing is written into another user's file.
            Ok(()) if !is_new && !file.metadata().is_ok_and(|found| owner::is_mine(&found)) => {
                std::fs::remove_file(path)
                    .map_err(fault::disk_of_target)
                    .with_context(|| format!("remove {}, which belongs to another user", path.display()))?;
            }
            Ok(()) => {
                // Who it is matters to people only; a disk that is full shows soon enough.
                let _ = introduce(&mut file);
                return Ok(Some(file));
            }
            Err(TryLockError::WouldBlock) => return Err(held(&mut file, target)),
            Err(TryLockError::Error(error)) if no_locks(&error) => {
                tracing::warn!(path = %path.display(), %error, "No locks here: nothing stops a second run on the same file.");
                let _ = std::fs::remove_file(path);
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => {
                return Err(fault::disk_of_target(error)).with_context(|| format!("lock {}", path.display()));
            }
        }
    }
    Err(Error::new(Kind::Unavailable, format!("{} keeps being replaced", path.display())).code(code::FILE_IN_USE))
}

/// A lock file.
struct Opened {
    file: File,
    /// Whether it was not there before.
    is_new: bool,
}

/// Opens a file for this user alone, creating it if need be, and never through a link. `None`: it changed meanwhile.
fn open_private(path: &Path) -> Result<Option<Opened>> {
    let failed = |error: io::Error| fault::disk_of_target(error).context(format!("open {}", path.display()));
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    private(&mut options);
    match options.clone().create_new(true).open(path) {
        Ok(file) => return Ok(Some(Opened { file, is_new: true })),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let Some(found) = regular(path)? else { return Ok(None) };
    if !owner::has_one_name(&found) {
        // What is written into it would be written into the other one.
        let shared = format!(
            "{} is another file, too: it has more than one hard link",
            path.display()
        );
        return Err(Error::new(Kind::Unknown, shared)
            .code(code::NOT_A_PLAIN_FILE)
            .hint("look at what it is, and remove it"));
    }
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let opened = file.metadata().map_err(failed)?;
    Ok(owner::is_same(&found, &opened).then_some(Opened { file, is_new: false }))
}

/// Creates a file for this user alone; fails if anything is there.
pub(super) fn create_private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    private(&mut options);
    options
        .open(path)
        .map_err(fault::disk_of_target)
        .with_context(|| format!("create {}", path.display()))
}

/// What lies at a path, if anything does.
///
/// # Errors
/// `Unknown` when it is a link or no file: it is not ours, and writing through it could hit anything.
pub(super) fn regular(path: &Path) -> Result<Option<Metadata>> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(Some(found)),
        Ok(_) => Err(
            Error::new(Kind::Unknown, format!("{} is not a file of its own", path.display()))
                .code(code::NOT_A_PLAIN_FILE)
                .hint("look at what it is, and remove it"),
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault::disk_of_target(error)).with_context(|| format!("open {}", path.display())),
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

fn no_locks(error: &io::Error) -> bool {
    /// `ENOLCK`: the file system or its server has no locks. The number is the same on every Unix with these systems.
    const NO_LOCKS: i32 = if cfg!(target_os = "linux") { 37 } else { 77 };
    error.kind() == io::ErrorKind::Unsupported || (cfg!(unix) && error.raw_os_error() == Some(NO_LOCKS))
}

fn introduce(file: &mut File) -> io::Result<()> {
    let holder = LockHolder {
        process: std::process::id(),
        host: host::name().unwrap_or_else(|| "unknown".to_owned()),
        since: timestamp::seconds(),
    };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(serde_json::to_string(&holder)?.as_bytes())
}

/// The error of a target that somebody else holds: who it is, as the lock file says.
pub(in crate::baton) fn held(file: &mut File, target: &Path) -> Error {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(4096).read_to_string(&mut text));
    let holder: Option<LockHolder> = read.ok().and_then(|_| serde_json::from_str(&text).ok());
    let who = holder.map_or_else(
        || "another process".to_owned(),
        |h| format!("process {} on host {} since {}", h.process, h.host, h.since),
    );
    Error::new(
        Kind::Unavailable,
        format!("{} is being written by {who}", target.display()),
    )
    .code(code::FILE_IN_USE)
    .hint("wait until it has ended, or write to another --file")
}

/// Removes working copies and half-written files that killed runs left. Nobody else works on this target.
fn sweep(real: &Path, target: &Path, temp_dir: Option<&Path>) {
    let folder = scratch::folder_of(real);
    let copies = scratch::writing(target);
    for folder in [folder].into_iter().chain(temp_dir) {
        copies.sweep_all(folder);
        // What they called a half-written file could be anybody's, and stays.
        scratch::of_old(target).sweep_all(folder);
    }
    if let Some(name) = real.file_name().and_then(|name| name.to_str()) {
        Sort::replacing(name).sweep_all(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn copies_of_earlier_releases_go_with_the_next_claim_and_nothing_else_does() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x.c1z");
        let name = |target: &Path, random: &str| format!("{}{random}.db", scratch::old_prefix(target));
        let put = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            path
        };
        let left = put(&name(&target, "Ab3dE9"));
        let stays = [
            name(&target, "mine"),
            name(&folder.path().join("x"), "Ab3dE9"),
            ".x.c1z.Ab3dE9.tmp".to_owned(),
            "c1z-Ab3dE9.db".to_owned(),
        ];
        let stays = stays.map(|name| put(&name));
        drop(Claim::take(&target, None).unwrap());
        assert!(!left.exists());
        for path in stays {
            assert!(path.exists(), "{}", path.display());
        }
    }
}
