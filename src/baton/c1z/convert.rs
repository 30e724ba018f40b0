//! One form made of the other: a new file with one sync of another one, which stays as it is.
//!
//! v1 to v3 keeps one of the syncs, and what [`Left`](super::v3::Left) names is gone. v3 to v1 keeps everything but what is
//! derived from rows (digests, indexes) and what v1 has no column for. Whoever converts is told both, with counts.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::NamedTempFile;

use super::claim::Claim;
use super::engine::Engine;
use super::policy::Policy;
use super::reader::Reader;
use super::run::SyncRun;
use super::save::{self, Saved};
use super::scratch::{self, Scratch};
use super::steps::Steps;
use super::store::Store;
use super::{envelope, fault, migrate, v3};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::pebble::DiskFile;
use crate::baton::scraps::Scrap;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Conversion<'a> {
    /// The file that is read.
    pub file: &'a Path,
    /// The file that is made. Nothing may have its name.
    pub out: &'a Path,
    /// What its rows are to lie in.
    pub to: Engine,
    /// The sync, by its id; without one the full sync that finished last, or the last finished one of any type.
    pub sync_id: Option<&'a str>,
    /// Where working copies lie; beside the new file when absent.
    pub temp_dir: Option<&'a Path>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The new file.
    pub saved: Saved,
    /// The sync in it.
    pub run: SyncRun,
    /// The other syncs of the file, which are not in the new one.
    pub other_syncs: Vec<SyncRun>,
    /// What else is not in it: how many, and of what.
    pub left: Vec<(u64, &'static str)>,
}

/// Makes the new file, or nothing.
///
/// # Errors
/// `AlreadyExists` for a file that has the name, `InvalidArgument` for a file that is of the wanted form already, `NotFound`
/// for a sync that is not in the file, `FailedPrecondition` for rows that the other form cannot tell apart, `Unavailable`
/// when a run writes the new file; those of both files.
pub fn convert(conversion: &Conversion<'_>, steps: &dyn Steps) -> Result<Converted> {
    let Conversion { file, out, to, .. } = *conversion;
    check_absent(out)?;
    match Engine::of(file) {
        None if !file.exists() => {
            let missing = Error::new(Kind::NotFound, "there is no such file").code(code::FILE_MISSING);
            return Err(missing
                .hint("name the file to convert first, then the new one")
                .context(format!("open {}", file.display())));
        }
        Some(form) if form == to => {
            let message = format!("{} has its rows in {to} already", file.display());
            return Err(Error::new(Kind::InvalidArgument, message)
                .code(code::SETTING_VALUE)
                .hint("copy the file, or choose the other form with --to"));
        }
        _ => {}
    }
    // Nobody else begins a file of that name meanwhile.
    let _claim = Claim::take(out, conversion.temp_dir)?;
    check_absent(out)?;
    let steps = NewOnly(steps);
    match to {
        Engine::Pebble => to_v3(conversion, &steps),
        Engine::Sqlite => to_v1(conversion, &steps),
    }
}

/// A link that leads nowhere is something, too.
fn check_absent(out: &Path) -> Result<()> {
    match std::fs::symlink_metadata(out) {
        Ok(_) => Err(exists(out)),
        Err(_) => Ok(()),
    }
}

fn exists(out: &Path) -> Error {
    Error::new(Kind::AlreadyExists, format!("{} exists already", out.display()))
        .code(code::FILE_EXISTS)
        .hint("name a new file, or move this one away; the file that is read comes first")
}

fn to_v3(conversion: &Conversion<'_>, steps: &dyn Steps) -> Result<Converted> {
    let Conversion { file, out, .. } = *conversion;
    let folder = scratch::work_folder(out, conversion.temp_dir)?;
    let reader = Reader::open_with(file, Some(folder), &Policy::from_env())?;
    let run = chosen(&reader, conversion)?;
    let (complete, left) = v3::build(reader.view(&run.sync_id)?, &run, folder, None)
        .map_err(fault::working_copy_full)
        .with_context(|| format!("convert {}", file.display()))?;
    let mut other_syncs = reader.runs()?;
    other_syncs.retain(|other| other.sync_id != run.sync_id);
    let saved = save::replace_file(out, steps, |file| complete.write_to(file))
        .with_context(|| format!("save {}", out.display()))?;
    Ok(Converted {
        saved,
        run,
        other_syncs,
        left: left.named(),
    })
}

