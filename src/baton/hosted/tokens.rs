//! Access tokens of a hosted connector: asked for with a signed assertion that names the role this function runs as, and
//! bound to the key of this process (`baton/hosted/facts.md 2`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tonic::metadata::{Ascii, MetadataValue};
use url::Url;

use super::attestation::AwsCredentials;
use super::jws::compact;
use super::proof::{About, Prover};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result, Retry};
use crate::baton::http::{Clock, FormClient, Response, StatusCode};
use crate::baton::secret::Secret;
use crate::baton::service::credentials::{ClientId, ClientSecret};

/// A token counts as expired this long before it is.
const EARLY: Duration = Duration::from_secs(10);
/// The longest time a token is kept, whatever the answer says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an assertion is good, and how far it reaches back, in seconds.
const GOOD_FOR: i64 = 120;
const LEEWAY: i64 = 60;
/// What the other side answers to ask for a nonce.
const WANTS_NONCE: &str = "use_dpop_nonce";

/// Who asks for tokens, and where.
pub struct Tokens {
    id: ClientId,
    secret: Arc<ClientSecret>,
    aws: AwsCredentials,
    url: Url,
    client: FormClient,
    prover: Arc<Prover>,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(Token, Instant)>,
    nonce: Option<String>,
}

/// A token, and how its header says it.
#[derive(Clone)]
pub struct Token {
    /// The header `authorization`, marked so that nothing logs it.
    pub header: MetadataValue<Ascii>,
    /// The token alone: proofs name its digest.
    pub text: Secret,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    nbf: i64,
    iat: i64,
    id_att: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    token_type: String,
    #[serde(default)]
    expires_in: i64,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
}

impl Tokens {
    /// No token yet. `host` may name a port.
    ///
    /// # Errors
    /// `Unknown` for a host that no URL can have.
    pub fn new(
        (id, secret): (ClientId, Arc<ClientSecret>),
        host: &str,
        aws: AwsCredentials,
        client: FormClient,
        prover: Arc<Prover>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let url = Url::parse(&format!("https://{host}/auth/v1/token")).map_err(|error| {
            Error::new(Kind::Unknown, format!("{host:?} is not a host: {error}"))
                .code(code::CLIENT_ID)
                .hint("check the client id, and BATON_LAMBDA_TOKEN_HOST if it is set")
        })?;
        Ok(Tokens {
            id,
            secret,
            aws,
            url,
            client,
            prover,
            clock,
            kept: Mutex::default(),
        })
    }

    /// A token that is good for now. Everybody else waits while one is fetched.
    ///
    /// # Errors
    /// `Unauthenticated` when the endpoint refuses us or answers nonsense; `Unavailable` when it is failing; those of
    /// [`FormClient::post`].
    pub async fn token(&self) -> Result<Token> {
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = &kept.token
            && self.clock.now() < *until
        {
            return Ok(token.clone());
        }
        kept.token = None;
        let (token, lifetime) = self
            .fetch(&mut kept.nonce)
            .await
            .context("get an access token from ConductorOne")?;
        let good_for = lifetime.min(LONGEST).saturating_sub(EARLY);
        if !good_for.is_zero() {
            kept.token = Some((token.clone(), self.clock.now() + good_for));
        }
        Ok(token)
    }

    /// ConductorOne refused the token: the next call fetches another.
    pub async fn forget(&self) {
        self.kept.lock().await.token = None;
    }

    async fn fetch(&self, nonce: &mut Option<String>) -> Result<(Token, Duration)> {
        let response = self.ask(nonce.as_deref()).await?;
        let Some(wanted) = wanted_nonce(&response)? else {
            return token(&response);
        };
        let response = self.ask(Some(&wanted)).await?;
        *nonce = Some(wanted);
        token(&response)
    }

    async fn ask(&self, nonce: Option<&str>) -> Result<Response> {
        let assertion = self.assertion()?;
        let about = About {
            url: self.url.as_str(),
            nonce,
            token: None,
        };
        let proof = self.prover.post(about, self.clock.wall())?;
        let id = Secret::new(self.id.as_str());
        let grant = Secret::new("client_credentials");
        let kind = Secret::new("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let fields = [
            ("client_id", &id),
            ("grant_type", &grant),
            ("client_assertion_type", &kind),
            ("client_assertion", &assertion),
        ];
        self.client.post_with(&self.url, &[("dpop", &proof)], &fields).await
    }

    /// It is for the host that gives tokens, without its port.
    fn assertion(&self) -> Result<Secret> {
        let now = self.clock.wall();
        let attestation = self.aws.attestation(now);
        let iat = now.as_second();
        let host = self.url.host_str().unwrap_or_default();
        let header = Header {
            alg: "EdDSA",
            kid: self.secret.key_id(),
        };
        let claims = Claims {
            iss: self.id.as_str(),
            sub: self.id.as_str(),
            aud: host.trim_matches(['[', ']']),
            exp: iat + GOOD_FOR,
            nbf: iat - LEEWAY,
            iat,
            id_att: attestation.expose(),
        };
        compact(&header, &claims, |text| self.secret.sign(text))
    }
}

/// The nonce that the other side wants to see before it gives a token.
fn wanted_nonce(response: &Response) -> Result<Option<String>> {
    if response.status != StatusCode::BAD_REQUEST {
        return Ok(None);
    }
    let wants = serde_json::from_slice(&response.body).is_ok_and(|refusal: Refusal| refusal.error == WANTS_NONCE);
    if !wants {
        return Ok(None);
    }
    match response.header("dpop-nonce").filter(|nonce| !nonce.is_empty()) {
        Some(nonce) => Ok(Some(nonce.to_owned())),
        None => Err(nonsense("it asks for a nonce and gives none")),
    }
}

fn token(response: &Response) -> Result<(Token, Duration)> {
    if response.status != StatusCode::OK {
        return Err(refused(response));
    }
    // What serde says would quote the token.
    let answer: Answer =
        serde_json::from_slice(&response.body).map_err(|_| nonsense("it did not answer with a token"))?;
    if answer.access_token.is_empty() {
        return Err(nonsense("it answered with an empty token"));
    }
    let kind = match answer.token_type.to_ascii_lowercase().as_str() {
        "bearer" => "Bearer",
        "dpop" => "DPoP",
        _ => return Err(nonsense("it answered with a token of a kind that is not known here")),
    };
    let text = Secret::new(answer.access_token);
    let mut header: MetadataValue<Ascii> = format!("{kind} {}", text.expose())
        .parse()
        .map_err(|_| nonsense("it answered with a token that no header can carry"))?;
    header.set_sensitive(true);
    let lifetime = Duration::from_secs(u64::try_from(answer.expires_in).unwrap_or(0));
    tracing::debug!(kind, seconds = lifetime.as_secs(), "Access token received.");
    Ok((Token { header, text }, lifetime))
}

fn nonsense(why: &str) -> Error {
    Error::new(
        Kind::Unauthenticated,
        format!("the token endpoint cannot be followed: {why}"),
    )
    .code(code::C1_REFUSED)
}

/// A failing endpoint may recover; anything else than success is a refusal.
fn refused(response: &Response) -> Error {
    let status = response.status.as_u16();
    let message = format!("the token endpoint answered HTTP {status}");
    if matches!(status, 408 | 429 | 500..=599) {
        return Error::new(Kind::Unavailable, message)
            .code(code::C1_UNREACHABLE)
            .hint("ConductorOne is failing; try again later")
            .retry(Retry::Later);
    }
    Error::new(Kind::Unauthenticated, message)
        .code(code::C1_REFUSED)
        .hint("check the client id, the client secret and the role of the function")
}
