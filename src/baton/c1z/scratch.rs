//! The working copy: a private file that SQLite works on and that vanishes with its owner.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempPath;

use super::{envelope, fault, policy::Policy, sound};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::fingerprint::hex_digest;
use crate::baton::scraps::{self, SIDECARS, Scrap, Sort, with_suffix};

/// A working copy on disk; removed on drop together with what SQLite left beside it. Drop its connection first.
pub(in crate::baton) struct Scratch {
    path: TempPath,
    _scraps: Vec<Scrap>,
}

impl Scratch {
    /// A new empty file, mode 0600, that did not exist before.
    pub(in crate::baton) fn create(folder: &Path, sort: &Sort) -> Result<(Scratch, File)> {
        let (file, scrap) = sort
            .create(folder)
            .map_err(fault::disk)
            .with_context(|| format!("create a working copy in {}", folder.display()))?;
        let (file, path) = file.into_parts();
        let beside = SIDECARS.map(|suffix| Scrap::new(&with_suffix(&path, suffix)));
        let _scraps = [scrap].into_iter().chain(beside).collect();
        Ok((Scratch { path, _scraps }, file))
    }

    /// Unpacks the file at `source` into a new working copy; a missing or empty one gives an empty database.
    pub(super) fn unpack(source: &Path, folder: &Path, sort: &Sort, policy: &Policy) -> Result<Scratch> {
        let (scratch, mut file) = Scratch::create(folder, sort)?;
        envelope::decode(source, &mut file, &policy.limits)?;
        Ok(scratch)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the copy another name, under which it stays.
    ///
    /// # Errors
    /// The copy itself, where it cannot be renamed or something has that name.
    pub(super) fn keep_as(self, target: &Path) -> std::result::Result<(), Scratch> {
        // It appears whole, and has one name at any time. Another reader's, of the same file, is as good as this one.
        std::fs::rename(&self.path, target).map_err(|_| self)
    }

    /// Whether there is a database in it.
    pub(super) fn is_filled(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|m| m.len() > 0)
    }

    /// Opens the database once more, as the reader of the saved file will.
    ///
    /// # Errors
    /// `DataLoss` when that does not work.
    pub(super) fn check_readable(&self) -> Result<()> {
        let read = || -> Result<()> {
            let db = self.connect()?;
            sound::check_tables(&db)?;
            Ok(db.close().map_err(|(_, error)| error)?)
        };
        read().context("read the working copy back")
    }

    fn sidecar(&self, suffix: &str) -> PathBuf {
        with_suffix(&self.path, suffix)
    }

    /// Opens the database. It is scratch: nothing is flushed for safety, and nobody else has it open.
    pub(super) fn connect(&self) -> Result<Connection> {
        self.configured().map_err(fault::foreign)
    }

    fn configured(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = open_alone(self.path(), flags)?;
        configure(&db)?;
        Ok(db)
    }

    /// Whether everything is in the main file.
    ///
    /// # Errors
    /// `Internal` when SQLite left something beside it.
    pub(super) fn check_settled(&self) -> Result<()> {
        for suffix in SIDECARS {
            if std::fs::metadata(self.sidecar(suffix)).is_ok_and(|m| m.len() > 0) {
                return Err(fault::broken(format!(
                    "the closed database left a {suffix} file behind"
                )));
            }
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for suffix in SIDECARS {
            // Mostly absent; the main file removes itself.
            let _ = std::fs::remove_file(self.sidecar(suffix));
        }
    }
}

/// Sets what holds for every working copy.
///
/// # Errors
/// `DataLoss` for a database that SQLite will only read.
pub(super) fn configure(db: &Connection) -> Result<()> {
    db.set_prepared_statement_cache_capacity(64);
    let pragma = |sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0));
    pragma("pragma locking_mode = exclusive")?;
    // Rollback mode: only the main file is packed, so it must hold everything.
    let mode = pragma("pragma journal_mode = truncate")?;
    if !["truncate", IN_MEMORY].contains(&mode.as_str()) {
        return Err(fault::damaged(format!("the database cannot leave journal mode {mode}")));
    }
    // The file itself can be written: its header names a version of the format that SQLite will only read.
    if db.is_readonly(rusqlite::MAIN_DB)? {
        let newer = "the database says it is of a later version of SQLite's format";
        return Err(Error::new(Kind::DataLoss, newer).code(code::FILE_NEWER));
    }
    // Nobody looks at the copy after a crash, and a failed store is dropped: there is nothing to roll back to.
    pragma("pragma journal_mode = off")?;
    // Only now: it would refuse that.
    distrust(db)?;
    // Rows and index entries come in order, so a small cache, which the processor can keep near, is as good as a
    // big one.
    // Deleted rows are overwritten: the pages they lay on may be packed without being used again.
    db.execute_batch(
        "pragma synchronous = off; pragma cache_size = -6144; pragma foreign_keys = off; pragma secure_delete = on",
    )?;
    Ok(())
}

