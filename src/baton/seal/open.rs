//! Decryption of age files of version 1 that are for an SSH key of the kind Ed25519 (age-encryption.org/v1): how
//! ConductorOne hands out a configuration. The counterpart of `age`.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, X25519};
use aws_lc_rs::digest::{SHA512, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::age::{FILE_KEY, OF_ED25519, PIECE, VERSION, agreed, derive, ssh, tag};
use super::curve;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::secret::Secret;

/// No header is longer.
const LONGEST_HEADER: usize = 64 * 1024;
/// Bytes that encryption adds to a piece.
const TAG: usize = 16;

/// What is in a file for the key with this seed.
///
/// # Errors
/// `Unauthenticated` for a file that is for another key; `DataLoss` for one that is damaged, no such file, or no text.
pub fn open(seed: &[u8], public: &[u8], file: &[u8]) -> Result<Secret> {
    let (header, body) = split(file).ok_or_else(|| damaged("it is no age file"))?;
    let lines: Vec<&str> = header.text.split('\n').collect();
    let point: [u8; 32] = public
        .try_into()
        .map_err(|_| damaged("the key has not the length of one"))?;
    let point = curve::montgomery(&point).ok_or_else(|| damaged("the key cannot be decrypted with"))?;
    let wire = [ssh(b"ssh-ed25519"), ssh(public)].concat();
    let own_tag = tag(&wire);
    let own = stanzas(&lines)
        .filter(|stanza| stanza.kind == "ssh-ed25519" && stanza.arguments.first() == Some(&own_tag.as_str()));
    let file_key = own
        .filter_map(|stanza| unwrapped(&stanza, seed, &point, &wire).ok())
        .next();
    let file_key = file_key.ok_or_else(for_another)?;
    let mac = derive(&file_key, b"", b"header").map_err(|_| damaged("its header cannot be checked"))?;
    hmac::verify(
        &hmac::Key::new(hmac::HMAC_SHA256, &mac),
        header.signed.as_bytes(),
        &header.mac,
    )
    .map_err(|_| damaged("its header was changed"))?;
    let plain = payload(&file_key, body).map_err(|_| damaged("its content was changed or cut off"))?;
    String::from_utf8(plain)
        .map(Secret::new)
        .map_err(|_| damaged("its content is no text"))
}

struct Header<'a> {
    text: &'a str,
    /// What the code at its end is about.
    signed: &'a str,
    mac: Vec<u8>,
}

/// The header and what follows it.
fn split(file: &[u8]) -> Option<(Header<'_>, &[u8])> {
    let start = file.get(..file.len().min(LONGEST_HEADER))?;
    let at = start.windows(5).position(|bytes| bytes == b"\n--- ")?;
    let end = at + start.get(at + 1..)?.iter().position(|byte| *byte == b'\n')? + 1;
    let (text, last) = (file.get(..at)?, file.get(at + 5..end)?);
    let signed = std::str::from_utf8(file.get(..at + 4)?).ok()?;
    let text = std::str::from_utf8(text).ok()?;
    if text.split('\n').next() != Some(VERSION) {
        return None;
    }
    let header = Header {
        text,
        signed,
        mac: STANDARD_NO_PAD.decode(last).ok()?,
    };
    Some((header, file.get(end + 1..)?))
}

struct Stanza<'a> {
    kind: &'a str,
    arguments: Vec<&'a str>,
    body: Vec<u8>,
}

/// The stanzas that can be read; others are for somebody else.
fn stanzas<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = Stanza<'a>> {
    let starts = lines.iter().enumerate().filter(|(_, line)| line.starts_with("-> "));
    starts.filter_map(|(at, line)| {
        let mut words = line.split(' ').skip(1);
        let kind = words.next()?;
        let body = lines.get(at + 1..)?.iter().take_while(|line| !line.starts_with("-> "));
        let body: String = body.copied().collect();
        Some(Stanza {
            kind,
            arguments: words.collect(),
            body: STANDARD_NO_PAD.decode(body).ok()?,
        })
    })
}

/// The key of the file.
fn unwrapped(stanza: &Stanza<'_>, seed: &[u8], point: &[u8; 32], wire: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let share = stanza.arguments.get(1).ok_or(Unspecified)?;
    let share = STANDARD_NO_PAD.decode(share).map_err(|_| Unspecified)?;
    let expanded = digest(&SHA512, seed);
    let scalar = expanded.as_ref().get(..32).ok_or(Unspecified)?;
    let own = PrivateKey::from_private_key(&X25519, scalar).map_err(|_| Unspecified)?;
    let tweak = derive(b"", wire, OF_ED25519)?;
    let tweak = PrivateKey::from_private_key(&X25519, &tweak).map_err(|_| Unspecified)?;
    let shared = agreed(&tweak, &agreed(&own, &share)?)?;
    let key = derive(&shared, &[share.as_slice(), point].concat(), OF_ED25519)?;
    let file_key = opened(&key, [0; NONCE_LEN], &stanza.body)?;
    if file_key.len() == FILE_KEY {
        Ok(file_key)
    } else {
        Err(Unspecified)
    }
}

