//! Just enough gzip to write a bomb.

pub(super) fn gzip(deflated: &[u8], crc: u32, len: u32) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend_from_slice(deflated);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(&len.to_le_bytes());
    out
}

/// One stored block.
pub(super) fn deflate_stored(text: &[u8]) -> Vec<u8> {
    let len = u16::try_from(text.len()).unwrap();
    let mut out = vec![1];
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&(!len).to_le_bytes());
    out.extend_from_slice(text);
    out
}

/// One block with fixed codes: a zero, then "repeat it 258 times" as often as needed.
pub(super) fn deflate_zeros(len: usize) -> Vec<u8> {
    let mut bits: Vec<u8> = vec![1, 1, 0];
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..len / 258 {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    bits.extend([0; 7]);
    bits.chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |sum, (i, bit)| sum | bit << i))
        .collect()
}

pub(super) fn crc32(text: &[u8]) -> u32 {
    !text.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 }
        })
    })
}
