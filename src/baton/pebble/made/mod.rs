//! Stores made for tests: with everything that a running store leaves behind and this room does not write.

mod random;
mod rules;

use bytes::Bytes;

use super::block::{Handle, IndexBuilder, put_data, put_pairs, put_spans};
use super::checksum::Checksum;
use super::edit::{TableMeta, VersionEdit};
use super::files::Memory;
use super::input::{put_string, put_uvarint};
use super::key::{Bound, MAX_SEQUENCE, Trailer, kind};
use super::log::put_record;
use super::name;
use super::store::Store;
use super::table::{MERGER, PROPERTIES, SCHEMA, attribute, name as property, put_footer};
use super::version::COMPARER;

/// A row as it lies in a table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) key: Vec<u8>,
    pub(super) trailer: Trailer,
    pub(super) value: Vec<u8>,
    /// The value is a handle of a value block.
    pub(super) elsewhere: bool,
}

pub(super) fn row(key: &str, sequence: u64, kind: u8, value: &str) -> Row {
    Row {
        key: key.as_bytes().to_vec(),
        trailer: Trailer::new(sequence, kind),
        value: value.as_bytes().to_vec(),
        elsewhere: false,
    }
}

/// What a table is made of, and how.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// In order of key, the newest of one key first.
    pub(super) rows: Vec<Row>,
    /// Start, end, sequence number; cut so that two cover the same keys or none in common.
    pub(super) spans: Vec<(Vec<u8>, Vec<u8>, u64)>,
    pub(super) format: u32,
    pub(super) rows_per_block: usize,
    /// Data blocks for each block of the lower index.
    pub(super) two_levels: Option<usize>,
    pub(super) compression: u8,
    pub(super) checksum: u8,
    /// What is to be wrong with it.
    pub(super) bend: Bend,
}

/// Damage under right checksums.
#[derive(Debug, Clone, Default)]
pub(super) struct Bend {
    /// Properties that say another number, or are there besides.
    pub(super) properties: Vec<(&'static str, u64)>,
    /// What the separator of every block has behind it.
    pub(super) separators: &'static str,
    /// Bytes between data and index.
    pub(super) gap: usize,
}

impl Default for Made {
    fn default() -> Self {
        Made {
            rows: Vec::new(),
            spans: Vec::new(),
            format: 7,
            rows_per_block: 3,
            two_levels: None,
            compression: 0,
            checksum: 1,
            bend: Bend::default(),
        }
    }
}

impl Made {
    pub(super) fn of(rows: Vec<Row>) -> Self {
        Made {
            rows,
            ..Made::default()
        }
    }

