//! The folder of a review: made whole or not at all, for its owner alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::digest;
use super::manifest::{FORMAT, Manifest};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::target;
use crate::report::code;

/// The name of the manifest.
pub(super) const MANIFEST: &str = "review.json";
/// The name of the journal.
pub(super) const JOURNAL: &str = "review.journal.jsonl";
const LOCK: &str = "review.lock";
/// The largest manifest that is read, in bytes.
const LARGEST: u64 = 4 << 30;

/// A folder that is being filled, beside where it is to be.
pub(super) struct Draft {
    filled: TempDir,
    target: PathBuf,
}

impl Draft {
    /// Begins one that is to be at `path`.
    ///
    /// # Errors
    /// `Unknown` (exit code 2) where something is at that place, but for an empty folder; those of the disk.
    pub(super) fn begin(path: &Path) -> Result<Draft> {
        check(path)?;
        let beside = target::folder_of(path);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".review-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        let filled = builder.tempdir_in(beside);
        let filled = filled.with_context(|| format!("make a folder beside {}", path.display()))?;
        Ok(Draft {
            filled,
            target: path.to_owned(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.filled.path()
    }

    /// Gives it its name.
    pub(super) fn finish(self) -> Result<()> {
        let put = || {
            sync_folder(self.filled.path())?;
            match std::fs::remove_dir(&self.target) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            std::fs::rename(self.filled.path(), &self.target)?;
            sync_folder(target::folder_of(&self.target))
        };
        put().with_context(|| format!("make the folder {}", self.target.display()))
    }
}

/// Looks at the place of a new review, and changes nothing.
///
/// # Errors
/// As [`Draft::begin`].
pub(super) fn check(path: &Path) -> Result<()> {
    target::folder(path).map_err(|error| error.hint("choose another --out"))?;
    let mut there = match std::fs::read_dir(path) {
        Ok(there) => there,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::from(error).context(format!("look into {}", path.display()))),
    };
    match there.next() {
        None => Ok(()),
        Some(_) => Err(Error::new(
            Kind::Unknown,
            format!("{} is not empty: a review gets a folder of its own", path.display()),
        )
        .code(code::REVIEW_FOLDER)
        .hint("nothing was changed; choose another --out")),
    }
}

/// Writes a new file for its owner alone, and makes sure that it is on the disk. Answers the SHA-256 of its bytes.
pub(super) fn write_new(folder: &Path, name: &str, bytes: &[u8]) -> Result<String> {
    let write = || {
        let mut file = private().write(true).create_new(true).open(folder.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("write {name}"))?;
    Ok(digest::of_bytes(bytes))
}

/// Puts a file in the place of another one, in one step.
pub(super) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = folder.join(name);
    let write = || {
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        sync_folder(folder)
    };
    write().with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

/// Options of a file that nobody else may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Makes sure that the names in a folder are on the disk.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// The manifest of a review, and the SHA-256 of its bytes.
///
/// # Errors
/// `NotFound` for a folder that is no review; `DataLoss` for a manifest that cannot be read.
pub(super) fn manifest(folder: &Path) -> Result<(Manifest, String)> {
    let path = folder.join(MANIFEST);
    let found = match std::fs::metadata(&path) {
        Ok(found) if found.is_file() && found.len() <= LARGEST => std::fs::read(&path),
        Ok(_) => return Err(damaged(&path, "it is not a file of a review")),
        Err(error) => Err(error),
    };
    let bytes = match found {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let message = format!("{} is no review: it has no {MANIFEST}", folder.display());
            return Err(Error::new(Kind::NotFound, message)
                .code(code::REVIEW_FOLDER)
                .hint("`baton-workato review start -f FILE --out DIR` makes one"));
        }
        Err(error) => return Err(Error::from(error).context(format!("read {}", path.display()))),
    };
    let read: Manifest = serde_json::from_slice(&bytes).map_err(|error| damaged(&path, &error.to_string()))?;
    if read.format != FORMAT {
        return Err(damaged(
            &path,
            &format!("it has the form {}, and this version reads {FORMAT}", read.format),
        ));
    }
    Ok((read, digest::of_bytes(&bytes)))
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::new(Kind::DataLoss, format!("{} cannot be read: {why}", path.display()))
        .code(code::REVIEW_FOLDER)
        .hint("nothing was changed; take the file from a backup, or start another review")
}

/// Keeps everybody else from carrying the same review out.
#[derive(Debug)]
pub struct Lock {
    _held: File,
}

impl Lock {
    /// Takes it, until it is dropped.
    ///
    /// # Errors
    /// `Unavailable` where somebody else has it; those of the disk.
    pub fn take(folder: &Path) -> Result<Lock> {
        let path = folder.join(LOCK);
        let file = private().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _held: file }),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                Kind::Unavailable,
                format!("{} is being carried out by another run", folder.display()),
            )
            .code(code::REVIEW_FOLDER)
            .hint("wait for it; nothing was changed here")),
            Err(TryLockError::Error(error)) => Err(Error::from(error).context(format!("lock {}", path.display()))),
        }
    }
}
