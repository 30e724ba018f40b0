//! Range deletions: a block that says from which key to which key what is older is gone.

use bytes::Bytes;

use super::super::column::{Slices, Uints, broken_row};
use super::super::error::{Error, Result};
use super::super::input::Input;
use super::super::key::{Trailer, kind};
use super::Columns;

/// The custom header: the number of boundaries.
const CUSTOM: usize = 4;
const COLUMNS: u16 = 5;

/// One range deletion: what lies from `start` to before `end` and is older is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Bytes,
    pub(crate) end: Bytes,
    pub(crate) trailer: Trailer,
}

/// The range deletions of a block. Those that touch each other are cut so that two either cover the same keys or none
/// in common; of those that cover the same keys, the newest comes first.
pub(crate) fn spans(block: &Bytes) -> Result<Vec<Span>> {
    let boundaries = usize::try_from(Input::new(block).u32()?).unwrap_or(usize::MAX);
    if boundaries > block.len() {
        return Err(Error::corrupt(format!(
            "a block of {} bytes claims to have {boundaries} boundaries",
            block.len()
        )));
    }
    let mut columns = Columns::open(block, CUSTOM, COLUMNS)?;
    let count = columns.rows;
    columns.rows = boundaries;
    let (keys, firsts) = (columns.slices()?, columns.uints()?);
    columns.rows = count;
    let trailers = columns.uints()?;
    for _ in 0..2 {
        if !columns.slices()?.is_all_empty(block) {
            return Err(Error::unsupported(
                "range deletions with suffixes or values are not read",
            ));
        }
    }
    columns.close()?;
    let layout = Layout {
        block,
        boundaries,
        keys,
        firsts,
        trailers,
    };
    layout.spans(count)
}

struct Layout<'b> {
    block: &'b Bytes,
    boundaries: usize,
    keys: Slices,
    firsts: Uints,
    trailers: Uints,
}

impl Layout<'_> {
    fn key(&self, boundary: usize) -> Result<Bytes> {
        let range = self.keys.range(self.block, boundary).ok_or_else(broken_row)?;
        Ok(self.block.slice(range))
    }

    /// The number of the first span at or behind a boundary.
    fn first(&self, boundary: usize) -> Result<usize> {
        self.firsts.offset(self.block, boundary).ok_or_else(broken_row)
    }

    fn spans(&self, count: usize) -> Result<Vec<Span>> {
        let mut spans: Vec<Span> = Vec::new();
        for boundary in 1..self.boundaries {
            let (start, end) = (self.key(boundary - 1)?, self.key(boundary)?);
            if start >= end {
                return Err(Error::corrupt("the boundaries of range deletions are not in order"));
            }
            let (first, past) = (self.first(boundary - 1)?, self.first(boundary)?);
            if first != spans.len() || past < first || past > count {
                return Err(Error::corrupt("range deletions are not those of their boundaries"));
            }
            for row in first..past {
                let trailer = self.trailers.get(self.block, row).map(Trailer).ok_or_else(broken_row)?;
                if trailer.kind() != kind::RANGE_DELETE {
                    return Err(Error::unsupported(format!(
                        "a range deletion of kind {} is not read",
                        trailer.kind()
                    )));
                }
                if row > first && spans.last().is_some_and(|newer| newer.trailer <= trailer) {
                    return Err(Error::corrupt("range deletions of the same keys are not newest first"));
                }
                spans.push(Span {
                    start: start.clone(),
                    end: end.clone(),
                    trailer,
                });
            }
        }
        if spans.len() != count {
            return Err(Error::corrupt(format!(
                "{count} range deletions are announced, {} have boundaries",
                spans.len()
            )));
        }
        Ok(spans)
    }
}

/// Writes a block of range deletions: start, end, sequence number; cut as [`spans`] says.
#[cfg(test)]
pub(crate) fn put_spans(out: &mut Vec<u8>, spans: &[(Vec<u8>, Vec<u8>, u64)]) {
    let mut boundaries: Vec<&[u8]> = spans
        .iter()
        .flat_map(|(start, end, _)| [&start[..], &end[..]])
        .collect();
    boundaries.sort_unstable();
    boundaries.dedup();
    let first = |key: &[u8]| spans.partition_point(|(start, _, _)| start.as_slice() < key) as u64;
    let firsts: Vec<u64> = boundaries.iter().map(|key| first(key)).collect();
    let trailers: Vec<u64> = spans.iter().map(|s| Trailer::new(s.2, kind::RANGE_DELETE).0).collect();
    put_layout(out, &boundaries, &firsts, &trailers);
}