    /// The table file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut file = Writing {
            out: Vec::new(),
            checksum: Checksum::of_tag(self.checksum).unwrap(),
        };
        let mut block = Vec::new();
        let mut lower = vec![IndexBuilder::default()];
        let mut upper = IndexBuilder::default();
        let mut blocks = 0;
        for rows in self.rows.chunks(self.rows_per_block) {
            if self
                .two_levels
                .is_some_and(|per_index| lower.last().unwrap().rows() == per_index)
            {
                lower.push(IndexBuilder::default());
            }
            put_data(&mut block, rows);
            let handle = file.put(&block, self.compression);
            let separator = [&rows.last().unwrap().key[..], self.bend.separators.as_bytes()].concat();
            lower.last_mut().unwrap().add(&separator, handle);
            blocks += 1;
        }
        let data_size = file.out.len() as u64;
        file.out.extend(vec![0; self.bend.gap]);
        for index in &lower {
            index.finish(&mut block);
            let handle = file.put(&block, self.compression);
            if let Some(last) = index.last_separator() {
                upper.add(last, handle);
            }
        }
        let mut index = Handle {
            offset: data_size + self.bend.gap as u64,
            length: block.len() as u64,
        };
        if self.two_levels.is_some() {
            upper.finish(&mut block);
            index = file.put(&block, self.compression);
        } else if self.compression != 0 {
            // The handle is that of the stored block.
            index.length = file.out.len() as u64 - index.offset - 5;
        }
        let mut meta = Vec::new();
        if !self.spans.is_empty() {
            put_spans(&mut block, &self.spans);
            meta.push(("rocksdb.range_del2", handle_bytes(file.put(&block, 0))));
        }
        let properties = file.put(&self.properties(blocks, data_size), 0);
        meta.push((PROPERTIES, handle_bytes(properties)));
        meta.sort();
        let metaindex = file.put(
            &if self.format >= 6 {
                pairs(&meta)
            } else {
                row_pairs(&meta)
            },
            0,
        );
        let attributes = if self.spans.is_empty() {
            0
        } else {
            attribute::RANGE_DELETIONS
        } | if self.two_levels.is_some() {
            attribute::TWO_LEVEL_INDEX
        } else {
            0
        } | if blocks > 0 { attribute::DATA_BLOCKS } else { 0 };
        put_footer(&mut file.out, self.format, self.checksum, metaindex, index, attributes);
        file.out
    }

    fn properties(&self, blocks: u64, data_size: u64) -> Vec<u8> {
        let number = |n: u64| {
            let mut bytes = Vec::new();
            put_uvarint(&mut bytes, n);
            bytes
        };
        let spans = self.spans.len() as u64;
        let deletions = self
            .rows
            .iter()
            .filter(|r| !matches!(r.trailer.kind(), kind::SET | kind::SET_WITH_DELETE));
        let mut distinct: Vec<_> = self.spans.iter().map(|(start, end, _)| (start, end)).collect();
        distinct.dedup();
        let raw_key = self.rows.iter().map(|r| r.key.len() + 8).sum::<usize>()
            + distinct
                .iter()
                .map(|(start, end)| start.len() + end.len())
                .sum::<usize>();
        let raw_value = self.rows.iter().map(|r| r.value.len()).sum::<usize>();
        let mut properties = vec![
            (property::COMPARATOR, COMPARER.into()),
            (property::MERGE_OPERATOR, MERGER.into()),
            (property::SCHEMA, SCHEMA.into()),
            (
                property::INDEX_TYPE,
                vec![if self.two_levels.is_some() { 2 } else { 0 }, 0, 0, 0],
            ),
            (property::DATA_BLOCKS, number(blocks)),
            (property::DATA_SIZE, number(data_size)),
            (property::ENTRIES, number(self.rows.len() as u64 + spans)),
            (property::DELETED_KEYS, number(deletions.count() as u64 + spans)),
            (property::RANGE_DELETIONS, number(spans)),
            (property::RAW_KEY_SIZE, number(raw_key as u64)),
            (property::RAW_VALUE_SIZE, number(raw_value as u64)),
        ];
        for (name, bent) in &self.bend.properties {
            properties.retain(|(other, _)| other != name);
            properties.push((name, number(*bent)));
        }
        properties.sort();
        if self.format >= 7 {
            pairs(&properties)
        } else {
            row_pairs(&properties)
        }
    }

    /// The first and the last internal key.
    fn bounds(&self) -> (Bound, Bound) {
        let bound = |key: &[u8], trailer| Bound {
            key: Bytes::copy_from_slice(key),
            trailer,
        };
        let deletion = |sequence| Trailer::new(sequence, kind::RANGE_DELETE);
        let rows = self.rows.iter().map(|r| bound(&r.key, r.trailer));
        let starts = self
            .spans
            .iter()
            .map(|(start, _, sequence)| bound(start, deletion(*sequence)));
        let ends = self.spans.iter().map(|(_, end, _)| bound(end, deletion(MAX_SEQUENCE)));
        let order = |a: &Bound, b: &Bound| a.key.cmp(&b.key).then(b.trailer.cmp(&a.trailer));
        let smallest = rows.clone().chain(starts).min_by(order).unwrap();
        (smallest, rows.chain(ends).max_by(order).unwrap())
    }

    /// What a MANIFEST says of the table.
    pub(super) fn meta(&self, level: u8, number: u64) -> TableMeta {
        let sequences = self
            .rows
            .iter()
            .map(|r| r.trailer.sequence())
            .chain(self.spans.iter().map(|s| s.2));
        let (smallest, largest) = self.bounds();
        TableMeta {
            level,
            number,
            backing: None,
            size: self.bytes().len() as u64,
            smallest,
            largest,
            smallest_sequence: sequences.clone().min().unwrap(),
            largest_sequence: sequences.max().unwrap(),
        }
    }
}

