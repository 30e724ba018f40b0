//! Files that hold what nobody else may read: made anew, never over another one, and before anything is sent, so that
//! what they are for is not lost.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};

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
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        match options.open(path) {
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

/// A name of letters, digits and dashes, whatever an id is made of.
pub fn name(parts: &[&str], ending: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let parts: Vec<String> = parts.iter().map(|part| part.chars().map(plain).collect()).collect();
    PathBuf::from(format!("{}.{ending}", parts.join("-")))
}
