//! Reading numbers and byte strings out of bytes that nobody vouches for.

use super::error::{Error, Result};

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Input { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| Error::corrupt(format!("{count} bytes should follow, {} do", self.rest.len())))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| Error::corrupt(format!("{N} bytes should follow, {} do", self.rest.len())))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// An unsigned LEB128 number of at most 64 bits.
    pub(super) fn uvarint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            let placed = bits << shift;
            if placed >> shift != bits {
                break;
            }
            value |= placed;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Error::corrupt("a variable-length number is longer than 64 bits"))
    }

    /// A byte string with its length in front.
    pub(super) fn string(&mut self) -> Result<&'a [u8]> {
        let length = self.uvarint()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }
}

/// Appends an unsigned LEB128 number.
pub(super) fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or_default());
}

/// Appends a byte string with its length in front.
pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uvarint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_length_numbers_come_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_uvarint(&mut bytes, value);
            let mut input = Input::new(&bytes);
            assert_eq!(input.uvarint().unwrap(), value);
            assert!(input.is_empty());
            let cut = &bytes[..bytes.len() - 1];
            assert!(Input::new(cut).uvarint().is_err(), "{value} without its last byte");
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        let two_to_the_64th = [&[0x80; 9][..], &[2]].concat();
        assert!(Input::new(&two_to_the_64th).uvarint().is_err());
        let eleven_bytes = [&[0x80; 10][..], &[0]].concat();
        assert!(Input::new(&eleven_bytes).uvarint().is_err());
        let long_form_of_one = [0x81, 0x80, 0x00];
        assert_eq!(Input::new(&long_form_of_one).uvarint().unwrap(), 1);
    }

    #[test]
    fn a_length_beyond_the_end_takes_nothing() {
        let mut bytes = Vec::new();
        put_uvarint(&mut bytes, u64::MAX);
        bytes.push(7);
        assert!(Input::new(&bytes).string().is_err());
        assert_eq!(Input::new(&[1, 7]).string().unwrap(), [7]);
    }
}
