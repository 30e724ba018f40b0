//! Encryption to keys on curves of NIST: compact JWE, `ECDH-ES` with `A256GCM` (RFC 7516, RFC 7518).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::jwk::Jwk;
use super::{broken, unusable};
use crate::baton::error::Result;

const METHOD: &str = "A256GCM";
const TAG: usize = 16;

/// A key on a curve.
pub struct EcKey {
    curve: &'static str,
    algorithm: &'static Algorithm,
    /// Bytes of one coordinate.
    half: usize,
    point: Vec<u8>,
}

impl EcKey {
    /// Reads it.
    ///
    /// # Errors
    /// `InvalidArgument` for another curve, and for a point that is not on it.
    pub fn of(jwk: &Jwk) -> Result<EcKey> {
        let (curve, x, y) = jwk.point()?;
        let (curve, algorithm, half) = match curve {
            "P-256" => ("P-256", &ECDH_P256, 32),
            "P-384" => ("P-384", &ECDH_P384, 48),
            "P-521" => ("P-521", &ECDH_P521, 66),
            _ => return Err(unusable("a public key is on a curve that is not supported")),
        };
        if x.len() != half || y.len() != half {
            return Err(unusable("a public key has not the length of one"));
        }
        let key = EcKey {
            curve,
            algorithm,
            half,
            point: [vec![4], x, y].concat(),
        };
        // A point beside the curve shows with the first agreement: better now than when the secret is made.
        encrypt(&key, b"").map_err(|_| unusable("a public key is no point of its curve"))?;
        Ok(key)
    }
}

/// Encrypts.
///
/// # Errors
/// `Internal` where that fails.
pub fn encrypt(to: &EcKey, plain: &[u8]) -> Result<String> {
    let own = PrivateKey::generate(to.algorithm).map_err(broken)?;
    let public = own.compute_public_key().map_err(broken)?;
    let coordinates = public.as_ref().get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at_checked(to.half).unwrap_or_default();
    let header = json!({
        "alg": "ECDH-ES",
        "enc": METHOD,
        "epk": {"kty": "EC", "crv": to.curve, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)},
    });
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let peer = UnparsedPublicKey::new(to.algorithm, &to.point);
    let key = agreement::agree(&own, peer, Unspecified, |shared| Ok(derived(shared))).map_err(broken)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(broken)?);
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(broken)?;
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(header.as_bytes()),
        &mut sealed,
    )
    .map_err(broken)?;
    let (text, tag) = sealed
        .split_at_checked(sealed.len().saturating_sub(TAG))
        .unwrap_or_default();
    let [nonce, text, tag] = [&nonce[..], text, tag].map(|part| URL_SAFE_NO_PAD.encode(part));
    // The content is encrypted with what was agreed on: there is no key to send.
    Ok(format!("{header}..{nonce}.{text}.{tag}"))
}

/// The Concat KDF of NIST SP 800-56A, for 256 bits: one round.
fn derived(shared: &[u8]) -> impl AsRef<[u8]> + use<> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes();
    let mut input = 1u32.to_be_bytes().to_vec();
    input.extend(shared);
    input.extend(length(METHOD.as_bytes()));
    input.extend(METHOD.as_bytes());
    // Neither side has a name.
    input.extend(length(b""));
    input.extend(length(b""));
    input.extend(256u32.to_be_bytes());
    digest(&SHA256, &input)
}
