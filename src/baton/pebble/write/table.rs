//! A table that is being written, in memory.

use bytes::Bytes;

use super::super::block::{DataBuilder, Handle, IndexBuilder, put_pairs};
use super::super::checksum::Checksum;
use super::super::compress;
use super::super::input::put_uvarint;
use super::super::key::{Trailer, kind};
use super::super::table::{Footer, MERGER, PROPERTIES, SCHEMA, attribute, name};
use super::super::version::COMPARER;
use super::Cut;

/// Room for what stands behind the data blocks.
const REST: usize = 16 << 10;

/// Rows in order, cut into blocks. Blocks are stored as they are: who keeps the table may compress it as a whole, which
/// is better than block by block.
pub(super) struct TableWriter {
    cut: Cut,
    out: Vec<u8>,
    smallest: Bytes,
    data: DataBuilder,
    index: IndexBuilder,
    rows: u64,
    key_bytes: u64,
    value_bytes: u64,
}

/// A table that is complete.
pub(super) struct Finished {
    pub(super) content: Vec<u8>,
    pub(super) smallest: Bytes,
}

impl TableWriter {
    pub(super) fn new(cut: Cut) -> Self {
        TableWriter {
            cut,
            out: Vec::with_capacity(cut.table.saturating_add(cut.block).saturating_add(REST)),
            smallest: Bytes::new(),
            data: DataBuilder::default(),
            index: IndexBuilder::default(),
            rows: 0,
            key_bytes: 0,
            value_bytes: 0,
        }
    }

    /// Bytes of the blocks that are complete.
    pub(super) fn size(&self) -> usize {
        self.out.len()
    }

    /// Adds a row. `block` is working memory.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8], block: &mut Vec<u8>) {
        if self.data.rows() > 0 && self.data.size() + key.len() + value.len() + 8 > self.cut.block {
            self.end_block(block);
        }
        if self.rows == 0 {
            self.smallest = Bytes::copy_from_slice(key);
        }
        self.data.add(key, value);
        self.rows += 1;
        self.key_bytes += key.len() as u64 + 8;
        self.value_bytes += value.len() as u64;
    }

    fn end_block(&mut self, block: &mut Vec<u8>) {
        let separator = self.data.last_key().to_vec();
        self.data.finish(Trailer::new(0, kind::SET), block);
        let handle = self.put_block(block);
        self.index.add(&separator, handle);
    }

    fn put_block(&mut self, block: &[u8]) -> Handle {
        let handle = Handle {
            offset: self.out.len() as u64,
            length: block.len() as u64,
        };
        self.out.extend_from_slice(block);
        self.out.push(compress::NONE);
        let checksum = Checksum::Crc32c.of_block(block, compress::NONE);
        self.out.extend_from_slice(&checksum.to_le_bytes());
        handle
    }

    /// Completes the table.
    pub(super) fn finish(mut self, block: &mut Vec<u8>) -> Finished {
        if self.data.rows() > 0 {
            self.end_block(block);
        }
        let data_size = self.out.len() as u64;
        self.index.finish(block);
        let index_size = block.len() as u64;
        let index = self.put_block(block);
        put_pairs(block, &self.properties(data_size, index_size));
        let properties = self.put_block(block);
        let mut handle = Vec::new();
        properties.put(&mut handle);
        put_pairs(block, &[(PROPERTIES, handle)]);
        let metaindex = self.put_block(block);
        Footer::put(&mut self.out, metaindex, index, attribute::DATA_BLOCKS);
        Finished {
            content: self.out,
            smallest: self.smallest,
        }
    }

    /// In order of name.
    fn properties(&self, data_size: u64, index_size: u64) -> Vec<(&'static str, Vec<u8>)> {
        let number = |number| {
            let mut bytes = Vec::new();
            put_uvarint(&mut bytes, number);
            bytes
        };
        let mut properties = vec![
            (name::COMPARATOR, COMPARER.into()),
            (name::MERGE_OPERATOR, MERGER.into()),
            (name::SCHEMA, SCHEMA.into()),
            (name::COMPRESSION, "NoCompression".into()),
            (name::INDEX_TYPE, vec![0; 4]),
            (name::INDEX_SIZE, number(index_size)),
            (name::DATA_BLOCKS, number(self.index.rows() as u64)),
            (name::DATA_SIZE, number(data_size)),
            (name::ENTRIES, number(self.rows)),
            (name::RAW_KEY_SIZE, number(self.key_bytes)),
            (name::RAW_VALUE_SIZE, number(self.value_bytes)),
        ];
        let absent = [
            name::DELETED_KEYS,
            name::RANGE_DELETIONS,
            name::MERGE_OPERANDS,
            name::FILTER_SIZE,
        ];
        properties.extend(absent.map(|name| (name, number(0))));
        properties.sort_by_key(|(name, _)| *name);
        properties
    }
}
