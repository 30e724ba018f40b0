//! Files that hold what nobody else may read. Those with secrets are made anew, never over another one, and before anything
//! is sent, so that what they are for is not lost. Those that keep where a command stood are believed only if they are
//! whole and nobody else could have written them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::{owner, target};

/// A file for its owner alone. Dropped without a text, it is removed.
#[derive(Debug)]
pub struct PrivateFile {
    path: PathBuf,
    file: File,
    is_kept: bool,
}

impl PrivateFile {
    /// Makes it.
    ///
    /// # Errors
    /// `Unknown` (exit code 2) where something of that name is there; those of the disk.
    pub fn create(path: &Path) -> Result<Self> {
        match options().write(true).create_new(true).open(path) {
            Ok(file) => Ok(PrivateFile {
                path: path.to_owned(),
                file,
                is_kept: false,
            }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Error::new(
                Kind::Unknown,
                format!("{} is there already, and is not overwritten", path.display()),
            )
            .code(code::FILE_THERE)
            .hint("nothing was changed; move it away, or name another file")),
            Err(error) => Err(Error::from(error).context(format!("make {}", path.display()))),
        }
    }

    /// Writes the text, and makes sure that it is on the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn keep(&mut self, text: &str) -> Result<()> {
        // What got there may be all that is left of it.
        self.is_kept = true;
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_all());
        written.with_context(|| format!("write {}", self.path.display()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // Left behind, an empty file does no harm.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Options of a file that nobody else may read.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Opens a file to read and write it; one that is not there is made.
///
/// # Errors
/// `Unknown` (exit code 2) for one that others could have written, or that is none; those of the disk.
pub fn open(path: &Path) -> Result<File> {
    let shown = path.display();
    // A pipe would be waited for, and a link could lead anywhere.
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return Err(foreign(path)),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Error::from(error).context(format!("open {shown}"))),
    }
    let opened = options().read(true).write(true).create(true).truncate(false).open(path);
    let file = opened.with_context(|| format!("open {shown}"))?;
    let found = file.metadata().with_context(|| format!("open {shown}"))?;
    let is_ours = found.is_file() && owner::is_mine(&found) && owner::is_private(&found) && owner::is_at(&file, path);
    if is_ours { Ok(file) } else { Err(foreign(path)) }
}

/// The bytes of a file; none where there is no file.
///
/// # Errors
/// As [`open()`].
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let mut bytes = Vec::new();
    let read = open(path)?.read_to_end(&mut bytes);
    read.with_context(|| format!("read {}", path.display()))?;
    Ok(Some(bytes))
}

/// Puts a file in the place of another one, in one step, and makes sure that it is on the disk.
///
/// # Errors
/// Those of the disk.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = target::folder_of(path);
    let write = || {
        // Nobody else may read it: that is how such files are made.
        let mut file = tempfile::Builder::new().prefix(".baton-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        std::io::Result::Ok(())
    };
    write().with_context(|| format!("write {}", path.display()))
}

/// Keeps other processes from a file, until what this returns is dropped.
///
/// # Errors
/// `Unavailable` where another process has it; as [`open()`].
pub fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = open(Path::new(&name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            Kind::Unavailable,
            format!("another process goes on from {}", path.display()),
        )
        .code(code::PLACE_UNUSABLE)
        .hint("stop it, or name another file")),
        Err(TryLockError::Error(error)) => Err(Error::from(error).context(format!("lock {}", path.display()))),
    }
}

fn foreign(path: &Path) -> Error {
    Error::new(
        Kind::Unknown,
        format!("{} is not a file that you alone can read and write", path.display()),
    )
    .code(code::PLACE_UNUSABLE)
    .hint("`chmod 600` it if you trust what is in it, or name a file that is not there: it is made")
}

/// A name of letters, digits and dashes, whatever an id is made of.
pub fn name(parts: &[&str], ending: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let parts: Vec<String> = parts.iter().map(|part| part.chars().map(plain).collect()).collect();
    PathBuf::from(format!("{}.{ending}", parts.join("-")))
}
