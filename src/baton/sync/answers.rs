//! The file beside the target in which a sync leaves its answers to the next one
//! ([`replay`](crate::baton::replay)): `FILE.answers`, with mode 0600.
//!
//! Its first line has the form of the file and the SHA-256 of the second, which is JSON; every answer in that has a
//! SHA-256 of its own. It is believed only if it is a plain file of the user who runs this that nobody else can read,
//! if all sums agree, and if it belongs to the full sync of the target that finished last, read with the same settings,
//! tokens, resource types and version of the program. Whatever is not so is a reason to read everything.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::baton::fingerprint::{Fingerprint, hex_digest};
use crate::baton::owner;
use crate::baton::replay::Before;

/// What its name adds to that of the target.
const SUFFIX: &str = ".answers";
/// What names of files that are being written begin with.
const WRITING: &str = ".baton-answers-";
/// How the first line begins.
const FORM: &str = "baton answers 1 ";
/// No workspace has so many of them.
const MOST_BYTES: u64 = 256 << 20;

/// The second line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    sync_id: String,
    fingerprint: Fingerprint,
    notes: Value,
    answers: Vec<Answer>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    key: String,
    sum: String,
    text: String,
}

/// Where the answers of a target lie.
pub fn path(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}

/// What the full sync `sync_id` of a target left, if it was read with these settings.
///
/// # Errors
/// Why it cannot be taken over, as the end of a sentence that begins "full read, because".
pub fn recall(target: &Path, sync_id: Option<&str>, fingerprint: &Fingerprint) -> Result<Before, String> {
    let Some(sync_id) = sync_id else {
        return Err("the file has no earlier full sync".to_owned());
    };
    let path = path(target);
    let stored = match read(&path) {
        Ok(Some(stored)) => stored,
        Ok(None) => return Err("no answers of the sync before are kept beside the file".to_owned()),
        Err(why) => return Err(format!("the answers kept in {} cannot be used: {why}", path.display())),
    };
    if stored.sync_id != sync_id {
        return Err("the answers kept beside the file are of another sync than its latest full one".to_owned());
    }
    let changed = stored.fingerprint.differences(fingerprint);
    if !changed.is_empty() {
        return Err(format!(
            "the sync before was read with other settings ({})",
            changed.join(", ")
        ));
    }
    let mut answers = BTreeMap::new();
    for answer in stored.answers {
        if hex_digest(answer.text.as_bytes()) != answer.sum {
            let message = "cannot be used: one of them is not what was kept";
            return Err(format!("the answers kept in {} {message}", path.display()));
        }
        answers.insert(answer.key, answer.text.into_bytes());
    }
    Ok(Before {
        notes: stored.notes,
        answers,
    })
}

