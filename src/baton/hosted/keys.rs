//! The public keys that callers' tokens are checked with: one that a setting names, or those at an address
//! (`baton/hosted/facts.md 5`).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use serde::Deserialize as _;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::config_service::PATIENCE;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::{Clock, FormClient, Response, StatusCode};

/// The shortest and the longest time that keys of an address are believed, whatever it says.
const KEPT: [Duration; 2] = [Duration::from_secs(5 * 60), Duration::from_secs(12 * 60 * 60)];
/// User agent of requests for keys.
const USER_AGENT: &str = "baton-lambda-keys baton-sdk/v0.25.0";
/// Members that only private keys have.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// Where the keys are.
#[derive(Debug, Clone)]
pub enum Signer {
    /// A JSON Web Key.
    Key(String),
    /// The address of a set of them.
    Url(Url),
}

/// A public key.
#[derive(Clone)]
pub struct Key {
    /// What tokens call it; empty for one without a name.
    pub id: String,
    /// The key.
    pub key: DecodingKey,
}

/// The keys.
pub enum Keys {
    /// They never change.
    Fixed(Arc<[Key]>),
    /// They are looked up again now and then.
    Remote(Box<Remote>),
}

/// Keys at an address.
pub struct Remote {
    url: Url,
    client: FormClient,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<Held>>,
}

struct Held {
    keys: Arc<[Key]>,
    until: Timestamp,
}

impl Keys {
    /// The keys of a setting. Makes no call.
    ///
    /// # Errors
    /// `Unknown` (exit code 2) for a key that cannot be used, and for an address that is none of https: whoever could change
    /// the keys on the way would be whomever the callers trust.
    pub fn new(signer: &Signer, clock: Arc<dyn Clock>) -> Result<Self> {
        match signer {
            Signer::Key(text) => {
                let value = serde_json::from_str(text).map_err(|_| unusable("it is no JSON"))?;
                let key = key(&value)?.ok_or_else(|| unusable("it is of a kind that signs no tokens"))?;
                Ok(Keys::Fixed(Arc::from([key])))
            }
            Signer::Url(url) if url.scheme() == "https" => Ok(Keys::Remote(Box::new(Remote {
                url: url.clone(),
                client: FormClient::new(USER_AGENT, PATIENCE, None)?,
                clock,
                kept: Mutex::default(),
            }))),
            Signer::Url(_) => Err(unusable("its address does not begin with https://")),
        }
    }

    /// The keys as of now.
    ///
    /// # Errors
    /// `Unavailable` when they were never there to be had. Keys that were are used on where no newer ones can be had.
    pub async fn get(&self) -> Result<Arc<[Key]>> {
        match self {
            Keys::Fixed(keys) => Ok(Arc::clone(keys)),
            Keys::Remote(remote) => remote.get().await,
        }
    }
}

impl Remote {
    async fn get(&self) -> Result<Arc<[Key]>> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.wall();
        if let Some(held) = kept.as_ref().filter(|held| now < held.until) {
            return Ok(Arc::clone(&held.keys));
        }
        let fetched = self.fetch().await.context("get the keys of the callers' tokens");
        let held = match (fetched, kept.as_ref()) {
            (Ok((keys, lifetime)), _) => Held {
                keys,
                until: now + lifetime,
            },
            (Err(error), Some(old)) => {
                tracing::warn!(%error, "The keys of the callers' tokens cannot be had anew; those from before are used.");
                Held {
                    keys: Arc::clone(&old.keys),
                    until: now + KEPT[0],
                }
            }
            (Err(error), None) => return Err(error),
        };
        let keys = Arc::clone(&held.keys);
        *kept = Some(held);
        Ok(keys)
    }

    async fn fetch(&self) -> Result<(Arc<[Key]>, Duration)> {
        let response = self.client.get(&self.url).await?;
        if response.status != StatusCode::OK {
            let status = response.status.as_u16();
            return Err(
                Error::new(Kind::Unavailable, format!("the address answered HTTP {status}")).code(code::CALLER_REFUSED),
            );
        }
        let document: Value = serde_json::from_slice(&response.body).map_err(|_| unusable("they are no JSON"))?;
        let listed = document.get("keys").and_then(Value::as_array);
        let listed = listed.ok_or_else(|| unusable("they are no set of JSON Web Keys"))?;
        // One that cannot be used here, among others, is for somebody else.
        let keys: Arc<[Key]> = listed.iter().filter_map(|value| key(value).ok().flatten()).collect();
        tracing::debug!(keys = keys.len(), "Keys of the callers' tokens received.");
        Ok((keys, lifetime(&response)))
    }
}

