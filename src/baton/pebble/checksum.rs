//! The checksum that stands everywhere in a store: CRC-32C, masked.
//!
//! A CRC of bytes that hold their own CRC is a constant. The mask, which LevelDB brought, keeps that from happening.

use std::hash::Hasher as _;

use super::error::{Error, Result};

const MASK_DELTA: u32 = 0xa282_ead8;

/// The masked CRC-32C of bytes that lie in two parts.
pub(super) fn masked(first: &[u8], second: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(first), second)
        .rotate_right(15)
        .wrapping_add(MASK_DELTA)
}

/// How the blocks of a table are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    Crc32c,
    /// The low half of XXH64.
    XxHash64,
}

impl Checksum {
    pub(super) const CRC32C_TAG: u8 = 1;
    const XXHASH64_TAG: u8 = 3;

    pub(super) fn of_tag(tag: u8) -> Result<Self> {
        match tag {
            Self::CRC32C_TAG => Ok(Checksum::Crc32c),
            Self::XXHASH64_TAG => Ok(Checksum::XxHash64),
            0 | 2 => Err(Error::unsupported(format!("checksums of kind {tag} are not read"))),
            _ => Err(Error::corrupt(format!("there is no kind {tag} of checksums"))),
        }
    }

    /// The checksum of a block and of the byte behind it, which names its compression.
    pub(super) fn of_block(self, block: &[u8], compression: u8) -> u32 {
        match self {
            Checksum::Crc32c => masked(block, &[compression]),
            Checksum::XxHash64 => {
                let mut hasher = twox_hash::XxHash64::with_seed(0);
                hasher.write(block);
                hasher.write(&[compression]);
                u32::try_from(hasher.finish() & u64::from(u32::MAX)).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_the_published_one() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(masked(b"12345", b"6789"), 0xc78a_b0e5);
    }

    #[test]
    fn the_other_checksum_is_the_low_half_of_xxh64() {
        let whole = twox_hash::XxHash64::oneshot(0, b"block\0");
        let low = u64::from(Checksum::XxHash64.of_block(b"block", 0));
        assert_eq!(low, whole & 0xffff_ffff);
        assert!(Checksum::of_tag(2).is_err() && Checksum::of_tag(9).is_err());
    }
}
