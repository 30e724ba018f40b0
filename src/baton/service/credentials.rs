//! Client id and client secret, as ConductorOne hands them out (`baton/service/protocol.md 1.1, 1.2`).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::secret::{self, Secret};

/// `NAME@HOST[:PORT]/SUFFIX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId {
    full: String,
    name: String,
    host: String,
}

impl ClientId {
    /// Reads a client id. White space around it is not part of it. No length or case rule applies to its parts.
    ///
    /// # Errors
    /// `Unknown` (exit code 2) when a part is missing, or something stands in it or around it by mistake.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let stray = secret::around(text);
        if !stray.is_empty() {
            return Err(
                Error::new(Kind::Unknown, format!("invalid client id: {}", stray.join(", ")))
                    .code(code::CLIENT_ID)
                    .hint("copy it again from ConductorOne, without anything around it"),
            );
        }
        let parts = text
            .split_once('@')
            .and_then(|(name, rest)| rest.split_once('/').map(|(host, _)| (name, host)));
        match parts {
            Some((name, host)) if !name.is_empty() && !host.is_empty() => Ok(ClientId {
                full: text.to_owned(),
                name: name.to_owned(),
                host: host.to_owned(),
            }),
            _ => Err(Error::new(Kind::Unknown, "invalid client id")
                .code(code::CLIENT_ID)
                .hint("it has the form name@tenant.conductor.one/suffix; copy it again from ConductorOne")),
        }
    }

    /// All of it: the OAuth client id.
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// What stands before the `@`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tenant's host, with its port if one is given.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The tenant's host without a port: whom an assertion is for.
    pub fn audience(&self) -> &str {
        if let Some(inside) = self.host.strip_prefix('[') {
            return inside.split_once(']').map_or(&self.host, |(address, _)| address);
        }
        match self.host.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => &self.host,
        }
    }
}

/// The signing key inside of `secret-token:conductorone.com:v1:PAYLOAD`.
pub struct ClientSecret {
    key: Ed25519KeyPair,
    key_id: Option<String>,
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecret(***)")
    }
}

/// The members of a JSON Web Key that matter. Never printed.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    d: String,
    #[serde(default)]
    kid: Option<String>,
}

impl ClientSecret {
    /// Reads a client secret.
    ///
    /// # Errors
    /// `Unknown` (exit code 2). The message says which part is wrong and never quotes it.
    pub fn parse(secret: &Secret) -> Result<Self> {
        let stray = Secret::new(secret.expose().trim()).stray();
        if !stray.is_empty() {
            return Err(invalid(stray.join(", ")).also_hint("without anything around it"));
        }
        let mut pieces = secret.expose().trim().splitn(4, ':');
        let (Some(_), Some(_), Some(version), Some(payload)) =
            (pieces.next(), pieces.next(), pieces.next(), pieces.next())
        else {
            return Err(invalid("it has fewer than four parts"));
        };
        if version != "v1" {
            return Err(invalid("its version is not v1"));
        }
        let payload = URL_SAFE_NO_PAD.decode(payload);
        let payload = payload.map_err(|_| invalid("its last part is not base64url without padding"))?;
        // What serde says would quote the key.
        let jwk: Jwk = serde_json::from_slice(&payload).map_err(|_| invalid("it does not hold a JSON Web Key"))?;
        if jwk.kty != "OKP" || jwk.crv != "Ed25519" {
            return Err(invalid("its key is not an Ed25519 key"));
        }
        if jwk.d.is_empty() {
            return Err(invalid("its key is a public key only"));
        }
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
        let (Some(public), Some(seed)) = (part(&jwk.x), part(&jwk.d)) else {
            return Err(invalid("its key is damaged"));
        };
        let key = Ed25519KeyPair::from_seed_and_public_key(&seed, &public)
            .map_err(|_| invalid("the two halves of its key do not belong together"))?;
        Ok(ClientSecret {
            key,
            key_id: jwk.kid.filter(|kid| !kid.is_empty()),
        })
    }

