//! The unpacked copies that stay beside their files: what they are called, how it is known that one is as it was left,
//! and when they go.
//!
//! A copy is only a shortcut. Anything odd about it makes it worthless, never the file it came from unreadable: it is
//! removed and made anew.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::unpacked::connect;
use crate::baton::c1z::schema::{INDEXES, TABLES};
use crate::baton::c1z::scratch::{Scratch, folder_of};
use crate::baton::c1z::sound;
use crate::baton::error::Result;
use crate::baton::fingerprint::hex_digest;
use crate::baton::owner;

/// Stands between the name of the file and the digest.
const MARK: &[u8] = b".unpacked-";
/// Hexadecimal digits of the digest in a name.
const DIGITS: usize = 16;

/// Which file a copy is of, as it was then, and how the copy was made. It is in the copy's name, in the header of its
/// database, and its time stands for "nothing was written since".
pub(super) struct Seal {
    digest: String,
    time: SystemTime,
}

/// What lies in the place of a copy.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// The copy as it was left.
    Whole,
    /// Something that cannot be used, and why.
    Unusable(&'static str),
    /// Something that is not this user's to use or to remove, and why.
    Foreign(&'static str),
}

impl Seal {
    /// Of a file.
    pub(super) fn of(file: &Metadata) -> Self {
        let changed = file.modified().unwrap_or(UNIX_EPOCH);
        let since = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
        // A copy of an earlier release may lack a column or an index, and was looked at less closely.
        let tables = TABLES.iter().map(|table| table.create_sql());
        let form: String = tables.chain(INDEXES.iter().map(|index| index.create_sql())).collect();
        let identity = format!("3 {} {} {} {form}", file.len(), since.as_nanos(), place(file));
        Seal {
            digest: hex_digest(identity.as_bytes()),
            // Even seconds, which every file system can say. Whoever writes into the copy leaves another time.
            time: UNIX_EPOCH + Duration::from_secs(since.as_secs() & !1),
        }
    }

    /// Where the copy of a file lies.
    pub(super) fn place(&self, file: &Path) -> PathBuf {
        folder_of(file).join(self.name(file))
    }

    fn name(&self, file: &Path) -> OsString {
        let mut name = OsString::from(".");
        name.push(name_of(file));
        name.push(".unpacked-");
        name.push(self.digest.get(..DIGITS).unwrap_or_default());
        name.push(".db");
        name
    }

    /// A number for the header of the database.
    fn number(&self) -> i32 {
        let digits = self.digest.get(DIGITS..DIGITS + 7).unwrap_or_default();
        i32::from_str_radix(digits, 16).unwrap_or_default()
    }

    /// Seals a copy that is finished.
    pub(super) fn put_on(&self, copy: &Scratch) -> Result<()> {
        let db = copy.connect()?;
        db.pragma_update(None, "user_version", self.number())?;
        db.close().map_err(|(_, error)| error)?;
        let file = File::options().write(true).open(copy.path())?;
        Ok(file.set_modified(self.time)?)
    }

    /// Whether the database in a copy is the one that was sealed.
    fn is_in(&self, copy: &Path, length: u64) -> Result<bool> {
        let db = connect(copy)?;
        let number = |pragma: &str| db.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let pages = number("pragma page_count")?.saturating_mul(number("pragma page_size")?);
        let is_mine = number("pragma user_version")? == i64::from(self.number());
        sound::check_tables(&db)?;
        Ok(is_mine && u64::try_from(pages).is_ok_and(|pages| pages == length))
    }
}

/// Looks for the copy with this seal.
pub(super) fn find(target: &Path, seal: &Seal) -> Found {
    let Ok(metadata) = std::fs::symlink_metadata(target) else {
        return Found::Nothing;
    };
    if !owner::is_mine(&metadata) {
        return Found::Foreign("it belongs to another user");
    }
    if !owner::has_one_name(&metadata) {
        return Found::Foreign("it is another file, too: it has more than one hard link");
    }
    if !(metadata.is_file() && owner::is_private(&metadata)) {
        return Found::Unusable("it is no file of one user alone");
    }
    if metadata.modified().ok() != Some(seal.time) {
        return Found::Unusable("it was written to");
    }
    let is_same = || std::fs::symlink_metadata(target).is_ok_and(|now| owner::is_same(&metadata, &now));
    match seal.is_in(target, metadata.len()) {
        Ok(true) if is_same() => Found::Whole,
        Ok(true) => Found::Unusable("it is being replaced"),
        Ok(false) => Found::Unusable("it is of another file, or cut off"),
        Err(_) => Found::Unusable("it is damaged"),
    }
}

/// Removes, from the folder of a file, copies of the file as it was before, and copies whose file is gone.
pub(in crate::baton::c1z) fn tidy(file: &Path) {
    let folder = folder_of(file);
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let current = std::fs::metadata(file)
        .ok()
        .map(|metadata| Seal::of(&metadata).name(file));
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_stale = match original(&name) {
            None => false,
            Some(original) if original == name_of(file) => current.as_ref() != Some(&name),
            Some(original) => !folder.join(original).exists(),
        };
        if is_stale && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            // Whoever still reads it has it open; one that cannot be removed does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether something is named like a copy.
pub(in crate::baton::c1z) fn is_kept(name: &str) -> bool {
    original(OsStr::new(name)).is_some()
}

/// The name of the file that something is a copy of, if it is named like a copy.
fn original(name: &OsStr) -> Option<&OsStr> {
    let bytes = name.as_encoded_bytes().strip_prefix(b".")?.strip_suffix(b".db")?;
    let (rest, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGITS)?)?;
    let original = rest.strip_suffix(MARK).filter(|original| !original.is_empty())?;
    let is_digest = digest.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    as_name(original).filter(|_| is_digest)
}

#[cfg(unix)]
fn as_name(bytes: &[u8]) -> Option<&OsStr> {
    Some(std::os::unix::ffi::OsStrExt::from_bytes(bytes))
}

#[cfg(not(unix))]
fn as_name(bytes: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(bytes).ok().map(OsStr::new)
}

fn name_of(file: &Path) -> &OsStr {
    file.file_name().unwrap_or_else(|| OsStr::new("c1z"))
}

#[cfg(unix)]
fn place(file: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    format!("{} {} {}.{}", file.dev(), file.ino(), file.ctime(), file.ctime_nsec())
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> String {
    String::new()
}
