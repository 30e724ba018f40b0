//! Compact JSON Web Signatures with Ed25519 (RFC 7515, RFC 8037).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::baton::error::{Error, Kind, Result};
use crate::baton::secret::Secret;

/// Header and claims, signed.
///
/// # Errors
/// Never in practice: `Internal` if they cannot be written as JSON.
pub fn compact(header: &impl Serialize, claims: &impl Serialize, sign: impl Fn(&[u8]) -> Vec<u8>) -> Result<Secret> {
    let signed = format!("{}.{}", part(header)?, part(claims)?);
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    Ok(Secret::new(format!("{signed}.{signature}")))
}

fn part(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_vec(value).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}
