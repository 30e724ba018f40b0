//! A store: what its files say, opened for reading.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::error::{Error, Place as _, Result};
use super::files::{Files, ReadAt};
use super::log;
use super::merge::Cursor;
use super::name::{self, FileName, Markers};
use super::table::Table;
use super::version::{self, Version};

/// A MANIFEST above this is refused.
const MAX_MANIFEST: u64 = 256 << 20;

/// A store that is read as it was when its last write had happened. Opening reads the names of the files and the
/// MANIFEST; tables are opened when a question needs them. Copies share what is open.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

pub(super) struct Inner {
    pub(super) files: Box<dyn Files>,
    pub(super) version: Version,
    pub(super) markers: Markers,
    /// By the number of the file. Filled when first used.
    tables: HashMap<u64, OnceLock<Arc<Table>>>,
}

impl Store {
    /// Opens the store in `files`.
    ///
    /// # Errors
    /// `Unsupported` when it is of a version that is not read, has writes that never left its write-ahead log, or
    /// orders keys otherwise; `Corrupt` when its files contradict each other.
    pub fn open(files: impl Files + 'static) -> Result<Store> {
        let names = files.names()?;
        let markers = Markers::of(&names)?;
        for name in &names {
            check_leftover(&files, name)?;
        }
        let manifest = open(&files, &markers.manifest)?;
        if manifest.size() > MAX_MANIFEST {
            let limit = MAX_MANIFEST >> 20;
            return Err(Error::too_big(format!("it is larger than {limit} MiB")).in_file(&markers.manifest));
        }
        let length = usize::try_from(manifest.size()).unwrap_or(usize::MAX);
        let version = version::read(&manifest.read(0, length)?, &markers.manifest)?;
        let tables = version.tables().map(|table| (table.file(), OnceLock::new())).collect();
        Ok(Store(Arc::new(Inner {
            files: Box::new(files),
            version,
            markers,
            tables,
        })))
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// The live tables and the counters.
    pub fn version(&self) -> &Version {
        &self.0.version
    }

    /// The format version: the number of the newest feature that its writer may have used.
    pub fn format_version(&self) -> u64 {
        self.0.markers.format_version
    }

    /// A cursor that stands nowhere yet: see [`Cursor::seek`]. One that is kept serves many questions faster than many.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(&self.0)
    }

    /// The live rows from `start` on, before `end` if there is one, in order of key.
    ///
    /// # Errors
    /// As [`Cursor::seek`].
    pub fn scan(&self, start: &[u8], end: Option<&[u8]>) -> Result<Cursor> {
        let mut cursor = self.cursor();
        cursor.seek(start, end)?;
        Ok(cursor)
    }

    /// The value of a key, if it is alive.
    ///
    /// # Errors
    /// As [`Cursor::seek`].
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.cursor().get(key)
    }
}

impl Cursor {
    /// As [`Store::get`], with the blocks that the cursor has loaded. Afterwards it stands on that key, or nowhere.
    ///
    /// # Errors
    /// As [`Cursor::seek`].
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>> {
        let end = [key, &[0]].concat();
        self.seek(key, Some(&end))?;
        if self.advance()? {
            self.value_bytes().map(Some)
        } else {
            Ok(None)
        }
    }
}

impl Inner {
    /// The table of a file, opened once.
    pub(super) fn table(&self, number: u64) -> Result<Arc<Table>> {
        let name = name::table(number);
        let place = self.tables.get(&number);
        let place = place.ok_or_else(|| Error::corrupt("it is read, but not alive").in_file(&name))?;
        if let Some(table) = place.get() {
            return Ok(Arc::clone(table));
        }
        let source = open(&*self.files, &name)?;
        self.check_size(number, source.size()).in_file(&name)?;
        let table = Arc::new(Table::open(&name, source)?);
        // Who else opened it meanwhile has the same one.
        Ok(Arc::clone(place.get_or_init(|| table)))
    }

    /// The MANIFEST says how long the files are.
    fn check_size(&self, number: u64, size: u64) -> Result<()> {
        let whole = self
            .version
            .tables()
            .find(|table| table.backing.is_none() && table.number == number);
        let announced = match whole {
            Some(table) => Some(table.size),
            None => self.version.backings().get(&number).copied(),
        };
        match announced {
            Some(announced) if announced == size => Ok(()),
            Some(announced) => Err(Error::corrupt(format!(
                "it has {size} bytes, the MANIFEST says {announced}"
            ))),
            None => Err(Error::corrupt(
                "parts of it are alive, but the MANIFEST does not have it",
            )),
        }
    }
}

fn open(files: &dyn Files, name: &str) -> Result<Arc<dyn ReadAt>> {
    let file = files.open(name).in_file(name)?;
    file.ok_or_else(|| Error::corrupt("it is not there").in_file(name))
}

/// What must not lie in the folder of a closed store.
fn check_leftover(files: &dyn Files, name: &str) -> Result<()> {
    match FileName::parse(name) {
        FileName::Blob => Err(Error::unsupported("values in blob files are not read").in_file(name)),
        FileName::Log(number) => {
            let log = open(files, name)?;
            // The longest log without records has 11 bytes.
            let start = log
                .read(0, usize::try_from(log.size().min(12)).unwrap_or(12))
                .in_file(name)?;
            if log::is_without_records(number, &start) {
                return Ok(());
            }
            let what = "its last writes are in the log only, which is not read: the store was not closed";
            Err(Error::unsupported(what).in_file(name))
        }
        _ => Ok(()),
    }
}
