//! Tables: sorted rows in one file.
//!
//! ```text
//! data blocks | index block(s) | [range deletions] | properties | metaindex | footer
//! ```
//!
//! A block that is read has its checksum found right first.

mod cursor;
mod footer;
mod properties;

pub(super) use cursor::TableCursor;
#[cfg(test)]
pub(super) use footer::put_footer;
pub(super) use footer::{Footer, attribute};
pub(super) use properties::{MERGER, Properties, SCHEMA, name};

use std::sync::Arc;

use bytes::Bytes;

use super::block::{DataBlock, Handle, IndexBlock, Pairs, Span, spans};
use super::compress;
use super::error::{Error, Place as _, Result};
use super::files::ReadAt;

/// Behind every block: its compression, and the checksum of both.
pub(super) const BLOCK_TRAILER: usize = 5;
/// The name under which the metaindex has the properties.
pub(super) const PROPERTIES: &str = "rocksdb.properties";
pub(super) const RANGE_DELETIONS: &str = "rocksdb.range_del2";
/// Blocks whose rows this code would not show.
const NOT_READ: [&str; 3] = ["pebble.range_key", "rocksdb.range_del", "pebble.blob_ref_index"];

/// An open table: its index and what it says of itself. Data blocks are read when they are asked for.
pub(super) struct Table {
    name: String,
    source: Arc<dyn ReadAt>,
    pub(super) footer: Footer,
    pub(super) properties: Properties,
    pub(super) metaindex: Pairs,
    pub(super) index: IndexBlock,
}

impl Table {
    /// Opens the table that `source` holds.
    pub(super) fn open(name: &str, source: Arc<dyn ReadAt>) -> Result<Self> {
        Self::read(name, source).in_file(name)
    }

    fn read(name: &str, source: Arc<dyn ReadAt>) -> Result<Self> {
        let footer = Footer::read(&*source)?;
        // What is kept as long as the table is open must not keep the memory of the whole file.
        let block = |handle| read_block(&*source, &footer, handle).map(|block| Bytes::copy_from_slice(&block));
        let pairs = |handle, is_columnar| {
            let block = block(handle)?;
            if is_columnar {
                Pairs::decode(&block)
            } else {
                Pairs::decode_rows(&block)
            }
            .at(handle.offset)
        };
        let metaindex = pairs(footer.metaindex, footer.format >= 6)?;
        let handle = metaindex.handle(PROPERTIES)?;
        let handle = handle.ok_or_else(|| Error::corrupt("it has no properties"))?;
        let properties = Properties::of(&pairs(handle, footer.format >= 7)?, &footer).at(handle.offset)?;
        if let Some(other) = NOT_READ.iter().find(|name| metaindex.get(name).is_some()) {
            return Err(Error::unsupported(format!("it has a block {other}, which is not read")));
        }
        if (properties.range_deletions > 0) != metaindex.get(RANGE_DELETIONS).is_some() {
            return Err(Error::corrupt(
                "it has range deletions without their block, or the other way round",
            ));
        }
        let index = IndexBlock::decode(block(footer.index)?).at(footer.index.offset)?;
        Ok(Table {
            name: name.to_owned(),
            source,
            footer,
            properties,
            metaindex,
            index,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the file.
    pub(super) fn size(&self) -> u64 {
        self.source.size()
    }

    /// Everything that it says of itself, by name.
    pub(super) fn pairs(&self) -> Result<Pairs> {
        let handle = self.metaindex.handle(PROPERTIES).in_file(&self.name)?;
        let handle = handle.ok_or_else(|| Error::corrupt("it has no properties").in_file(&self.name))?;
        let block = self.block(handle)?;
        let pairs = match self.footer.format {
            7.. => Pairs::decode(&block),
            _ => Pairs::decode_rows(&block),
        };
        pairs.at(handle.offset).in_file(&self.name)
    }

    /// A block as the program sees it: checked and unpacked.
    pub(super) fn block(&self, handle: Handle) -> Result<Bytes> {
        read_block(&*self.source, &self.footer, handle).in_file(&self.name)
    }

    /// A block below the upper index.
    pub(super) fn lower_index(&self, row: usize) -> Result<IndexBlock> {
        let handle = self.index.handle(row).in_file(&self.name)?;
        IndexBlock::decode(self.block(handle)?)
            .at(handle.offset)
            .in_file(&self.name)
    }

    pub(super) fn data_block(&self, handle: Handle) -> Result<DataBlock> {
        DataBlock::decode(self.block(handle)?)
            .at(handle.offset)
            .in_file(&self.name)
    }

    /// Where the range deletions lie.
    pub(super) fn range_deletions(&self) -> Result<Option<Handle>> {
        self.metaindex.handle(RANGE_DELETIONS).in_file(&self.name)
    }

    /// All range deletions of the file.
    pub(super) fn spans(&self) -> Result<Vec<Span>> {
        let Some(handle) = self.range_deletions()? else {
            return Ok(Vec::new());
        };
        let spans = spans(&self.block(handle)?).at(handle.offset).in_file(&self.name)?;
        if spans.len() as u64 != self.properties.range_deletions {
            let error = Error::corrupt(format!(
                "it has {} range deletions, its properties say {}",
                spans.len(),
                self.properties.range_deletions
            ));
            return Err(error.in_file(&self.name));
        }
        Ok(spans)
    }
}

fn read_block(source: &dyn ReadAt, footer: &Footer, handle: Handle) -> Result<Bytes> {
    let length = usize::try_from(handle.length)
        .ok()
        .and_then(|n| n.checked_add(BLOCK_TRAILER));
    let length = length
        .filter(|length| {
            handle
                .offset
                .checked_add(*length as u64)
                .is_some_and(|end| end <= footer.start)
        })
        .ok_or_else(|| {
            Error::corrupt(format!(
                "a block of {} bytes should lie at {}, where there is no room for it",
                handle.length, handle.offset
            ))
        })?;
    unpack(footer, source.read(handle.offset, length)?).at(handle.offset)
}

fn unpack(footer: &Footer, stored: Bytes) -> Result<Bytes> {
    let short = || Error::corrupt("a block is cut off");
    let (block, trailer) = stored.split_last_chunk::<BLOCK_TRAILER>().ok_or_else(short)?;
    let [compression, checksum @ ..] = *trailer;
    if footer.checksum.of_block(block, compression) != u32::from_le_bytes(checksum) {
        return Err(Error::corrupt("the checksum of a block is wrong"));
    }
    compress::unpack(stored.slice(..block.len()), compression)
}