/// How long an answer may be kept, within limits.
fn lifetime(response: &Response) -> Duration {
    let says = response
        .header("cache-control")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let age = says
        .split(',')
        .find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok());
    let [shortest, longest] = KEPT;
    Duration::from_secs(age.unwrap_or_default()).clamp(shortest, longest)
}

/// A key from its JSON; nothing for one that signs no tokens.
fn key(value: &Value) -> Result<Option<Key>> {
    if PRIVATE.iter().any(|member| value.get(member).is_some()) {
        return Err(unusable(
            "it holds a private or a shared key; only its public half belongs here",
        ));
    }
    let jwk = Jwk::deserialize(value).map_err(|_| unusable("it is no JSON Web Key"))?;
    if matches!(
        jwk.algorithm,
        AlgorithmParameters::OctetKey(_) | AlgorithmParameters::Other(_)
    ) {
        return Ok(None);
    }
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| unusable("its numbers are none of a key"))?;
    Ok(Some(Key {
        id: jwk.common.key_id.unwrap_or_default(),
        key,
    }))
}

fn unusable(why: &'static str) -> Error {
    Error::new(
        Kind::Unknown,
        format!("the key of the callers' tokens cannot be used: {why}"),
    )
    .code(code::SETTING_VALUE)
    .hint("see --lambda-auth-jwt-signer and --lambda-auth-jwt-jwks-url")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::baton::http::SystemClock;

    /// The key of RFC 8037, appendix A.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn of(text: &str) -> Result<Keys> {
        Keys::new(&Signer::Key(text.to_owned()), Arc::new(SystemClock))
    }

    #[test]
    fn a_public_key_is_a_key() {
        let good = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "k1", "use": "sig" });
        let Keys::Fixed(keys) = of(&good.to_string()).unwrap() else {
            panic!()
        };
        assert_eq!((keys.len(), keys[0].id.as_str()), (1, "k1"));
        for bad in [
            json!("x"),
            json!({}),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "d": "secret-thing" }),
            json!({ "kty": "oct", "k": "secret-thing" }),
            json!({ "kty": "RSA", "n": "%", "e": "AQAB" }),
        ] {
            let error = of(&bad.to_string()).err().unwrap();
            assert_eq!(error.kind().exit_code(), 2, "{bad}");
            assert!(!format!("{error:?}").contains("secret-thing"));
        }
        let plain = Signer::Url(Url::parse("http://keys.example/jwks").unwrap());
        assert!(Keys::new(&plain, Arc::new(SystemClock)).is_err());
    }

    #[test]
    fn keys_are_kept_as_long_as_their_address_says_within_limits() {
        let response = |says: &str| {
            let headers =
                [("cache-control", says)].map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            Response::new(
                StatusCode::OK,
                headers.into_iter().collect(),
                bytes::Bytes::new(),
                Timestamp::now(),
            )
        };
        for (says, seconds) in [
            ("public, max-age=3600", 3_600),
            ("max-age=1", 300),
            ("no-store", 300),
            ("Max-Age=99999999, public", 43_200),
        ] {
            assert_eq!(lifetime(&response(says)), Duration::from_secs(seconds), "{says}");
        }
    }
}
