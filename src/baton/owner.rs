//! Whose a file is, and who else can change it. On a machine with several users a file in a folder that many can write
//! to may be anybody's.

use std::fs::{File, Metadata};
use std::path::Path;

/// Whether the file belongs to the user who runs this.
#[cfg(unix)]
pub fn is_mine(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    found.uid() == rustix::process::geteuid().as_raw()
}

/// Whether the file belongs to the administrator, who can do anything in any case.
#[cfg(unix)]
pub fn is_roots(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    found.uid() == 0
}

/// Whether others than the owner may write to the file. A group with the number of its user is that user's alone, by the
/// custom of systems that give every user one and let groups write what is new.
#[cfg(unix)]
pub fn others_may_write(found: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let is_own_group = found.uid() == found.gid() && !is_roots(found);
    let others = if is_own_group { 0o002 } else { 0o022 };
    found.permissions().mode() & others != 0
}

/// Whether nobody but the owner may read the file, and it has one name alone: under another one, others could hold it.
#[cfg(unix)]
pub fn is_private(found: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o077 == 0 && has_one_name(found)
}

/// Whether the file has one name: what is written to it is written to no other.
#[cfg(unix)]
pub fn has_one_name(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    found.nlink() <= 1
}

/// Whether two are the same file.
#[cfg(unix)]
pub fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere folders say who may do what, and a folder belongs to a user.
#[cfg(not(unix))]
mod elsewhere {
    use std::fs::Metadata;

    /// As on Unix.
    pub fn is_mine(_: &Metadata) -> bool {
        true
    }

    /// As on Unix.
    pub fn is_roots(_: &Metadata) -> bool {
        false
    }

    /// As on Unix.
    pub fn others_may_write(_: &Metadata) -> bool {
        false
    }

    /// As on Unix.
    pub fn is_private(_: &Metadata) -> bool {
        true
    }

    /// As on Unix.
    pub fn has_one_name(_: &Metadata) -> bool {
        true
    }

    /// Files that are open are not replaced there.
    pub fn is_same(_: &Metadata, _: &Metadata) -> bool {
        true
    }
}

#[cfg(not(unix))]
pub use elsewhere::{has_one_name, is_mine, is_private, is_roots, is_same, others_may_write};

/// Whether an open file is what lies at a path still.
pub fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(opened), Ok(there)) => is_same(&opened, &there),
        _ => false,
    }
}
