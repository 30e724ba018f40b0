//! What answered in earlier syncs of this client. The file of a sync is uploaded and gone, so what the next one must
//! not lose is kept in this process and, for the next one, in a small file in the folder of temporary files.
//!
//! A file is believed only if it is whole and belongs to who runs this; in a folder that others can write to, a foreign
//! one could make a sync fail, or hide a loss. One of ours that cannot be understood leaves open what answered, and a
//! refusal then fails the sync rather than pass for a list that never answered.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::baton::code;
use crate::baton::fingerprint::hex_digest;
use crate::baton::lock::locked;
use crate::baton::memory::{Kept, PreviousSync, Remembered};

/// How names begin.
const PREFIX: &str = "baton-sync-memory-";
/// How those of files begin that are being written.
const WRITING: &str = ".baton-sync-memory-";
/// Files that are being written are so for moments: older ones were left by a process that died.
const LEFT: Duration = Duration::from_secs(24 * 60 * 60);
/// The form of the file.
const VERSION: u32 = 1;
/// No workspace has so much to remember.
const MOST_BYTES: u64 = 64 << 20;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    /// Whose it is: a digest of client and place.
    of: String,
    sync_id: String,
    ended_at: String,
    remembered: Remembered,
}

/// What lies at the path.
enum Found {
    Nothing,
    Stored(Box<PreviousSync>),
    /// Something that is not this program's to read or replace.
    Foreign(String),
    /// A file of this program's that cannot be understood.
    Unreadable(String),
}

/// The memory of one client.
#[derive(Debug)]
pub struct Memory {
    folder: PathBuf,
    client: String,
    kept: Mutex<BTreeMap<PathBuf, PreviousSync>>,
    complained: AtomicBool,
}

impl Memory {
    /// That of the client `client_id` in `folder`.
    pub fn new(folder: &Path, client_id: &str) -> Self {
        sweep(folder);
        Memory {
            folder: folder.to_owned(),
            client: client_id.to_owned(),
            kept: Mutex::default(),
            complained: AtomicBool::new(false),
        }
    }

    /// What the last sync of a place left. What the file says counts, and where it says nothing, this process.
    pub fn recall(&self, place: &str) -> Option<PreviousSync> {
        let (path, of) = self.path(place);
        let in_process = || {
            let kept = locked(&self.kept);
            kept.get(&path).cloned().map(|previous| PreviousSync {
                kept: Kept::InProcess,
                ..previous
            })
        };
        match look(&path, &of) {
            Found::Stored(previous) => Some(*previous),
            Found::Nothing => in_process(),
            Found::Foreign(why) => {
                self.complain(&path, &why);
                in_process()
            }
            Found::Unreadable(why) => {
                tracing::warn!(
                    file = %path.display(), code = code::MEMORY_UNUSABLE.number(), why,
                    "What answered in earlier syncs cannot be understood."
                );
                Some(in_process().unwrap_or_else(|| PreviousSync {
                    kept: Kept::Unreadable(path.clone()),
                    ..PreviousSync::default()
                }))
            }
        }
    }

    /// Keeps what a sync of a place left.
    pub fn keep(&self, place: &str, sync: PreviousSync) {
        let remembered = Remembered {
            // They are told already.
            warnings: Vec::new(),
            ..sync.remembered.clone()
        };
        if remembered.is_empty() {
            return;
        }
        let (path, of) = self.path(place);
        let stored = Stored {
            version: VERSION,
            of,
            sync_id: sync.sync_id.clone(),
            ended_at: sync.ended_at.clone(),
            remembered,
        };
        locked(&self.kept).insert(path.clone(), sync);
        if let Err(error) = self.write(&path, &stored) {
            self.complain(&path, &error.to_string());
        }
    }

