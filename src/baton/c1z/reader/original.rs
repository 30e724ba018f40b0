//! A file of the v3 form behind a reader. It stays open, so that a check of the whole file looks at the one whose rows are
//! read, also when another has taken its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::unpacked::Unpacked;
use crate::baton::c1z::policy::Policy;
use crate::baton::c1z::scratch::{self, Scratch};
use crate::baton::c1z::verify::Problem;
use crate::baton::c1z::{Limits, envelope, fault, v3};
use crate::baton::error::Result;
use crate::baton::pebble::{DiskFile, ReadAt};

/// See the module.
pub(super) struct Original {
    path: PathBuf,
    file: Arc<dyn ReadAt>,
    limits: Limits,
    temp_dir: Option<PathBuf>,
}

impl Original {
    /// The file at `path`, if it is of the v3 form.
    pub(super) fn at(path: &Path, temp_dir: Option<&Path>, policy: &Policy) -> Result<Option<Original>> {
        let Some(file) = envelope::open_v3(path) else {
            return Ok(None);
        };
        Ok(Some(Self::of(Arc::new(DiskFile::new(file)?), path, temp_dir, policy)))
    }

    /// A file of the v3 form, wherever it lies; `path` is what it is called.
    pub(super) fn of(file: Arc<dyn ReadAt>, path: &Path, temp_dir: Option<&Path>, policy: &Policy) -> Original {
        Original {
            path: path.to_owned(),
            file,
            limits: policy.limits,
            temp_dir: temp_dir.map(Path::to_owned),
        }
    }

    /// The file, opened for questions.
    pub(super) fn open(&self) -> Result<v3::File> {
        v3::File::of(Arc::clone(&self.file), &self.limits, self.temp_dir.as_deref())
    }

    /// A new working copy with its rows. It is private, and goes with whoever has it.
    pub(super) fn unpack(&self, file: &v3::File) -> Result<Unpacked> {
        let system = std::env::temp_dir();
        let folder = self.temp_dir.as_deref().unwrap_or(&system);
        for folder in [scratch::folder_of(&self.path), folder] {
            scratch::sweep_readers(folder);
        }
        // The folder of the file may be read-only for whoever only reads.
        let folder = scratch::work_folder(&self.path, Some(folder))?;
        let (scratch, _) = Scratch::create(folder, &scratch::reading(&self.path))?;
        let fill = || -> Result<()> {
            let db = scratch.connect()?;
            // Nothing is deleted in it.
            db.execute_batch("pragma secure_delete = off")?;
            v3::fill(&db, file, &self.limits, v3::Carry::Nothing)
        };
        fill().map_err(|error| fault::working_copy_full(fault::asked(error, scratch.path())))?;
        Ok(Unpacked::Private(scratch))
    }

    /// What is wrong with the file itself, beside its rows.
    pub(super) fn problems(&self, file: &v3::File) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        file.check(self.temp_dir.as_deref(), &mut |finding| {
            problems.push(Problem {
                row: finding.place,
                what: finding.what,
            });
            Ok(())
        })?;
        Ok(problems)
    }
}
