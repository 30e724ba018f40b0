//! The unpacked database behind readers: that of a v1 file, or the rows of a v3 file as one. That of a big file can stay beside it: unpacking a million grants takes a
//! second, a question about one person takes milliseconds.

use std::fs::{File, Metadata};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags};

use super::kept::{self, Found, Seal};
use crate::baton::c1z::policy::Policy;
use crate::baton::c1z::scratch::{self, Scratch};
use crate::baton::c1z::{envelope, fault, memory, migrate, sound};
use crate::baton::error::Result;
use crate::baton::lock::locked;

/// What stays behind when the last reader goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// The unpacked copy of a file with at least so many bytes, beside it, as `.FILE.unpacked-….db`, mode 0600. It is
    /// used while the file has the same size, time of change and place on the disk and the copy is as it was left, and
    /// replaced when not; one that another user could have made or can change is left alone, and nothing stays. It goes with its file: the next reader or writer in the folder removes it.
    FromBytes(u64),
}

impl Keep {
    /// Copies of files that take longer to unpack than a person notices: some twenty thousand grants.
    pub const BIG: Keep = Keep::FromBytes(1 << 20);
}

/// The unpacked database.
pub(super) enum Unpacked {
    /// Removed on drop.
    Private(Scratch),
    /// Stays.
    Kept(PathBuf),
    /// Never was on a disk.
    InMemory(InMemory),
}

/// A database in memory.
pub(super) struct InMemory {
    /// As it lay in the file.
    database: Vec<u8>,
    /// The first one that was opened, for the first who asks. Others are opened when somebody wants them.
    first: Mutex<Option<Connection>>,
}

/// A file that is to be unpacked.
pub(super) struct Packed<'a> {
    pub(super) path: &'a Path,
    pub(super) temp_dir: Option<&'a Path>,
    pub(super) policy: &'a Policy,
}

impl Packed<'_> {
    pub(super) fn unpack(&self, keep: Keep) -> Result<Unpacked> {
        let system = std::env::temp_dir();
        for folder in [scratch::folder_of(self.path), self.temp_dir.unwrap_or(&system)] {
            scratch::sweep_readers(folder);
        }
        let metadata = std::fs::metadata(self.path).map_err(fault::disk)?;
        match keep {
            Keep::FromBytes(least) if metadata.len() >= least => self.kept(&metadata),
            _ => self.private(),
        }
    }

    fn private(&self) -> Result<Unpacked> {
        // The folder of the file may be read-only for whoever only reads.
        let system = std::env::temp_dir();
        let folder = scratch::work_folder(self.path, Some(self.temp_dir.unwrap_or(&system)))?;
        self.copy(folder).map(Unpacked::Private)
    }

    fn kept(&self, metadata: &Metadata) -> Result<Unpacked> {
        let path = self.path;
        let seal = Seal::of(metadata);
        let target = seal.place(path);
        match kept::find(&target, &seal) {
            Found::Whole => return Ok(Unpacked::Kept(target)),
            Found::Nothing => {}
            Found::Foreign(why) => {
                tracing::info!(copy = %target.display(), why, "The unpacked copy is not used.");
                return self.private();
            }
            Found::Unusable(why) => {
                tracing::info!(copy = %target.display(), why, "The unpacked copy is made anew.");
                // Whoever still reads it has it open.
                let _ = std::fs::remove_file(&target);
            }
        }
        // Whoever may not write there reads all the same.
        let Ok(copy) = self.copy(scratch::folder_of(path)) else {
            return self.private();
        };
        if seal.put_on(&copy).is_err() {
            return Ok(Unpacked::Private(copy));
        }
        match copy.keep_as(&target) {
            Ok(()) => Ok(Unpacked::Kept(target)),
            Err(copy) => Ok(Unpacked::Private(copy)),
        }
    }

    fn copy(&self, folder: &Path) -> Result<Scratch> {
        unpack(self.path, folder, self.policy)
    }
}

impl Unpacked {
    /// Unpacks the bytes of a v1 file.
    pub(super) fn in_memory(packed: &[u8], policy: &Policy) -> Result<Unpacked> {
        let mut database = Vec::new();
        let is_filled = envelope::decode_from(packed, &mut database, &policy.limits)?;
        let db = memory::connect(&database).map_err(fault::foreign)?;
        if is_filled {
            sound::check_to_read(&db, Cursor::new(&database))?;
        }
        bring_up(&db)?;
        Ok(Unpacked::InMemory(InMemory {
            database,
            first: Mutex::new(Some(db)),
        }))
    }

    /// A connection that changes nothing. The copy is finished, so SQLite needs no locks on it.
    pub(super) fn connect(&self) -> Result<Connection> {
        let connect = || match self {
            Unpacked::Private(scratch) => connect(scratch.path()),
            Unpacked::Kept(path) => connect(path),
            Unpacked::InMemory(memory) => memory.connect(),
        };
        connect().map_err(fault::foreign)
    }
}

impl InMemory {
    fn connect(&self) -> Result<Connection> {
        let first = locked(&self.first).take();
        let open = || -> Result<Connection> {
            let db = memory::connect(&self.database)?;
            bring_up(&db)?;
            Ok(db)
        };
        configured(first.map_or_else(open, Ok)?)
    }
}

/// Makes a database of any age one of today, with what only readers need.
fn bring_up(db: &Connection) -> Result<()> {
    migrate::prepare(db)?;
    migrate::build_indexes(db)
}

pub(super) fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    configured(Connection::open_with_flags(unchanging(path)?, flags)?)
}

fn configured(db: Connection) -> Result<Connection> {
    db.set_prepared_statement_cache_capacity(64);
    scratch::distrust(&db)?;
    // Not mapped into memory: who reads a mapped file that another process cuts off is killed.
    db.execute_batch(
        "pragma query_only = on; pragma cell_size_check = on; pragma cache_size = -16384; pragma mmap_size = 0",
    )?;
    Ok(db)
}

/// The file as SQLite is told of one that does not change: it looks for no log and no journal beside it, which anybody
/// could have put there, and takes no locks.
fn unchanging(path: &Path) -> Result<String> {
    use std::fmt::Write as _;
    let absolute = std::path::absolute(path)?;
    let mut uri = "file://".to_owned();
    let mut bytes = absolute.as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        // Drives have letters: file:///C:/folder/file.
        uri.push('/');
        bytes = bytes.strip_prefix(br"\\?\").unwrap_or(bytes);
    }
    for byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b':' if cfg!(windows) => uri.push(':'),
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(*byte)),
            // Writing to a String cannot fail.
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    Ok(uri)
}

fn unpack(path: &Path, folder: &Path, policy: &Policy) -> Result<Scratch> {
    let scratch = Scratch::unpack(path, folder, &scratch::reading(path), policy)?;
    let finish = || -> Result<()> {
        let db = scratch.connect()?;
        if scratch.is_filled() {
            sound::check_to_read(&db, File::open(scratch.path())?)?;
        }
        bring_up(&db)
    };
    finish().map_err(|error| fault::working_copy_full(fault::asked(error, scratch.path())))?;
    Ok(scratch)
}
