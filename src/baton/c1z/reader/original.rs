//! A file of the v3 form behind a reader. It stays open, so that a check of the whole file looks at the one whose rows are
//! read, also when another has taken its place.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::baton::c1z::policy::Policy;
use crate::baton::c1z::scratch::{self, Scratch};
use crate::baton::c1z::verify::Problem;
use crate::baton::c1z::{Limits, envelope, fault, v3};
use crate::baton::error::Result;
use crate::baton::pebble::DiskFile;

/// See the module.
pub(super) struct Original {
    file: Arc<DiskFile>,
    metadata: Metadata,
    limits: Limits,
    temp_dir: Option<PathBuf>,
}

impl Original {
    /// The file at `path`, if it is of the v3 form.
    pub(super) fn at(path: &Path, temp_dir: Option<&Path>, policy: &Policy) -> Result<Option<Original>> {
        let Some(file) = envelope::open_v3(path) else {
            return Ok(None);
        };
        Ok(Some(Original {
            metadata: file.metadata()?,
            file: Arc::new(DiskFile::new(file)?),
            limits: policy.limits,
            temp_dir: temp_dir.map(Path::to_owned),
        }))
    }

    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn open(&self) -> Result<v3::File> {
        v3::File::of(
            Arc::<DiskFile>::clone(&self.file),
            &self.limits,
            self.temp_dir.as_deref(),
        )
    }

    /// A new working copy of the file at `path` with its rows.
    pub(super) fn unpack(&self, path: &Path, folder: &Path) -> Result<Scratch> {
        // Before anything is written: most of what is wrong with a file shows here.
        let original = self.open()?;
        let (scratch, _) = Scratch::create(folder, &scratch::reading(path))?;
        let fill = || -> Result<()> {
            let db = scratch.connect()?;
            // Nothing is deleted in it.
            db.execute_batch("pragma secure_delete = off")?;
            v3::fill(&db, &original, &self.limits, v3::Carry::Nothing)
        };
        fill().map_err(|error| fault::working_copy_full(fault::asked(error, scratch.path())))?;
        Ok(scratch)
    }

    /// What is wrong with the file itself, beside its rows.
    pub(super) fn problems(&self) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        self.open()?.check(self.temp_dir.as_deref(), &mut |finding| {
            problems.push(Problem {
                row: finding.place,
                what: finding.what,
            });
            Ok(())
        })?;
        Ok(problems)
    }
}