    fn write(&self, path: &Path, stored: &Stored) -> io::Result<()> {
        if let Found::Foreign(why) = look(path, &stored.of) {
            return Err(io::Error::other(why));
        }
        // Nobody else may read it: that is how such files are made. It takes the place of the old one in one step.
        let mut file = tempfile::Builder::new().prefix(WRITING).tempfile_in(&self.folder)?;
        serde_json::to_writer(&mut file, stored)?;
        file.flush()?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Says once that there is no file to rely on.
    fn complain(&self, path: &Path, why: &str) {
        if !self.complained.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                file = %path.display(), code = code::MEMORY_UNUSABLE.number(), why,
                "What answered in this sync is remembered until this program ends, but not after it."
            );
        }
    }

    fn path(&self, place: &str) -> (PathBuf, String) {
        let of = hex_digest(format!("{}\n{place}", self.client).as_bytes());
        let name = format!("{PREFIX}{}.json", of.get(..32).unwrap_or_default());
        (self.folder.join(name), of)
    }
}

/// Reads what lies at the path, without following links or waiting for anything.
fn look(path: &Path, of: &str) -> Found {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
        Err(error) => return Found::Foreign(error.to_string()),
    };
    if !metadata.is_file() {
        return Found::Foreign("it is not a file of its own".to_owned());
    }
    if let Some(why) = foreign(&metadata) {
        return Found::Foreign(why.to_owned());
    }
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let file = match opened {
        Ok((now, file)) if is_same(&metadata, &now) => file,
        Ok(_) => return Found::Foreign("it is being replaced".to_owned()),
        Err(error) => return Found::Foreign(error.to_string()),
    };
    if metadata.len() > MOST_BYTES {
        return Found::Unreadable(format!("it has {} bytes", metadata.len()));
    }
    let mut bytes = Vec::new();
    if let Err(error) = file.take(MOST_BYTES).read_to_end(&mut bytes) {
        return Found::Unreadable(error.to_string());
    }
    match serde_json::from_slice::<Stored>(&bytes) {
        Ok(stored) if stored.version != VERSION => {
            Found::Unreadable(format!("it has version {}, not {VERSION}", stored.version))
        }
        Ok(stored) if stored.of != of => Found::Unreadable("it is of another client or workspace".to_owned()),
        Ok(stored) => Found::Stored(Box::new(PreviousSync {
            sync_id: stored.sync_id,
            ended_at: stored.ended_at,
            remembered: stored.remembered,
            kept: Kept::Beside(path.to_owned()),
        })),
        Err(error) => Found::Unreadable(error.to_string()),
    }
}

/// Why a file is not believed, if it is not: whoever can write it can say anything. Volumes that are mounted for a
/// group are writable for it.
#[cfg(unix)]
fn foreign(metadata: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Some("it belongs to another user");
    }
    (metadata.permissions().mode() & 0o002 != 0).then_some("everybody may write it")
}

#[cfg(not(unix))]
fn foreign(_: &Metadata) -> Option<&'static str> {
    None
}

