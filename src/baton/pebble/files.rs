//! Where the bytes of a store come from: a folder, memory, or anything that can be read at an offset.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::error::{Error, Result};

/// Bytes that can be read at any offset. What lies behind may be a file, a slice, or a compressed stream that is
/// decoded as far as it is asked for; readers ask for the end of a table first and then mostly forward.
pub trait ReadAt: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// `length` bytes from `offset` on, no less.
    ///
    /// # Errors
    /// `Corrupt` when they are not all there, and those of what lies behind.
    fn read(&self, offset: u64, length: usize) -> Result<Bytes>;
}

/// The files of a store.
pub trait Files: Send + Sync {
    /// The names of all of them, in any order.
    ///
    /// # Errors
    /// Those of what lies behind, here and below.
    fn names(&self) -> Result<Vec<String>>;

    /// One of them; `None` when it does not exist.
    ///
    /// # Errors
    /// As [`Files::names`].
    fn open(&self, name: &str) -> Result<Option<Arc<dyn ReadAt>>>;
}

impl ReadAt for Bytes {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        let range = usize::try_from(offset)
            .ok()
            .and_then(|start| Some(start..start.checked_add(length)?))
            .filter(|range| range.end <= self.len());
        match range {
            Some(range) => Ok(self.slice(range)),
            None => Err(beyond(offset, length, self.size())),
        }
    }
}

/// A file on disk.
#[derive(Debug)]
pub struct DiskFile {
    file: Mutex<File>,
    size: u64,
}

impl DiskFile {
    /// Takes an open file, whose size must not change any more.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn new(file: File) -> Result<Self> {
        let size = file.metadata()?.len();
        Ok(DiskFile {
            file: Mutex::new(file),
            size,
        })
    }
}

impl ReadAt for DiskFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        // Before memory is set aside for it.
        if offset.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(beyond(offset, length, self.size));
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

fn beyond(offset: u64, length: usize, size: u64) -> Error {
    Error::corrupt(format!(
        "{length} bytes should lie at {offset}, but there are {size} in all"
    ))
}

/// A store in a folder.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The store in `path`. Nothing is opened yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Folder(path.into())
    }
}

impl Files for Folder {
    fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            // A name that is no text belongs to nothing of a store.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> Result<Option<Arc<dyn ReadAt>>> {
        match File::open(self.0.join(name)) {
            Ok(file) => Ok(Some(Arc::new(DiskFile::new(file)?))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A store in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory(BTreeMap<String, Bytes>);

impl Memory {
    /// Puts a file in, or another one in its place.
    pub fn insert(&mut self, name: impl Into<String>, content: impl Into<Bytes>) {
        self.0.insert(name.into(), content.into());
    }

    /// One of the files.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.0.get(name)
    }
}

impl FromIterator<(String, Bytes)> for Memory {
    fn from_iter<I: IntoIterator<Item = (String, Bytes)>>(files: I) -> Self {
        Memory(files.into_iter().collect())
    }
}

impl Files for Memory {
    fn names(&self) -> Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> Result<Option<Arc<dyn ReadAt>>> {
        Ok(self
            .0
            .get(name)
            .map(|content| Arc::new(content.clone()) as Arc<dyn ReadAt>))
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Fault;
    use super::*;

    fn check(file: &dyn ReadAt) {
        assert_eq!(file.size(), 10);
        assert_eq!(file.read(2, 3).unwrap(), &b"234"[..]);
        assert_eq!(file.read(0, 10).unwrap(), &b"0123456789"[..]);
        assert_eq!(file.read(10, 0).unwrap(), &b""[..]);
        for (offset, length) in [(8, 3), (11, 0), (u64::MAX, 1), (1, usize::MAX), (u64::MAX, usize::MAX)] {
            let error = file.read(offset, length).unwrap_err();
            assert!(matches!(error.fault(), Fault::Corrupt(_)), "{offset} {length}: {error}");
        }
    }

    #[test]
    fn all_sources_read_within_their_ends_only() {
        let mut memory = Memory::default();
        memory.insert("a", Bytes::from_static(b"0123456789"));
        check(&*memory.open("a").unwrap().unwrap());
        assert!(memory.open("b").unwrap().is_none());

        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), b"0123456789").unwrap();
        let files = Folder::new(folder.path());
        check(&*files.open("a").unwrap().unwrap());
        assert!(files.open("b").unwrap().is_none());
        assert_eq!(files.names().unwrap(), ["a"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_no_damage() {
        let error = Folder::new("/no/such/folder").names().unwrap_err();
        assert!(matches!(error.fault(), Fault::Io(_)), "{error}");
    }
}
