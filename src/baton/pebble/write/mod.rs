//! Writing a store: all at once, sorted, at the lowest level.
//!
//! Such a store has nothing that a reader must merge. Rows have the sequence number 0, tables do not overlap, and the
//! log that a running store would have is left out.

mod table;

use super::edit::{TableMeta, VersionEdit};
use super::error::{Error, Place as _, Result};
use super::files::Memory;
use super::key::{Bound, Trailer, kind};
use super::log::put_record;
use super::name;
use super::version::COMPARER;
use table::TableWriter;

/// The level of all tables.
const LEVEL: u8 = 6;
/// The number of the MANIFEST and of the first table.
const MANIFEST: u64 = 1;
const FIRST_TABLE: u64 = 4;
/// Sequence numbers below 10 are set aside for what has none of its own. The next write gets a higher one.
const LAST_SEQUENCE: u64 = 10;
/// Longer keys are taken for damage when they are read.
const MAX_KEY: usize = 1 << 20;
/// Larger values would make a block that is refused.
const MAX_VALUE: usize = 128 << 20;

/// Takes the files of a new store, each when it is complete.
pub trait NewFiles {
    /// Keeps a file. Every name comes once.
    ///
    /// # Errors
    /// Those of what the files go to.
    fn put(&mut self, name: &str, content: Vec<u8>) -> Result<()>;
}

impl NewFiles for Memory {
    fn put(&mut self, name: &str, content: Vec<u8>) -> Result<()> {
        self.insert(name, content);
        Ok(())
    }
}

/// How a store is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// A table ends with the block that takes it beyond so many bytes. Who looks for one row may have to unpack the
    /// table up to it, and who writes holds it in memory.
    pub table: usize,
    /// A block ends before the row that would take it beyond so many bytes.
    pub block: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Cut {
            table: 2 << 20,
            block: 32 << 10,
        }
    }
}

/// Writes a store into `F`.
///
/// Rows come in [`Lane`]s: within a lane in ascending order, and no lane may have keys between those of another. So
/// what is sorted in several ways can be written in one go. One table for each lane is held in memory.
pub struct StoreWriter<F> {
    files: F,
    cut: Cut,
    tables: Vec<TableMeta>,
    /// Working memory for a block.
    block: Vec<u8>,
}

/// Rows in ascending order of key. What is not [ended](StoreWriter::end) is not in the store.
#[must_use]
pub struct Lane {
    cut: Cut,
    table: Option<TableWriter>,
    last: Vec<u8>,
    has_rows: bool,
}

impl<F: NewFiles> StoreWriter<F> {
    /// Starts a store that is cut in the usual way.
    pub fn new(files: F) -> Self {
        Self::with_cut(files, Cut::default())
    }

    /// Starts a store.
    pub fn with_cut(files: F, cut: Cut) -> Self {
        StoreWriter {
            files,
            cut,
            tables: Vec::new(),
            block: Vec::new(),
        }
    }

    /// Starts a lane.
    pub fn lane(&self) -> Lane {
        self.lane_cut(self.cut)
    }

    /// Starts a lane that is cut in its own way.
    pub fn lane_cut(&self, cut: Cut) -> Lane {
        Lane {
            cut,
            table: None,
            last: Vec::new(),
            has_rows: false,
        }
    }

    /// Adds a row behind all others of its lane.
    ///
    /// # Errors
    /// `Misuse` when its key is not above the last one, `TooBig` when key or value are longer than a reader accepts,
    /// and those of the files.
    pub fn add(&mut self, lane: &mut Lane, key: &[u8], value: &[u8]) -> Result<()> {
        if lane.has_rows && key <= lane.last.as_slice() {
            return Err(Error::misuse("rows are not added in order"));
        }
        check_size(key, value)?;
        let cut = lane.cut;
        let table = lane.table.get_or_insert_with(|| TableWriter::new(cut));
        table.add(key, value, &mut self.block);
        lane.has_rows = true;
        lane.last.clear();
        lane.last.extend_from_slice(key);
        if table.size() >= cut.table {
            self.finish_table(lane)?;
        }
        Ok(())
    }

