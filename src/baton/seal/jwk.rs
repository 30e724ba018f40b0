//! Public keys as JSON (RFC 7517), and their thumbprint (RFC 7638).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::unusable;
use crate::baton::error::Result;

/// A key. There is no field for its private part.
#[derive(Debug, Deserialize)]
pub struct Jwk {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

/// What kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of a signature, on the curve of Edwards.
    Ed25519,
    /// RSA.
    Rsa,
    /// On a curve of NIST.
    Ec,
    /// Any other.
    Other,
}

impl Jwk {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match (self.kty.as_str(), self.crv.as_str()) {
            ("OKP", "Ed25519") => Kind::Ed25519,
            ("RSA", _) => Kind::Rsa,
            ("EC", _) => Kind::Ec,
            _ => Kind::Other,
        }
    }

    /// The members that count for the thumbprint, in their order.
    ///
    /// # Errors
    /// `InvalidArgument` for a kind that is not supported.
    pub fn canonical(&self) -> Result<String> {
        let pairs: &[(&str, &str)] = match self.kind() {
            Kind::Ed25519 => &[("crv", &self.crv), ("kty", &self.kty), ("x", &self.x)],
            Kind::Rsa => &[("e", &self.e), ("kty", &self.kty), ("n", &self.n)],
            Kind::Ec => &[("crv", &self.crv), ("kty", &self.kty), ("x", &self.x), ("y", &self.y)],
            Kind::Other => return Err(unusable("a public key is of a kind that is not supported")),
        };
        let members: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{}:{}", serde_json::json!(name), serde_json::json!(value)))
            .collect();
        Ok(format!("{{{}}}", members.join(",")))
    }

    /// The bytes of an Ed25519 key.
    ///
    /// # Errors
    /// `InvalidArgument` for a text that is none.
    pub fn ed25519(&self) -> Result<[u8; 32]> {
        let bytes = decoded(&self.x)?;
        bytes
            .try_into()
            .map_err(|_| unusable("a public key has not the length of one"))
    }

    /// Modulus and exponent.
    ///
    /// # Errors
    /// As [`Jwk::ed25519`].
    pub fn rsa(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        Ok((decoded(&self.n)?, decoded(&self.e)?))
    }

    /// The curve, and the point without its mark.
    ///
    /// # Errors
    /// As [`Jwk::ed25519`].
    pub fn point(&self) -> Result<(&str, Vec<u8>, Vec<u8>)> {
        Ok((&self.crv, decoded(&self.x)?, decoded(&self.y)?))
    }
}

fn decoded(text: &str) -> Result<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    bytes
        .ok()
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| unusable("a public key has a part that cannot be read"))
}
