//! The footer: the end of a table, where reading it starts.

use super::super::block::Handle;
use super::super::checksum::{Checksum, masked};
use super::super::error::{Error, Place as _, Result};
use super::super::files::ReadAt;
use super::super::input::Input;

/// The last bytes of every table.
const MAGIC: [u8; 8] = [0xf0, 0x9f, 0xaa, 0xb3, 0xf0, 0x9f, 0xaa, 0xb3];
/// The format that is written.
const FORMAT: u32 = 7;
/// The formats that are read. Before 5, rows lie in row blocks.
const READ: std::ops::RangeInclusive<u32> = 5..=FORMAT;
/// Room for the two handles.
const HANDLES: usize = 40;
/// Bytes of the longest footer, and of its end, which all formats share.
const LONGEST: usize = 61;
const TAIL: usize = 12;

/// The bits of a footer that say what is in its table.
pub(crate) mod attribute {
    pub(crate) const VALUE_BLOCKS: u32 = 1;
    pub(crate) const RANGE_DELETIONS: u32 = 16;
    pub(crate) const TWO_LEVEL_INDEX: u32 = 32;
    pub(crate) const DATA_BLOCKS: u32 = 128;
    /// Range keys and values in blob files are not read.
    pub(crate) const KNOWN: u32 = VALUE_BLOCKS | RANGE_DELETIONS | TWO_LEVEL_INDEX | DATA_BLOCKS;
    pub(crate) const NOT_READ: u32 = 2 | 4 | 8 | 64;
}

/// A footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) format: u32,
    pub(crate) checksum: Checksum,
    pub(crate) metaindex: Handle,
    pub(crate) index: Handle,
    /// See [`attribute`]; `None` where the format has none.
    pub(crate) attributes: Option<u32>,
    /// Where it begins: blocks end before.
    pub(crate) start: u64,
}

impl Footer {
    pub(crate) fn read(source: &dyn ReadAt) -> Result<Self> {
        let size = source.size();
        let length = size.min(LONGEST as u64);
        let bytes = source.read(size - length, usize::try_from(length).unwrap_or(LONGEST))?;
        Footer::decode(&bytes, size).at(size - length)
    }

    /// Decodes the footer at the end of `bytes`, which are the end of a table of `size` bytes.
    fn decode(bytes: &[u8], size: u64) -> Result<Self> {
        let no_table = || Error::corrupt("it does not end like a table");
        let tail = bytes.last_chunk::<TAIL>().ok_or_else(no_table)?;
        let [format @ .., _, _, _, _, _, _, _, _] = *tail;
        if !tail.ends_with(&MAGIC) {
            return Err(no_table());
        }
        let format = u32::from_le_bytes(format);
        if !READ.contains(&format) {
            return Err(Error::unsupported(format!(
                "its format is {format}; {} to {} are read",
                READ.start(),
                READ.end()
            )));
        }
        let has_attributes = format >= 7;
        let has_checksum = format >= 6;
        let length = 1 + HANDLES + 4 * (usize::from(has_attributes) + usize::from(has_checksum)) + TAIL;
        let at = bytes.len().checked_sub(length).ok_or_else(no_table)?;
        let footer = bytes.get(at..).unwrap_or_default();
        let mut input = Input::new(footer);
        let checksum = input.u8()?;
        let mut handles = Input::new(input.take(HANDLES)?);
        let attributes = has_attributes.then(|| input.u32()).transpose()?;
        if has_checksum {
            let covered = footer.len() - TAIL - 4;
            let (first, second) = (footer.get(..covered), footer.get(covered + 4..));
            if masked(first.unwrap_or_default(), second.unwrap_or_default()) != input.u32()? {
                return Err(Error::corrupt("the checksum of the footer is wrong"));
            }
        }
        if attributes.is_some_and(|bits| bits & attribute::NOT_READ != 0) {
            return Err(Error::unsupported(
                "it has range keys or values in blob files, which are not read",
            ));
        }
        if attributes.is_some_and(|bits| bits & !attribute::KNOWN != 0) {
            return Err(Error::unsupported("it has attributes that are not known"));
        }
        let (metaindex, index) = (Handle::read(&mut handles)?, Handle::read(&mut handles)?);
        if handles.rest().iter().any(|byte| *byte != 0) {
            return Err(Error::corrupt("the padding of the footer is not zero"));
        }
        Ok(Footer {
            format,
            checksum: Checksum::of_tag(checksum)?,
            metaindex,
            index,
            attributes,
            start: size.saturating_sub(length as u64),
        })
    }

