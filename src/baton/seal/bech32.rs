//! Age recipients as they are written: `age1…` is 32 bytes in Bech32.

const ALPHABET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const PREFIX: &str = "age";
/// Characters of the checksum.
const CHECK: usize = 6;

/// The bytes of a recipient; `None` for what is none.
pub fn bytes(text: &str) -> Option<[u8; 32]> {
    let lower = text.to_lowercase();
    if text != lower && text != text.to_uppercase() {
        return None;
    }
    let (prefix, data) = lower.rsplit_once('1')?;
    let values: Option<Vec<u8>> = data
        .chars()
        .map(|c| ALPHABET.find(c).and_then(|at| u8::try_from(at).ok()))
        .collect();
    let values = values?;
    let spread = prefix
        .bytes()
        .map(|b| b >> 5)
        .chain([0])
        .chain(prefix.bytes().map(|b| b & 31));
    if prefix != PREFIX || checksum(spread.chain(values.iter().copied())) != 1 {
        return None;
    }
    let data = values.get(..values.len().checked_sub(CHECK)?)?;
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0u32);
    for value in data {
        bits = (bits << 5) | u32::from(*value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    let left = bits & ((1 << count) - 1);
    if count >= 5 || left != 0 {
        return None;
    }
    bytes.try_into().ok()
}

fn checksum(values: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.fold(1u32, |sum, value| {
        let top = sum >> 25;
        let next = ((sum & 0x01ff_ffff) << 5) ^ u32::from(value);
        let chosen = GENERATOR.iter().enumerate().filter(|(at, _)| (top >> at) & 1 == 1);
        chosen.fold(next, |sum, (_, generator)| sum ^ generator)
    })
}
