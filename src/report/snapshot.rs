//! One sync of one file, open for questions.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use super::accounts::Accounts;
use super::apart;
use super::edges::Edges;
use super::environment;
use super::moment;
use super::names::Names;
use crate::baton::c1z::{Keep, Policy, Reader, SyncRun};
use crate::baton::code;
use crate::baton::conventions::Conventions;
use crate::baton::error::{Context as _, Error, Kind, Result};

/// Which sync of which file.
#[derive(Debug, Clone)]
pub struct Which<'a> {
    /// The file.
    pub file: &'a Path,
    /// A sync by its id. Without one: the full sync that finished last, or the last finished one of another type
    /// where there is no full one, but never one of deletions.
    pub sync_id: Option<&'a str>,
    /// Where to unpack it; without one the system's folder for temporary files.
    pub temp_dir: Option<&'a Path>,
    /// Whether the unpacked copy of a big file stays beside it.
    pub keep: Keep,
    /// What is known of the vendor: what has the environment of the sync, where there is but one.
    pub conventions: &'static Conventions,
}

impl<'a> Which<'a> {
    /// The newest sync of a file, of which vendor ever.
    pub fn latest(file: &'a Path) -> Self {
        Which {
            file,
            sync_id: None,
            temp_dir: None,
            keep: Keep::BIG,
            conventions: &Conventions::NONE,
        }
    }

    /// Opens the file, whatever syncs are in it.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn reader(&self) -> Result<Reader> {
        Reader::open_keeping(self.file, self.temp_dir, &Policy::from_env(), self.keep)
    }

    /// Opens the sync.
    ///
    /// # Errors
    /// As [`Reader::open`]; `NotFound` for an unknown sync id, and where no sync is finished; `FailedPrecondition` for a sync
    /// of deletions.
    pub fn open(&self) -> Result<Snapshot> {
        let reader = self.reader()?;
        let choose = || match self.sync_id {
            Some(id) => reader.run(id)?.ok_or_else(|| {
                Error::new(Kind::NotFound, format!("there is no sync {id}"))
                    .code(code::SYNC_NOT_IN_FILE)
                    .hint("`baton-workato syncs` lists them")
            }),
            None => match reader.latest_full()? {
                Some(run) => Ok(run),
                None => reader.latest_finished()?.ok_or_else(|| {
                    Error::new(Kind::NotFound, "no sync in it is finished")
                        .code(code::NO_FINISHED_SYNC)
                        .hint("sync first")
                }),
            },
        };
        let run = choose()
            .and_then(held)
            .with_context(|| format!("choose a sync of {}", self.file.display()))?;
        Ok(Snapshot {
            reader,
            run,
            file: self.file.to_owned(),
            conventions: self.conventions,
            known: Arc::default(),
        })
    }
}

/// A sync whose rows are there: those of a sync of deletions are what is gone, and nobody holds them.
fn held(run: SyncRun) -> Result<SyncRun> {
    if !run.is_of_deletions() {
        return Ok(run);
    }
    let message = format!(
        "the sync {} is of type {}: its rows are what is gone since the sync before, not what anybody holds",
        run.sync_id, run.sync_type
    );
    Err(Error::new(Kind::FailedPrecondition, message)
        .code(code::NO_FINISHED_SYNC)
        .hint("`baton-workato syncs` lists the others"))
}

/// One sync of one file.
pub struct Snapshot {
    reader: Reader,
    run: SyncRun,
    file: PathBuf,
    conventions: &'static Conventions,
    known: Arc<Known>,
}

/// What names need to know of all rows. Read once, by whoever asks first.
#[derive(Default)]
struct Known {
    accounts: OnceLock<Accounts>,
    resources: OnceLock<apart::OfResources>,
    entitlements: OnceLock<apart::OfEntitlements>,
    of_roles: OnceLock<environment::OfRoles>,
    only: OnceLock<Option<String>>,
    edges: OnceLock<Arc<Edges>>,
}

/// The value, made first where it is not there. Two who ask at the same time may both make it.
fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}

impl Snapshot {
    /// The rows.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The sync.
    pub fn run(&self) -> &SyncRun {
        &self.run
    }

    /// The moment it speaks of, against which ages are measured; `None` where the file does not say it.
    pub fn moment(&self) -> Option<Timestamp> {
        moment::of(&self.reader, &self.run)
    }

    /// Its id, which every question to the reader needs.
    pub fn sync_id(&self) -> &str {
        &self.run.sync_id
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Another sync of the same file.
    ///
    /// # Errors
    /// Those of the disk; `FailedPrecondition` for a sync of deletions.
    pub fn beside(&self, run: SyncRun) -> Result<Snapshot> {
        Ok(Snapshot {
            run: held(run)?,
            known: Arc::default(),
            ..self.again()?
        })
    }

    /// The same sync for another thread.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn again(&self) -> Result<Snapshot> {
        Ok(Snapshot {
            reader: self.reader.again()?,
            run: self.run.clone(),
            file: self.file.clone(),
            conventions: self.conventions,
            known: Arc::clone(&self.known),
        })
    }

    /// Which types are those of people and accounts.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn accounts(&self) -> Result<&Accounts> {
        once(&self.known.accounts, || Accounts::read(self))
    }

    /// What this sync is to be read by: `known`, where it is of that vendor, else what is known of any vendor. A type that the
    /// file does not declare is found by who holds something.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn conventions<'k>(&self, known: &'k Conventions) -> Result<&'k Conventions> {
        let mut types = self.reader.principal_types(self.sync_id())?;
        self.reader.for_each_resource_type(self.sync_id(), &mut |kind| {
            types.push(kind.id);
            Ok(())
        })?;
        Ok(known.of_file(&types))
    }

    /// What tells resources of one name apart.
    pub(super) fn resources_apart(&self) -> Result<&apart::OfResources> {
        once(&self.known.resources, || apart::OfResources::read(self))
    }

    /// What tells entitlements of one name apart.
    pub(super) fn entitlements_apart(&self, names: &Names<'_>) -> Result<&apart::OfEntitlements> {
        once(&self.known.entitlements, || apart::entitlements(names))
    }

    /// Which entitlement passes on which.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn edges(&self) -> Result<&Arc<Edges>> {
        once(&self.known.edges, || Edges::read(self).map(Arc::new))
    }

    /// The environment of a thing of this type that neither it nor anything around it says: that of the whole sync, where
    /// there is but one.
    pub(super) fn only_environment(&self, kind: &str) -> Result<Option<&String>> {
        if !environment::is_of_one(self.conventions, kind) {
            return Ok(None);
        }
        let read = || environment::only(self, self.conventions(self.conventions)?);
        Ok(once(&self.known.only, read)?.as_ref())
    }

    /// The environments of roles, by what they pass on.
    pub(super) fn environments_of_roles(&self, names: &Names<'_>) -> Result<&environment::OfRoles> {
        once(&self.known.of_roles, || environment::of_roles(names))
    }
}