    /// Ends a lane.
    ///
    /// # Errors
    /// Those of the files.
    pub fn end(&mut self, mut lane: Lane) -> Result<()> {
        self.finish_table(&mut lane)
    }

    fn finish_table(&mut self, lane: &mut Lane) -> Result<()> {
        let Some(table) = lane.table.take() else {
            return Ok(());
        };
        let number = FIRST_TABLE + self.tables.len() as u64;
        let finished = table.finish(&mut self.block);
        let bound = |key| Bound {
            key,
            trailer: Trailer::new(0, kind::SET),
        };
        self.tables.push(TableMeta {
            level: LEVEL,
            number,
            backing: None,
            size: finished.content.len() as u64,
            smallest: bound(finished.smallest),
            largest: bound(bytes::Bytes::copy_from_slice(&lane.last)),
            smallest_sequence: 0,
            largest_sequence: 0,
        });
        let name = name::table(number);
        self.files.put(&name, finished.content).in_file(&name)
    }

    /// Completes the store: writes what says which tables belong to it.
    ///
    /// # Errors
    /// `Misuse` when lanes had keys between each other's, and those of the files.
    pub fn finish(mut self) -> Result<F> {
        let next = FIRST_TABLE + self.tables.len() as u64;
        self.tables.sort_by(|a, b| a.smallest.key.cmp(&b.smallest.key));
        if !self.tables.is_sorted_by(|a, b| a.largest.key < b.smallest.key) {
            return Err(Error::misuse("lanes have keys between each other's"));
        }
        let edit = VersionEdit {
            comparer: Some(COMPARER.to_owned()),
            log_number: Some(next),
            next_file: Some(next + 1),
            last_sequence: Some(LAST_SEQUENCE),
            added: self.tables,
            ..VersionEdit::default()
        };
        let mut log = Vec::new();
        put_record(&mut log, &edit.encode());
        let manifest = name::manifest(MANIFEST);
        self.files.put(&manifest, log).in_file(&manifest)?;
        for marker in name::markers(&manifest) {
            self.files.put(&marker, Vec::new()).in_file(&marker)?;
        }
        Ok(self.files)
    }
}

fn check_size(key: &[u8], value: &[u8]) -> Result<()> {
    if key.len() < MAX_KEY && value.len() <= MAX_VALUE {
        return Ok(());
    }
    Err(Error::too_big(format!(
        "a row with a key of {} and a value of {} bytes is above the limits of {} KiB and {} MiB",
        key.len(),
        value.len(),
        MAX_KEY >> 10,
        MAX_VALUE >> 20
    )))
}

#[cfg(test)]
mod tests {
    use super::super::error::Fault;
    use super::super::store::Store;
    use super::*;

    fn key(n: u32) -> Vec<u8> {
        format!("key {n:06} of many").into_bytes()
    }

    fn value(n: u32) -> Vec<u8> {
        format!("value {}", n * 7).into_bytes()
    }

    fn small() -> Cut {
        Cut {
            table: 4 << 10,
            block: 512,
        }
    }