/// Keeps what a sync leaves, in place of what an earlier one left.
///
/// # Errors
/// Those of the disk; something at the path that is not this program's.
pub fn keep(target: &Path, sync_id: &str, fingerprint: Fingerprint, before: Before) -> io::Result<()> {
    let path = path(target);
    check_own(&path)?;
    let mut answers = Vec::with_capacity(before.answers.len());
    for (key, bytes) in before.answers {
        let text = String::from_utf8(bytes).map_err(io::Error::other)?;
        answers.push(Answer {
            sum: hex_digest(text.as_bytes()),
            key,
            text,
        });
    }
    let stored = serde_json::to_vec(&Stored {
        sync_id: sync_id.to_owned(),
        fingerprint,
        notes: before.notes,
        answers,
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Nobody else may read it: that is how such files are made. It takes the place of the old one in one step.
    let mut file = tempfile::Builder::new().prefix(WRITING).tempfile_in(folder)?;
    file.write_all(format!("{FORM}{}\n", hex_digest(&stored)).as_bytes())?;
    file.write_all(&stored)?;
    file.flush()?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Removes what an earlier sync left, where the one that finished leaves nothing.
///
/// # Errors
/// As [`keep`].
pub fn forget(target: &Path) -> io::Result<()> {
    let path = path(target);
    check_own(&path)?;
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes sure that nothing of somebody else's is replaced.
fn check_own(path: &Path) -> io::Result<()> {
    let Some(mut file) = open(path).map_err(io::Error::other)? else {
        return Ok(());
    };
    let mut begin = [0; FORM.len()];
    match file.read_exact(&mut begin) {
        Ok(()) if begin == *FORM.as_bytes() => Ok(()),
        _ => Err(io::Error::other(format!(
            "{} is no file of answers; it is left as it is",
            path.display()
        ))),
    }
}

/// Opens what lies at the path, without following links or waiting for anything. `None` where nothing does.
fn open(path: &Path) -> Result<Option<File>, String> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if !found.is_file() {
        return Err("it is not a file of its own".to_owned());
    }
    if !owner::is_mine(&found) {
        return Err("it belongs to another user".to_owned());
    }
    if !owner::is_private(&found) {
        return Err("others can read or change it".to_owned());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    if !owner::is_at(&file, path) {
        return Err("it is being replaced".to_owned());
    }
    Ok(Some(file))
}

fn read(path: &Path) -> Result<Option<Stored>, String> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err("it is larger than any that this program keeps".to_owned());
    }
    let damaged = || "it is damaged, or of another version".to_owned();
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let (first, rest) = bytes.split_at(end);
    let rest = rest.get(1..).unwrap_or_default();
    let sum = first.strip_prefix(FORM.as_bytes()).ok_or_else(damaged)?;
    if sum != hex_digest(rest).as_bytes() {
        return Err(damaged());
    }
    serde_json::from_slice(rest).map(Some).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use serde_json::json;

    use super::*;

    fn settings(token: &str) -> Fingerprint {
        Fingerprint::default().with("token", token)
    }

    fn before() -> Before {
        Before {
            notes: json!({"at": 1}),
            answers: [("members/1".to_owned(), b"[1,2]".to_vec())].into(),
        }
    }

    #[test]
    fn what_was_kept_comes_back_to_its_own_sync_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("sync.c1z");
        let why = |sync_id, token: &str| recall(&target, sync_id, &settings(token)).unwrap_err();
        assert!(why(None, "a").contains("no earlier full sync"));
        assert!(why(Some("s1"), "a").contains("no answers"));
        keep(&target, "s1", settings("a"), before()).unwrap();
        assert_eq!(recall(&target, Some("s1"), &settings("a")), Ok(before()));
        assert!(why(Some("s2"), "a").contains("another sync"));
        assert!(why(Some("s1"), "b").contains("other settings (token)"));
        let mode = std::fs::metadata(path(&target)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        forget(&target).unwrap();
        forget(&target).unwrap();
        assert!(!path(&target).exists());
    }

    #[test]
    fn any_byte_that_changed_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("sync.c1z");
        keep(&target, "s1", settings("a"), before()).unwrap();
        let whole = std::fs::read(path(&target)).unwrap();
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1;
            std::fs::write(path(&target), &other).unwrap();
            assert!(recall(&target, Some("s1"), &settings("a")).is_err(), "byte {at}");
            std::fs::write(path(&target), &whole[..at]).unwrap();
            assert!(recall(&target, Some("s1"), &settings("a")).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn what_others_can_reach_is_neither_believed_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("sync.c1z");
        keep(&target, "s1", settings("a"), before()).unwrap();
        let path = path(&target);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(
            recall(&target, Some("s1"), &settings("a"))
                .unwrap_err()
                .contains("others can")
        );
        assert!(keep(&target, "s2", settings("a"), before()).is_err());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(folder.path().join("mine"), "notes").unwrap();
        symlink(folder.path().join("mine"), &path).unwrap();
        assert!(keep(&target, "s2", settings("a"), before()).is_err());
        assert!(forget(&target).is_err());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "notes of somebody, which are no answers").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(keep(&target, "s2", settings("a"), before()).is_err());
        assert_eq!(std::fs::read(&path).unwrap().len(), 39);
    }
}
