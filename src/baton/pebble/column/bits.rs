//! Booleans: a bit for each row, and a summary that says which words have any.

use super::super::error::{Error, Result};
use super::{align, aligned, byte, ends_early};

const WORD: usize = 8;
const BITS: usize = 64;
/// The first byte of a column without a true row, which has nothing else.
const ALL_FALSE: u8 = 1;

/// A column of booleans.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bits {
    /// Where the words lie; `None`: all rows are false.
    words: Option<usize>,
    rows: usize,
}

impl Bits {
    /// Finds the column at `at`. Returns it and its end.
    pub(crate) fn decode(block: &[u8], at: usize, rows: usize) -> Result<(Self, usize)> {
        if rows == 0 {
            return Ok((Bits::default(), at));
        }
        match byte(block, at)? {
            ALL_FALSE => return Ok((Bits { words: None, rows }, at + 1)),
            0 => {}
            other => return Err(Error::corrupt(format!("there is no encoding {other} of booleans"))),
        }
        let start = aligned(block, at + 1, WORD)?;
        let words = rows.div_ceil(BITS);
        let bits_end = start.saturating_add(words.saturating_mul(WORD));
        let end = bits_end.saturating_add(words.div_ceil(BITS).saturating_mul(WORD));
        let (Some(bits), Some(summary)) = (block.get(start..bits_end), block.get(bits_end..end)) else {
            return Err(ends_early());
        };
        let tail = bits.last_chunk::<WORD>().map_or(0, |word| u64::from_le_bytes(*word));
        let used = rows % BITS;
        if used != 0 && tail >> used != 0 {
            return Err(Error::corrupt("there are booleans behind the last row"));
        }
        if !summary_of(bits).eq(words_of(summary)) {
            return Err(Error::corrupt("the summary of a boolean column is wrong"));
        }
        let column = Bits {
            words: Some(start),
            rows,
        };
        Ok((column, end))
    }

    /// The boolean of a row.
    pub(crate) fn get(&self, block: &[u8], row: usize) -> Option<bool> {
        if row >= self.rows {
            return None;
        }
        let Some(words) = self.words else {
            return Some(false);
        };
        let byte = block.get(words + row / 8)?;
        Some(byte >> (row % 8) & 1 == 1)
    }
}

fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.chunks(WORD).map(|chunk| {
        let mut word = [0; WORD];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(word)
    })
}

/// A bit for every word that has one.
fn summary_of(bits: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bits.chunks(WORD * BITS).map(|words| {
        let has_bits = words_of(words).enumerate().filter(|(_, word)| *word != 0);
        has_bits.fold(0, |summary, (n, _)| summary | 1 << n)
    })
}

/// Appends a column to a block that begins where `out` does.
pub(crate) fn put_bits(out: &mut Vec<u8>, rows: impl ExactSizeIterator<Item = bool>) {
    if rows.len() == 0 {
        return;
    }
    let start = out.len();
    out.push(0);
    align(out, WORD);
    let bits_start = out.len();
    out.resize(bits_start + rows.len().div_ceil(BITS) * WORD, 0);
    let mut any = false;
    for (row, _) in rows.enumerate().filter(|(_, value)| *value) {
        any = true;
        if let Some(byte) = out.get_mut(bits_start + row / 8) {
            *byte |= 1 << (row % 8);
        }
    }
    if !any {
        out.truncate(start);
        out.push(ALL_FALSE);
        return;
    }
    let summary: Vec<u64> = summary_of(out.get(bits_start..).unwrap_or_default()).collect();
    summary
        .iter()
        .for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(rows: &[bool], start: usize) -> Vec<u8> {
        let mut block = vec![0xee; start];
        put_bits(&mut block, rows.iter().copied());
        let (column, end) = Bits::decode(&block, start, rows.len()).unwrap();
        assert_eq!(end, block.len());
        let read: Vec<bool> = (0..rows.len()).map(|row| column.get(&block, row).unwrap()).collect();
        assert_eq!(read, rows);
        assert_eq!(column.get(&block, rows.len()), None);
        block.split_off(start)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn booleans_come_back(rows in proptest::collection::vec(any::<bool>(), 0..300), start in 0usize..9) {
            round_trip(&rows, start);
        }

        #[test]
        fn any_bytes_are_a_column_or_an_error(block in proptest::collection::vec(any::<u8>(), 0..60), rows in 0usize..300) {
            if let Ok((column, end)) = Bits::decode(&block, 0, rows) {
                prop_assert!(end <= block.len());
                prop_assert!((0..rows).all(|row| column.get(&block, row).is_some()));
            }
        }
    }

    #[test]
    fn sparse_rows_of_many_words_have_a_summary_of_more_than_one_word() {
        let rows: Vec<bool> = (0..64 * 64 + 1).map(|n| n % 1000 == 0 || n == 64 * 64).collect();
        let column = round_trip(&rows, 3);
        assert_eq!(column.len(), 5 + 65 * 8 + 2 * 8);
        assert_eq!(round_trip(&[false; 500], 0), [ALL_FALSE]);
    }

    #[test]
    fn what_stands_behind_the_last_row_and_a_wrong_summary_are_damage() {
        let good = round_trip(&[true, false, true], 0);
        for (at, bits, what) in [
            (8, 0b1101, "behind"),
            (16, 0, "summary"),
            (16, 3, "summary"),
            (0, 2, "encoding"),
        ] {
            let mut wrong = good.clone();
            wrong[at] = bits;
            let error = Bits::decode(&wrong, 0, 3).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
        assert!(Bits::decode(&good, 0, usize::MAX).is_err());
    }
}