    fn rows_of(store: &Store, start: &[u8], end: Option<&[u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut cursor = store.scan(start, end).unwrap();
        let mut rows = Vec::new();
        while cursor.advance().unwrap() {
            rows.push((cursor.key().to_vec(), cursor.value().unwrap().to_vec()));
        }
        rows
    }

    #[test]
    fn what_is_written_is_read() {
        let mut writer = StoreWriter::with_cut(Memory::default(), small());
        let mut lane = writer.lane();
        for n in 0..5_000 {
            writer.add(&mut lane, &key(n * 2), &value(n * 2)).unwrap();
        }
        writer.end(lane).unwrap();
        let store = Store::open(writer.finish().unwrap()).unwrap();
        assert!(store.version().tables().count() > 20);
        assert_eq!(store.format_version(), 24);
        let all: Vec<_> = (0..5_000).map(|n| (key(n * 2), value(n * 2))).collect();
        assert_eq!(rows_of(&store, b"", None), all);
        assert_eq!(rows_of(&store, &key(3_001), Some(&key(6_000))), all[1501..3000]);
        let mut cursor = store.cursor();
        for n in (0..10_000).step_by(37) {
            let found = cursor.get(&key(n)).unwrap();
            assert_eq!(found.as_deref(), (n % 2 == 0).then(|| value(n)).as_deref(), "{n}");
        }
        assert_eq!(store.get(b"zzz").unwrap(), None);
    }

    #[test]
    fn lanes_are_written_side_by_side() {
        let mut writer = StoreWriter::with_cut(Memory::default(), small());
        let mut lanes = [writer.lane(), writer.lane(), writer.lane()];
        for n in 0..1_000 {
            for (lane, start) in lanes.iter_mut().zip([2_000, 0, 1_000]) {
                writer.add(lane, &key(start + n), b"").unwrap();
            }
        }
        for lane in lanes {
            writer.end(lane).unwrap();
        }
        let store = Store::open(writer.finish().unwrap()).unwrap();
        let keys: Vec<_> = rows_of(&store, b"", None).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, (0..3_000).map(key).collect::<Vec<_>>());
    }

    #[test]
    fn an_empty_store_is_a_store_and_an_empty_key_is_a_key() {
        let writer = StoreWriter::new(Memory::default());
        let lane = writer.lane();
        let mut writer = writer;
        writer.end(lane).unwrap();
        let store = Store::open(writer.finish().unwrap()).unwrap();
        assert_eq!(rows_of(&store, b"", None), []);
        let mut writer = StoreWriter::new(Memory::default());
        let mut lane = writer.lane();
        writer.add(&mut lane, b"", b"nothing").unwrap();
        assert!(writer.add(&mut lane, b"", b"again").is_err());
        writer.add(&mut lane, b"\0", b"").unwrap();
        writer.end(lane).unwrap();
        let store = Store::open(writer.finish().unwrap()).unwrap();
        let rows = [(vec![], b"nothing".to_vec()), (vec![0], vec![])];
        assert_eq!(rows_of(&store, b"", None), rows);
        assert_eq!(store.get(b"").unwrap().as_deref(), Some(&b"nothing"[..]));
    }

    #[test]
    fn rows_out_of_order_and_lanes_that_overlap_are_refused() {
        let mut writer = StoreWriter::with_cut(Memory::default(), Cut { table: 1, block: 1 });
        let mut lane = writer.lane();
        writer.add(&mut lane, b"b", b"").unwrap();
        for wrong in [&b"b"[..], b"a", b""] {
            let error = writer.add(&mut lane, wrong, b"").unwrap_err();
            assert!(matches!(error.fault(), Fault::Misuse(_)), "{error}");
        }
        writer.add(&mut lane, b"d", b"").unwrap();
        writer.end(lane).unwrap();
        let mut other = writer.lane();
        writer.add(&mut other, b"d", b"").unwrap();
        writer.end(other).unwrap();
        assert!(matches!(writer.finish().err().unwrap().fault(), Fault::Misuse(_)));
    }

    #[test]
    fn a_value_larger_than_a_table_is_a_table() {
        let mut writer = StoreWriter::with_cut(Memory::default(), small());
        let mut lane = writer.lane();
        let huge = vec![7; 100_000];
        writer.add(&mut lane, b"a", b"1").unwrap();
        writer.add(&mut lane, b"b", &huge).unwrap();
        writer.add(&mut lane, b"c", b"3").unwrap();
        assert!(
            writer.add(&mut lane, &vec![b'd'; 1 << 20], b"").is_err(),
            "a key of a megabyte"
        );
        writer.end(lane).unwrap();
        let store = Store::open(writer.finish().unwrap()).unwrap();
        assert_eq!(store.get(b"b").unwrap().unwrap(), huge);
        assert_eq!(rows_of(&store, b"", None).len(), 3);
    }
}
