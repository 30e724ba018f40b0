//! Blocks of names and values: what a table says of itself.

use bytes::Bytes;

use super::super::column::{Slices, broken_row, put_slices};
use super::super::error::{Error, Result};
use super::super::input::Input;
use super::{Building, Columns, Handle, kind, row};

const COLUMNS: u16 = 2;

/// Names in order, each with its value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs(Vec<(Bytes, Bytes)>);

impl Pairs {
    /// Reads the columnar form.
    pub(crate) fn decode(block: &Bytes) -> Result<Self> {
        let mut columns = Columns::open(block, 0, COLUMNS)?;
        let (names, values) = (columns.slices()?, columns.slices()?);
        columns.close()?;
        let slice = |column: &Slices, row| -> Result<Bytes> {
            let range = column.range(block, row).ok_or_else(broken_row)?;
            Ok(block.slice(range))
        };
        let rows = (0..names.rows()).map(|row| Ok((slice(&names, row)?, slice(&values, row)?)));
        Pairs::in_order(rows.collect::<Result<_>>()?)
    }

    /// Reads the older form.
    pub(crate) fn decode_rows(block: &Bytes) -> Result<Self> {
        Pairs::in_order(row::rows(block)?)
    }

    fn in_order(pairs: Vec<(Bytes, Bytes)>) -> Result<Self> {
        if pairs.is_sorted_by(|a, b| a.0 < b.0) {
            return Ok(Pairs(pairs));
        }
        Err(Error::corrupt("names are not in order"))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        let at = self
            .0
            .binary_search_by(|(other, _)| other.as_ref().cmp(name.as_bytes()))
            .ok()?;
        self.0.get(at).map(|(_, value)| value.as_ref())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// A value that is a number; `None` if the name is not there.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>> {
        self.whole(name, |input| input.uvarint())
    }

    /// A value that says where a block lies.
    pub(crate) fn handle(&self, name: &str) -> Result<Option<Handle>> {
        self.whole(name, Handle::read)
    }

    fn whole<T>(&self, name: &str, read: impl FnOnce(&mut Input<'_>) -> Result<T>) -> Result<Option<T>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let mut input = Input::new(value);
        match read(&mut input) {
            Ok(read) if input.is_empty() => Ok(Some(read)),
            _ => Err(Error::corrupt(format!("{name} is {value:02x?}, which cannot be"))),
        }
    }
}

/// Writes the columnar form of names in order.
pub(crate) fn put_pairs(out: &mut Vec<u8>, pairs: &[(&str, Vec<u8>)]) {
    let column = |texts: &mut dyn Iterator<Item = &[u8]>| {
        let (mut data, mut ends) = (Vec::new(), Vec::new());
        for text in texts {
            data.extend_from_slice(text);
            ends.push(u32::try_from(data.len()).unwrap_or(u32::MAX));
        }
        (data, ends)
    };
    let (names, name_ends) = column(&mut pairs.iter().map(|(name, _)| name.as_bytes()));
    let (values, value_ends) = column(&mut pairs.iter().map(|(_, value)| value.as_slice()));
    let mut block = Building::begin(out, &[], COLUMNS, pairs.len());
    block.column(kind::SLICES, |out| put_slices(out, &names, &name_ends));
    block.column(kind::SLICES, |out| put_slices(out, &values, &value_ends));
    block.finish();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pairs: &[(&str, Vec<u8>)]) -> Bytes {
        let mut out = Vec::new();
        put_pairs(&mut out, pairs);
        out.into()
    }

    #[test]
    fn names_and_values_come_back() {
        let pairs = Pairs::decode(&written(&[("a", vec![0x80, 1]), ("b", vec![1, 2]), ("c", vec![])])).unwrap();
        assert_eq!(pairs.number("a").unwrap(), Some(128));
        let handle = Handle { offset: 1, length: 2 };
        assert_eq!(pairs.handle("b").unwrap(), Some(handle));
        assert_eq!((pairs.number("x").unwrap(), pairs.get("c")), (None, Some(&[][..])));
        assert!(pairs.number("b").is_err(), "bytes behind a number");
        assert!(pairs.handle("c").is_err());
    }

    #[test]
    fn names_out_of_order_or_twice_are_damage() {
        for names in [["b", "a"], ["a", "a"]] {
            assert!(
                Pairs::decode(&written(&names.map(|name| (name, vec![])))).is_err(),
                "{names:?}"
            );
        }
        assert!(Pairs::decode_rows(&Bytes::from_static(b"\0\x01\0a\0\0\0\0\x01\0\0\0")).is_ok());
    }
}
