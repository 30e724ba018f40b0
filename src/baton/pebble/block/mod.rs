//! Blocks: what a table is made of.
//!
//! A columnar block is a header of fixed size, a list of its columns, the columns, and one byte:
//!
//! ```text
//! [custom header] 1 | columns u16 | rows u32 | { kind u8 | start u32 } per column | column … column | 0
//! ```

mod data;
mod index;
mod pairs;
mod row;
mod spans;

pub(super) use data::{DataBlock, DataBuilder};
pub(super) use index::{IndexBlock, IndexBuilder};
pub(super) use pairs::{Pairs, put_pairs};
pub(super) use spans::{Span, spans};

#[cfg(test)]
pub(super) use data::put_data;
#[cfg(test)]
pub(super) use spans::put_spans;

use super::column::{Bits, Prefixed, Slices, Uints};
use super::error::{Error, Result};
use super::input::{Input, put_uvarint};

const VERSION: u8 = 1;
/// Version, number of columns, number of rows.
const HEADER: usize = 7;
/// Kind and start of a column.
const ENTRY: usize = 5;

mod kind {
    pub(super) const BITS: u8 = 1;
    pub(super) const UINTS: u8 = 2;
    pub(super) const SLICES: u8 = 3;
    pub(super) const PREFIXED: u8 = 4;
}

/// Where a block lies in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle {
    pub(super) offset: u64,
    /// Bytes without the trailer of compression and checksum.
    pub(super) length: u64,
}

impl Handle {
    pub(super) fn read(input: &mut Input<'_>) -> Result<Self> {
        Ok(Handle {
            offset: input.uvarint()?,
            length: input.uvarint()?,
        })
    }

    pub(super) fn put(self, out: &mut Vec<u8>) {
        put_uvarint(out, self.offset);
        put_uvarint(out, self.length);
    }
}

/// Reads the columns of a block one after the other. Each ends where the next begins, and the last one byte before the
/// end of the block.
struct Columns<'b> {
    block: &'b [u8],
    entries: Input<'b>,
    rows: usize,
    at: usize,
}

impl<'b> Columns<'b> {
    /// Reads the header, which lies behind `custom` bytes of a header of the block's own.
    fn open(block: &'b [u8], custom: usize, wanted: u16) -> Result<Self> {
        let mut header = Input::new(block.get(custom..).unwrap_or_default());
        let (version, columns, rows) = (header.u8()?, header.u16()?, header.u32()?);
        if version != VERSION {
            return Err(Error::unsupported(format!(
                "columnar blocks of version {version} are not read"
            )));
        }
        if columns != wanted {
            return Err(Error::corrupt(format!(
                "a block has {columns} columns instead of {wanted}"
            )));
        }
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        // Rows differ from each other, so they take space. What claims more would only cost time.
        if rows > block.len() {
            return Err(Error::corrupt(format!(
                "a block of {} bytes claims to have {rows} rows",
                block.len()
            )));
        }
        let entries = header.take(usize::from(columns) * ENTRY)?;
        Ok(Columns {
            block,
            entries: Input::new(entries),
            rows,
            at: custom + HEADER + entries.len(),
        })
    }

    /// The next column: checks its kind and its start.
    fn next<T>(&mut self, kind: u8, decode: impl FnOnce(&[u8], usize) -> Result<(T, usize)>) -> Result<T> {
        let (found, start) = (self.entries.u8()?, self.entries.u32()?);
        if found != kind {
            return Err(Error::corrupt(format!("a column is of kind {found} instead of {kind}")));
        }
        if usize::try_from(start).ok() != Some(self.at) {
            return Err(Error::corrupt(format!(
                "a column starts at {start}, the one before ends at {}",
                self.at
            )));
        }
        let (column, end) = decode(self.block, self.at)?;
        self.at = end;
        Ok(column)
    }

    fn uints(&mut self) -> Result<Uints> {
        let rows = self.rows;
        self.next(kind::UINTS, |block, at| Uints::decode(block, at, rows))
    }

    fn slices(&mut self) -> Result<Slices> {
        let rows = self.rows;
        self.next(kind::SLICES, |block, at| Slices::decode(block, at, rows))
    }

    fn prefixed(&mut self) -> Result<Prefixed> {
        let rows = self.rows;
        self.next(kind::PREFIXED, |block, at| Prefixed::decode(block, at, rows))
    }

    fn bits(&mut self) -> Result<Bits> {
        let rows = self.rows;
        self.next(kind::BITS, |block, at| Bits::decode(block, at, rows))
    }

    fn close(self) -> Result<()> {
        if self.block.get(self.at..) == Some(&[0]) {
            return Ok(());
        }
        Err(Error::corrupt("a block does not end with one zero behind its columns"))
    }
}

/// Writes a columnar block.
struct Building<'b> {
    out: &'b mut Vec<u8>,
    entry: usize,
}

impl<'b> Building<'b> {
    /// Begins a block in `out`, which is emptied first.
    fn begin(out: &'b mut Vec<u8>, custom: &[u8], columns: u16, rows: usize) -> Self {
        out.clear();
        out.extend_from_slice(custom);
        out.push(VERSION);
        out.extend_from_slice(&columns.to_le_bytes());
        out.extend_from_slice(&u32::try_from(rows).unwrap_or(u32::MAX).to_le_bytes());
        let entry = out.len();
        out.resize(entry + usize::from(columns) * ENTRY, 0);
        Building { out, entry }
    }

    fn column(&mut self, kind: u8, put: impl FnOnce(&mut Vec<u8>)) {
        let start = u32::try_from(self.out.len()).unwrap_or(u32::MAX).to_le_bytes();
        let entry = [&[kind], &start[..]].concat();
        if let Some(place) = self.out.get_mut(self.entry..self.entry + ENTRY) {
            place.copy_from_slice(&entry);
        }
        self.entry += ENTRY;
        put(self.out);
    }

    fn finish(self) {
        self.out.push(0);
    }
}
