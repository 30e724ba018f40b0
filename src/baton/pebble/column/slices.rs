//! Byte strings: offsets, then the bytes of all rows in a run.

use super::super::error::{Error, Result};
use super::ends_early;
use super::uints::{Uints, put_uints};

/// A column of byte strings. Offset n is where row n begins; there is one more than rows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slices {
    offsets: Uints,
    data: usize,
    rows: usize,
}

impl Slices {
    /// Finds the column at `at`. Returns it and its end.
    pub(crate) fn decode(block: &[u8], at: usize, rows: usize) -> Result<(Self, usize)> {
        if rows == 0 {
            return Ok((Slices::default(), at));
        }
        let (offsets, data) = Uints::decode_offsets(block, at, rows.saturating_add(1))?;
        if offsets.get(block, 0) != Some(0) {
            return Err(Error::corrupt("the first byte string does not begin at 0"));
        }
        let end = offsets
            .offset(block, rows)
            .and_then(|bytes| data.checked_add(bytes))
            .filter(|end| *end <= block.len())
            .ok_or_else(ends_early)?;
        Ok((Slices { offsets, data, rows }, end))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Where the bytes of a row lie in the block.
    pub(crate) fn range(&self, block: &[u8], row: usize) -> Option<std::ops::Range<usize>> {
        if row >= self.rows {
            return None;
        }
        let start = self.data.checked_add(self.offsets.offset(block, row)?)?;
        let end = self.data.checked_add(self.offsets.offset(block, row + 1)?)?;
        (start <= end && end <= block.len()).then_some(start..end)
    }

    /// The bytes of a row.
    pub(crate) fn get<'b>(&self, block: &'b [u8], row: usize) -> Option<&'b [u8]> {
        block.get(self.range(block, row)?)
    }

    /// Whether every row is empty.
    pub(crate) fn is_all_empty(&self, block: &[u8]) -> bool {
        (0..self.rows).all(|row| self.range(block, row).is_some_and(|range| range.is_empty()))
    }
}

/// Appends a column: `data` holds all rows, `ends` where each of them ends in it.
pub(crate) fn put_slices(out: &mut Vec<u8>, data: &[u8], ends: &[u32]) {
    if ends.is_empty() {
        return;
    }
    let offset = |row: usize| {
        row.checked_sub(1)
            .and_then(|row| ends.get(row))
            .map_or(0, |end| u64::from(*end))
    };
    put_uints(out, (0..ends.len() + 1).map(offset), false);
    out.extend_from_slice(data);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column_of(rows: &[Vec<u8>]) -> Vec<u8> {
        let mut ends = Vec::new();
        let mut data = Vec::new();
        for row in rows {
            data.extend(row);
            ends.push(u32::try_from(data.len()).unwrap());
        }
        let mut block = Vec::new();
        put_slices(&mut block, &data, &ends);
        block
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn byte_strings_come_back(rows in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..40)) {
            let block = column_of(&rows);
            let (column, end) = Slices::decode(&block, 0, rows.len()).unwrap();
            prop_assert_eq!(end, block.len());
            for (n, row) in rows.iter().enumerate() {
                prop_assert_eq!(column.get(&block, n), Some(row.as_slice()));
            }
            prop_assert_eq!(column.get(&block, rows.len()), None);
            prop_assert_eq!(column.is_all_empty(&block), rows.iter().all(Vec::is_empty));
        }

        #[test]
        fn any_bytes_are_a_column_or_an_error(block in proptest::collection::vec(any::<u8>(), 0..40), rows in 0usize..50) {
            if let Ok((column, end)) = Slices::decode(&block, 0, rows) {
                prop_assert!(end <= block.len());
                for row in 0..rows {
                    // Offsets that go back have no row.
                    let _ = column.get(&block, row);
                }
            }
        }
    }

    #[test]
    fn offsets_that_go_back_have_no_row_there() {
        let block = [1, 0, 5, 2, 6, b'a', b'b', b'c', b'd', b'e', b'f'];
        let (column, end) = Slices::decode(&block, 0, 3).unwrap();
        assert_eq!(end, block.len());
        assert_eq!(column.get(&block, 0), Some(&b"abcde"[..]));
        assert_eq!(column.get(&block, 1), None);
        assert_eq!(column.get(&block, 2), Some(&b"cdef"[..]));
        assert!(!column.is_all_empty(&block));
    }

    #[test]
    fn data_beyond_the_end_and_a_start_above_zero_are_damage() {
        assert!(Slices::decode(&[1, 0, 200], 0, 1).is_err());
        assert!(Slices::decode(&[1, 1, 1, 7], 0, 1).is_err());
    }
}
