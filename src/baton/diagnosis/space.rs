//! Whether there is room on a disk for what a sync writes.

use std::path::Path;

use super::{Check, Group};
use crate::baton::code;
use crate::baton::error::Kind;

/// What a sync of a small workspace needs, in bytes.
pub const LEAST: u64 = 64 << 20;

/// Bytes that this user may still write to the volume of a folder; `None` where the system does not say.
#[cfg(unix)]
pub fn free(folder: &Path) -> Option<u64> {
    let volume = rustix::fs::statvfs(folder).ok()?;
    Some(volume.f_bavail.saturating_mul(volume.f_frsize))
}

/// Bytes that this user may still write to the volume of a folder; `None` where the system does not say.
#[cfg(not(unix))]
pub fn free(_: &Path) -> Option<u64> {
    None
}

/// What a sync is likely to need, in bytes, when the database of the file it continues is this large: the working copy, the
/// unfinished sync and the packed file lie side by side for a moment.
pub fn needed(database: u64) -> u64 {
    LEAST.saturating_add(database.saturating_mul(3))
}

/// Compares the free bytes of the volume `folder` lies on with what a sync needs. `name` says what the folder is for.
pub fn check(name: &str, folder: &Path, free: Option<u64>, needed: u64, elsewhere: &str) -> Check {
    let folder = folder.display();
    let Some(free) = free else {
        return Check::skipped(
            Group::Output,
            name,
            format!("{folder}: this system does not say how much is free"),
        );
    };
    let seen = format!("{folder}: {} free, about {} needed", megabytes(free), megabytes(needed));
    let check = if free >= needed {
        return Check::ok(Group::Output, name, seen);
    } else if free < LEAST / 2 {
        Check::failed(Group::Output, name, Kind::ResourceExhausted, seen)
    } else {
        Check::warning(Group::Output, name, Kind::ResourceExhausted, seen)
    };
    check
        .code(code::DISK_FULL)
        .lost("a sync that fills the disk fails; the file stays as it was before")
        .todo(format!("free some space on that volume, or {elsewhere}"))
}

/// Rounded down, so that nothing looks larger than it is.
fn megabytes(bytes: u64) -> String {
    match bytes / 1_000_000 {
        0 => "less than 1 MB".to_owned(),
        small @ 1..10_000 => format!("{small} MB"),
        large => format!("{} GB", large / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::diagnosis::Status;

    #[test]
    fn a_disk_that_is_nearly_full_is_found() {
        let status = |free, needed| check("space", Path::new("/out"), free, needed, "move").status;
        assert_eq!(status(Some(1 << 40), needed(0)), Status::Ok);
        assert_eq!(status(Some(LEAST), needed(0)), Status::Ok);
        assert_eq!(status(Some(LEAST - 1), needed(0)), Status::Warning);
        assert_eq!(status(Some(1 << 20), needed(0)), Status::Failed);
        assert_eq!(status(Some(1 << 30), needed(1 << 30)), Status::Warning);
        assert_eq!(status(None, needed(0)), Status::Skipped);
        let tight = check(
            "space",
            Path::new("/out"),
            Some(700_000),
            needed(0),
            "choose another --file",
        );
        assert_eq!(tight.seen, "/out: less than 1 MB free, about 67 MB needed");
        assert!(tight.todo.unwrap().ends_with("or choose another --file"));
    }

    #[cfg(unix)]
    #[test]
    fn the_system_says_how_much_is_free() {
        assert!(free(Path::new("/")).is_some());
        assert_eq!(free(Path::new("/no/such/folder")), None);
    }
}
