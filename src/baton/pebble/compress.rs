//! Block compression: none, Snappy, zstd.

use std::borrow::Cow;
use std::io::Read as _;

use bytes::Bytes;

use super::error::{Error, Result};
use super::input::Input;

/// A block out of which more comes is refused. Blocks are cut at some ten KiB; only one huge value makes a bigger one.
const MAX_BLOCK: usize = 256 << 20;
/// The window that a zstd block may ask for, as a power of two.
const MAX_WINDOW_LOG: u32 = 27;
/// Snappy spends at least three bytes on 64 of output.
const SNAPPY_EXPANDS_AT_MOST: usize = 22;
/// What is set aside before the first byte of a zstd block has come out.
const FIRST_CHUNK: usize = 64 << 10;

/// The byte behind a block that is stored as it is.
pub(super) const NONE: u8 = 0;
const SNAPPY: u8 = 1;
const ZSTD: u8 = 7;
const MINLZ: u8 = 8;

/// The content of a stored block.
pub(super) fn unpack(stored: Bytes, compression: u8) -> Result<Bytes> {
    match compression {
        NONE => Ok(stored),
        SNAPPY => snappy(&stored).map(Bytes::from),
        ZSTD => zstd(&stored).map(Bytes::from),
        MINLZ => Err(Error::unsupported(
            "a block is compressed with MinLZ, which is not read",
        )),
        _ => Err(Error::corrupt(format!("there is no compression {compression}"))),
    }
}

fn snappy(stored: &[u8]) -> Result<Vec<u8>> {
    let broken = |error: snap::Error| Error::corrupt(format!("a Snappy block does not decode ({error})"));
    let size = snap::raw::decompress_len(stored).map_err(broken)?;
    check_size(size)?;
    // The library sets aside what the block claims: it must not claim more than it can hold.
    if size > stored.len().saturating_mul(SNAPPY_EXPANDS_AT_MOST) {
        return Err(Error::corrupt(format!(
            "a Snappy block of {} bytes claims to hold {size}",
            stored.len()
        )));
    }
    snap::raw::Decoder::new().decompress_vec(stored).map_err(broken)
}

fn zstd(stored: &[u8]) -> Result<Vec<u8>> {
    let mut input = Input::new(stored);
    let size = usize::try_from(input.uvarint()?).unwrap_or(usize::MAX);
    check_size(size)?;
    let broken = |error: std::io::Error| Error::corrupt(format!("a zstd block does not decode ({error})"));
    let mut decoder = zstd::stream::read::Decoder::with_buffer(input.rest()).map_err(broken)?;
    decoder.window_log_max(MAX_WINDOW_LOG).map_err(broken)?;
    let mut out = Vec::with_capacity(size.min(FIRST_CHUNK));
    // One byte more than there should be, to see that there is none.
    let limit = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(limit).read_to_end(&mut out).map_err(broken)?;
    if out.len() != size {
        let came: Cow<'_, str> = if out.len() > size {
            "more".into()
        } else {
            out.len().to_string().into()
        };
        return Err(Error::corrupt(format!("a zstd block of {size} bytes holds {came}")));
    }
    Ok(out)
}

fn check_size(size: usize) -> Result<()> {
    if size > MAX_BLOCK {
        return Err(Error::too_big(format!(
            "a block of {size} bytes is above the limit of {} MiB",
            MAX_BLOCK >> 20
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::error::Fault;
    use super::super::input::put_uvarint;
    use super::*;

    fn zstd_block(claimed: u64, content: &[u8]) -> Bytes {
        let mut block = Vec::new();
        put_uvarint(&mut block, claimed);
        block.extend(::zstd::bulk::compress(content, 1).unwrap());
        block.into()
    }

    #[test]
    fn each_compression_gives_back_what_went_in() {
        let content: Vec<u8> = (0..5_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let packed = snap::raw::Encoder::new().compress_vec(&content).unwrap();
        assert_eq!(unpack(packed.into(), SNAPPY).unwrap(), content);
        assert_eq!(unpack(zstd_block(20_000, &content), ZSTD).unwrap(), content);
        assert_eq!(unpack(content.clone().into(), NONE).unwrap(), content);
    }

    #[test]
    fn what_claims_another_size_is_refused() {
        let zeros = vec![0; 1000];
        for claimed in [0, 999, 1001] {
            let error = unpack(zstd_block(claimed, &zeros), ZSTD).unwrap_err();
            assert!(matches!(error.fault(), Fault::Corrupt(_)), "{claimed}: {error}");
        }
        let error = unpack(zstd_block(1 << 40, &zeros), ZSTD).unwrap_err();
        assert!(matches!(error.fault(), Fault::TooBig(_)), "{error}");
    }

    #[test]
    fn a_few_snappy_bytes_that_claim_a_hundred_megabytes_set_nothing_aside() {
        let mut claim = Vec::new();
        put_uvarint(&mut claim, 100 << 20);
        claim.extend([0; 50]);
        let error = unpack(claim.into(), SNAPPY).unwrap_err();
        assert!(error.to_string().contains("claims to hold"), "{error}");
        // The most that Snappy can do is below the bound.
        let packed = snap::raw::Encoder::new().compress_vec(&vec![7; 1 << 20]).unwrap();
        assert_eq!(unpack(packed.into(), SNAPPY).unwrap().len(), 1 << 20);
    }

    #[test]
    fn other_compressions_are_named() {
        let of = |kind| unpack(Bytes::from_static(b"x"), kind).unwrap_err();
        assert!(matches!(of(MINLZ).fault(), Fault::Unsupported(_)));
        assert!(matches!(of(3).fault(), Fault::Corrupt(_)));
    }
}
