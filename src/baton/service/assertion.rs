//! The client assertion: a compact JWS over who we are, signed with the client secret
//! (`baton/service/protocol.md 1.3`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;

use super::credentials::{ClientId, ClientSecret};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::secret::Secret;

/// How far validity reaches to both sides of now, in seconds.
const LEEWAY: i64 = 120;

/// Sorted by name; there is no `typ`.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    nonce: String,
}

/// There is no `jti`; `aud` is a text, not a list.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// An assertion made at `now`. The nonce must be fresh.
///
/// # Errors
/// Never in practice: `Internal` if the claims cannot be written as JSON.
pub fn assertion(id: &ClientId, secret: &ClientSecret, now: Timestamp, nonce: [u8; 16]) -> Result<Secret> {
    let iat = now.as_second();
    let header = part(&Header {
        alg: "EdDSA",
        kid: secret.key_id(),
        nonce: nonce.iter().map(|byte| format!("{byte:02x}")).collect(),
    })?;
    let claims = part(&Claims {
        iss: id.as_str(),
        sub: id.as_str(),
        aud: id.audience(),
        iat,
        nbf: iat - LEEWAY,
        exp: iat + LEEWAY,
    })?;
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(secret.sign(signed.as_bytes()));
    Ok(Secret::new(format!("{signed}.{signature}")))
}

fn part(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_vec(value).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn it_is_a_signed_statement_of_this_minute() {
        let id = ClientId::parse("n@acme.conductor.one:8443/x").unwrap();
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;
        let secret = ClientSecret::parse(&Secret::new(format!("a:b:v1:{}", URL_SAFE_NO_PAD.encode(jwk)))).unwrap();
        let now: Timestamp = "2026-11-08T08:49:07.9Z".parse().unwrap();
        let jwt = assertion(&id, &secret, now, [0xab; 16]).unwrap();
        let (signed, signature) = jwt.expose().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, secret.public_key());
        key.verify(signed.as_bytes(), &signature).unwrap();
        let json = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (header, claims) = signed.split_once('.').unwrap();
        assert_eq!(
            json(header),
            serde_json::json!({ "alg": "EdDSA", "kid": "k", "nonce": "ab".repeat(16) })
        );
        let iat = 1_794_127_747;
        assert_eq!(
            json(claims),
            serde_json::json!({
                "iss": id.as_str(), "sub": id.as_str(), "aud": "acme.conductor.one",
                "iat": iat, "nbf": iat - 120, "exp": iat + 120,
            })
        );
    }
}
