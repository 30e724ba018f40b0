//! Who may ask: whoever brings a token that a key we know has signed, for us, from whom we expect it
//! (`baton/hosted/facts.md 5`). Nothing is answered to anybody else.

use std::time::Duration;

use jsonwebtoken::{Algorithm, AlgorithmFamily, Validation, decode, decode_header};
use serde::Deserialize;

use super::keys::{Key, Keys};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// A token that is good for longer than this is none that anybody should have.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// What every token has.
const CLAIMS: [&str; 4] = ["exp", "iss", "sub", "aud"];

/// Whose tokens are taken. None of them may be empty.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Who gave it.
    pub issuer: String,
    /// Who has it.
    pub subject: String,
    /// Whom it is for.
    pub audience: String,
}

/// The check of callers.
pub struct Callers {
    expected: Expected,
    keys: Keys,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    exp: Option<f64>,
}

impl Callers {
    /// A check.
    ///
    /// # Errors
    /// `Unknown` (exit code 2) where anything that is expected is empty: it would not be checked.
    pub fn new(expected: Expected, keys: Keys) -> Result<Self> {
        let Expected {
            issuer,
            subject,
            audience,
        } = &expected;
        if [issuer, subject, audience].iter().any(|text| text.trim().is_empty()) {
            return Err(Error::new(
                Kind::Unknown,
                "issuer, subject and audience of the callers' tokens must not be empty",
            )
            .code(code::SETTING_VALUE)
            .hint("what is empty would not be checked; see --lambda-auth-jwt-expected-issuer and its likes"));
        }
        Ok(Callers { expected, keys })
    }

    /// Makes sure that the keys are there.
    ///
    /// # Errors
    /// Those of [`Keys::get`].
    pub async fn prepare(&self) -> Result<()> {
        self.keys.get().await.map(drop)
    }

    /// Checks the header `authorization` of a request at a time, in seconds since 1970.
    ///
    /// # Errors
    /// `Unauthenticated`, with what is wrong and nothing of the token; those of [`Keys::get`].
    pub async fn check(&self, authorization: Option<&str>, now: i64) -> Result<()> {
        let header = authorization.ok_or_else(|| refused("the request has no authorization"))?;
        let token = header.strip_prefix("Bearer ").filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| refused("the authorization is no bearer token"))?;
        let head = decode_header(token).map_err(|_| refused("the token is no signed JSON Web Token"))?;
        if !is_asymmetric(head.alg) || head.crit.is_some() {
            return Err(refused("the token is signed in a way that is not taken"));
        }
        let id = head.kid.unwrap_or_default();
        let keys = self.keys.get().await?;
        let mut candidates = keys.iter().filter(|key| id.is_empty() || key.id == id).peekable();
        if candidates.peek().is_none() {
            return Err(refused("the token is signed with a key that is not known"));
        }
        let mut why = refused("the signature of the token is not good");
        for Key { key, .. } in candidates {
            if key.family() != head.alg.family() {
                continue;
            }
            match decode::<Claims>(token, key, &self.validation(head.alg)) {
                Ok(found) => return within(found.claims.exp, now),
                Err(error) => why = explain(error.kind()).map_or(why, refused),
            }
        }
        Err(why)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.expected.issuer]);
        validation.set_audience(&[&self.expected.audience]);
        validation.sub = Some(self.expected.subject.clone());
        validation.set_required_spec_claims(&CLAIMS);
        validation
    }
}

/// A token that never ends is as good as one that was stolen.
fn within(exp: Option<f64>, now: i64) -> Result<()> {
    let exp = exp.ok_or_else(|| refused("the token lacks a claim"))?;
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double")]
    let latest = now as f64 + LONGEST.as_secs_f64();
    if exp > latest {
        return Err(refused("the token is good for too long"));
    }
    Ok(())
}

fn is_asymmetric(algorithm: Algorithm) -> bool {
    algorithm.family() != AlgorithmFamily::Hmac
}

/// What is wrong with a token that is signed; nothing where that is what is wrong.
fn explain(kind: &jsonwebtoken::errors::ErrorKind) -> Option<&'static str> {
    use jsonwebtoken::errors::ErrorKind;
    Some(match kind {
        ErrorKind::ExpiredSignature => "the token is no longer good",
        ErrorKind::ImmatureSignature => "the token is not good yet",
        ErrorKind::InvalidIssuer => "the token is from another issuer",
        ErrorKind::InvalidSubject => "the token is of another subject",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks a claim",
        _ => return None,
    })
}

