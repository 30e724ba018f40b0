//! The files of full-sync tasks: where they lie, that one sync at a time writes one, and that none stays behind.
//!
//! Names follow from the client and from what is synced. So a sync that was stopped, even by a crash, is found again by
//! the next task that wants the same (`baton/service/protocol.md 6.1` names the published form of these files).

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::baton::c1z::Claim;
use crate::baton::c1z::RESUME_DAYS;
use crate::baton::error::{Context as _, Result};
use crate::baton::fingerprint::hex_digest;

/// How names begin.
const PREFIX: &str = "baton-sdk-sync-upload-";
/// How names of files end.
const SUFFIX: &str = ".c1z";
/// What is in the name of a sync that is worth going on with.
const RESUMABLE: &str = "-full-";
/// The same as a length of time.
const RESUMED_WITHIN: Duration = Duration::from_secs(RESUME_DAYS.unsigned_abs() * 24 * 60 * 60);

/// The files of one client in one folder.
#[derive(Debug)]
pub struct SyncFiles {
    folder: PathBuf,
    prefix: String,
}

impl SyncFiles {
    /// Those of the client `client_id` in `folder`.
    pub fn new(folder: &Path, client_id: &str) -> Self {
        let digest = hex_digest(client_id.as_bytes());
        SyncFiles {
            folder: folder.to_owned(),
            prefix: format!("{PREFIX}{}", digest.get(..16).unwrap_or_default()),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a sync that wants what `settings` say.
    pub fn path(&self, resumable: bool, settings: &str) -> PathBuf {
        let kind = if resumable { RESUMABLE } else { "-part-" };
        let digest = hex_digest(settings.as_bytes());
        let name = format!("{}{kind}{}{SUFFIX}", self.prefix, digest.get(..16).unwrap_or_default());
        self.folder.join(name)
    }

    /// Removes what earlier processes left, but for unfinished syncs that can be taken up again. Files that another
    /// process works on stay.
    pub fn clean(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return;
        };
        let names = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let mut targets: Vec<String> = names.filter_map(|name| self.target_of(&name)).collect();
        targets.sort();
        targets.dedup();
        for name in targets {
            if let Err(error) = self.remove_left(&name) {
                tracing::warn!(name, code = error.code_id().number(), %error, "What an earlier run left could not be removed.");
            }
        }
    }

    fn remove_left(&self, name: &str) -> Result<()> {
        let path = self.folder.join(name);
        let claim = Claim::take(&path, Some(&self.folder))?;
        remove(&path)?;
        let age = std::fs::metadata(claim.partial_path())
            .and_then(|found| found.modified())
            .map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
        let is_kept = name.contains(RESUMABLE) && age.is_ok_and(|age| age < RESUMED_WITHIN);
        if !is_kept {
            claim.discard()?;
        }
        Ok(())
    }

    /// The file that one of ours belongs to: itself, or what it lies beside.
    fn target_of(&self, name: &str) -> Option<String> {
        let at = name.find(SUFFIX)? + SUFFIX.len();
        let target = name.get(..at)?.trim_start_matches('.');
        target.starts_with(&self.prefix).then(|| target.to_owned())
    }
}

/// Removes a file, if it is there.
///
/// # Errors
/// Those of the disk.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_client_and_settings() {
        let files = SyncFiles::new(Path::new("/t"), "a@b/c");
        let path = files.path(true, "x");
        assert_eq!(path, files.path(true, "x"));
        let others = [
            files.path(true, "y"),
            files.path(false, "x"),
            SyncFiles::new(Path::new("/t"), "other@b/c").path(true, "x"),
        ];
        assert!(others.iter().all(|other| *other != path));
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name.starts_with("baton-sdk-sync-upload-") && name.ends_with(".c1z"),
            "{name}"
        );
    }

    #[test]
    fn only_leftovers_of_this_client_are_removed_and_resumable_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let files = SyncFiles::new(folder.path(), "a@b/c");
        let full = files.path(true, "x");
        let part = files.path(false, "x");
        let other = SyncFiles::new(folder.path(), "other@b/c").path(true, "x");
        let beside = |path: &Path, suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
        let hidden = folder.path().join(format!(
            ".{}.baton-a1B2c3D4.tmp",
            full.file_name().unwrap().to_str().unwrap()
        ));
        let all = [
            full.clone(),
            beside(&full, ".partial"),
            beside(&full, ".partial.lock"),
            hidden.clone(),
            part.clone(),
            beside(&part, ".partial"),
            beside(&part, ".partial-wal"),
            other.clone(),
            folder.path().join("unrelated.c1z"),
        ];
        for path in &all {
            std::fs::write(path, b"x").unwrap();
        }
        #[cfg(unix)]
        for path in &all {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        files.clean();
        let left: Vec<&PathBuf> = all.iter().filter(|path| path.exists()).collect();
        assert_eq!(
            left,
            [&beside(&full, ".partial"), &other, &folder.path().join("unrelated.c1z")]
        );
    }
}
