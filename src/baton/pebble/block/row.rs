//! Row blocks: the older form, in which tables of formats up to 6 keep what they say of themselves.
//!
//! Each key is stored as what it does not share with the key before. At restart points it is stored whole; a list of
//! these ends the block.

use bytes::Bytes;

use super::super::error::{Error, Result};
use super::super::input::Input;

const NUMBER: usize = 4;

/// The keys and values of a block.
pub(super) fn rows(block: &Bytes) -> Result<Vec<(Bytes, Bytes)>> {
    let (body, restarts) = split(block)?;
    let mut input = Input::new(body);
    let mut rows: Vec<(Bytes, Bytes)> = Vec::new();
    let mut met = 0;
    while !input.is_empty() {
        let at = body.len() - input.rest().len();
        let is_restart = restarts.get(met) == Some(&at);
        met += usize::from(is_restart);
        let (shared, rest) = (length(&mut input)?, length(&mut input)?);
        let value = length(&mut input)?;
        let before = rows.last().map_or(&[][..], |(key, _)| key);
        let shared = before
            .get(..shared)
            .filter(|shared| shared.is_empty() || !is_restart)
            .ok_or_else(|| Error::corrupt("a row shares more than there is with the key before"))?;
        let key = [shared, input.take(rest)?].concat();
        rows.push((key.into(), block.slice_ref(input.take(value)?)));
    }
    if met != restarts.len() && !(body.is_empty() && restarts == [0]) {
        return Err(Error::corrupt("a restart point does not begin a row"));
    }
    Ok(rows)
}

/// The rows and the restart points.
fn split(block: &[u8]) -> Result<(&[u8], Vec<usize>)> {
    let short = || Error::corrupt("a row block is too short for its restart points");
    let (rest, count) = block.split_last_chunk::<NUMBER>().ok_or_else(short)?;
    let count = usize::try_from(u32::from_le_bytes(*count)).unwrap_or(usize::MAX);
    let start = count
        .checked_mul(NUMBER)
        .and_then(|bytes| rest.len().checked_sub(bytes))
        .filter(|_| count > 0)
        .ok_or_else(short)?;
    let (body, points) = rest.split_at(start);
    let mut input = Input::new(points);
    let points = (0..count).map(|_| Ok(usize::try_from(input.u32()?).unwrap_or(usize::MAX)));
    Ok((body, points.collect::<Result<_>>()?))
}

fn length(input: &mut Input<'_>) -> Result<usize> {
    Ok(usize::try_from(input.uvarint()?).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(rows: &[(u8, &str, &str)], restarts: &[u32]) -> Bytes {
        let mut out = Vec::new();
        for (shared, rest, value) in rows {
            let length = |text: &str| u8::try_from(text.len()).unwrap();
            out.extend([*shared, length(rest), length(value)]);
            out.extend(rest.bytes());
            out.extend(value.bytes());
        }
        restarts.iter().for_each(|at| out.extend(at.to_le_bytes()));
        out.extend(u32::try_from(restarts.len()).unwrap().to_le_bytes());
        out.into()
    }

    #[test]
    fn keys_are_put_together() {
        let block = block(&[(0, "abc", "1"), (2, "d", ""), (0, "b", "3")], &[0, 11]);
        let rows = rows(&block).unwrap();
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let rows: Vec<_> = rows.iter().map(|(k, v)| (text(k), text(v))).collect();
        let wanted = [("abc", "1"), ("abd", ""), ("b", "3")];
        assert_eq!(rows, wanted.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert!(super::rows(&self::block(&[], &[0])).unwrap().is_empty());
    }

    #[test]
    fn rows_that_share_too_much_and_restarts_between_rows_are_damage() {
        for wrong in [
            block(&[(1, "abc", "1")], &[0]),
            block(&[(0, "abc", "1"), (4, "d", "")], &[0]),
            block(&[(0, "abc", "1"), (2, "d", "")], &[0, 7]),
            block(&[(0, "abc", "1"), (2, "d", "")], &[0, 3]),
            block(&[(0, "abc", "1")], &[]),
            Bytes::from_static(&[0, 0, 0]),
            Bytes::from_static(&[0xff, 0xff, 0xff, 0xff]),
            Bytes::from_static(&[0, 9, 0, b'a', 0, 0, 0, 0, 1, 0, 0, 0]),
        ] {
            assert!(rows(&wrong).is_err(), "{wrong:?}");
        }
    }
}
