//! Encryption in the form of age, version 1 (age-encryption.org/v1): to an X25519 recipient, and to SSH keys of the kinds
//! Ed25519 and RSA. What is decrypted, in builds that are hosted, is decrypted in `open`.
//!
//! Own code over the one crypto library of the program: the libraries that do this bring a second one, with an RSA that is
//! barred from the binary (`deny.toml`).

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{bech32, broken, curve, unusable};
use crate::baton::error::Result;

pub(super) const VERSION: &str = "age-encryption.org/v1";
const OF_X25519: &[u8] = b"age-encryption.org/v1/X25519";
pub(super) const OF_ED25519: &[u8] = b"age-encryption.org/v1/ssh-ed25519";
const OF_RSA: &[u8] = b"age-encryption.org/v1/ssh-rsa";
/// Bytes of the key of a file, and of the number that stands before what is encrypted with it.
pub(super) const FILE_KEY: usize = 16;
/// Characters of a line of a stanza's body.
pub(super) const LINE: usize = 64;
/// Bytes that are encrypted in one piece.
pub(super) const PIECE: usize = 64 * 1024;
/// The smallest modulus that is believed to be one, in bytes.
const SMALLEST_MODULUS: usize = 256;

/// Whom a file is for.
pub struct Recipient(Kind);

enum Kind {
    X25519([u8; 32]),
    Ed25519 {
        /// As SSH writes the key.
        wire: Vec<u8>,
        point: [u8; 32],
    },
    Rsa {
        wire: Vec<u8>,
        key: Box<OaepPublicEncryptingKey>,
    },
}

impl Recipient {
    /// `age1…`
    ///
    /// # Errors
    /// `InvalidArgument` for a text that is none.
    pub fn x25519(text: &str) -> Result<Recipient> {
        let point =
            bech32::bytes(text).ok_or_else(|| unusable("an age recipient cannot be read: it is no age1… key"))?;
        Ok(Recipient(Kind::X25519(point)))
    }

    /// An Ed25519 key.
    ///
    /// # Errors
    /// `InvalidArgument` for one without a counterpart.
    pub fn ed25519(key: &[u8; 32]) -> Result<Recipient> {
        let point = curve::montgomery(key).ok_or_else(|| unusable("an Ed25519 key cannot be encrypted to"))?;
        let wire = [ssh(b"ssh-ed25519"), ssh(key)].concat();
        Ok(Recipient(Kind::Ed25519 { wire, point }))
    }

    /// An RSA key.
    ///
    /// # Errors
    /// `InvalidArgument` for one that is too small, or none.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Recipient> {
        let (n, e) = (trimmed(modulus), trimmed(exponent));
        if n.len() < SMALLEST_MODULUS {
            return Err(unusable("an RSA key is smaller than 2048 bits"));
        }
        let no_key = || unusable("an RSA key cannot be encrypted to");
        let key: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into().map_err(|_| no_key())?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| no_key())?;
        let wire = [ssh(b"ssh-rsa"), ssh(&positive(e)), ssh(&positive(n))].concat();
        Ok(Recipient(Kind::Rsa {
            wire,
            key: Box::new(key),
        }))
    }

    /// The stanza that gives the recipient the key of the file.
    fn stanza(&self, file_key: &[u8]) -> Result<String, Unspecified> {
        match &self.0 {
            Kind::X25519(point) => {
                let own = PrivateKey::generate(&X25519)?;
                let share = own.compute_public_key()?;
                let shared = agreed(&own, point)?;
                let key = derive(&shared, &[share.as_ref(), point].concat(), OF_X25519)?;
                let arguments = format!("X25519 {}", text(share.as_ref()));
                Ok(written(&arguments, &sealed(&key, [0; NONCE_LEN], file_key)?))
            }
            Kind::Ed25519 { wire, point } => {
                let own = PrivateKey::generate(&X25519)?;
                let share = own.compute_public_key()?;
                let tweak = derive(b"", wire, OF_ED25519)?;
                let tweak = PrivateKey::from_private_key(&X25519, &tweak).map_err(|_| Unspecified)?;
                let shared = agreed(&tweak, &agreed(&own, point)?)?;
                let key = derive(&shared, &[share.as_ref(), point].concat(), OF_ED25519)?;
                let arguments = format!("ssh-ed25519 {} {}", tag(wire), text(share.as_ref()));
                Ok(written(&arguments, &sealed(&key, [0; NONCE_LEN], file_key)?))
            }
            Kind::Rsa { wire, key } => {
                let mut body = vec![0; key.ciphertext_size()];
                let body = key.encrypt(&OAEP_SHA256_MGF1SHA256, file_key, &mut body, Some(OF_RSA))?;
                Ok(written(&format!("ssh-rsa {}", tag(wire)), body))
            }
        }
    }
}