fn refused(why: &'static str) -> Error {
    Error::new(Kind::Unauthenticated, why).code(code::CALLER_REFUSED)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::super::jws::compact;
    use super::super::keys::Signer;
    use super::*;
    use crate::baton::http::SystemClock;

    fn now() -> i64 {
        jiff::Timestamp::now().as_second()
    }

    fn claims() -> Value {
        json!({ "iss": "c1", "sub": "invoker", "aud": ["other", "us"], "exp": now() + 60, "nbf": now() - 60 })
    }

    fn expected() -> Expected {
        Expected {
            issuer: "c1".to_owned(),
            subject: "invoker".to_owned(),
            audience: "us".to_owned(),
        }
    }

    fn callers(key: &Ed25519KeyPair) -> Callers {
        let x = URL_SAFE_NO_PAD.encode(key.public_key());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k1" });
        let keys = Keys::new(&Signer::Key(jwk.to_string()), Arc::new(SystemClock)).unwrap();
        Callers::new(expected(), keys).unwrap()
    }

    fn token(key: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
        let jwt = compact(header, claims, |text| key.sign(text).as_ref().to_vec()).unwrap();
        format!("Bearer {}", jwt.expose())
    }

    async fn why(callers: &Callers, header: Option<&str>) -> String {
        let error = callers.check(header, now()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code_id()),
            (Kind::Unauthenticated, code::CALLER_REFUSED)
        );
        error.to_string()
    }

    #[tokio::test]
    async fn the_expected_caller_is_taken_with_or_without_the_name_of_the_key() {
        let key = Ed25519KeyPair::generate().unwrap();
        for header in [
            json!({ "alg": "EdDSA", "kid": "k1" }),
            json!({ "alg": "EdDSA", "typ": "JWT" }),
        ] {
            callers(&key)
                .check(Some(&token(&key, &header, &claims())), now())
                .await
                .unwrap();
        }
        let mut one = claims();
        one["aud"] = json!("us");
        one.as_object_mut().unwrap().remove("nbf");
        callers(&key)
            .check(Some(&token(&key, &json!({ "alg": "EdDSA" }), &one)), now())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn nobody_else_is() {
        let key = Ed25519KeyPair::generate().unwrap();
        let callers = callers(&key);
        let eddsa = json!({ "alg": "EdDSA" });
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            token(&key, &eddsa, &claims)
        };
        let without = |name: &str| {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            token(&key, &eddsa, &claims)
        };
        let good = token(&key, &eddsa, &claims());
        let other = Ed25519KeyPair::generate().unwrap();
        let (signed, _) = good.rsplit_once('.').unwrap();
        let (_, foreign) = token(&other, &eddsa, &claims())
            .rsplit_once('.')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        for (header, reason) in [
            (with("iss", json!("c2")), "another issuer"),
            (with("sub", json!("other")), "another subject"),
            (with("aud", json!(["other"])), "another audience"),
            (with("exp", json!(now() - 1)), "no longer good"),
            (with("nbf", json!(now() + 60)), "not good yet"),
            (with("exp", json!(now() + 2 * 24 * 60 * 60)), "good for too long"),
            (without("exp"), "lacks a claim"),
            (without("iss"), "lacks a claim"),
            (without("sub"), "lacks a claim"),
            (without("aud"), "lacks a claim"),
            (
                token(&key, &json!({ "alg": "EdDSA", "kid": "k2" }), &claims()),
                "a key that is not known",
            ),
            (
                token(&key, &json!({ "alg": "HS256" }), &claims()),
                "in a way that is not taken",
            ),
            (
                token(&key, &json!({ "alg": "EdDSA", "crit": ["x"] }), &claims()),
                "in a way that is not taken",
            ),
            (token(&key, &json!({ "alg": "RS256" }), &claims()), "signature"),
            (
                token(&key, &json!({ "alg": "none" }), &claims()),
                "no signed JSON Web Token",
            ),
            (token(&other, &eddsa, &claims()), "signature"),
            (format!("{signed}.{foreign}"), "signature"),
            (format!("{signed}."), "signature"),
            (good.replace("Bearer", "DPoP"), "no bearer token"),
            ("Bearer ".to_owned(), "no bearer token"),
            ("Bearer x".to_owned(), "no signed JSON Web Token"),
        ] {
            let found = why(&callers, Some(&header)).await;
            assert!(found.contains(reason), "{reason}: {found}");
        }
        assert!(why(&callers, None).await.contains("no authorization"));
    }

    #[test]
    fn what_is_empty_would_not_be_checked() {
        let key = Ed25519KeyPair::generate().unwrap();
        for empty in 0..3 {
            let mut expected = expected();
            *[&mut expected.issuer, &mut expected.subject, &mut expected.audience][empty] = " ".to_owned();
            let keys = callers(&key).keys;
            assert!(Callers::new(expected, keys).is_err());
        }
    }
}