struct Writing {
    out: Vec<u8>,
    checksum: Checksum,
}

impl Writing {
    fn put(&mut self, block: &[u8], compression: u8) -> Handle {
        let stored = match compression {
            0 => block.to_vec(),
            1 => snap::raw::Encoder::new().compress_vec(block).unwrap(),
            7 => {
                let mut stored = Vec::new();
                put_uvarint(&mut stored, block.len() as u64);
                stored.extend(zstd::bulk::compress(block, 1).unwrap());
                stored
            }
            other => panic!("{other}"),
        };
        let handle = Handle {
            offset: self.out.len() as u64,
            length: stored.len() as u64,
        };
        self.out.extend(&stored);
        self.out.push(compression);
        self.out
            .extend(self.checksum.of_block(&stored, compression).to_le_bytes());
        handle
    }
}

fn handle_bytes(handle: Handle) -> Vec<u8> {
    let mut bytes = Vec::new();
    handle.put(&mut bytes);
    bytes
}

fn pairs(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    put_pairs(&mut out, pairs);
    out
}

/// The form of older formats, every row a restart point.
fn row_pairs(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut restarts) = (Vec::new(), Vec::new());
    for (name, value) in pairs {
        restarts.extend(u32::try_from(out.len()).unwrap().to_le_bytes());
        out.push(0);
        put_uvarint(&mut out, name.len() as u64);
        put_uvarint(&mut out, value.len() as u64);
        out.extend(name.bytes());
        out.extend(value);
    }
    out.extend(&restarts);
    out.extend(u32::try_from(pairs.len()).unwrap().to_le_bytes());
    out
}

/// A MANIFEST record in the form that has room for virtual tables.
fn record(tables: &[TableMeta], backings: &[(u64, u64)]) -> Vec<u8> {
    let start = VersionEdit {
        comparer: Some(COMPARER.to_owned()),
        log_number: Some(1000),
        next_file: Some(1001),
        last_sequence: Some(1_000_000),
        ..VersionEdit::default()
    };
    let mut out = start.encode();
    for (number, size) in backings {
        [105, *number, *size].iter().for_each(|n| put_uvarint(&mut out, *n));
    }
    for table in tables {
        [103, u64::from(table.level), table.number, table.size]
            .iter()
            .for_each(|n| put_uvarint(&mut out, *n));
        put_string(&mut out, &table.smallest.to_internal());
        put_string(&mut out, &table.largest.to_internal());
        put_uvarint(&mut out, table.smallest_sequence);
        put_uvarint(&mut out, table.largest_sequence);
        if let Some(backing) = table.backing {
            put_uvarint(&mut out, 66);
            put_uvarint(&mut out, backing);
        }
        put_uvarint(&mut out, 1);
    }
    out
}

/// The files of a store: tables by the number of their file, and what a MANIFEST says is alive of them.
pub(super) fn files(tables: &[(u64, &Made)], live: &[TableMeta]) -> Memory {
    let mut files = Memory::default();
    let mut backings = Vec::new();
    for (number, made) in tables {
        let bytes = made.bytes();
        if live.iter().any(|table| table.backing == Some(*number)) {
            backings.push((*number, bytes.len() as u64));
        }
        files.insert(name::table(*number), bytes);
    }
    let mut log = Vec::new();
    put_record(&mut log, &record(live, &backings));
    files.insert("MANIFEST-000001", log);
    for marker in name::markers("MANIFEST-000001") {
        files.insert(marker, Vec::new());
    }
    files
}

/// All live rows of a range.
pub(super) fn rows_of(store: &Store, start: &[u8], end: Option<&[u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut cursor = store.scan(start, end).unwrap();
    let mut rows = Vec::new();
    while cursor.advance().unwrap() {
        rows.push((cursor.key().to_vec(), cursor.value().unwrap().to_vec()));
    }
    rows
}
