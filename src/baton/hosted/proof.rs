//! Proofs that whoever uses a token holds the key it was given for: DPoP (RFC 9449, `baton/hosted/facts.md 2.3`). The key
//! is made with the process and never leaves it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;

use super::jws::compact;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::secret::Secret;

/// How long a proof is good, in seconds.
const GOOD_FOR: i64 = 5 * 60;
/// How far it reaches back, in seconds.
const LEEWAY: i64 = 30;

/// The key of this process.
pub struct Prover {
    key: Ed25519KeyPair,
    x: String,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    jwk: Jwk<'a>,
    typ: &'static str,
}

#[derive(Serialize)]
struct Jwk<'a> {
    #[serde(rename = "use")]
    purpose: &'static str,
    kty: &'static str,
    kid: &'static str,
    crv: &'static str,
    alg: &'static str,
    x: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'static str,
    htu: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
}

/// What a proof is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Where the request goes, without a query.
    pub url: &'a str,
    /// What the other side asked to have in it.
    pub nonce: Option<&'a str>,
    /// The token it goes with.
    pub token: Option<&'a Secret>,
}

impl Prover {
    /// A new key.
    ///
    /// # Errors
    /// `Internal` when the machine gives no random numbers.
    pub fn new() -> Result<Self> {
        let key = Ed25519KeyPair::generate().map_err(|_| Error::new(Kind::Internal, "no key can be made"))?;
        let x = URL_SAFE_NO_PAD.encode(key.public_key());
        Ok(Prover { key, x })
    }

    /// A proof of one `POST` at `now`.
    ///
    /// # Errors
    /// As [`compact`].
    pub fn post(&self, about: About<'_>, now: Timestamp) -> Result<Secret> {
        let header = Header {
            alg: "EdDSA",
            jwk: Jwk {
                purpose: "sig",
                kty: "OKP",
                kid: "key",
                crv: "Ed25519",
                alg: "EdDSA",
                x: &self.x,
            },
            typ: "dpop+jwt",
        };
        let iat = now.as_second();
        let claims = Claims {
            jti: uuid(rand::random()),
            htm: "POST",
            htu: about.url,
            iat,
            nbf: iat - LEEWAY,
            exp: iat + GOOD_FOR,
            nonce: about.nonce,
            ath: about
                .token
                .map(|token| URL_SAFE_NO_PAD.encode(digest(&SHA256, token.expose().as_bytes()))),
        };
        compact(&header, &claims, |text| self.key.sign(text).as_ref().to_vec())
    }
}

/// A random UUID (RFC 9562, version 4).
fn uuid(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62;
    let digits = format!("{bits:032x}");
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_proof_is_signed_with_the_key_it_shows() {
        let prover = Prover::new().unwrap();
        let now: Timestamp = "2026-11-08T08:49:07.9Z".parse().unwrap();
        let token = Secret::new("token");
        let about = About {
            url: "https://acme.conductor.one/auth/v1/token",
            nonce: Some("n1"),
            token: Some(&token),
        };
        let proof = prover.post(about, now).unwrap();
        let (signed, signature) = proof.expose().rsplit_once('.').unwrap();
        let json = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (header, claims) = signed.split_once('.').unwrap();
        let (header, claims) = (json(header), json(claims));
        let x = URL_SAFE_NO_PAD.decode(header["jwk"]["x"].as_str().unwrap()).unwrap();
        UnparsedPublicKey::new(&ED25519, x)
            .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
            .unwrap();
        assert_eq!(
            (header["typ"].as_str(), header["alg"].as_str()),
            (Some("dpop+jwt"), Some("EdDSA"))
        );
        assert_eq!(header["jwk"].get("d"), None);
        let iat = 1_794_127_747;
        let expected = [("iat", iat), ("nbf", iat - 30), ("exp", iat + 300)];
        assert!(expected.iter().all(|(name, time)| claims[name] == *time), "{claims}");
        assert_eq!(claims["htm"], "POST");
        assert_eq!(claims["htu"], about.url);
        assert_eq!(claims["nonce"], "n1");
        // SHA-256 of "token".
        assert_eq!(claims["ath"], "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A");
        let again = prover
            .post(
                About {
                    nonce: None,
                    token: None,
                    ..about
                },
                now,
            )
            .unwrap();
        let again = json(again.expose().split('.').nth(1).unwrap());
        assert_ne!(again["jti"], claims["jti"]);
        assert!(again.get("ath").is_none() && again.get("nonce").is_none());
    }

    #[test]
    fn ids_are_random_uuids() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