    /// The key's id, where the secret has one.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Signs with Ed25519.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message).as_ref().to_vec()
    }

    /// What is in a file that was encrypted to this key (`baton/hosted/facts.md 3.2`).
    ///
    /// # Errors
    /// `Unauthenticated` for one that is for another key, or damaged.
    #[cfg(feature = "hosted")]
    pub fn open(&self, file: &[u8]) -> Result<Secret> {
        use aws_lc_rs::encoding::AsBigEndian as _;
        let broken = |_| Error::new(Kind::Internal, "the client secret cannot be used to decrypt");
        let seed = self.key.seed().map_err(broken)?;
        let seed = seed.as_be_bytes().map_err(broken)?;
        crate::baton::seal::open(seed.as_ref(), self.public_key(), file)
    }

    /// The public half, 32 bytes.
    pub fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unknown, format!("invalid client secret: {why}"))
        .code(code::CLIENT_SECRET)
        .hint("it begins with secret-token:conductorone.com:v1: and is shown once; create a new one in ConductorOne")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key pair of RFC 8037, appendix A.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

    fn secret(jwk: &str) -> Secret {
        Secret::new(format!(
            "secret-token:conductorone.com:v1:{}",
            URL_SAFE_NO_PAD.encode(jwk)
        ))
    }

    fn jwk(kty: &str, crv: &str, x: &str, d: &str) -> Secret {
        secret(&format!(r#"{{"kty":"{kty}","crv":"{crv}","x":"{x}","d":"{d}"}}"#))
    }

    #[test]
    fn client_ids_have_three_parts() {
        for (text, name, host, audience) in [
            (
                "a-b-1@acme.conductor.one/valcred",
                "a-b-1",
                "acme.conductor.one",
                "acme.conductor.one",
            ),
            ("a@localhost:8443/x", "a", "localhost:8443", "localhost"),
            ("a@b@c/d/e", "a", "b@c", "b@c"),
            ("a@h/", "a", "h", "h"),
            ("a@[::1]:443/x", "a", "[::1]:443", "::1"),
        ] {
            let id = ClientId::parse(text).unwrap();
            assert_eq!(
                (id.as_str(), id.name(), id.host(), id.audience()),
                (text, name, host, audience)
            );
        }
        for text in ["", "a", "a@b", "a/b", "@h/x", "a@/x", "a/b@c"] {
            let error = ClientId::parse(text).unwrap_err();
            assert_eq!(
                (error.to_string().as_str(), error.kind().exit_code()),
                ("invalid client id", 2),
                "{text}"
            );
        }
    }

    #[test]
    fn a_secret_is_an_ed25519_key_pair() {
        let parsed = ClientSecret::parse(&jwk("OKP", "Ed25519", X, D)).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(parsed.public_key()), X);
        assert_eq!(parsed.key_id(), None);
        assert_eq!(format!("{parsed:?}"), "ClientSecret(***)");
        let named = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","d":"{D}","kid":"k1","alg":"EdDSA"}}"#);
        assert_eq!(ClientSecret::parse(&secret(&named)).unwrap().key_id(), Some("k1"));
    }

    #[test]
    fn the_first_two_parts_are_not_checked() {
        let text = jwk("OKP", "Ed25519", X, D)
            .expose()
            .replace("secret-token:conductorone.com", "x:y");
        assert!(ClientSecret::parse(&Secret::new(text)).is_ok());
    }

    #[test]
    fn other_secrets_are_refused_without_being_quoted() {
        let good = jwk("OKP", "Ed25519", X, D);
        let cases = [
            (Secret::new("a:b:v1"), "fewer than four"),
            (Secret::new(good.expose().replace(":v1:", ":v2:")), "version"),
            (Secret::new("a:b:v1:!!!"), "base64url"),
            (Secret::new(format!("{}==", good.expose())), "base64url"),
            (secret("{}"), "JSON Web Key"),
            (jwk("EC", "P-256", X, D), "not an Ed25519"),
            (jwk("OKP", "X25519", X, D), "not an Ed25519"),
            (jwk("OKP", "Ed25519", X, ""), "public key only"),
            (jwk("OKP", "Ed25519", "", D), "damaged"),
            (jwk("OKP", "Ed25519", D, D), "belong together"),
        ];
        for (secret, why) in cases {
            let error = ClientSecret::parse(&secret).unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("invalid client secret") && text.contains(why),
                "{text}"
            );
            assert!(!text.contains(D) && !format!("{error:?}").contains(D));
            assert_eq!(error.kind().exit_code(), 2);
        }
    }
}
