//! Keys in order: what all share is stored once, what the rows of a bundle share once in each bundle.

use std::cmp::Ordering;

use super::super::error::{Error, Result};
use super::uints::{Uints, put_uints};
use super::{byte, ends_early};

/// Bundles of up to 2^15 rows are read.
const MAX_SHIFT: u8 = 15;
/// Bundles of 16 rows are written.
const SHIFT: u8 = 4;

/// A column of keys. The slices of data are, in order: what all keys share; then for every bundle what its keys share
/// beyond that, and the rest of each key. An empty rest repeats the key before, within its bundle.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Prefixed {
    ends: Uints,
    data: usize,
    rows: usize,
    shift: u32,
}

impl Prefixed {
    /// Finds the column at `at`. Returns it and its end.
    pub(crate) fn decode(block: &[u8], at: usize, rows: usize) -> Result<(Self, usize)> {
        if rows == 0 {
            return Ok((Prefixed::default(), at));
        }
        let shift = byte(block, at)?;
        if shift > MAX_SHIFT {
            return Err(Error::corrupt(format!("there are no bundles of 2^{shift} rows")));
        }
        let shift = u32::from(shift);
        let bundles = rows.div_ceil(1 << shift);
        let slices = rows.saturating_add(bundles).saturating_add(1);
        let (ends, data) = Uints::decode_offsets(block, at + 1, slices)?;
        let end = ends
            .offset(block, slices - 1)
            .and_then(|bytes| data.checked_add(bytes))
            .filter(|end| *end <= block.len())
            .ok_or_else(ends_early)?;
        let column = Prefixed {
            ends,
            data,
            rows,
            shift,
        };
        Ok((column, end))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    fn slice<'b>(&self, block: &'b [u8], index: usize) -> Option<&'b [u8]> {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.offset(block, before)?,
            None => 0,
        };
        let end = self.ends.offset(block, index)?;
        block.get(self.data.checked_add(start)?..self.data.checked_add(end)?)
    }

    /// Whether a row is the first of its bundle.
    pub(crate) fn begins_bundle(&self, row: usize) -> bool {
        row & ((1 << self.shift) - 1) == 0
    }

    /// The index of the slice that holds what the bundle of a row shares.
    fn bundle_slice(&self, row: usize) -> usize {
        let bundle = row >> self.shift;
        1 + bundle * ((1 << self.shift) + 1)
    }

    /// What follows on the prefixes in a row; empty where the row repeats the key before.
    pub(crate) fn rest<'b>(&self, block: &'b [u8], row: usize) -> Option<&'b [u8]> {
        if row >= self.rows {
            return None;
        }
        let in_bundle = row & ((1 << self.shift) - 1);
        self.slice(block, self.bundle_slice(row) + 1 + in_bundle)
    }

    /// What all keys share, and what those of a row's bundle share beyond it.
    pub(crate) fn prefixes<'b>(&self, block: &'b [u8], row: usize) -> Option<[&'b [u8]; 2]> {
        Some([self.slice(block, 0)?, self.slice(block, self.bundle_slice(row))?])
    }

    /// The parts of the key of a row.
    fn parts<'b>(&self, block: &'b [u8], row: usize) -> Option<[&'b [u8]; 3]> {
        let [common, bundle] = self.prefixes(block, row)?;
        let mut from = row;
        let mut rest = self.rest(block, from)?;
        while rest.is_empty() && !self.begins_bundle(from) {
            from -= 1;
            rest = self.rest(block, from)?;
        }
        Some([common, bundle, rest])
    }

    /// Puts the key of a row into `key`. Returns how much of it its bundle shares.
    pub(crate) fn read(&self, block: &[u8], row: usize, key: &mut Vec<u8>) -> Option<usize> {
        let [common, bundle, rest] = self.parts(block, row)?;
        key.clear();
        key.extend_from_slice(common);
        key.extend_from_slice(bundle);
        let shared = key.len();
        key.extend_from_slice(rest);
        Some(shared)
    }

    /// Compares the key of a row with another one.
    pub(crate) fn compare(&self, block: &[u8], row: usize, other: &[u8]) -> Option<Ordering> {
        let mut other = other;
        for part in self.parts(block, row)? {
            let (head, tail) = other.split_at(part.len().min(other.len()));
            // A part that is longer than what is left of the other key is greater.
            match part.cmp(head) {
                Ordering::Equal => other = tail,
                unequal => return Some(unequal),
            }
        }
        Some(if other.is_empty() {
            Ordering::Equal
        } else {
            Ordering::Less
        })
    }

    /// The first row whose key is not below `key`; the number of rows if there is none.
    pub(crate) fn lower_bound(&self, block: &[u8], key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.compare(block, middle, key)? == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }
}

