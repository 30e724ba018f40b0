//! The unpacked database behind readers. That of a big file can stay beside it: unpacking a million grants takes a
//! second, a question about one person takes milliseconds.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, OpenFlags};

use crate::baton::c1z::policy::Policy;
use crate::baton::c1z::scratch::{self, Scratch};
use crate::baton::c1z::{fault, migrate};
use crate::baton::error::Result;
use crate::baton::fingerprint::hex_digest;

/// What stays behind when the last reader goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// The unpacked copy of a file with at least so many bytes, beside it, as `.FILE.unpacked-….db`, mode 0600. It is
    /// used while the file has the same size, time of change and place on the disk, and replaced when it has not.
    FromBytes(u64),
}

impl Keep {
    /// Copies of files that take longer to unpack than a person notices: some twenty thousand grants.
    pub const BIG: Keep = Keep::FromBytes(1 << 20);
}

/// The unpacked database.
pub(super) enum Unpacked {
    /// Removed on drop.
    Private(Scratch),
    /// Stays.
    Kept(PathBuf),
}

impl Unpacked {
    pub(super) fn of(path: &Path, temp_dir: Option<&Path>, policy: &Policy, keep: Keep) -> Result<Unpacked> {
        let metadata = std::fs::metadata(path).map_err(fault::disk)?;
        match keep {
            Keep::FromBytes(least) if metadata.len() >= least => Self::kept(path, &metadata, temp_dir, policy),
            _ => Self::private(path, temp_dir, policy),
        }
    }

    fn private(path: &Path, temp_dir: Option<&Path>, policy: &Policy) -> Result<Unpacked> {
        // The folder of the file may be read-only for whoever only reads.
        let system = std::env::temp_dir();
        let folder = scratch::work_folder(path, Some(temp_dir.unwrap_or(&system)))?;
        unpack(path, folder, policy).map(Unpacked::Private)
    }

    fn kept(path: &Path, metadata: &Metadata, temp_dir: Option<&Path>, policy: &Policy) -> Result<Unpacked> {
        let folder = scratch::folder_of(path);
        let prefix = prefix(path);
        let target = folder.join(name(&prefix, metadata));
        if is_ours(&target) {
            return Ok(Unpacked::Kept(target));
        }
        // Whoever may not write there reads all the same.
        let Ok(copy) = unpack(path, folder, policy) else {
            return Self::private(path, temp_dir, policy);
        };
        remove_others(folder, &prefix);
        match copy.keep_as(&target) {
            Ok(()) => Ok(Unpacked::Kept(target)),
            Err(copy) => Ok(Unpacked::Private(copy)),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Unpacked::Private(scratch) => scratch.path(),
            Unpacked::Kept(path) => path,
        }
    }

    pub(super) fn bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.path()).map_err(fault::disk)?.len())
    }

    /// A connection that changes nothing. The copy is finished, so SQLite needs no locks on it.
    pub(super) fn connect(&self) -> Result<Connection> {
        let connect = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(self.path(), flags)?;
            db.set_prepared_statement_cache_capacity(64);
            scratch::distrust(&db)?;
            db.execute_batch(
                "pragma query_only = on; pragma cell_size_check = on; pragma cache_size = -16384; \
                 pragma mmap_size = 4294967296",
            )?;
            Ok(db)
        };
        connect().map_err(fault::foreign)
    }
}

fn unpack(path: &Path, folder: &Path, policy: &Policy) -> Result<Scratch> {
    let scratch = Scratch::unpack(path, folder, "c1z-", policy)?;
    let db = scratch.connect()?;
    migrate::prepare(&db)?;
    migrate::build_indexes(&db)?;
    drop(db);
    Ok(scratch)
}

/// How the names of all kept copies of a file begin.
fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_else(|| OsStr::new("c1z")));
    prefix.push(".unpacked-");
    prefix
}

/// The name of the copy of the file as it is now.
fn name(prefix: &OsStr, metadata: &Metadata) -> OsString {
    let changed = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    let identity = format!("1 {} {} {}", metadata.len(), changed.as_nanos(), place(metadata));
    let digest = hex_digest(identity.as_bytes());
    let mut name = prefix.to_owned();
    name.push(digest.get(..16).unwrap_or_default());
    name.push(".db");
    name
}

#[cfg(unix)]
fn place(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    format!(
        "{} {} {}.{}",
        metadata.dev(),
        metadata.ino(),
        metadata.ctime(),
        metadata.ctime_nsec()
    )
}

#[cfg(not(unix))]
fn place(_metadata: &Metadata) -> String {
    String::new()
}

/// A regular file that nobody else may read or write.
fn is_ours(copy: &Path) -> bool {
    let Ok(metadata) = std::fs::symlink_metadata(copy) else {
        return false;
    };
    #[cfg(unix)]
    let private = {
        use std::os::unix::fs::PermissionsExt as _;
        metadata.permissions().mode() & 0o077 == 0
    };
    #[cfg(not(unix))]
    let private = true;
    metadata.is_file() && private
}

/// Removes copies of the file as it was before.
fn remove_others(folder: &Path, prefix: &OsStr) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            // Whoever still reads it has it open.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