fn chosen(reader: &Reader, conversion: &Conversion<'_>) -> Result<SyncRun> {
    let found = match conversion.sync_id {
        Some(id) => reader.run(id)?,
        None => match reader.latest_full()? {
            Some(run) => Some(run),
            None => reader.latest_finished()?,
        },
    };
    found.ok_or_else(|| not_there(conversion))
}

fn not_there(conversion: &Conversion<'_>) -> Error {
    let file = conversion.file.display();
    match conversion.sync_id {
        Some(id) => Error::new(Kind::NotFound, format!("there is no sync {id} in {file}"))
            .code(code::SYNC_NOT_IN_FILE)
            .hint("`syncs` lists them"),
        None => Error::new(Kind::NotFound, format!("no sync in {file} is finished"))
            .code(code::NO_FINISHED_SYNC)
            .hint("an unfinished one is converted by its id (--sync-id)"),
    }
}

fn to_v1(conversion: &Conversion<'_>, steps: &dyn Steps) -> Result<Converted> {
    let file = conversion.file;
    let policy = Policy::from_env();
    let open = || -> Result<(v3::File, SyncRun)> {
        let source = envelope::open_v3(file).ok_or_else(|| fault::damaged("it is not a c1z file"))?;
        let source = v3::File::of(Arc::new(DiskFile::new(source)?), &policy.limits, conversion.temp_dir)?;
        let run = v3::run(&source)?
            .filter(|run| conversion.sync_id.is_none_or(|id| id == run.sync_id))
            .filter(|run| conversion.sync_id.is_some() || run.ended_at.is_some())
            .ok_or_else(|| not_there(conversion))?;
        Ok((source, run))
    };
    let (source, run) = open().with_context(|| format!("open {}", file.display()))?;
    let copy = || copy(&source, &run, conversion, policy);
    let store = copy().with_context(|| format!("convert {}", file.display()))?;
    let left = v3::left_in_v1(&source)?;
    Ok(Converted {
        saved: store.save_with(steps)?,
        run,
        other_syncs: Vec::new(),
        left,
    })
}

/// The sync of a v3 file in a working copy of the new file.
fn copy(source: &v3::File, run: &SyncRun, conversion: &Conversion<'_>, policy: Policy) -> Result<Store> {
    let out = conversion.out;
    let folder = scratch::work_folder(out, conversion.temp_dir)?;
    let (scratch, _) = Scratch::create(folder, &scratch::writing(out))?;
    let fill = || -> Result<Connection> {
        let db = scratch.connect()?;
        // Nothing is deleted in it.
        db.execute_batch("pragma secure_delete = off")?;
        v3::fill(&db, source, &policy.limits, v3::Carry::Copies)?;
        let shared = migrate::tables_with_shared_ids(&db)?;
        if !shared.is_empty() {
            let message = format!(
                "several rows of {} have one id, which v1 cannot hold",
                shared.join(", ")
            );
            return Err(Error::new(Kind::FailedPrecondition, message)
                .code(code::ROWS_BROKEN)
                .hint("every reading command takes the v3 file as it is"));
        }
        // Indexes that other writers of the file go by.
        migrate::prepare(&db)?;
        Ok(db)
    };
    let db = fill().map_err(|error| fault::working_copy_full(fault::asked(error, scratch.path())))?;
    Store::of_copy(db, scratch, out, policy, run)
}

/// Steps that put a file only where nothing is.
struct NewOnly<'a>(&'a dyn Steps);

impl Steps for NewOnly<'_> {
    fn create(&self, folder: &Path, name: &str) -> io::Result<(NamedTempFile, Scrap)> {
        self.0.create(folder, name)
    }

    fn write(&self, file: &mut std::fs::File, chunk: &[u8]) -> io::Result<usize> {
        self.0.write(file, chunk)
    }

    fn flush(&self, file: &std::fs::File) -> io::Result<()> {
        self.0.flush(file)
    }

    fn put_in_place(&self, file: NamedTempFile, target: &Path) -> io::Result<()> {
        file.persist_noclobber(target).map(drop).map_err(|error| error.error)
    }

    fn flush_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.flush_folder(folder)
    }
}