fn payload(file_key: &[u8], body: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let (number, body) = body.split_at_checked(FILE_KEY).ok_or(Unspecified)?;
    let key = derive(file_key, number, b"payload")?;
    let mut plain = Vec::new();
    let pieces: Vec<&[u8]> = body.chunks(PIECE + TAG).collect();
    let last = pieces.len().checked_sub(1).ok_or(Unspecified)?;
    for (at, piece) in pieces.into_iter().enumerate() {
        let [a, b, c, d, e, f, g, h] = u64::try_from(at).map_err(|_| Unspecified)?.to_be_bytes();
        let nonce = [0, 0, 0, a, b, c, d, e, f, g, h, u8::from(at == last)];
        let opened = opened(&key, nonce, piece)?;
        // Only a file without content ends with an empty piece.
        if opened.is_empty() && at > 0 {
            return Err(Unspecified);
        }
        plain.extend(opened);
    }
    Ok(plain)
}

fn opened(key: &[u8; 32], nonce: [u8; NONCE_LEN], sealed: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key)?);
    let mut text = sealed.to_vec();
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)?
        .len();
    text.truncate(length);
    Ok(text)
}

fn for_another() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "it is not encrypted to the key of this client secret",
    )
    .code(code::SEALED_FOR_ANOTHER)
}

fn damaged(why: &'static str) -> Error {
    Error::new(Kind::DataLoss, why).code(code::SEALED_FOR_ANOTHER)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::super::age::{self, Recipient};
    use super::*;

    /// The key pair of RFC 8037, appendix A.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    /// Made with pyrage 1.x for that key, with the stanza that it adds to confuse.
    const OF_OTHERS: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNzaC1lZDI1NTE5IGJiWHB1QSBuTkRZNXdDNVNGbUR6UmpSZHhKdnM5TnBw\
                             eUJ4bkV2N1lmdWZTY20vSURrCngvanBFTmcvQ1VqdGtHenFKS0JyNE9wZDU0U2tiWGVXViswR1J6eWZXN0UKLT4geSNqd1\
                             ArLWdyZWFzZSBmQy8/KC8gancKYkVYQ2Y2awotLS0gTURLRmFQRGMxT2J1NGl0b294U0JyS2phSmsrU0d1ZHVRRjVqdFdR\
                             Nll1ZwoXqa8EkI+ifLeuctG8RfvYwFVjd8CFE3/TNdD64xtDdxSIFSiekUkwbzUcHJioftOBZGbRzs95M1r6L90=";

    fn key(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn open_it(file: &[u8]) -> Result<Secret> {
        open(&key(D), &key(X), file)
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let recipient = Recipient::ed25519(&key(X).try_into().unwrap()).unwrap();
        age::encrypt(&recipient, plain).unwrap()
    }

    #[test]
    fn files_of_others_and_our_own_are_opened() {
        let file = STANDARD.decode(OF_OTHERS).unwrap();
        assert_eq!(open_it(&file).unwrap().expose(), "{\"workato-api-key\":\"of age\"}");
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7] {
            let plain = "x".repeat(length);
            assert!(
                open_it(&sealed(plain.as_bytes())).unwrap().expose() == plain,
                "{length}"
            );
        }
        assert!(open_it(&sealed(&[0xff])).is_err(), "it is no text");
    }

    #[test]
    fn another_key_opens_nothing() {
        let other = Ed25519KeyPair::generate().unwrap();
        let other = Recipient::ed25519(other.public_key().as_ref().try_into().unwrap()).unwrap();
        let error = open_it(&age::encrypt(&other, b"secret-thing").unwrap()).unwrap_err();
        assert_eq!(error.kind(), Kind::Unauthenticated);
    }

    #[test]
    fn whatever_is_changed_or_cut_is_noticed() {
        let file = sealed(b"secret-thing");
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(open_it(&changed).is_err(), "byte {at}");
            assert!(open_it(&file[..at]).is_err(), "cut at {at}");
        }
        let long = sealed(&[b'x'; 2 * PIECE + 7]);
        // A whole piece less: what is left is not the last one.
        assert!(open_it(&long[..long.len() - 7 - TAG]).is_err());
        let error = open_it(&long[..long.len() - 1]).unwrap_err();
        assert_eq!(error.kind(), Kind::DataLoss);
    }
}
