//! Sorting more rows than memory holds: sorted runs go to files without a name and are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write};
use std::path::{Path, PathBuf};

use crate::baton::error::{Context as _, Error, Kind, Result};

/// Bytes that a run is read and written with at a time.
const BUFFER: usize = 64 << 10;

/// Takes rows in any order. Of several with one key, the last one counts.
pub(in crate::baton::c1z::v3) struct Sorter {
    folder: PathBuf,
    /// Bytes that are held in memory.
    budget: usize,
    bytes: Vec<u8>,
    places: Vec<Span>,
    is_sorted: bool,
    runs: Vec<File>,
}

/// Where a row lies: its key, and its value behind it.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    key: u32,
    value: u32,
}

impl Span {
    fn key(self, bytes: &[u8]) -> &[u8] {
        let end = self.start + self.key as usize;
        bytes.get(self.start..end).unwrap_or_default()
    }

    fn value(self, bytes: &[u8]) -> &[u8] {
        let start = self.start + self.key as usize;
        bytes.get(start..start + self.value as usize).unwrap_or_default()
    }
}

impl Sorter {
    /// A sorter that holds `budget` bytes and keeps the rest in files in `folder`.
    pub(in crate::baton::c1z::v3) fn new(folder: &Path, budget: usize) -> Self {
        Sorter {
            folder: folder.to_owned(),
            budget,
            bytes: Vec::new(),
            places: Vec::new(),
            is_sorted: true,
            runs: Vec::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full, and those of the file system.
    pub(in crate::baton::c1z::v3) fn add(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.add_parts(&[key], value)
    }

    /// As [`Sorter::add`], with the key in parts.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub(super) fn add_parts(&mut self, key: &[&[u8]], value: &[u8]) -> Result<()> {
        let key_length: usize = key.iter().map(|part| part.len()).sum();
        let more = key_length + value.len();
        let held = self.bytes.len() + self.places.len() * size_of::<Span>();
        if held > 0 && held + more > self.budget {
            self.spill()?;
        }
        let length = |bytes: usize| u32::try_from(bytes).map_err(|_| Error::new(Kind::Internal, "a row is too long"));
        let place = Span {
            start: self.bytes.len(),
            key: length(key_length)?,
            value: length(value.len())?,
        };
        key.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.bytes.extend_from_slice(value);
        let (before, own) = (self.places.last(), place.key(&self.bytes));
        self.is_sorted &= before.is_none_or(|before| before.key(&self.bytes) < own);
        self.places.push(place);
        Ok(())
    }

    /// Sorts what is held. Of one key, only the last row stays.
    fn sort(&mut self) {
        if self.is_sorted {
            return;
        }
        let bytes = &self.bytes;
        self.places.sort_by(|a, b| a.key(bytes).cmp(b.key(bytes)));
        // Kept is the first of equal ones: with the order turned, the last.
        self.places.reverse();
        self.places.dedup_by(|a, b| a.key(bytes) == b.key(bytes));
        self.places.reverse();
    }

    fn spill(&mut self) -> Result<()> {
        self.sort();
        let write = || -> io::Result<File> {
            let mut out = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(&self.folder)?);
            for place in &self.places {
                out.write_all(&place.key.to_le_bytes())?;
                out.write_all(&place.value.to_le_bytes())?;
                out.write_all(place.key(&self.bytes))?;
                out.write_all(place.value(&self.bytes))?;
            }
            let mut file = out.into_inner()?;
            file.rewind()?;
            Ok(file)
        };
        let run = write()
            .map_err(Error::from)
            .with_context(|| format!("sort rows in {}", self.folder.display()))?;
        self.runs.push(run);
        self.bytes.clear();
        self.places.clear();
        self.is_sorted = true;
        Ok(())
    }

    /// The rows in ascending order of key.
    ///
    /// # Errors
    /// Those of the file system.
    pub(in crate::baton::c1z::v3) fn finish(mut self) -> Result<Sorted> {
        self.sort();
        if self.runs.is_empty() {
            return Ok(Sorted {
                held: Some((self.bytes, self.places.into_iter())),
                sources: Vec::new(),
                values: Vec::new(),
                heap: BinaryHeap::new(),
                key: Vec::new(),
                value: Vec::new(),
            });
        }
        let mut sources: Vec<Source> = Vec::new();
        for run in self.runs {
            sources.push(Source::File(BufReader::with_capacity(BUFFER, run)));
        }
        sources.push(Source::Memory {
            bytes: self.bytes,
            places: self.places.into_iter(),
        });
        let mut sorted = Sorted {
            held: None,
            values: vec![Vec::new(); sources.len()],
            sources,
            heap: BinaryHeap::new(),
            key: Vec::new(),
            value: Vec::new(),
        };
        for number in 0..sorted.sources.len() {
            sorted.load(number, Vec::new())?;
        }
        Ok(sorted)
    }
}