    /// Appends a footer of the newest format.
    pub(crate) fn put(out: &mut Vec<u8>, metaindex: Handle, index: Handle, attributes: u32) {
        let start = out.len();
        out.push(Checksum::CRC32C_TAG);
        metaindex.put(out);
        index.put(out);
        out.resize(start + 1 + HANDLES, 0);
        out.extend_from_slice(&attributes.to_le_bytes());
        let tail = [&FORMAT.to_le_bytes()[..], &MAGIC].concat();
        let checksum = masked(out.get(start..).unwrap_or_default(), &tail);
        out.extend_from_slice(&checksum.to_le_bytes());
        out.extend_from_slice(&tail);
    }
}

/// Appends a footer of any format.
#[cfg(test)]
pub(crate) fn put_footer(
    out: &mut Vec<u8>,
    format: u32,
    checksum: u8,
    metaindex: Handle,
    index: Handle,
    attributes: u32,
) {
    let start = out.len();
    out.push(checksum);
    metaindex.put(out);
    index.put(out);
    out.resize(start + 1 + HANDLES, 0);
    if format >= 7 {
        out.extend(attributes.to_le_bytes());
    }
    let tail = [&format.to_le_bytes()[..], &MAGIC].concat();
    if format >= 6 {
        let checksum = masked(&out[start..], &tail);
        out.extend(checksum.to_le_bytes());
    }
    out.extend(tail);
}

#[cfg(test)]
mod tests {
    use super::super::super::error::Fault;
    use super::*;

    const METAINDEX: Handle = Handle {
        offset: 727,
        length: 46,
    };
    const INDEX: Handle = Handle {
        offset: 132,
        length: 36,
    };

    /// The footer of the contract's byte vector.
    fn vector() -> Vec<u8> {
        let mut footer = vec![1, 0xd7, 0x05, 0x2e, 0x84, 0x01, 0x24];
        footer.resize(41, 0);
        footer.extend([0x80, 0, 0, 0, 0x1a, 0x1f, 0x51, 0x38, 7, 0, 0, 0]);
        footer.extend(MAGIC);
        footer
    }

    #[test]
    fn the_byte_vector_of_the_contract_is_read_and_written() {
        let mut written = Vec::new();
        Footer::put(&mut written, METAINDEX, INDEX, attribute::DATA_BLOCKS);
        assert_eq!(written, vector());
        let wanted = Footer {
            format: 7,
            checksum: Checksum::Crc32c,
            metaindex: METAINDEX,
            index: INDEX,
            attributes: Some(attribute::DATA_BLOCKS),
            start: 778,
        };
        assert_eq!(Footer::decode(&vector(), 839).unwrap(), wanted);
    }

    #[test]
    fn every_changed_byte_is_an_error() {
        for at in 0..vector().len() {
            for bit in 0..8 {
                let mut changed = vector();
                changed[at] ^= 1 << bit;
                assert!(Footer::decode(&changed, 839).is_err(), "byte {at} bit {bit}");
            }
        }
        for start in 1..61 {
            assert!(Footer::decode(&vector()[start..], 839).is_err());
        }
    }

    #[test]
    fn older_formats_have_shorter_footers_and_still_older_ones_are_refused_by_number() {
        let older = |format: u8, checked: bool| {
            let mut footer = vector()[..41].to_vec();
            let tail = [&[format, 0, 0, 0][..], &MAGIC].concat();
            if checked {
                footer.extend(masked(&footer, &tail).to_le_bytes());
            }
            footer.extend(tail);
            // Footers of several lengths are told apart by their end.
            Footer::decode(&[vec![0xee; 8], footer].concat(), 1000)
        };
        let six = older(6, true).unwrap();
        assert_eq!((six.attributes, six.start, six.index), (None, 1000 - 57, INDEX));
        let five = older(5, false).unwrap();
        assert_eq!(
            (five.attributes, five.start, five.metaindex),
            (None, 1000 - 53, METAINDEX)
        );
        for format in [0, 1, 4, 8] {
            let error = older(format, false).unwrap_err();
            assert!(matches!(error.fault(), Fault::Unsupported(_)), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_from_damage() {
        for (attributes, text) in [(2, "range keys"), (64, "blob"), (256, "not known")] {
            let mut footer = Vec::new();
            Footer::put(&mut footer, METAINDEX, INDEX, attributes);
            let error = Footer::decode(&footer, 839).unwrap_err();
            assert!(matches!(error.fault(), Fault::Unsupported(_)), "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
