//! Unsigned numbers: all of one width, above a base that they share.

use super::super::error::{Error, Result};
use super::{align, aligned, byte, ends_early};

/// The bit of the first byte that says that a base follows.
const HAS_BASE: u8 = 0x80;
const BASE: usize = 8;

/// A column of numbers. Every number is the base plus what is stored for its row; a width of 0 stores nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Uints {
    at: usize,
    rows: usize,
    width: u8,
    base: u64,
}

impl Uints {
    /// Finds the column at `at`. Returns it and its end.
    pub(crate) fn decode(block: &[u8], at: usize, rows: usize) -> Result<(Self, usize)> {
        if rows == 0 {
            return Ok((Uints::default(), at));
        }
        let first = byte(block, at)?;
        let (width, has_base) = (first & !HAS_BASE, first & HAS_BASE != 0);
        if !matches!(width, 0 | 1 | 2 | 4 | 8) || (width == 8 && has_base) {
            return Err(Error::corrupt(format!("there is no encoding {first} of numbers")));
        }
        let mut at = at + 1;
        let mut base = 0;
        if has_base {
            base = block
                .get(at..)
                .and_then(|rest| rest.first_chunk::<BASE>())
                .map(|bytes| u64::from_le_bytes(*bytes))
                .ok_or_else(ends_early)?;
            at += BASE;
        }
        if width > 0 {
            at = aligned(block, at, usize::from(width))?;
        }
        let column = Uints { at, rows, width, base };
        let end = rows
            .checked_mul(usize::from(width))
            .and_then(|bytes| at.checked_add(bytes))
            .filter(|end| *end <= block.len())
            .ok_or_else(ends_early)?;
        Ok((column, end))
    }

    /// As [`Uints::decode`], for offsets: they have no base and are not wider than 32 bits.
    pub(crate) fn decode_offsets(block: &[u8], at: usize, rows: usize) -> Result<(Self, usize)> {
        let (column, end) = Uints::decode(block, at, rows)?;
        if column.base != 0 || column.width > 4 {
            return Err(Error::corrupt("offsets have a base, or more than 32 bits"));
        }
        Ok((column, end))
    }

    /// The number of a row.
    pub(crate) fn get(&self, block: &[u8], row: usize) -> Option<u64> {
        if row >= self.rows {
            return None;
        }
        let stored = match self.width {
            0 => 0,
            1 => u64::from(*block.get(self.at + row)?),
            2 => u64::from(u16::from_le_bytes(*chunk(block, self.at + row * 2)?)),
            4 => u64::from(u32::from_le_bytes(*chunk(block, self.at + row * 4)?)),
            _ => u64::from_le_bytes(*chunk(block, self.at + row * 8)?),
        };
        Some(self.base.wrapping_add(stored))
    }

    /// The number of a row, as an offset.
    pub(crate) fn offset(&self, block: &[u8], row: usize) -> Option<usize> {
        usize::try_from(self.get(block, row)?).ok()
    }
}

fn chunk<const N: usize>(block: &[u8], at: usize) -> Option<&[u8; N]> {
    block.get(at..)?.first_chunk::<N>()
}

/// Appends a column to a block that begins where `out` does. `with_base`: whether a base may be used.
pub(crate) fn put_uints(out: &mut Vec<u8>, values: impl ExactSizeIterator<Item = u64> + Clone, with_base: bool) {
    let rows = values.len();
    if rows == 0 {
        return;
    }
    let greatest = values.clone().max().unwrap_or_default();
    let least = if with_base {
        values.clone().min().unwrap_or_default()
    } else {
        0
    };
    let (plain, above_base) = (width_of(greatest), width_of(greatest - least));
    let saves = rows * plain > rows * above_base + BASE;
    // Numbers of the full width have no base.
    let base = if saves && above_base < 8 { least } else { 0 };
    let width = if base == 0 { plain } else { above_base };
    out.push(u8::try_from(width).unwrap_or_default() | if base == 0 { 0 } else { HAS_BASE });
    if base != 0 {
        out.extend_from_slice(&base.to_le_bytes());
    }
    align(out, width);
    for value in values {
        let bytes = (value - base).to_le_bytes();
        out.extend_from_slice(bytes.get(..width).unwrap_or_default());
    }
}

/// Bytes that hold a number: 0, 1, 2, 4 or 8.
fn width_of(number: u64) -> usize {
    match number {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(values: &[u64], with_base: bool, start: usize) -> Vec<u8> {
        let mut block = vec![0xee; start];
        put_uints(&mut block, values.iter().copied(), with_base);
        let (column, end) = Uints::decode(&block, start, values.len()).unwrap();
        assert_eq!(end, block.len());
        let read: Vec<u64> = (0..values.len()).map(|row| column.get(&block, row).unwrap()).collect();
        assert_eq!(read, values);
        assert_eq!(column.get(&block, values.len()), None);
        block.split_off(start)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers_come_back(
            values in proptest::collection::vec(any::<u64>(), 0..70),
            shift in 0u32..64,
            start in 0usize..9,
            base in any::<bool>(),
        ) {
            let values: Vec<u64> = values.iter().map(|v| v >> shift).collect();
            round_trip(&values, base, start);
        }

        #[test]
        fn any_bytes_are_a_column_or_an_error(block in proptest::collection::vec(any::<u8>(), 0..40), rows in 0usize..50) {
            if let Ok((column, end)) = Uints::decode(&block, 0, rows) {
                prop_assert!(end <= block.len());
                prop_assert!((0..rows).all(|row| column.get(&block, row).is_some()));
            }
        }
    }

    #[test]
    fn equal_numbers_take_no_space_per_row_and_few_ones_no_base() {
        assert_eq!(round_trip(&[0; 100], true, 0), [0]);
        assert_eq!(round_trip(&[256; 100], true, 0).len(), 9);
        // The trailer of the first byte vector of the contract: width 4, a byte of padding.
        assert_eq!(round_trip(&[0x000f_d501], true, 54)[..2], [4, 0]);
        assert_eq!(round_trip(&[1 << 40, (1 << 40) + 255], true, 0), {
            let mut wanted = vec![0x81];
            wanted.extend((1u64 << 40).to_le_bytes());
            wanted.extend([0, 255]);
            wanted
        });
    }

    #[test]
    fn a_number_below_its_base_wraps_and_odd_encodings_are_refused() {
        let mut block = vec![0x81];
        block.extend(u64::MAX.to_le_bytes());
        block.push(1);
        let (column, _) = Uints::decode(&block, 0, 1).unwrap();
        assert_eq!(column.get(&block, 0), Some(0));
        assert!(Uints::decode_offsets(&block, 0, 1).is_err());
        for first in [3, 5, 9, 0x88, 0x83, 16] {
            assert!(
                Uints::decode(&[&[first][..], &[0; 64]].concat(), 0, 1).is_err(),
                "{first}"
            );
        }
        assert!(Uints::decode(&[2, 9, 1, 0], 0, 1).is_err(), "padding that is not zero");
        assert!(Uints::decode(&[1, 0], 0, usize::MAX).is_err());
        assert!(Uints::decode(&[8, 0, 0, 0, 0, 0, 0, 0, 1], 0, usize::MAX / 4).is_err());
    }
}