/// A run.
enum Source {
    File(BufReader<File>),
    Memory {
        bytes: Vec<u8>,
        places: std::vec::IntoIter<Span>,
    },
}

impl Source {
    /// Puts the next row into `key` and `value`. `false` at the end.
    fn next(&mut self, key: &mut Vec<u8>, value: &mut Vec<u8>) -> io::Result<bool> {
        key.clear();
        value.clear();
        match self {
            Source::Memory { bytes, places } => {
                let Some(place) = places.next() else {
                    return Ok(false);
                };
                key.extend_from_slice(place.key(bytes));
                value.extend_from_slice(place.value(bytes));
                Ok(true)
            }
            Source::File(file) => {
                let mut length = [0; 4];
                if file.by_ref().take(1).read_to_end(key)? == 0 {
                    return Ok(false);
                }
                let (first, rest) = length.split_at_mut(1);
                first.copy_from_slice(key);
                file.read_exact(rest)?;
                let key_length = u32::from_le_bytes(length) as usize;
                file.read_exact(&mut length)?;
                let value_length = u32::from_le_bytes(length) as usize;
                key.resize(key_length, 0);
                file.read_exact(key)?;
                value.resize(value_length, 0);
                file.read_exact(value)?;
                Ok(true)
            }
        }
    }
}

/// Rows in order.
pub(in crate::baton::c1z::v3) struct Sorted {
    /// All of them, where nothing had to go to disk.
    held: Option<(Vec<u8>, std::vec::IntoIter<Span>)>,
    sources: Vec<Source>,
    /// The value of the row that each source stands on.
    values: Vec<Vec<u8>>,
    /// The key of that row: the least first, and of one key that of the latest run.
    heap: BinaryHeap<Reverse<(Vec<u8>, Reverse<usize>)>>,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Sorted {
    /// The next row: key and value.
    ///
    /// # Errors
    /// Those of the file system.
    pub(in crate::baton::c1z::v3) fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        if self.held.is_some() {
            let next = self.held.as_mut().and_then(|(bytes, places)| {
                let place = places.next()?;
                Some((place.key(bytes), place.value(bytes)))
            });
            return Ok(next);
        }
        let Some(Reverse((key, Reverse(number)))) = self.heap.pop() else {
            return Ok(None);
        };
        let used = std::mem::replace(&mut self.key, key);
        if let Some(value) = self.values.get_mut(number) {
            std::mem::swap(value, &mut self.value);
        }
        self.load(number, used)?;
        // Older rows of that key.
        while self.heap.peek().is_some_and(|Reverse((key, _))| *key == self.key) {
            if let Some(Reverse((key, Reverse(number)))) = self.heap.pop() {
                self.load(number, key)?;
            }
        }
        Ok(Some((&self.key, &self.value)))
    }

    /// Moves a source to its next row. `key` is memory for the key.
    fn load(&mut self, number: usize, mut key: Vec<u8>) -> Result<()> {
        if let (Some(source), Some(value)) = (self.sources.get_mut(number), self.values.get_mut(number))
            && source.next(&mut key, value)?
        {
            self.heap.push(Reverse((key, Reverse(number))));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn all(mut sorted: Sorted) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = Vec::new();
        while let Some((key, value)) = sorted.next().unwrap() {
            rows.push((key.to_vec(), value.to_vec()));
        }
        rows
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rows_come_back_in_order_and_the_last_of_one_key_counts(
            rows in proptest::collection::vec((proptest::collection::vec(0u8..4, 0..3), any::<u8>()), 0..60),
            budget in 1usize..700,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::new(folder.path(), budget);
            let mut wanted = BTreeMap::new();
            for (key, value) in rows {
                sorter.add(&key, &[value]).unwrap();
                wanted.insert(key, vec![value]);
            }
            prop_assert_eq!(all(sorter.finish().unwrap()), wanted.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn no_more_is_held_than_allowed_and_one_row_always_fits() {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path(), 1 << 10);
        for n in 0..1_000u32 {
            sorter
                .add(&n.wrapping_mul(2_654_435_761).to_be_bytes(), &[7; 100])
                .unwrap();
            assert!(sorter.bytes.len() <= 1 << 10);
        }
        sorter.add(b"huge", &[1; 5_000]).unwrap();
        assert!(sorter.runs.len() > 100, "{}", sorter.runs.len());
        let rows = all(sorter.finish().unwrap());
        assert_eq!(rows.len(), 1_001);
        assert!(rows.is_sorted());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let mut sorter = Sorter::new(Path::new("/no/such/folder"), 1);
        sorter.add(b"a", b"").unwrap();
        let error = sorter.add(b"b", b"").unwrap_err();
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
