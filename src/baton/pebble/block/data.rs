//! Data blocks: the rows of a table.

use bytes::Bytes;

use super::super::column::{Bits, Prefixed, Slices, Uints, broken_row, put_bits, put_prefixed, put_slices, put_uints};
use super::super::error::{Error, Result};
use super::super::input::Input;
use super::super::key::Trailer;
use super::{Building, Columns, kind};

/// The custom header: how long the longest key is.
const CUSTOM: usize = 4;
const COLUMNS: u16 = 7;
/// Keys beyond this are no keys.
const MAX_KEY: usize = 1 << 20;

/// The rows of a block, in order of key, and for one key the newest first.
#[derive(Debug, Clone)]
pub(crate) struct DataBlock {
    block: Bytes,
    pub(crate) keys: Prefixed,
    trailers: Uints,
    differs: Bits,
    values: Slices,
    elsewhere: Bits,
    obsolete: Bits,
    /// What the block says of its longest key.
    pub(crate) longest: usize,
}

impl DataBlock {
    pub(crate) fn decode(block: Bytes) -> Result<Self> {
        let longest = usize::try_from(Input::new(&block).u32()?).unwrap_or(usize::MAX);
        if longest >= MAX_KEY {
            return Err(Error::corrupt(format!(
                "a block says that it has a key of {longest} bytes"
            )));
        }
        let mut columns = Columns::open(&block, CUSTOM, COLUMNS)?;
        let keys = columns.prefixed()?;
        let suffixes = columns.slices()?;
        let trailers = columns.uints()?;
        let differs = columns.bits()?;
        let values = columns.slices()?;
        let elsewhere = columns.bits()?;
        let obsolete = columns.bits()?;
        columns.close()?;
        if !suffixes.is_all_empty(&block) {
            return Err(Error::unsupported("keys with suffixes are not read"));
        }
        Ok(DataBlock {
            block,
            keys,
            trailers,
            differs,
            values,
            elsewhere,
            obsolete,
            longest,
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.block
    }

    pub(crate) fn rows(&self) -> usize {
        self.keys.rows()
    }

    pub(crate) fn trailer(&self, row: usize) -> Result<Trailer> {
        self.trailers.get(&self.block, row).map(Trailer).ok_or_else(broken_row)
    }

    /// Whether the block says that the key of a row is another one than that of the row before.
    pub(crate) fn differs(&self, row: usize) -> Result<bool> {
        self.differs.get(&self.block, row).ok_or_else(broken_row)
    }

    /// The value of a row. Values that lie elsewhere are those of older versions only, which nobody asks for.
    pub(crate) fn value(&self, row: usize) -> Result<&[u8]> {
        if self.elsewhere.get(&self.block, row).ok_or_else(broken_row)? {
            return Err(Error::unsupported("the value of a live row lies outside of its block"));
        }
        self.values.get(&self.block, row).ok_or_else(broken_row)
    }

    /// As [`DataBlock::value`]; `None` for one that lies elsewhere.
    pub(crate) fn stored_value(&self, row: usize) -> Result<Option<&[u8]>> {
        match self.elsewhere.get(&self.block, row).ok_or_else(broken_row)? {
            true => Ok(None),
            false => self.value(row).map(Some),
        }
    }

    /// Whether the block says that a newer row has taken the place of this one. Merging finds that out for itself.
    pub(crate) fn is_obsolete(&self, row: usize) -> Result<bool> {
        self.obsolete.get(&self.block, row).ok_or_else(broken_row)
    }

    /// As [`DataBlock::value`], sharing the memory of the block.
    pub(crate) fn value_bytes(&self, row: usize) -> Result<Bytes> {
        let value = self.value(row)?;
        Ok(self.block.slice_ref(value))
    }
}

/// Collects rows with one trailer until they make a block.
#[derive(Debug, Default)]
pub(crate) struct DataBuilder {
    keys: Vec<u8>,
    key_ends: Vec<u32>,
    values: Vec<u8>,
    value_ends: Vec<u32>,
    longest: usize,
    offsets: Vec<u32>,
}

impl DataBuilder {
    /// Adds a row behind all others.
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.keys.extend_from_slice(key);
        self.values.extend_from_slice(value);
        self.key_ends.push(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
        self.value_ends
            .push(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.longest = self.longest.max(key.len());
    }

    pub(crate) fn rows(&self) -> usize {
        self.key_ends.len()
    }

    /// About how many bytes the rows will take, or more.
    pub(crate) fn size(&self) -> usize {
        self.keys.len() + self.values.len() + self.rows() * 8
    }

    /// The key of the last row.
    pub(crate) fn last_key(&self) -> &[u8] {
        let before_last = self.key_ends.len().checked_sub(2).and_then(|n| self.key_ends.get(n));
        let start = before_last.copied().unwrap_or_default() as usize;
        self.keys.get(start..).unwrap_or_default()
    }

    /// Writes the block to `out` and starts a new one.
    pub(crate) fn finish(&mut self, trailer: Trailer, out: &mut Vec<u8>) {
        let rows = self.rows();
        let longest = u32::try_from(self.longest).unwrap_or(u32::MAX).to_le_bytes();
        let mut block = Building::begin(out, &longest, COLUMNS, rows);
        block.column(kind::PREFIXED, |out| {
            put_prefixed(out, &self.keys, &self.key_ends, &mut self.offsets);
        });
        block.column(kind::SLICES, |out| {
            put_uints(out, std::iter::repeat_n(0, rows + usize::from(rows > 0)), false)
        });
        block.column(kind::UINTS, |out| {
            put_uints(out, std::iter::repeat_n(trailer.0, rows), true)
        });
        block.column(kind::BITS, |out| put_bits(out, std::iter::repeat_n(true, rows)));
        block.column(kind::SLICES, |out| put_slices(out, &self.values, &self.value_ends));
        block.column(kind::BITS, |out| put_bits(out, std::iter::repeat_n(false, rows)));
        block.column(kind::BITS, |out| put_bits(out, std::iter::repeat_n(false, rows)));
        block.finish();
        self.keys.clear();
        self.key_ends.clear();
        self.values.clear();
        self.value_ends.clear();
        self.longest = 0;
    }
}

/// Writes a block of rows with everything that this room reads and does not write itself.
#[cfg(test)]
pub(crate) fn put_data(out: &mut Vec<u8>, rows: &[super::super::made::Row]) {
    let joined = |part: fn(&super::super::made::Row) -> &[u8]| {
        let (mut data, mut ends) = (Vec::new(), Vec::new());
        for row in rows {
            data.extend(part(row));
            ends.push(u32::try_from(data.len()).unwrap());
        }
        (data, ends)
    };
    let (keys, key_ends) = joined(|row| &row.key);
    let (values, value_ends) = joined(|row| &row.value);
    let longest = rows.iter().map(|row| row.key.len()).max().unwrap_or_default();
    let longest = u32::try_from(longest).unwrap().to_le_bytes();
    let differs = |n: usize| n == 0 || rows[n].key != rows[n - 1].key;
    let mut block = Building::begin(out, &longest, COLUMNS, rows.len());
    block.column(kind::PREFIXED, |out| {
        put_prefixed(out, &keys, &key_ends, &mut Vec::new())
    });
    block.column(kind::SLICES, |out| put_slices(out, &[], &vec![0; rows.len()]));
    block.column(kind::UINTS, |out| {
        put_uints(out, rows.iter().map(|row| row.trailer.0), true)
    });
    block.column(kind::BITS, |out| put_bits(out, (0..rows.len()).map(differs)));
    block.column(kind::SLICES, |out| put_slices(out, &values, &value_ends));
    block.column(kind::BITS, |out| put_bits(out, rows.iter().map(|row| row.elsewhere)));
    block.column(kind::BITS, |out| put_bits(out, (0..rows.len()).map(|n| !differs(n))));
    block.finish();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data block of the contract's byte vector: one row, key 03 06, a value of 61 bytes.
    fn vector() -> Vec<u8> {
        let mut block = vec![2, 0, 0, 0, 1, 7, 0, 1, 0, 0, 0];
        for (kind, start) in [(4u8, 46u32), (3, 53), (2, 54), (1, 60), (3, 80), (1, 144), (1, 145)] {
            block.push(kind);
            block.extend(start.to_le_bytes());
        }
        block.extend([4, 1, 2, 2, 2, 3, 6]);
        block.push(0);
        block.extend([4, 0, 1, 0xd5, 0x0f, 0]);
        block.extend([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        block.extend([1, 0, 61]);
        block.extend((0..61).map(|n| n ^ 0x55));
        block.extend([1, 1, 0]);
        assert_eq!(block.len(), 147);
        block
    }

    #[test]
    fn the_byte_vector_of_the_contract_is_read_and_written() {
        let vector = vector();
        let block = DataBlock::decode(vector.clone().into()).unwrap();
        assert_eq!(block.rows(), 1);
        assert_eq!(block.trailer(0).unwrap(), Trailer::new(4053, 1));
        assert_eq!(block.value(0).unwrap(), &vector[83..144]);
        let mut key = Vec::new();
        block.keys.read(block.bytes(), 0, &mut key).unwrap();
        assert_eq!(key, [3, 6]);

        let mut builder = DataBuilder::default();
        builder.add(&[3, 6], &vector[83..144]);
        assert_eq!(builder.last_key(), [3, 6]);
        let mut out = vec![7; 3];
        builder.finish(Trailer::new(4053, 1), &mut out);
        assert_eq!(out, vector);
        assert_eq!((builder.rows(), builder.size()), (0, 0));
    }

    #[test]
    fn every_changed_byte_of_a_block_is_read_without_a_panic() {
        let vector = vector();
        for at in 0..vector.len() {
            for change in [1u8, 0x80, 0xff] {
                let mut changed = vector.clone();
                changed[at] ^= change;
                let Ok(block) = DataBlock::decode(changed.into()) else {
                    continue;
                };
                for row in 0..block.rows() {
                    let _ = (block.trailer(row), block.value(row), block.differs(row));
                    let _ = block.keys.read(block.bytes(), row, &mut Vec::new());
                }
            }
        }
        for end in 0..vector.len() {
            assert!(
                DataBlock::decode(vector[..end].to_vec().into()).is_err(),
                "cut at {end}"
            );
        }
    }

    #[test]
    fn headers_that_lie_are_damage() {
        let with = |at: usize, byte: u8| {
            let mut changed = vector();
            changed[at] = byte;
            DataBlock::decode(changed.into()).unwrap_err().to_string()
        };
        assert!(with(4, 2).contains("version 2"));
        assert!(with(5, 6).contains("6 columns"));
        assert!(with(9, 1).contains("claims to have 65537 rows"));
        assert!(with(11, 3).contains("of kind 3"));
        assert!(with(12, 47).contains("starts at 47"));
        assert!(with(2, 0x10).contains("1048578 bytes"));
        assert!(with(146, 1).contains("one zero"));
        // Suffixes that are not empty: other keys than those this code would show.
        assert!(with(53, 1).contains("ends at") || with(53, 1).contains("begin"));
    }
}