/// Appends a column of keys in ascending order, which may repeat: `data` holds all keys, `ends` where each of them ends in it.
/// `offsets` is working memory.
pub(crate) fn put_prefixed(out: &mut Vec<u8>, data: &[u8], ends: &[u32], offsets: &mut Vec<u32>) {
    let start_of = |row: usize| row.checked_sub(1).and_then(|row| ends.get(row)).map_or(0, |end| *end);
    let key = |row: usize| {
        let end = ends.get(row).copied().unwrap_or_default();
        data.get(start_of(row) as usize..end as usize).unwrap_or_default()
    };
    let Some(last) = ends.len().checked_sub(1) else {
        return;
    };
    out.push(SHIFT);
    let common = shared(key(0), key(last));
    let bundles = || (0..ends.len()).step_by(1 << SHIFT);
    let rows_of = |first: usize| first..(first + (1 << SHIFT)).min(ends.len());
    let shared_in = |first: usize| shared(key(first), key(rows_of(first).end - 1));
    // A key that repeats the one before, in its bundle, is empty.
    let rest = |first: usize, row: usize, prefix: usize| {
        let repeats = row > first && key(row) == key(row - 1);
        key(row).get(prefix..).filter(|_| !repeats).unwrap_or_default()
    };

    let mut end = common;
    let mut pass = |bytes: usize| {
        end += bytes;
        u32::try_from(end).unwrap_or(u32::MAX)
    };
    offsets.clear();
    offsets.push(pass(0));
    for first in bundles() {
        let prefix = shared_in(first);
        offsets.push(pass(prefix - common));
        offsets.extend(rows_of(first).map(|row| pass(rest(first, row, prefix).len())));
    }
    put_uints(out, offsets.iter().map(|end| u64::from(*end)), false);

    out.extend_from_slice(key(0).get(..common).unwrap_or_default());
    for first in bundles() {
        let prefix = shared_in(first);
        out.extend_from_slice(key(first).get(common..prefix).unwrap_or_default());
        for row in rows_of(first) {
            out.extend_from_slice(rest(first, row, prefix));
        }
    }
}

/// How many bytes two keys begin with alike.
fn shared(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column_of(keys: &[Vec<u8>]) -> Vec<u8> {
        let (mut data, mut ends, mut block) = (Vec::new(), Vec::new(), Vec::new());
        for key in keys {
            data.extend(key);
            ends.push(u32::try_from(data.len()).unwrap());
        }
        put_prefixed(&mut block, &data, &ends, &mut Vec::new());
        block
    }

    fn keys_of(column: &Prefixed, block: &[u8]) -> Vec<Vec<u8>> {
        let keys = (0..column.rows()).map(|row| {
            let mut key = vec![9; 3];
            column.read(block, row, &mut key).unwrap();
            key
        });
        keys.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_come_back_and_are_found(
            mut tails in proptest::collection::vec(proptest::collection::vec(0u8..4, 0..6), 0..80),
            prefix in proptest::collection::vec(any::<u8>(), 0..5),
            wanted in proptest::collection::vec(0u8..5, 0..7),
        ) {
            tails.sort();
            let keys: Vec<Vec<u8>> = tails.iter().map(|t| [prefix.as_slice(), t].concat()).collect();
            let block = column_of(&keys);
            let (column, end) = Prefixed::decode(&block, 0, keys.len()).unwrap();
            prop_assert_eq!(end, block.len());
            prop_assert_eq!(keys_of(&column, &block), keys.clone());
            for wanted in [wanted.clone(), [prefix, wanted].concat()] {
                let bound = column.lower_bound(&block, &wanted).unwrap();
                prop_assert_eq!(bound, keys.partition_point(|key| *key < wanted));
            }
        }

        #[test]
        fn any_bytes_are_a_column_or_an_error(block in proptest::collection::vec(any::<u8>(), 0..60), rows in 0usize..60) {
            if let Ok((column, end)) = Prefixed::decode(&block, 0, rows) {
                prop_assert!(end <= block.len());
                let mut key = Vec::new();
                for row in 0..rows {
                    let read = column.read(&block, row, &mut key);
                    prop_assert_eq!(read.is_some(), column.compare(&block, row, b"key").is_some());
                }
                let _ = column.lower_bound(&block, b"key");
            }
        }
    }

    #[test]
    fn the_byte_vector_of_the_contract_is_one_key_that_is_all_prefix() {
        let block = [4, 1, 2, 2, 2, 3, 6];
        let (column, end) = Prefixed::decode(&block, 0, 1).unwrap();
        assert_eq!((end, keys_of(&column, &block)), (7, vec![vec![3, 6]]));
        assert_eq!(column_of(&[vec![3, 6]]), block);
    }

    #[test]
    fn an_empty_rest_repeats_the_key_before_but_not_across_bundles() {
        // Bundles of two rows: "ab" and again, then "abc" and "abd".
        let block = [1, 1, 2, 2, 2, 2, 2, 3, 4, b'a', b'b', b'c', b'd'];
        let (column, _) = Prefixed::decode(&block, 0, 4).unwrap();
        assert_eq!(
            keys_of(&column, &block),
            [b"ab".to_vec(), b"ab".to_vec(), b"abc".to_vec(), b"abd".to_vec()]
        );
        // In a bundle with a prefix of its own: "ax", again, again; then only the prefix.
        let block = [2, 1, 1, 1, 2, 2, 2, 3, b'a', b'x', b'y'];
        let (column, _) = Prefixed::decode(&block, 0, 4).unwrap();
        let keys = [b"ax".to_vec(), b"ax".to_vec(), b"ax".to_vec(), b"ay".to_vec()];
        assert_eq!(keys_of(&column, &block), keys);
        assert_eq!(column.lower_bound(&block, b"ax"), Some(0), "the first of equal keys");
        assert_eq!(column.lower_bound(&block, b"ax\0"), Some(3));
    }

    #[test]
    fn offsets_that_go_back_have_no_key_there() {
        let block = [4, 1, 1, 1, 3, 2, b'a', b'b'];
        let (column, _) = Prefixed::decode(&block, 0, 2).unwrap();
        let mut key = Vec::new();
        assert_eq!(column.read(&block, 0, &mut key), None);
        assert!(Prefixed::decode(&[16, 0], 0, 1).is_err());
    }
}
