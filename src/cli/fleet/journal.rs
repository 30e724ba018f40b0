//! What the run under way has done, so that `--continue` leaves it out.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::owner;

/// Beside the files, for each shard its own. Read by this version of the program only.
const NAME: &str = ".fleet-run";

/// A run over a fleet, which one process at a time has.
pub struct Journal {
    path: PathBuf,
    run: Run,
    _lock: File,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Run {
    /// What it was called, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Workspaces that are whole, with the id of their sync.
    done: BTreeMap<String, String>,
}

/// What becomes of what the run before has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// All is done again.
    Again,
    /// It is left out.
    LeftOut,
    /// It is left out if that run had this name; a run of another name begins anew.
    LeftOutIn(String),
}

impl Journal {
    /// Begins a run, or goes on with the one before.
    ///
    /// # Errors
    /// `Unavailable` where another process syncs the same fleet; those of the disk.
    pub fn open(folder: &Path, shard: Option<(u32, u32)>, before: Before) -> Result<Journal> {
        let name = shard.map_or_else(|| NAME.to_owned(), |(shard, of)| format!("{NAME}-{shard}-of-{of}"));
        let lock = private(&folder.join(format!("{name}.lock")))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    Kind::Unavailable,
                    format!("another run syncs into {}", folder.display()),
                )
                .hint("wait for it, or stop it"));
            }
            Err(TryLockError::Error(error)) => return Err(Error::from(error).context("lock the folder of the fleet")),
        }
        let path = folder.join(format!("{name}.json"));
        let run = match before {
            Before::Again => Run::default(),
            Before::LeftOut => read(&path),
            Before::LeftOutIn(name) => Some(read(&path))
                .filter(|run| run.name.as_ref() == Some(&name))
                .unwrap_or_else(|| Run {
                    name: Some(name),
                    ..Run::default()
                }),
        };
        let mut journal = Journal { path, run, _lock: lock };
        journal.write()?;
        Ok(journal)
    }

    /// Whether a workspace is done already, in what was left out.
    pub fn is_done(&self, name: &str) -> bool {
        self.run.done.contains_key(name)
    }

    /// Notes that one is whole.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn note(&mut self, name: &str, sync_id: &str) -> Result<()> {
        self.run.done.insert(name.to_owned(), sync_id.to_owned());
        self.write()
    }

    /// Ends a run in which all are whole: the next one begins anew.
    pub fn end(self) {
        let _ = std::fs::remove_file(&self.path);
    }

    fn write(&mut self) -> Result<()> {
        let failed = || format!("write {}", self.path.display());
        let text = serde_json::to_vec(&self.run).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new()
            .prefix(".fleet-run.")
            .tempfile_in(folder)
            .with_context(failed)?;
        file.write_all(&text).with_context(failed)?;
        file.persist(&self.path)
            .map_err(|error| Error::from(error.error))
            .with_context(failed)?;
        Ok(())
    }
}

/// What a run left. One that cannot be read, or is not ours, counts as nothing done: then all is synced again.
fn read(path: &Path) -> Run {
    let is_ours = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && owner::is_mine(&found));
    let bytes = if is_ours {
        std::fs::read(path).unwrap_or_default()
    } else {
        Vec::new()
    };
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn private(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).with_context(|| format!("open {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(folder: &Path, before: Before) -> bool {
        Journal::open(folder, None, before).unwrap().is_done("acme")
    }

    #[test]
    fn a_run_goes_on_with_what_it_did_itself_and_another_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let named = |name: &str| Before::LeftOutIn(name.to_owned());
        let note = |before: Before| Journal::open(folder, None, before).unwrap().note("acme", "id").unwrap();
        note(named("monday"));
        assert!(done(folder, named("monday")));
        assert!(done(folder, Before::LeftOut));
        assert!(!done(folder, named("tuesday")));
        assert!(!done(folder, named("monday")), "tuesday began anew");
        note(Before::Again);
        assert!(!done(folder, named("monday")));
    }
}
