//! Encrypting new secrets to whoever asked for them (`baton/service/protocol.md 4.5`): the one way in which a secret
//! leaves this process over the wire.
//!
//! Keys are read before anything is made anew: a secret that could not be handed over would be lost.

mod age;
mod bech32;
mod curve;
mod jwe;
mod jwk;
#[cfg(feature = "hosted")]
mod open;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::age::Recipient;
use self::jwe::EcKey;
use self::jwk::Jwk;
#[cfg(feature = "hosted")]
pub use self::open::open;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::proto::v2::encryption_config::Config;
use crate::baton::secret::Secret;

const JWK: &str = "baton/jwk/v1";
const JWK_PRIVATE: &str = "baton/jwk/v1/private";
const AGE: &str = "baton/age/v1";

/// A secret that was made, and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSecret {
    /// What it is called: `token`.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// The secret.
    pub value: Secret,
}

/// The keys of a request.
pub struct Seals(Vec<Seal>);

struct Seal {
    provider: &'static str,
    key_id: String,
    key_ids: Vec<String>,
    how: How,
}

enum How {
    Age(Recipient),
    /// As text.
    AgeOfJwk(Recipient),
    Jwe(EcKey),
}

impl Seals {
    /// Reads the keys.
    ///
    /// # Errors
    /// `InvalidArgument` where there is none, and for one that cannot be used.
    pub fn of(configs: &[v2::EncryptionConfig]) -> Result<Seals> {
        if configs.is_empty() {
            return Err(unusable("the request names no key to encrypt the new secret to"));
        }
        configs.iter().map(seal).collect::<Result<_>>().map(Seals)
    }

    /// Encrypts a secret to each of them.
    ///
    /// # Errors
    /// `Internal` where encryption fails.
    pub fn seal(&self, secret: &NewSecret) -> Result<Vec<v2::EncryptedData>> {
        let plain = secret.value.expose().as_bytes();
        let sealed = |seal: &Seal| {
            let encrypted_bytes = match &seal.how {
                How::Age(recipient) => age::encrypt(recipient, plain)?,
                How::AgeOfJwk(recipient) => STANDARD.encode(age::encrypt(recipient, plain)?).into_bytes(),
                How::Jwe(key) => STANDARD.encode(jwe::encrypt(key, plain)?).into_bytes(),
            };
            Ok(v2::EncryptedData {
                provider: seal.provider.to_owned(),
                key_id: seal.key_id.clone(),
                name: secret.name.clone(),
                description: secret.description.clone(),
                schema: String::new(),
                encrypted_bytes,
                key_ids: seal.key_ids.clone(),
            })
        };
        self.0.iter().map(sealed).collect()
    }
}

fn seal(config: &v2::EncryptionConfig) -> Result<Seal> {
    let named = config.provider.trim().to_lowercase();
    match (named.as_str(), &config.config) {
        ("" | JWK | JWK_PRIVATE, Some(Config::JwkPublicKeyConfig(key))) => of_jwk(&key.pub_key),
        ("" | AGE, Some(Config::AgeRecipientConfig(age))) => of_age(&age.recipient),
        (_, None) => Err(unusable("an encryption config names no key")),
        (other, Some(_)) => Err(unusable(format!(
            "an encryption config is of the provider {other:?}, and its key is not"
        ))),
    }
}

fn of_jwk(bytes: &[u8]) -> Result<Seal> {
    let jwk: Jwk = serde_json::from_slice(bytes).map_err(|_| unusable("a public key is no JWK"))?;
    let thumbprint = hex(digest(&SHA256, jwk.canonical()?.as_bytes()).as_ref());
    let how = match jwk.kind() {
        jwk::Kind::Ed25519 => How::AgeOfJwk(Recipient::ed25519(&jwk.ed25519()?)?),
        jwk::Kind::Rsa => {
            let (modulus, exponent) = jwk.rsa()?;
            How::AgeOfJwk(Recipient::rsa(&modulus, &exponent)?)
        }
        jwk::Kind::Ec => How::Jwe(EcKey::of(&jwk)?),
        jwk::Kind::Other => return Err(unusable("a public key is of a kind that is not supported")),
    };
    Ok(Seal {
        provider: JWK,
        key_id: thumbprint.clone(),
        key_ids: vec![thumbprint],
        how,
    })
}

fn of_age(recipient: &str) -> Result<Seal> {
    Ok(Seal {
        provider: AGE,
        key_id: String::new(),
        key_ids: vec![hex(digest(&SHA256, recipient.as_bytes()).as_ref())],
        how: How::Age(Recipient::x25519(recipient)?),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A key that cannot be used: said before anything is changed.
fn unusable(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::InvalidArgument, message)
        .code(code::NO_SEAL)
        .hint("nothing was changed; the new secret could not have been handed over")
}

fn broken(_: aws_lc_rs::error::Unspecified) -> Error {
    Error::new(Kind::Internal, "the new secret could not be encrypted").code(code::NO_SEAL)
}

#[cfg(test)]
mod tests;
