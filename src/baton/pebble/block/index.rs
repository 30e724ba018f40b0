//! Index blocks: which block holds a key. The upper index of a table with two levels has the same form.

use bytes::Bytes;

use super::super::column::{Slices, Uints, broken_row, put_slices, put_uints};
use super::super::error::{Error, Result};
use super::{Building, Columns, Handle, kind};

const COLUMNS: u16 = 4;

/// A row for each block below: a separator that is not below its last key and not above the first of the next one.
#[derive(Debug, Clone)]
pub(crate) struct IndexBlock {
    block: Bytes,
    separators: Slices,
    offsets: Uints,
    lengths: Uints,
}

impl IndexBlock {
    pub(crate) fn decode(block: Bytes) -> Result<Self> {
        let mut columns = Columns::open(&block, 0, COLUMNS)?;
        let separators = columns.slices()?;
        let offsets = columns.uints()?;
        let lengths = columns.uints()?;
        // Properties by which blocks could be passed over.
        let _properties = columns.slices()?;
        columns.close()?;
        let index = IndexBlock {
            block,
            separators,
            offsets,
            lengths,
        };
        index.check_order()?;
        Ok(index)
    }

    fn check_order(&self) -> Result<()> {
        let mut before: Option<&[u8]> = None;
        for row in 0..self.rows() {
            let separator = self.separator(row)?;
            if before.is_some_and(|before| before > separator) {
                return Err(Error::corrupt("the separators of an index are not in order"));
            }
            before = Some(separator);
        }
        Ok(())
    }

    pub(crate) fn rows(&self) -> usize {
        self.separators.rows()
    }

    pub(crate) fn separator(&self, row: usize) -> Result<&[u8]> {
        self.separators.get(&self.block, row).ok_or_else(broken_row)
    }

    pub(crate) fn handle(&self, row: usize) -> Result<Handle> {
        let number = |column: &Uints| column.get(&self.block, row).ok_or_else(broken_row);
        Ok(Handle {
            offset: number(&self.offsets)?,
            length: number(&self.lengths)?,
        })
    }

    /// The first row whose block may hold `key` or what follows it; the number of rows if there is none.
    pub(crate) fn lower_bound(&self, key: &[u8]) -> Result<usize> {
        let (mut low, mut high) = (0, self.rows());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.separator(middle)? < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

/// Collects the rows of an index.
#[derive(Debug, Default)]
pub(crate) struct IndexBuilder {
    separators: Vec<u8>,
    ends: Vec<u32>,
    handles: Vec<Handle>,
}

impl IndexBuilder {
    pub(crate) fn add(&mut self, separator: &[u8], handle: Handle) {
        self.separators.extend_from_slice(separator);
        self.ends.push(u32::try_from(self.separators.len()).unwrap_or(u32::MAX));
        self.handles.push(handle);
    }

    pub(crate) fn rows(&self) -> usize {
        self.handles.len()
    }

    #[cfg(test)]
    pub(crate) fn last_separator(&self) -> Option<&[u8]> {
        let before = self.ends.len().checked_sub(2).map_or(0, |n| self.ends[n] as usize);
        self.ends.last().map(|_| &self.separators[before..])
    }

    pub(crate) fn finish(&self, out: &mut Vec<u8>) {
        let rows = self.rows();
        let mut block = Building::begin(out, &[], COLUMNS, rows);
        block.column(kind::SLICES, |out| put_slices(out, &self.separators, &self.ends));
        block.column(kind::UINTS, |out| {
            put_uints(out, self.handles.iter().map(|h| h.offset), true)
        });
        block.column(kind::UINTS, |out| {
            put_uints(out, self.handles.iter().map(|h| h.length), true)
        });
        block.column(kind::SLICES, |out| {
            put_uints(out, std::iter::repeat_n(0, rows + usize::from(rows > 0)), false)
        });
        block.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The index block of the contract's byte vector.
    const VECTOR: &[u8] = &[
        1, 4, 0, 1, 0, 0, 0, 3, 27, 0, 0, 0, 2, 31, 0, 0, 0, 2, 32, 0, 0, 0, 3, 34, 0, 0, 0, 1, 0, 1, 4, 0, 1, 127, 0,
        0,
    ];

    fn handle(offset: u64, length: u64) -> Handle {
        Handle { offset, length }
    }

    #[test]
    fn the_byte_vector_of_the_contract_is_read_and_written() {
        let index = IndexBlock::decode(Bytes::from_static(VECTOR)).unwrap();
        assert_eq!(index.rows(), 1);
        assert_eq!(index.separator(0).unwrap(), [4]);
        assert_eq!(index.handle(0).unwrap(), handle(0, 127));
        let mut builder = IndexBuilder::default();
        builder.add(&[4], handle(0, 127));
        let mut out = Vec::new();
        builder.finish(&mut out);
        assert_eq!(out, VECTOR);
    }

    #[test]
    fn the_block_of_a_key_is_the_first_whose_separator_is_not_below_it() {
        let mut builder = IndexBuilder::default();
        for (n, separator) in ["b", "d", "d", "f"].iter().enumerate() {
            builder.add(separator.as_bytes(), handle(n as u64 * 1000, 995));
        }
        let mut out = Vec::new();
        builder.finish(&mut out);
        let index = IndexBlock::decode(out.into()).unwrap();
        for (key, row) in [("a", 0), ("b", 0), ("b\0", 1), ("d", 1), ("e", 3), ("f", 3), ("g", 4)] {
            assert_eq!(index.lower_bound(key.as_bytes()).unwrap(), row, "{key}");
        }
        assert_eq!(index.handle(3).unwrap(), handle(3000, 995));
        assert!(index.handle(4).is_err());
    }

    #[test]
    fn separators_out_of_order_are_damage() {
        let mut builder = IndexBuilder::default();
        builder.add(b"d", handle(0, 1));
        builder.add(b"b", handle(6, 1));
        let mut out = Vec::new();
        builder.finish(&mut out);
        assert!(IndexBlock::decode(out.into()).is_err());
    }
}