#[cfg(test)]
fn put_layout(out: &mut Vec<u8>, boundaries: &[&[u8]], firsts: &[u64], trailers: &[u64]) {
    use super::super::column::{put_slices, put_uints};
    use super::{Building, kind as column};
    let (mut data, mut ends) = (Vec::new(), Vec::new());
    for key in boundaries {
        data.extend(*key);
        ends.push(u32::try_from(data.len()).unwrap());
    }
    let custom = u32::try_from(boundaries.len()).unwrap().to_le_bytes();
    let mut block = Building::begin(out, &custom, COLUMNS, trailers.len());
    block.column(column::SLICES, |out| put_slices(out, &data, &ends));
    block.column(column::UINTS, |out| put_uints(out, firsts.iter().copied(), true));
    block.column(column::UINTS, |out| put_uints(out, trailers.iter().copied(), true));
    let none = vec![0; trailers.len()];
    block.column(column::SLICES, |out| put_slices(out, &[], &none));
    block.column(column::SLICES, |out| put_slices(out, &[], &none));
    block.finish();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(boundaries: &[&str], firsts: &[u64], trailers: &[u64]) -> Bytes {
        let keys: Vec<&[u8]> = boundaries.iter().map(|key| key.as_bytes()).collect();
        let mut out = Vec::new();
        put_layout(&mut out, &keys, firsts, trailers);
        out.into()
    }

    /// The range deletion block of the contract's byte vector.
    const VECTOR: &[u8] = &[
        2, 0, 0, 0, 1, 5, 0, 1, 0, 0, 0, 3, 36, 0, 0, 0, 2, 44, 0, 0, 0, 2, 47, 0, 0, 0, 3, 52, 0, 0, 0, 3, 53, 0, 0,
        0, 1, 0, 2, 4, 3, 0x0a, 3, 0x0b, 1, 0, 1, 4, 0x0f, 0x3d, 0x0f, 0, 0, 0, 0,
    ];

    fn deletion(sequence: u64) -> u64 {
        Trailer::new(sequence, kind::RANGE_DELETE).0
    }

    #[test]
    fn the_byte_vector_of_the_contract_is_one_span() {
        let found = spans(&Bytes::from_static(VECTOR)).unwrap();
        let wanted = Span {
            start: Bytes::from_static(&[3, 0x0a]),
            end: Bytes::from_static(&[3, 0x0b]),
            trailer: Trailer::new(3901, kind::RANGE_DELETE),
        };
        assert_eq!(found, [wanted]);
    }

    #[test]
    fn spans_lie_between_their_boundaries() {
        let found = spans(&block(
            &["a", "c", "f", "z"],
            &[0, 2, 2, 3],
            &[deletion(9), deletion(4), deletion(7)],
        ));
        let found: Vec<_> = found
            .unwrap()
            .iter()
            .map(|s| (s.start[0], s.end[0], s.trailer.sequence()))
            .collect();
        assert_eq!(found, [(b'a', b'c', 9), (b'a', b'c', 4), (b'f', b'z', 7)]);
        assert_eq!(spans(&block(&[], &[], &[])).unwrap(), []);
    }

    #[test]
    fn spans_that_do_not_fit_their_boundaries_are_damage() {
        let one = deletion(9);
        for wrong in [
            block(&["c", "a"], &[0, 1], &[one]),
            block(&["a", "c"], &[1, 1], &[one]),
            block(&["a", "c"], &[0, 2], &[one]),
            block(&["a", "c"], &[0, 0], &[one]),
            block(&["a", "c", "d"], &[0, 1, 0], &[one]),
            block(&["a"], &[0], &[one]),
            block(&["a", "c"], &[0, 2], &[deletion(4), one]),
            block(&["a", "c"], &[0, 1], &[Trailer::new(9, kind::SET).0]),
        ] {
            assert!(spans(&wrong).is_err(), "{wrong:?}");
        }
        let mut huge = VECTOR.to_vec();
        huge[3] = 0x7f;
        assert!(spans(&huge.into()).is_err());
    }
}