/// A file for one recipient.
///
/// # Errors
/// `Internal` where encryption fails.
pub fn encrypt(to: &Recipient, plain: &[u8]) -> Result<Vec<u8>> {
    file(to, plain).map_err(broken)
}

fn file(to: &Recipient, plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut file_key = [0; FILE_KEY];
    rand::fill(&mut file_key)?;
    let header = format!("{VERSION}\n{}---", to.stanza(&file_key)?);
    let mac = hmac::Key::new(hmac::HMAC_SHA256, &derive(&file_key, b"", b"header")?);
    let mac = hmac::sign(&mac, header.as_bytes());
    let mut file = format!("{header} {}\n", text(mac.as_ref())).into_bytes();
    let mut number = [0; FILE_KEY];
    rand::fill(&mut number)?;
    file.extend(number);
    let key = derive(&file_key, &number, b"payload")?;
    let pieces: Vec<&[u8]> = match plain {
        [] => vec![plain],
        _ => plain.chunks(PIECE).collect(),
    };
    let last = pieces.len() - 1;
    for (at, piece) in pieces.into_iter().enumerate() {
        let count = u64::try_from(at).map_err(|_| Unspecified)?.to_be_bytes();
        let [a, b, c, d, e, f, g, h] = count;
        let nonce = [0, 0, 0, a, b, c, d, e, f, g, h, u8::from(at == last)];
        file.extend(sealed(&key, nonce, piece)?);
    }
    Ok(file)
}

pub(super) fn agreed(own: &PrivateKey, point: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let peer = UnparsedPublicKey::new(&X25519, point);
    agreement::agree(own, peer, Unspecified, |shared| Ok(shared.to_vec()))
}

/// HKDF with SHA-256 (RFC 5869), for 32 bytes: one round.
pub(super) fn derive(input: &[u8], salt: &[u8], info: &[u8]) -> Result<[u8; 32], Unspecified> {
    let extracted = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), input);
    let key = hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref());
    let expanded = hmac::sign(&key, &[info, &[1]].concat());
    expanded.as_ref().try_into().map_err(|_| Unspecified)
}

fn sealed(key: &[u8; 32], nonce: [u8; NONCE_LEN], plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key)?);
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)?;
    Ok(sealed)
}

fn written(arguments: &str, body: &[u8]) -> String {
    let body = text(body);
    let mut lines = String::new();
    let mut rest = body.as_str();
    // A full line is followed by another one, be it empty.
    while let Some((line, more)) = rest.split_at_checked(LINE) {
        lines.push_str(line);
        lines.push('\n');
        rest = more;
    }
    format!("-> {arguments}\n{lines}{rest}\n")
}

pub(super) fn text(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// The first four bytes of the digest of a key.
pub(super) fn tag(wire: &[u8]) -> String {
    text(digest(&SHA256, wire).as_ref().get(..4).unwrap_or_default())
}

/// A text as SSH writes it.
pub(super) fn ssh(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or_default();
    [&length.to_be_bytes()[..], bytes].concat()
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// A number that does not look negative.
fn positive(number: &[u8]) -> Vec<u8> {
    let sign = number.first().is_some_and(|first| first & 0x80 != 0);
    let zero: &[u8] = if sign { &[0] } else { &[] };
    [zero, number].concat()
}
