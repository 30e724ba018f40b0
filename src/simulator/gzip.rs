//! Gzip without compression: stored blocks only. Enough to prove that a client undoes the encoding. And a bomb.

/// The most a stored block holds.
const BLOCK: usize = 0xffff;

/// A gzip member that holds `data` as it is.
pub fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + data.len() / BLOCK * 5 + 32);
    out.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    let mut blocks = data.chunks(BLOCK).peekable();
    if blocks.peek().is_none() {
        out.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&crc32(data).to_le_bytes());
    let size = u32::try_from(data.len() & 0xffff_ffff).unwrap_or(0);
    out.extend_from_slice(&size.to_le_bytes());
    out
}

/// A gzip member that unpacks to about `length` zero bytes: one block with fixed codes, a zero and then "the last byte
/// 258 times" as often as needed. Checksum and length at its end are wrong, but no careful client gets there.
pub fn bomb(length: usize) -> Vec<u8> {
    let mut bits: Vec<u8> = vec![1, 1, 0];
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..length / 258 {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    bits.extend([0; 7]);
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend(
        bits.chunks(8)
            .map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | bit)),
    );
    out.extend_from_slice(&[0; 8]);
    out
}

/// CRC-32 of gzip (reflected polynomial 0xedb88320).
fn crc32(data: &[u8]) -> u32 {
    let mut table = [0u32; 256];
    for (n, slot) in (0u32..).zip(table.iter_mut()) {
        *slot = (0..8).fold(n, |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 });
    }
    !data.iter().fold(!0u32, |crc, byte| {
        let slot = (crc ^ u32::from(*byte)) & 0xff;
        let entry = usize::try_from(slot)
            .ok()
            .and_then(|i| table.get(i))
            .copied()
            .unwrap_or(0);
        (crc >> 8) ^ entry
    })
}
