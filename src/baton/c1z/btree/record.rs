//! Records: the values of a row or of an entry, each told by its kind and length in a header.

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::baton::c1z) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl Value<'_> {
    /// What the header says of it.
    fn kind(self) -> u64 {
        match self {
            Value::Null => 0,
            Value::Integer(0) => 8,
            Value::Integer(1) => 9,
            Value::Integer(number) => match width(number) {
                8 => 6,
                6 => 5,
                width => width as u64,
            },
            Value::Blob(bytes) => bytes.len() as u64 * 2 + 12,
            Value::Text(bytes) => bytes.len() as u64 * 2 + 13,
        }
    }

    fn put(self, out: &mut Vec<u8>) {
        match self {
            Value::Null | Value::Integer(0 | 1) => {}
            Value::Integer(number) => {
                let bytes = number.to_be_bytes();
                out.extend_from_slice(bytes.get(8 - width(number)..).unwrap_or_default());
            }
            Value::Text(bytes) | Value::Blob(bytes) => out.extend_from_slice(bytes),
        }
    }
}

/// Bytes that a number takes: 1, 2, 3, 4, 6 or 8.
fn width(number: i64) -> usize {
    // Bits beside the sign.
    let bits = 64 - (if number < 0 { !number } else { number }).leading_zeros();
    match bits {
        0..=7 => 1,
        8..=15 => 2,
        16..=23 => 3,
        24..=31 => 4,
        32..=47 => 6,
        _ => 8,
    }
}

/// Replaces what is in `out` by the record of the values.
pub(in crate::baton::c1z) fn encode(values: &[Value<'_>], out: &mut Vec<u8>) {
    out.clear();
    let kinds: usize = values.iter().map(|value| varint_len(value.kind())).sum();
    // The header counts its own length.
    let mut header = kinds + 1;
    while header != kinds + varint_len(header as u64) {
        header = kinds + varint_len(header as u64);
    }
    put_varint(header as u64, out);
    for value in values {
        put_varint(value.kind(), out);
    }
    for value in values {
        value.put(out);
    }
}

/// Appends a number of one to nine bytes, the high bits first.
pub(super) fn put_varint(number: u64, out: &mut Vec<u8>) {
    if number >> 56 != 0 {
        for shift in (0..8).map(|n| 57 - 7 * n) {
            out.push((number >> shift) as u8 | 0x80);
        }
        // The ninth byte has eight bits.
        out.push(number as u8);
        return;
    }
    for n in (1..varint_len(number)).rev() {
        out.push((number >> (7 * n)) as u8 | 0x80);
    }
    out.push(number as u8 & 0x7f);
}

/// Bytes of such a number.
pub(super) fn varint_len(number: u64) -> usize {
    let bits = (64 - number.leading_zeros() as usize).max(1);
    bits.div_ceil(7).min(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        let said = |number| {
            let mut out = Vec::new();
            put_varint(number, &mut out);
            assert_eq!(out.len(), varint_len(number), "{number}");
            out
        };
        assert_eq!(said(0), [0]);
        assert_eq!(said(127), [127]);
        assert_eq!(said(128), [0x81, 0]);
        assert_eq!(said((1 << 14) - 1), [0xff, 0x7f]);
        assert_eq!(said((1 << 56) - 1).len(), 8);
        assert_eq!(said(1 << 56), [0x80, 0xc0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]);
        assert_eq!(said(u64::MAX), [0xff; 9]);
        let widths = [0, -1, 127, -128, 128, -129, 1 << 23, 1 << 31, 1 << 47, i64::MIN].map(width);
        assert_eq!(widths, [1, 1, 1, 1, 2, 2, 4, 6, 8, 8]);
    }

    #[test]
    fn a_header_may_need_two_bytes_for_its_own_length() {
        for count in [126, 127, 128, 300] {
            let mut out = Vec::new();
            encode(&vec![Value::Null; count], &mut out);
            let length = if count < 127 { count + 1 } else { count + 2 };
            assert_eq!(out.len(), length, "{count}");
        }
    }
}