#[cfg(unix)]
fn is_same(before: &Metadata, now: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (before.dev(), before.ino()) == (now.dev(), now.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Removes what a process that died was writing.
fn sweep(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let left = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(WRITING));
    for entry in left {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        let age = written.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
        if age.is_ok_and(|age| age > LEFT) {
            // Somebody else's stays, and does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn sync(ids: &[&str]) -> PreviousSync {
        PreviousSync {
            sync_id: "s".to_owned(),
            ended_at: "2026-11-08 08:49:07".to_owned(),
            remembered: Remembered {
                answered: [("grants".to_owned(), ids.iter().map(|id| (*id).to_owned()).collect())].into(),
                ..Remembered::default()
            },
            kept: Kept::InTarget,
        }
    }

    fn memory(folder: &Path) -> Memory {
        Memory::new(folder, "a@b/c")
    }

    fn only_file(folder: &Path) -> PathBuf {
        let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    #[test]
    fn the_next_process_knows_what_this_one_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = memory(folder.path());
        assert_eq!(first.recall("here"), None);
        first.keep("here", sync(&["1"]));
        first.keep("here", sync(&["1", "2"]));
        first.keep("nothing to remember", PreviousSync::default());
        let path = only_file(folder.path());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let recalled = memory(folder.path()).recall("here").unwrap();
        assert_eq!(recalled.remembered, sync(&["1", "2"]).remembered);
        assert_eq!(
            (recalled.sync_id.as_str(), recalled.kept),
            ("s", Kept::Beside(path.clone()))
        );
        assert_eq!(memory(folder.path()).recall("elsewhere"), None);
        assert_eq!(
            Memory::new(folder.path(), "x@b/c").recall("here"),
            None,
            "another client's"
        );
        // Gone, but this process was there.
        std::fs::remove_file(&path).unwrap();
        assert_eq!(first.recall("here").unwrap().kept, Kept::InProcess);
        assert_eq!(memory(folder.path()).recall("here"), None);
    }

    #[test]
    fn what_cannot_be_understood_is_not_taken_for_nothing() {
        for bytes in [
            &b""[..],
            b"{}",
            b"\0\xff",
            b"[1]",
            br#"{"version":9,"of":"x","sync_id":"","ended_at":"","remembered":{}}"#,
            br#"{"version":1,"of":"x","sync_id":"","ended_at":"","remembered":{}}"#,
        ] {
            let folder = tempfile::tempdir().unwrap();
            let first = memory(folder.path());
            first.keep("here", sync(&["1"]));
            let path = only_file(folder.path());
            std::fs::write(&path, bytes).unwrap();
            let recalled = memory(folder.path()).recall("here").unwrap();
            assert_eq!(recalled.kept, Kept::Unreadable(path.clone()), "{bytes:?}");
            assert_eq!(
                first.recall("here").unwrap().remembered,
                sync(&["1"]).remembered,
                "this process knows"
            );
            // The next sync that succeeds makes it good.
            memory(folder.path()).keep("here", sync(&["2"]));
            let recalled = memory(folder.path()).recall("here").unwrap();
            assert_eq!(recalled.remembered, sync(&["2"]).remembered);
        }
    }

    #[test]
    fn a_huge_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let own = memory(folder.path());
        let (path, _) = own.path("here");
        File::create(&path).unwrap().set_len(MOST_BYTES * 1_000).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(own.recall("here").unwrap().kept, Kept::Unreadable(path));
    }

    #[test]
    fn what_is_not_ours_is_neither_believed_nor_replaced() {
        let elsewhere = tempfile::tempdir().unwrap();
        let real = memory(elsewhere.path());
        real.keep("here", sync(&["1"]));
        let real = only_file(elsewhere.path());
        let before = std::fs::read(&real).unwrap();
        type Plant = fn(&Path, &Path);
        let plants: [Plant; 3] = [
            |path, real| symlink(real, path).unwrap(),
            |path, _| std::fs::create_dir(path).unwrap(),
            |path, real| {
                std::fs::copy(real, path).unwrap();
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
            },
        ];
        for plant in plants {
            let folder = tempfile::tempdir().unwrap();
            let own = memory(folder.path());
            let (path, _) = own.path("here");
            plant(&path, &real);
            let planted = std::fs::symlink_metadata(&path).unwrap();
            assert_eq!(own.recall("here"), None);
            own.keep("here", sync(&["2"]));
            let now = std::fs::symlink_metadata(&path).unwrap();
            assert!(is_same(&planted, &now), "it is still what it was");
            assert_eq!(own.recall("here").unwrap().remembered, sync(&["2"]).remembered);
        }
        assert_eq!(std::fs::read(&real).unwrap(), before);
    }

    #[test]
    fn without_a_folder_to_write_to_the_process_remembers() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let own = memory(&gone);
        own.keep("here", sync(&["1"]));
        assert_eq!(own.recall("here").unwrap().kept, Kept::InProcess);
        assert!(own.complained.load(Ordering::Relaxed));
    }

    #[test]
    fn what_a_dead_process_was_writing_goes_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (
            folder.path().join(".baton-sync-memory-old"),
            folder.path().join(".baton-sync-memory-new"),
        );
        for path in [&old, &new] {
            std::fs::write(path, "x").unwrap();
        }
        let long_ago = SystemTime::now() - LEFT * 2;
        File::options()
            .write(true)
            .open(&old)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        memory(folder.path());
        assert_eq!(only_file(folder.path()), new);
    }
}
