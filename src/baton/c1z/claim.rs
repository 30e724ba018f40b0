//! The claim on a target: one run at a time works towards a file, and the others can say who it is.
//!
//! Whoever opens a [`Store`](super::Store) to save it takes the claim first. It is a lock of the operating system on
//! `<file>.partial.lock`, so it ends with its process, however that ends.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{fault, scratch, timestamp};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::scraps::Scrap;
use crate::baton::target;

/// How often the lock file may vanish between opening and locking it before something else must be wrong.
const TRIES: usize = 20;

/// What follows the target's name in that of its unfinished sync.
const PARTIAL: &str = ".partial";
/// The same for its lock file.
const LOCK: &str = ".partial.lock";

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
        for suffix in ["-shm", "-wal", "-journal", ""] {
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

/// The path with a suffix.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// The target without links, so that two names of one file are one claim. Saving follows links too.
fn real_path(target: &Path) -> Result<PathBuf> {
    target::file(target).map_err(hinted)
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
        let Some(mut file) = open_private(path)? else { continue };
        match file.try_lock() {
            Ok(()) if !is_still_at(&file, path) => {}
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

/// Opens a file for this user alone, creating it if need be, and never through a link. `None`: it changed meanwhile.
fn open_private(path: &Path) -> Result<Option<File>> {
    let failed = |error: io::Error| fault::disk_of_target(error).context(format!("open {}", path.display()));
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    private(&mut options);
    match options.clone().create_new(true).open(path) {
        Ok(file) => return Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let Some(found) = regular(path)? else { return Ok(None) };
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let opened = file.metadata().map_err(failed)?;
    Ok(same_file(&found, &opened).then_some(file))
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

fn is_still_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(locked), Ok(there)) => same_file(&locked, &there),
        _ => false,
    }
}

#[cfg(unix)]
fn same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    // The lock file is never removed here, so it cannot have been replaced.
    true
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
        host: host(),
        since: timestamp::seconds(),
    };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(serde_json::to_string(&holder)?.as_bytes())
}

fn host() -> String {
    let of_system = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = of_system
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .unwrap_or_default();
    match named.trim() {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
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
    let copies = scratch::prefix_of(target);
    let written = real.file_name().map(|name| format!(".{}.", name.to_string_lossy()));
    let folders = [scratch::folder_of(real).to_owned()];
    for folder in folders.iter().map(PathBuf::as_path).chain(temp_dir) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = OsStr::to_str(&name) else { continue };
            let is_copy = name.starts_with(&copies);
            let is_written = written.as_ref().is_some_and(|w| name.starts_with(w.as_str())) && name.ends_with(".tmp");
            if is_copy || is_written {
                tracing::debug!(name, "Removed what an earlier run left.");
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}