/// What SQLite calls the journal of a database in memory, which has no other.
const IN_MEMORY: &str = "memory";

/// The file may come from anywhere: its schema gets no chance to run anything, and how a question is answered does not
/// depend on the values it is asked with. Without the latter SQLite compiles a statement anew each time it is asked with
/// another value, which takes longer than answering.
pub(super) fn distrust(db: &Connection) -> Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    Ok(())
}

/// Opens a database that nobody else opens. SQLite would lock it, and where the system has one sort of lock for all, find
/// it locked by the handle that says that this process lives.
pub(super) fn open_alone(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    match cfg!(unix) {
        true => Connection::open_with_flags_and_vfs(path, flags, "unix-none"),
        false => Connection::open_with_flags(path, flags),
    }
}

/// Working copies for writing a target. Their names say which target they belong to, so that those of a killed run can
/// be found and removed, even in a folder that many share.
pub(super) fn writing(target: &Path) -> Sort {
    Sort::database(&format!("{BEGINNING}{}", digest_of(target)))
}

/// Working copies for either, as earlier releases named them: they say whose they are as well.
pub(super) fn of_old(target: &Path) -> Sort {
    Sort::old_database(&format!("{BEGINNING}{}", digest_of(target)))
}

/// How the names of [`of_old`] begin.
#[cfg(test)]
pub(super) fn old_prefix(target: &Path) -> String {
    format!("{BEGINNING}{}-", digest_of(target))
}

/// Working copies for reading a file.
pub(super) fn reading(file: &Path) -> Sort {
    Sort::database(&format!("{BEGINNING}{}{READING}", digest_of(file)))
}

/// Removes working copies for reading whatever file, whose readers are dead.
pub(super) fn sweep_readers(folder: &Path) {
    scraps::sweep(folder, &is_reading, false);
}

/// How the names of working copies begin.
const BEGINNING: &str = "c1z-";
/// What follows the digest where somebody only reads.
const READING: &str = "-read";
/// Hexadecimal digits of the digest in a name.
const DIGITS: usize = 16;

fn is_reading(name: &str) -> bool {
    let digest = name.strip_prefix(BEGINNING).and_then(|rest| rest.get(..DIGITS));
    let is_digest = |digest: &&str| digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    digest
        .filter(is_digest)
        .is_some_and(|digest| Sort::database(&format!("{BEGINNING}{digest}{READING}")).is_name(name))
}

/// Whether a name could be that of a working copy.
pub(super) fn is_name(name: &str) -> bool {
    let digest = name.strip_prefix(BEGINNING).and_then(|rest| rest.get(..DIGITS));
    let sort = digest.map(|digest| Sort::database(&format!("{BEGINNING}{digest}")));
    is_reading(name) || sort.is_some_and(|sort| sort.is_name(name))
}

fn digest_of(target: &Path) -> String {
    let absolute = std::path::absolute(target).unwrap_or_else(|_| target.to_owned());
    let real = std::fs::canonicalize(folder_of(&absolute)).map_or(absolute.clone(), |folder| {
        folder.join(absolute.file_name().unwrap_or_default())
    });
    let digest = hex_digest(real.as_os_str().as_encoded_bytes());
    digest.get(..DIGITS).unwrap_or_default().to_owned()
}

pub(super) use crate::baton::target::folder_of;

/// The folder for working copies: `temp_dir`, or beside the file.
///
/// # Errors
/// `Unknown` when it does not exist, as for any other wrong setting.
pub(in crate::baton) fn work_folder<'a>(file: &'a Path, temp_dir: Option<&'a Path>) -> Result<&'a Path> {
    let (folder, hint) = match temp_dir {
        Some(folder) => (folder, "create it, or choose another --c1z-temp-dir"),
        None => (folder_of(file), "create it, or choose another --file"),
    };
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(
        Error::new(Kind::Unknown, format!("folder {} does not exist", folder.display()))
            .code(code::FOLDER_MISSING)
            .hint(hint),
    )
}
