//! An object as the target of a run: what works towards it works on a file on the local disk.

use std::path::{Path, PathBuf};

use super::Address;
use crate::baton::error::Result;

/// Where a run writes.
pub struct Target {
    /// The file that the run works on.
    local: PathBuf,
    #[cfg(feature = "object-store")]
    remote: Option<remote::Remote>,
}

impl Target {
    /// Gets it ready: a file on disk is its own; for an object the run gets a private folder below `temp_dir`, or below the
    /// system's temporary folder, with a copy of what lies there. What an earlier run had read for the same address, and
    /// left unfinished, is in that folder still.
    ///
    /// # Errors
    /// `Unimplemented` in a build without object storage; `Unavailable` where another run on this machine works towards
    /// the same address, and where storage does not answer; those of the disk.
    pub fn begin(path: &Path, temp_dir: Option<&Path>) -> Result<Target> {
        let Some(address) = Address::of(path) else {
            return Ok(Target {
                local: path.to_owned(),
                #[cfg(feature = "object-store")]
                remote: None,
            });
        };
        address.check()?;
        #[cfg(feature = "object-store")]
        let (local, remote) = remote::Remote::begin(&address, temp_dir)?;
        #[cfg(not(feature = "object-store"))]
        let (local, _) = (path.to_owned(), temp_dir);
        Ok(Target {
            local,
            #[cfg(feature = "object-store")]
            remote: Some(remote),
        })
    }

    /// The file to work on.
    pub fn local(&self) -> &Path {
        &self.local
    }

    /// Puts the file that the run made in its place, and says where that is.
    ///
    /// # Errors
    /// `Unavailable` where somebody else wrote there meanwhile, and where storage does not answer: then the file stays on
    /// the local disk, and the error says where.
    pub fn finish(self) -> Result<PathBuf> {
        #[cfg(feature = "object-store")]
        if let Some(remote) = self.remote {
            return remote.finish(&self.local);
        }
        Ok(self.local)
    }
}

#[cfg(feature = "object-store")]
mod remote {
    use std::fs::{File, TryLockError};
    use std::io::Write as _;
    use std::path::{Path, PathBuf};

    use super::super::{Address, Object, Sizes, Version};
    use crate::baton::code;
    use crate::baton::error::{Context as _, Error, Kind, Result};
    use crate::baton::fingerprint::hex_digest;
    use crate::baton::owner;
    use crate::baton::scraps::Sort;

    /// The file in its folder.
    const NAME: &str = "sync.c1z";
    /// The lock beside it: of whoever works towards the address.
    const LOCK: &str = "lock";
    /// Digits of an address in the name of its folder.
    const DIGITS: usize = 32;

    /// What lies at the address, and what is worked on.
    pub(super) struct Remote {
        object: Object,
        seen: Option<Version>,
        copy: Copy,
        _lock: File,
    }

    /// The local copy: it goes with the run, and stays where that could not be put in its place.
    struct Copy {
        path: PathBuf,
        is_kept: bool,
    }

    impl Drop for Copy {
        fn drop(&mut self) {
            if !self.is_kept {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }

    impl Remote {
        pub(super) fn begin(address: &Address, temp_dir: Option<&Path>) -> Result<(PathBuf, Remote)> {
            let object = Object::new(address)?;
            let folder = folder(address, temp_dir)?;
            let lock = lock(&folder, address)?;
            let local = folder.join(NAME);
            let copy = Copy {
                path: local.clone(),
                is_kept: false,
            };
            let seen = object.look()?;
            match &seen {
                None => match std::fs::remove_file(&local) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(Error::from(error).context(format!("remove {}", local.display())));
                    }
                    _ => {}
                },
                Some(seen) => {
                    // Whole, or not there: a copy that was cut off would be taken for the file.
                    let sort = Sort::replacing(NAME);
                    sort.sweep(&folder);
                    let failed = || format!("write {}", local.display());
                    let (mut file, _scrap) = sort.create(&folder).with_context(failed)?;
                    object.fetch(seen, &mut |bytes| file.write_all(bytes).with_context(failed))?;
                    let kept = file.persist(&local).map_err(|error| error.error);
                    kept.with_context(failed)?;
                }
            }
            let remote = Remote {
                object,
                seen,
                copy,
                _lock: lock,
            };
            Ok((local, remote))
        }

        pub(super) fn finish(mut self, local: &Path) -> Result<PathBuf> {
            if let Err(error) = self.object.put(local, self.seen.as_ref(), Sizes::default()) {
                self.copy.is_kept = true;
                let stays = format!("what this run made stays in {} until the next one", local.display());
                return Err(error.also_hint(stays));
            }
            Ok(PathBuf::from(self.object.address.as_str()))
        }
    }

    /// The folder of an address: this user's alone, the same for every run.
    fn folder(address: &Address, temp_dir: Option<&Path>) -> Result<PathBuf> {
        let system = std::env::temp_dir();
        let base = temp_dir.unwrap_or(&system);
        #[cfg(unix)]
        let owned = format!("c1z-objects-{}", rustix::process::geteuid().as_raw());
        #[cfg(not(unix))]
        let owned = "c1z-objects".to_owned();
        let all = base.join(owned);
        let digest = hex_digest(address.as_str().as_bytes());
        let own = all.join(digest.get(..DIGITS).unwrap_or(&digest));
        for folder in [&all, &own] {
            make_private(folder)?;
        }
        Ok(own)
    }

    fn make_private(folder: &Path) -> Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        match builder.create(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(Error::from(error).context(format!("make the folder {}", folder.display())));
            }
            _ => {}
        }
        let found = std::fs::symlink_metadata(folder)?;
        if found.is_dir() && owner::is_mine(&found) && !owner::others_may_write(&found) && is_closed(&found) {
            return Ok(());
        }
        Err(Error::new(
            Kind::Unknown,
            format!(
                "{} is not this user's alone: a file that is worked on there could be anybody's",
                folder.display()
            ),
        )
        .code(code::FILE_DENIED)
        .hint("choose another folder with --c1z-temp-dir"))
    }

    #[cfg(unix)]
    fn is_closed(found: &std::fs::Metadata) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        found.permissions().mode() & 0o077 == 0
    }

    #[cfg(not(unix))]
    fn is_closed(_: &std::fs::Metadata) -> bool {
        true
    }

    fn lock(folder: &Path, address: &Address) -> Result<File> {
        let path = folder.join(LOCK);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = options
            .open(&path)
            .with_context(|| format!("open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                Kind::Unavailable,
                format!("another run on this machine works towards {}", address.as_str()),
            )
            .code(code::FILE_IN_USE)
            .hint("wait until it has ended, or write to another --file")),
            Err(TryLockError::Error(error)) => Err(Error::from(error).context(format!("lock {}", path.display()))),
        }
    }
}
